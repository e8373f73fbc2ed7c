//! Every recorded case, compared.

use std::collections::BTreeMap;
use std::path::PathBuf;

use regex_lite::Regex;
use serde::Deserialize;
use serde_json::Value;

use super::server::{Script, Server};
use crate::component::{Component, Finished};
use crate::names::Task;
use crate::plan::{Call, Plan, Watch};
use crate::{args, model, v1};

#[derive(Debug, Deserialize)]
struct Case {
    component: String,
    args: Vec<String>,
    #[serde(default)]
    script: Script,
    requests: Vec<Request>,
    exit_code: u8,
    outputs: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Request {
    target: String,
    body: Value,
}

/// What came of a case's arguments, before anything is made.
enum Outcome {
    Usage,
    Refused(String),
    Planned(Box<(args::Parsed, Plan)>),
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/v1-cases")
}

/// All of them, by name, but for those that differ on purpose.
fn cases() -> BTreeMap<String, Case> {
    let differences = std::fs::read(folder().join("differences.json")).unwrap();
    let differences: BTreeMap<String, String> = serde_json::from_slice(&differences).unwrap();
    let numbered = Regex::new(r"^[a-z_]+-[0-9]{2}-[a-z0-9-]+\.json$").unwrap();
    let mut cases = BTreeMap::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        let name = file.trim_end_matches(".json");
        if numbered.is_match(file) && !differences.contains_key(name) {
            let case = serde_json::from_slice(&std::fs::read(&path).unwrap());
            cases.insert(name.to_owned(), case.unwrap());
        }
    }
    cases
}

async fn outcome(case: &Case, component: &dyn Component, server: &Server) -> Outcome {
    let parsed = match args::parse(component.definition(), &[], &case.args) {
        Ok(parsed) => parsed,
        Err(_) => return Outcome::Usage,
    };
    let fresh = Task::of_pipeline("run", "task").fresh_name();
    let plan = match component.plan(&parsed.inputs, &fresh, &server.api).await {
        Ok(plan) => plan,
        Err(error) => return Outcome::Refused(error.to_string()),
    };
    let creates = plan.first.iter().chain([&plan.main]);
    for create in creates {
        if let Err(problem) = model::check(&create.call.operation, &create.call.input) {
            return Outcome::Refused(format!("{problem:?}"));
        }
    }
    Outcome::Planned(Box::new((parsed, plan)))
}

#[tokio::test]
async fn every_recorded_case_is_planned_as_it_was_recorded() {
    let mut problems = Vec::new();
    let cases = cases();
    assert!(cases.len() > 40, "{}", cases.len());
    for (name, case) in cases {
        let component = v1::find(&case.component).unwrap();
        let server = Server::start(case.script.clone()).await;
        let found = match (outcome(&case, component.as_ref(), &server).await, case.exit_code) {
            (Outcome::Usage, 2) => continue,
            (Outcome::Usage | Outcome::Refused(_), 1) if case.requests.is_empty() => continue,
            (Outcome::Usage, _) => vec!["a usage error".to_owned()],
            (Outcome::Refused(problem), _) => vec![problem],
            (Outcome::Planned(planned), _) => {
                let (parsed, plan) = *planned;
                let mut found = differences_of_requests(&case, &plan);
                if case.exit_code == 0 {
                    let finished = Finished {
                        inputs: &parsed.inputs,
                        plan: &plan,
                        arn: None,
                        answer: &last_answer(&case, &plan),
                    };
                    let mut outputs = component.known(finished);
                    outputs.extend(component.results(finished, &server.api).await.unwrap());
                    for (name, wanted) in &case.outputs {
                        let got = match &outputs[name] {
                            Value::String(text) => text.clone(),
                            other => v1::python_json(other),
                        };
                        compare(wanted, &got.into(), name, &mut found);
                    }
                }
                found
            }
        };
        problems.extend(found.into_iter().map(|problem| format!("{name}: {problem}")));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// What the component's outputs are made of, when all has gone as scripted.
fn last_answer(case: &Case, plan: &Plan) -> Value {
    let read = match (&plan.main.describe, &plan.watch) {
        (Some(describe), _) => describe,
        (None, Watch::Created | Watch::Job(_)) => &plan.main.call,
    };
    let answers = case.script.get(&format!("SageMaker.{}", read.operation));
    answers.and_then(|answers| answers.last().cloned()).unwrap_or_default()
}

fn differences_of_requests(case: &Case, plan: &Plan) -> Vec<String> {
    let mut wanted: Vec<&Request> =
        case.requests.iter().filter(|request| creates(request)).collect();
    // A throttled request is sent again, the same.
    wanted.dedup();
    let mut got: Vec<&Call> = plan.first.iter().map(|create| &create.call).collect();
    got.extend((!plan.already_asked).then_some(&plan.main.call));
    let mut problems = Vec::new();
    if wanted.len() != got.len() {
        problems.push(format!("{} requests, not {}", got.len(), wanted.len()));
    }
    for (wanted, got) in wanted.iter().zip(got) {
        let target = format!("SageMaker.{}", got.operation);
        if wanted.target != target {
            problems.push(format!("{target}, not {}", wanted.target));
        }
        compare(&wanted.body, &got.input, &target, &mut problems);
    }
    problems
}

fn creates(request: &Request) -> bool {
    ["Create", "Update"].iter().any(|verb| request.target.contains(verb))
}

/// As the cases' own checker compares.
fn compare(wanted: &Value, got: &Value, path: &str, problems: &mut Vec<String>) {
    match (wanted, got) {
        (Value::Object(members), _) if members.contains_key("generated") => {
            let rule = any_name(wanted["regex"].as_str().unwrap());
            if !got.as_str().is_some_and(|got| rule.is_match(got)) {
                problems.push(format!("{path}: {got} is no generated name"));
            }
        }
        (Value::Object(wanted), Value::Object(got)) => {
            for (name, value) in wanted {
                match got.get(name) {
                    Some(got) => compare(value, got, &format!("{path}.{name}"), problems),
                    None => problems.push(format!("{path}.{name}: missing, not {value}")),
                }
            }
            let more = got.iter().filter(|(name, _)| !wanted.contains_key(*name));
            let empty_tags =
                |name: &str, value: &Value| name == "Tags" && value == &Value::Array(vec![]);
            let more = more.filter(|(name, value)| !empty_tags(name, value));
            problems.extend(more.map(|(name, value)| format!("{path}.{name}: unexpected {value}")));
        }
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            for (index, (wanted, got)) in wanted.iter().zip(got).enumerate() {
                compare(wanted, got, &format!("{path}[{index}]"), problems);
            }
        }
        (Value::Number(wanted), Value::Number(got)) if wanted.as_f64() == got.as_f64() => {}
        _ if wanted == got => {}
        _ => problems.push(format!("{path}: {got}, not {wanted}")),
    }
}

/// The rule for a generated name, but for how it was made.
fn any_name(rule: &str) -> Regex {
    let generated = Regex::new(
        r"(TrainingJob-|HPOJob-|ProcessingJob-|BatchTransform-|LabelingJob-|RLEstimatorJob-|EndpointConfig|Endpoint)\[0-9\]\{14\}-\[A-Z0-9\]\{4\}",
    );
    let rule = generated.unwrap().replace_all(rule, "[A-Za-z0-9](?:-*[A-Za-z0-9]){0,62}");
    Regex::new(&rule).unwrap()
}
