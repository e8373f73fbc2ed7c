//! The requests that describe and stop a job of each kind.

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::id_form::IdPart;
use sagebell_monitor::operations::FieldValue;
use serde_json::{Map, Value, json};

/// The members that name a job in its kind's Describe and Stop, by name or ARN as the table of
/// kinds says. `None` if its ARN does not contain enough, or its kind has no operations.
#[must_use]
pub fn named(arn: &JobArn) -> Option<Map<String, Value>> {
    let spec = arn.kind().spec();
    let operations = spec.operations?;
    if operations.id_fields.is_empty() {
        let name = if operations.key_is_arn { arn.as_str() } else { arn.name() };
        return Some(Map::from_iter([(operations.key.to_owned(), name.into())]));
    }
    let mut texts = arn.id().split('/');
    let fields = operations.id_fields.iter().zip(spec.id.parts);
    let fields =
        fields.map(|(field, part)| Some(((*field).to_owned(), part_value(*part, texts.next()?)?)));
    fields.collect()
}

fn part_value(part: IdPart, text: &str) -> Option<Value> {
    match part {
        IdPart::Version => Some(text.parse::<u32>().ok()?.into()),
        _ => Some(text.into()),
    }
}

/// The input of the kind's Describe; `None` as for [`named`].
pub(crate) fn describe(arn: &JobArn) -> Option<Value> {
    let with = arn.kind().spec().operations?.describe_with;
    Some(filled(named(arn)?, with, &Value::Null, ""))
}

/// The input of the kind's Stop for the job in `seen`. `None` as for [`named`]. `token` makes the
/// call unique, if SageMaker wants that.
pub(crate) fn stop(arn: &JobArn, seen: &Value, token: &str) -> Option<Value> {
    let with = arn.kind().spec().operations?.stop_with;
    Some(filled(named(arn)?, with, seen, token))
}

fn filled(
    mut input: Map<String, Value>,
    with: &[(&str, FieldValue)],
    seen: &Value,
    token: &str,
) -> Value {
    for (field, value) in with {
        let value = match value {
            FieldValue::Text(text) => (*text).into(),
            FieldValue::Token => token.into(),
            FieldValue::KeepVariants => retained(seen).into(),
        };
        input.insert((*field).to_owned(), value);
    }
    input.into()
}

fn retained(seen: &Value) -> Map<String, Value> {
    let variants = seen.get("ModelVariants").and_then(Value::as_array).into_iter().flatten();
    let names = variants.filter_map(|variant| variant.get("VariantName")?.as_str());
    names.map(|name| (name.to_owned(), json!("Retain"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arn(rest: &str) -> JobArn {
        JobArn::parse(&format!("arn:aws:sagemaker:us-east-1:111122223333:{rest}")).unwrap()
    }

    #[test]
    fn most_kinds_are_named_by_name() {
        assert_eq!(
            describe(&arn("training-job/x")),
            Some(json!({"TrainingJobName": "x"})),
            "the member is the kind's own"
        );
        assert_eq!(
            stop(&arn("training-job/x"), &json!({}), "t"),
            Some(json!({"TrainingJobName": "x"})),
            "no token where none is wanted"
        );
    }

    #[test]
    fn some_kinds_are_named_by_arn() {
        let rests = ["pipeline/p/execution/e", "cluster/abcdefghijkl", "model-card/c/export-job/e"];
        for rest in rests {
            let arn = arn(rest);
            let key = arn.kind().spec().operations.unwrap().key;
            assert_eq!(describe(&arn), Some(json!({key: arn.as_str()})));
        }
        let package = arn("model-package/group/3");
        let wanted = json!({"ModelPackageName": package.as_str(), "IncludedData": "MetadataOnly"});
        assert_eq!(describe(&package), Some(wanted));
    }

    #[test]
    fn an_image_version_is_named_by_image_and_number() {
        let wanted = json!({"ImageName": "img", "Version": 4});
        assert_eq!(describe(&arn("image-version/img/4")), Some(wanted));
        assert_eq!(describe(&arn("image-version/img/latest")), None);
        assert_eq!(describe(&arn("image-version/img")), None);
    }

    #[test]
    fn a_job_is_named_by_category_and_name_in_every_call() {
        let job = arn("job/agentrft/Mine");
        let wanted = Some(json!({"JobName": "Mine", "JobCategory": "AgentRFT"}));
        assert_eq!(describe(&job), wanted);
        assert_eq!(stop(&job, &json!({}), "t"), wanted);
    }

    #[test]
    fn what_the_api_has_no_operation_on_is_asked_nothing() {
        assert_eq!(describe(&arn("evaluation-job/x")), None);
        assert_eq!(stop(&arn("evaluation-job/x"), &json!({}), "t"), None);
    }

    #[test]
    fn stopping_an_execution_takes_a_token() {
        let run = arn("pipeline/p/execution/e");
        let wanted = json!({"PipelineExecutionArn": run.as_str(), "ClientRequestToken": "t"});
        assert_eq!(stop(&run, &json!({}), "t"), Some(wanted));
    }

    #[test]
    fn stopping_an_experiment_keeps_its_variants() {
        let seen = json!({"ModelVariants": [{"VariantName": "a"}, {"VariantName": "b"}]});
        let wanted = json!({
            "Name": "x", "DesiredState": "Cancelled",
            "ModelVariantActions": {"a": "Retain", "b": "Retain"},
        });
        assert_eq!(stop(&arn("inference-experiment/x"), &seen, "t"), Some(wanted));
    }
}
