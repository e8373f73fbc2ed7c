//! The outputs of version 2: the fields in which ACK shows the state of a resource.

use serde_json::{Map, Value, json};

use super::kind::Kind;
use crate::component::{Finished, Outputs};
use crate::definition::{Definition, Output};
use crate::model;
use crate::sagemaker::whole;

/// Outputs that every component has, and the run gives.
const OF_THE_RUN: [&str; 2] = ["job_arn", "status"];

pub(super) fn outputs(
    definition: &Definition,
    kind: &Kind,
    finished: &Finished<'_>,
    succeeded: bool,
) -> Outputs {
    let value = |output: &Output| match output.name.as_str() {
        "ack_resource_metadata" => metadata(finished),
        "conditions" => json!([condition(finished.answer, succeeded)]),
        "sagemaker_resource_name" => json!(finished.plan.main.name),
        name => shown(kind, finished.answer, name),
    };
    let outputs = definition.outputs.iter().filter(|output| !OF_THE_RUN.contains(&&*output.name));
    outputs.map(|output| (output.name.clone(), whole(output.kind, value(output)))).collect()
}

/// `arn:aws:sagemaker:REGION:ACCOUNT:TYPE/NAME`, and its parts.
fn metadata(finished: &Finished<'_>) -> Value {
    let Some(arn) = finished.arn else { return json!({}) };
    let part = |place| arn.split(':').nth(place).unwrap_or_default();
    json!({"arn": arn, "region": part(3), "ownerAccountID": part(4)})
}

fn condition(answer: &Value, succeeded: bool) -> Value {
    let mut condition = Map::new();
    condition.insert("type".to_owned(), json!("ACK.ResourceSynced"));
    condition.insert("status".to_owned(), json!(if succeeded { "True" } else { "False" }));
    if let Some(reason) = answer.get("FailureReason").and_then(Value::as_str) {
        condition.insert("message".to_owned(), json!(reason));
    }
    Value::Object(condition)
}

/// The member of the description that an output is named after.
fn shown(kind: &Kind, answer: &Value, output: &str) -> Value {
    let wanted = model::plain(output);
    let members = answer.as_object().into_iter().flatten();
    let mut found = members.filter(|(member, _)| model::plain(member) == wanted);
    found.next().map_or(Value::Null, |(member, value)| model::to_ack(kind.describe, member, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{self, Family};
    use crate::inputs::Inputs;
    use crate::plan::{Call, Create, Plan, Watch};
    use crate::v2::kind::find;

    fn outputs_of(name: &str, arn: Option<&str>, answer: &Value, succeeded: bool) -> Outputs {
        let definition = definition::find(Family::V2, name).unwrap();
        let create = Create {
            call: Call::new("Create", json!({})),
            describe: None,
            name: "mine".to_owned(),
            taggable: true,
        };
        let (inputs, plan) = (Inputs::default(), Plan::of(create, Watch::Created));
        let finished = Finished { inputs: &inputs, plan: &plan, arn, answer };
        outputs(&definition, find(name).unwrap(), &finished, succeeded)
    }

    #[test]
    fn a_training_job_is_shown_as_ack_showed_it() {
        let answer = json!({
            "TrainingJobStatus": "Completed",
            "SecondaryStatus": "Completed",
            "CreationTime": 1_592_419_592.203,
            "ModelArtifacts": {"S3ModelArtifacts": "s3://bucket/model.tar.gz"},
            "DebugRuleEvaluationStatuses": [{"RuleEvaluationJobArn": "arn"}],
        });
        let arn = "arn:aws:sagemaker:us-east-1:123456789012:training-job/mine";
        insta::assert_json_snapshot!(outputs_of("TrainingJob", Some(arn), &answer, true));
    }

    #[test]
    fn nothing_is_ever_less_than_kfp_can_read() {
        for definition in definition::definitions(Family::V2) {
            let outputs = outputs_of(&definition.name, None, &Value::Null, false);
            for (name, value) in outputs {
                let output = definition.outputs.iter().find(|output| output.name == name).unwrap();
                assert_eq!(whole(output.kind, value.clone()), value, "{name}");
            }
        }
    }
}
