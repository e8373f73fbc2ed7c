//! Converts keys in any casing to the names of the API.
//!
//! A key matches a member if both are equal without case and underscores: `roleARN`, `role_arn`
//! and `RoleArn`. Keys of maps (hyperparameters, the environment) are the user's own words and
//! stay unchanged.

use serde_json::{Map, Number, Value};

use super::shapes::{Shape, Shapes, Structure};
use super::violation::{Violation, ViolationKind};

/// Below this a fraction can represent every integer: 2^53.
const MOST_EXACT: f64 = 9_007_199_254_740_992.0;

/// Gives the members of an operation's input the names of the API, writes times in seconds since
/// the epoch, and writes integers without a point. An unknown key stays, so that
/// [`check`](super::check) names it.
///
/// # Errors
/// A [`Violation`] for each member that is given twice, in two spellings.
pub fn normalize(operation: &str, input: &Value) -> Result<Value, Vec<Violation>> {
    let mut names = Names { shapes: Shapes::new(), problems: Vec::new() };
    let found = names.named("", operation, input);
    if names.problems.is_empty() { Ok(found) } else { Err(names.problems) }
}

/// A name without what spellings differ in.
#[must_use]
pub fn plain(name: &str) -> String {
    name.chars().filter(|letter| *letter != '_').map(|letter| letter.to_ascii_lowercase()).collect()
}

struct Names {
    shapes: Shapes,
    problems: Vec<Violation>,
}

impl Names {
    fn named(&mut self, path: &str, shape: &str, value: &Value) -> Value {
        match (self.shapes.find(shape), value) {
            (Some(Shape::Structure(structure)), Value::Object(members)) => {
                self.structure(path, &structure, members)
            }
            (Some(Shape::List { item, .. }), Value::Array(items)) => {
                items.iter().map(|value| self.named(path, &item, value)).collect()
            }
            (Some(Shape::Map { value: of, .. }), Value::Object(members)) => {
                let values = members.iter().map(|(key, value)| (key, self.named(path, &of, value)));
                Value::Object(values.map(|(key, value)| (key.clone(), value)).collect())
            }
            (Some(Shape::Timestamp), Value::String(_)) => seconds(value),
            (Some(Shape::Integer { .. }), Value::Number(number)) => whole(number),
            _ => value.clone(),
        }
    }

    fn structure(&mut self, path: &str, of: &Structure, members: &Map<String, Value>) -> Value {
        let mut found = Map::new();
        for (key, value) in members {
            let (name, shape) = member(of, key);
            let path = format!("{path}{}{name}", if path.is_empty() { "" } else { "." });
            let value =
                shape.map_or_else(|| value.clone(), |shape| self.named(&path, shape, value));
            if found.insert(name.to_owned(), value).is_some() {
                let kind = ViolationKind::Twice { name: name.to_owned() };
                self.problems.push(Violation { path, kind });
            }
        }
        Value::Object(found)
    }
}

/// The member that a key means, and its shape.
fn member<'a>(of: &'a Structure, key: &'a str) -> (&'a str, Option<&'a str>) {
    if let Some(shape) = of.members.get(key) {
        return (key, Some(shape));
    }
    let key_plain = plain(key);
    let same = of.members.iter().find(|(name, _)| plain(name) == key_plain);
    same.map_or((key, None), |(name, shape)| (name, Some(shape)))
}

/// KFP keeps every number as a fraction: `1.0` is 1 where a whole number is wanted.
#[expect(clippy::cast_possible_truncation, reason = "only what is whole and in range is cast")]
fn whole(number: &Number) -> Value {
    let is_whole = |float: &f64| float.fract() == 0.0 && float.abs() < MOST_EXACT;
    let float = number.as_f64().filter(|_| number.is_f64()).filter(is_whole);
    float.map_or_else(|| Value::Number(number.clone()), |float| Value::from(float as i64))
}

/// A time in the form of the API. Anything else stays unchanged.
#[expect(clippy::cast_precision_loss, reason = "milliseconds since the epoch fit into 53 bits")]
fn seconds(value: &Value) -> Value {
    let time = sagebell_monitor::time::parse_time(value);
    time.map_or_else(|| value.clone(), |time| Value::from(time.as_millisecond() as f64 / 1000.0))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_spelling_of_a_member_is_its_name() {
        let given = json!({
            "training_job_name": "x",
            "roleARN": "arn",
            "algorithmSpecification": {"trainingImage": "i", "TrainingInputMode": "File"},
            "hyper_parameters": {"roleARN": "mine", "max_depth": "5"},
            "inputDataConfig": [{"dataSource": {"s3DataSource": {"s3URI": "s3://b", "s3DataType": "S3Prefix"}}}],
            "vpcConfig": {"securityGroupIDs": ["sg"], "subnets": []},
            "outputDataConfig": {"kmsKeyID": "k"},
            "resourceConfig": {"volumeSizeInGB": 1},
            "environment": {"roleARN": "mine"},
            "Tags": [{"key": "a", "Value": "roleARN"}],
            "unheardOf": {"roleARN": 1},
        });
        let wanted = json!({
            "TrainingJobName": "x",
            "RoleArn": "arn",
            "AlgorithmSpecification": {"TrainingImage": "i", "TrainingInputMode": "File"},
            "HyperParameters": {"roleARN": "mine", "max_depth": "5"},
            "InputDataConfig": [{"DataSource": {"S3DataSource": {"S3Uri": "s3://b", "S3DataType": "S3Prefix"}}}],
            "VpcConfig": {"SecurityGroupIds": ["sg"], "Subnets": []},
            "OutputDataConfig": {"KmsKeyId": "k"},
            "ResourceConfig": {"VolumeSizeInGB": 1},
            "Environment": {"roleARN": "mine"},
            "Tags": [{"Key": "a", "Value": "roleARN"}],
            "unheardOf": {"roleARN": 1},
        });
        assert_eq!(normalize("CreateTrainingJob", &given), Ok(wanted.clone()));
        assert_eq!(normalize("CreateTrainingJob", &wanted), Ok(wanted));
    }

    #[test]
    fn two_spellings_of_one_member_are_refused() {
        let given = json!({"vpcConfig": {"subnets": [], "Subnets": []}});
        let problems = normalize("CreateTrainingJob", &given).unwrap_err();
        assert_eq!(problems[0].to_string(), "VpcConfig.Subnets: `Subnets` is given twice");
    }

    #[test]
    fn a_whole_number_is_written_as_one_where_one_is_wanted() {
        let given = json!({"resourceConfig": {"instanceCount": 1.0, "volumeSizeInGB": 1.5},
            "environment": {"a": 1.0}});
        let wanted = json!({"ResourceConfig": {"InstanceCount": 1, "VolumeSizeInGB": 1.5},
            "Environment": {"a": 1.0}});
        assert_eq!(normalize("CreateTrainingJob", &given), Ok(wanted));
    }

    #[test]
    fn a_time_is_written_in_seconds() {
        let given = json!({"schedule": {"startTime": "2026-01-01T00:00:00Z", "endTime": "soon"}});
        let wanted = json!({"Schedule": {"StartTime": 1_767_225_600.0, "EndTime": "soon"}});
        assert_eq!(normalize("CreateInferenceExperiment", &given), Ok(wanted));
    }
}
