//! Checks a request as botocore's ParamValidator does: missing members, types (null has none),
//! minimum values and lengths. SageMaker itself checks everything else.
//!
//! There are two differences. A boolean is not a number here. An unknown member is not an error:
//! an image lives for years, and SageMaker adds new members every month. The step prints a message
//! about it and sends it.

use serde_json::{Map, Value};

use super::shapes::{Shape, Shapes, Structure};
use super::violation::{Violation, ViolationKind};

/// The maximum number of errors in one report.
const MOST: usize = 20;

/// Checks the input of an operation. An operation that no component calls is unknown, and its input
/// is accepted.
///
/// Returns the first twenty unknown members.
///
/// # Errors
/// The first twenty [`Violation`]s, then the unknown members.
pub fn check(operation: &str, input: &Value) -> Result<Vec<Violation>, Vec<Violation>> {
    let shapes = Shapes::new();
    let Some(shape) = shapes.find(operation) else { return Ok(Vec::new()) };
    let mut checker = Checker { shapes, problems: Vec::new(), unknown: Vec::new() };
    checker.value("", &shape, input);
    let Checker { mut problems, unknown, .. } = checker;
    if problems.is_empty() {
        return Ok(unknown);
    }
    problems.extend(unknown);
    Err(problems)
}

struct Checker {
    shapes: Shapes,
    problems: Vec<Violation>,
    unknown: Vec<Violation>,
}

impl Checker {
    fn report(&mut self, path: &str, kind: ViolationKind) {
        let list = match kind {
            ViolationKind::Unknown { .. } => &mut self.unknown,
            _ => &mut self.problems,
        };
        match list.len() {
            MOST.. => {}
            found if found + 1 == MOST => {
                list.push(Violation { path: String::new(), kind: ViolationKind::More });
            }
            _ => list.push(Violation { path: path.to_owned(), kind }),
        }
    }

    fn named(&mut self, path: &str, shape: &str, value: &Value) {
        if let Some(shape) = self.shapes.find(shape) {
            self.value(path, &shape, value);
        }
    }

    fn value(&mut self, path: &str, shape: &Shape, value: &Value) {
        match (shape, value) {
            (Shape::Structure(structure), Value::Object(members)) => {
                self.structure(path, structure, members);
            }
            (Shape::List { item, min }, Value::Array(items)) => {
                self.length(path, items.len(), *min);
                for (place, value) in items.iter().enumerate() {
                    self.named(&format!("{path}[{place}]"), item, value);
                }
            }
            (Shape::Map { key, value: of }, Value::Object(members)) => {
                for (name, value) in members {
                    let name_as_value = Value::String(name.clone());
                    self.named(&format!("{path} (key: {name})"), key, &name_as_value);
                    self.named(&format!("{path}.{name}"), of, value);
                }
            }
            (Shape::String { min }, Value::String(text)) => {
                self.length(path, text.chars().count(), *min);
            }
            _ => self.scalar(path, shape, value),
        }
    }

    fn scalar(&mut self, path: &str, shape: &Shape, value: &Value) {
        let fits = match shape {
            Shape::Boolean => value.is_boolean(),
            Shape::Blob => value.is_string(),
            Shape::Integer { .. } => value.is_i64() || value.is_u64(),
            Shape::Float { .. } => value.is_number(),
            Shape::Timestamp => sagebell_monitor::time::parse_time(value).is_some(),
            _ => false,
        };
        if !fits {
            let kind = ViolationKind::Type { wanted: wanted(shape), found: found(value) };
            return self.report(path, kind);
        }
        if let (Some(number), Some(least)) = (value.as_f64(), least(shape))
            && number < least
        {
            self.report(path, ViolationKind::Least { found: number, least, is_length: false });
        }
    }

    fn structure(&mut self, path: &str, structure: &Structure, members: &Map<String, Value>) {
        if structure.union && members.len() != 1 {
            let kind = ViolationKind::OneOf { found: members.len(), known: known(structure) };
            self.report(path, kind);
        }
        for name in structure.required.iter().filter(|name| !members.contains_key(*name)) {
            self.report(path, ViolationKind::Missing { name: name.clone() });
        }
        for (name, value) in members {
            match structure.members.get(name) {
                Some(shape) => self.named(&below(path, name), shape, value),
                None => {
                    self.report(path, ViolationKind::Unknown { name: name.clone() });
                }
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^52")]
    fn length(&mut self, path: &str, found: usize, least: Option<u64>) {
        let (found, least) = (found as f64, least.unwrap_or_default() as f64);
        if found < least {
            self.report(path, ViolationKind::Least { found, least, is_length: true });
        }
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn known(structure: &Structure) -> String {
    structure.members.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[expect(clippy::cast_precision_loss, reason = "least values are small")]
fn least(shape: &Shape) -> Option<f64> {
    match shape {
        Shape::Integer { min } => min.map(|least| least as f64),
        Shape::Float { min } => *min,
        _ => None,
    }
}

fn wanted(shape: &Shape) -> &'static str {
    match shape {
        Shape::Structure(_) | Shape::Map { .. } => "an object",
        Shape::List { .. } => "a list",
        Shape::String { .. } | Shape::Blob => "a string",
        Shape::Integer { .. } => "an integer",
        Shape::Float { .. } => "a number",
        Shape::Boolean => "a boolean",
        Shape::Timestamp => "a time",
    }
}

fn found(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing (null)",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn training() -> Value {
        json!({
            "TrainingJobName": "x",
            "RoleArn": "arn:aws:iam::123456789012:role/sagemaker",
            "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            "HyperParameters": {"k": "10", "Any-Key": ""},
        })
    }

    fn problems(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut input = training();
        change(&mut input);
        let problems = check("CreateTrainingJob", &input).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_request_that_botocore_would_send_is_let_through() {
        assert_eq!(problems(|_| ()), [""; 0]);
        assert_eq!(check("DescribeTrainingJob", &json!({"Whatever": null})), Ok(Vec::new()));
    }

    #[test]
    fn what_is_newer_than_the_model_is_told_with_its_place_and_is_no_error() {
        let mut input = training();
        input["Newest"] = json!({"Deep": [1]});
        input["ResourceConfig"]["InstanceGroups"] = json!([{"InstanceType": "ml.m5.large", "InstanceCount": 1,
            "InstanceGroupName": "g", "Newer": true}]);
        let found: Vec<_> = check("CreateTrainingJob", &input).unwrap();
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        let why = "is misspelled, or newer than this step";
        let wanted =
            [format!("`Newest` {why}"), format!("ResourceConfig.InstanceGroups[0]: `Newer` {why}")];
        assert_eq!(found.len(), wanted.len(), "{found:?}");
        assert!(wanted.iter().all(|one| found.contains(one)), "{found:?}");
        // What is known is checked all the same, and a misspelling is there to see.
        input["StoppingCondition"] = json!({"MaxRuntimeInSecond": 60, "MaxRuntimeInSeconds": 0});
        let found = check("CreateTrainingJob", &input).unwrap_err();
        assert!(matches!(found[0].kind, ViolationKind::Least { .. }), "{found:?}");
        assert_eq!(found.len(), 4);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_path() {
        insta::assert_json_snapshot!([
            problems(|input| input["AlgorithmSpecification"]["TrainingInputMode"] = json!(null)),
            problems(|input| input["ResourceConfig"]["InstanceCount"] = json!("1")),
            problems(|input| input["ResourceConfig"]["InstanceCount"] = json!(1.5)),
            problems(|input| input["ResourceConfig"]["InstanceCount"] = json!(true)),
            problems(|input| input["ResourceConfig"]["InstanceCount"] = json!(-1)),
            problems(|input| input["HyperParameters"]["k"] = json!(10)),
            problems(|input| input["InputDataConfig"] = json!([{"ChannelName": ""}])),
            problems(
                |input| input["RetryStrategy"] = json!({"MaximumRetryAttempts": 1, "Often": 1})
            ),
            problems(|input| drop(input.as_object_mut().unwrap().remove("RoleArn"))),
            problems(|input| *input = json!([])),
        ]);
    }

    #[test]
    fn a_union_takes_exactly_one() {
        let input = |config: Value| {
            json!({
                "AutoMLJobName": "x",
                "AutoMLJobInputDataConfig": [{}],
                "OutputDataConfig": {"S3OutputPath": "s3://bucket"},
                "RoleArn": "arn:aws:iam::123456789012:role/sagemaker",
                "AutoMLProblemTypeConfig": config,
            })
        };
        let faults = |config| {
            let problems = check("CreateAutoMLJobV2", &input(config)).err().unwrap_or_default();
            problems.into_iter().map(|problem| problem.kind).collect::<Vec<_>>()
        };
        assert!(matches!(faults(json!({}))[..], [ViolationKind::OneOf { found: 0, .. }]));
        let both = json!({"TextClassificationJobConfig": {"ContentColumn": "a", "TargetLabelColumn": "b"},
            "TextGenerationJobConfig": {}});
        assert!(matches!(faults(both)[..], [ViolationKind::OneOf { found: 2, .. }]));
        assert_eq!(faults(json!({"TextGenerationJobConfig": {}})), []);
    }

    #[test]
    fn no_more_is_told_than_a_person_reads() {
        let channels = vec![json!(null); 50];
        let found = problems(|input| input["InputDataConfig"] = json!(channels));
        assert_eq!(
            (found.len(), found.last().map(String::as_str)),
            (20, Some("there are more errors"))
        );
    }
}
