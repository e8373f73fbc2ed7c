//! Converts SageMaker's answers to the names and formats of ACK's resources. For example,
//! `RuleEvaluationJobArn` becomes `ruleEvaluationJobARN`, and times become RFC 3339.

use serde_json::{Map, Value};

use super::shapes::{Shape, Shapes};

/// Words that ACK writes in capitals, as in its code generator's table of
/// initialisms; those that SageMaker's answers use.
const CAPITALS: &[(&str, &str)] = &[
    ("Api", "API"),
    ("Arn", "ARN"),
    ("Cpu", "CPU"),
    ("Ecr", "ECR"),
    ("Gpu", "GPU"),
    ("Http", "HTTP"),
    ("Id", "ID"),
    ("Ids", "IDs"),
    ("Io", "IO"),
    ("Ip", "IP"),
    ("Json", "JSON"),
    ("Kms", "KMS"),
    ("Uri", "URI"),
    ("Url", "URL"),
    ("Vpc", "VPC"),
];

/// A top-level member of an operation's answer, as ACK would show it. A member or
/// an operation that no component hands on comes back as it is.
#[must_use]
pub fn to_ack(operation: &str, member: &str, value: &Value) -> Value {
    let shapes = Shapes::new();
    let output = shapes.structure(&format!("{operation}.output"));
    let shape = output.as_ref().and_then(|output| output.members.get(member));
    shape.map_or_else(|| value.clone(), |shape| shown(&shapes, shape, value))
}

fn shown(shapes: &Shapes, shape: &str, value: &Value) -> Value {
    match (shapes.find(shape), value) {
        (Some(Shape::Structure(of)), Value::Object(members)) => {
            let named = members.iter().map(|(name, value)| {
                let shape = of.members.get(name);
                let value =
                    shape.map_or_else(|| value.clone(), |shape| shown(shapes, shape, value));
                (name_of(name), value)
            });
            Value::Object(named.collect::<Map<_, _>>())
        }
        (Some(Shape::List { item, .. }), Value::Array(items)) => {
            items.iter().map(|value| shown(shapes, &item, value)).collect()
        }
        (Some(Shape::Timestamp), _) => {
            let time = sagebell_monitor::time::parse_time(value);
            time.map_or_else(|| value.clone(), |time| Value::from(time.to_string()))
        }
        _ => value.clone(),
    }
}

/// ACK's name of a member.
fn name_of(name: &str) -> String {
    let mut words = words(name).into_iter();
    let first = words.next().unwrap_or_default();
    let mut letters = first.chars();
    let lower = letters.next().map(|letter| letter.to_ascii_lowercase());
    let first = lower.into_iter().chain(letters).collect::<String>();
    words.fold(first, |name, word| name + capitals(word))
}

fn capitals(word: &str) -> &str {
    CAPITALS.iter().find_map(|(plain, all)| (*plain == word).then_some(*all)).unwrap_or(word)
}

/// The words of a name: each begins at a capital that follows none.
fn words(name: &str) -> Vec<&str> {
    let mut starts = vec![0];
    let mut before = 'A';
    for (place, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && !before.is_ascii_uppercase() {
            starts.push(place);
        }
        before = letter;
    }
    starts.push(name.len());
    starts.windows(2).filter_map(|ends| name.get(*ends.first()?..*ends.get(1)?)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_those_of_acks_resources() {
        for (ours, theirs) in [
            ("S3ModelArtifacts", "s3ModelArtifacts"),
            ("RuleEvaluationJobArn", "ruleEvaluationJobARN"),
            ("CreationTime", "creationTime"),
            ("MemorySizeInMB", "memorySizeInMB"),
            ("SecurityGroupIds", "securityGroupIDs"),
            ("KmsKeyId", "kmsKeyID"),
            ("VpcConfig", "vpcConfig"),
            ("S3Uri", "s3URI"),
            ("VariantStatus", "variantStatus"),
        ] {
            assert_eq!(name_of(ours), theirs);
        }
    }

    #[test]
    fn an_answers_member_is_shown_in_acks_form_all_the_way_down() {
        let answer = json!([{"RuleConfigurationName": "r", "RuleEvaluationJobArn": "arn",
            "LastModifiedTime": 1_592_419_592.203, "StatusDetails": "RuleEvaluationJobArn"}]);
        let shown = json!([{"ruleConfigurationName": "r", "ruleEvaluationJobARN": "arn",
            "lastModifiedTime": "2020-06-17T18:46:32.203Z", "statusDetails": "RuleEvaluationJobArn"}]);
        assert_eq!(to_ack("DescribeTrainingJob", "DebugRuleEvaluationStatuses", &answer), shown);
        assert_eq!(
            to_ack("DescribeTrainingJob", "CreationTime", &json!(0)),
            json!("1970-01-01T00:00:00Z")
        );
        assert_eq!(to_ack("DescribeModel", "ModelName", &json!("x")), json!("x"));
    }
}
