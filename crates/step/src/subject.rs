//! What a step reports about at its end: the one thing that it created or waited for.

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::kind::Kind;
use serde_json::Value;

use crate::plan::{Plan, Watch};
use crate::progress::{History, Seen};

/// What the artifacts and the last lines of the log are about.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    /// Its name, as [`name`] says.
    pub(crate) name: &'a str,
    /// What it is, for people: `training job`.
    pub(crate) noun: String,
    /// Its ARN, if SageMaker returned one.
    pub(crate) arn: Option<&'a str>,
    /// The same, if it is the ARN of a job.
    pub(crate) job: Option<JobArn>,
    /// Its last state, if one was seen.
    pub(crate) last: Option<&'a Seen>,
    /// Its description, or, without one, the answer to the call that created it.
    pub(crate) answer: &'a Value,
    /// Its history.
    pub(crate) history: &'a History,
}

impl<'a> Subject<'a> {
    /// The result of a run.
    #[must_use]
    pub(crate) fn of(
        plan: &'a Plan,
        arn: Option<&'a str>,
        (answer, last): (&'a Value, Option<&'a Seen>),
        history: &'a History,
    ) -> Self {
        Self {
            name: name(plan, arn, answer),
            noun: noun(plan),
            arn,
            job: arn.and_then(|arn| JobArn::parse(arn).ok()),
            last,
            answer,
            history,
        }
    }
}

/// The name of what `plan` is about, in SageMaker's own spelling: that of its
/// description, until there is one that of the request. ARNs are not asked, as their
/// case is not reliable (boto3 issue 4606: List answers them in lower case): unless they
/// are all there is, since what they name has an id and no name.
#[must_use]
pub(crate) fn name<'a>(plan: &'a Plan, arn: Option<&'a str>, answer: &'a Value) -> &'a str {
    let asked = &*plan.main.name;
    let Watch::Job(kind) = plan.watch else { return asked };
    match described(kind, answer) {
        Some(name) => name,
        None if kind.spec().fields.name.is_empty() => arn.and_then(id).unwrap_or(asked),
        None => asked,
    }
}

/// What an ARN names, without what it belongs to: an execution's id, a version's number.
fn id(arn: &str) -> Option<&str> {
    arn.rsplit_once('/').map(|(_, id)| id)
}

/// The name in a description of this kind.
fn described(kind: Kind, answer: &Value) -> Option<&str> {
    let fields = kind.spec().fields.name.iter();
    fields.filter_map(|pointer| answer.pointer(pointer)?.as_str()).find(|name| !name.is_empty())
}

/// What `plan` is about, for people.
#[must_use]
pub(crate) fn noun(plan: &Plan) -> String {
    match plan.watch {
        Watch::Job(kind) => kind.spec().noun.replace('_', " "),
        // `CreateWorkteam` makes a workteam.
        Watch::Created => {
            let words = words(&plan.main.call.operation);
            words.split_first().map(|(_, noun)| noun.join(" ")).unwrap_or_default()
        }
    }
}

fn words(operation: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for letter in operation.chars() {
        if letter.is_ascii_uppercase() || words.is_empty() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(letter.to_ascii_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::{Call, Create};

    fn plan(operation: &'static str, watch: Watch) -> Plan {
        let call = Call::new(operation, json!({}));
        let name = "asked-for".to_owned();
        Plan::of(Create { call, describe: None, name, taggable: false }, watch)
    }

    #[test]
    fn a_name_is_spelled_as_it_is_described_whatever_the_arn_says() {
        let arn = |resource| format!("arn:aws:sagemaker:us-east-1:123456789012:{resource}");
        for kind in Kind::all() {
            let plan = plan("Create", Watch::Job(kind));
            for pointer in kind.spec().fields.name {
                let answer = json!({pointer.trim_start_matches('/'): "Its-Name"});
                let job = arn("training-job/its-name");
                assert_eq!(name(&plan, Some(&*job), &answer), "Its-Name", "{kind}");
                assert_eq!(name(&plan, Some(&*job), &json!({})), "asked-for", "{kind}");
            }
        }
        let run = arn("pipeline/p/execution/e1");
        let plan = plan("StartPipelineExecution", Watch::Job(Kind::PipelineExecution));
        assert_eq!(name(&plan, Some(&*run), &json!({})), "e1");
    }

    #[test]
    fn what_is_made_has_a_noun_for_people() {
        for (operation, watch, noun_of_it) in [
            ("CreateTrainingJob", Watch::Job(Kind::Training), "training job"),
            ("CreateWorkteam", Watch::Created, "workteam"),
            ("CreateModelQualityJobDefinition", Watch::Created, "model quality job definition"),
        ] {
            assert_eq!(noun(&plan(operation, watch)), noun_of_it);
        }
    }
}
