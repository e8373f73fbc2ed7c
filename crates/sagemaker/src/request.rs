//! What a Describe or a Stop of each kind is asked with.

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::kind::Kind;
use serde_json::{Map, Value, json};

/// A job as its kind's Describe and Stop name it: by the members, and by name or ARN,
/// that the table of kinds says; `None` if its ARN does not say enough, or SageMaker's API
/// has no operation on its kind.
#[must_use]
pub fn named(arn: &JobArn) -> Option<Map<String, Value>> {
    let operations = arn.kind().spec().operations?;
    let name = if operations.key_is_arn { arn.as_str() } else { arn.name() };
    let mut input = Map::from_iter([(operations.key.to_owned(), name.into())]);
    match arn.kind() {
        // The ARN ends with the image's name and the version's number.
        Kind::ImageVersion => {
            let (image, version) = arn.id().split_once('/')?;
            input.insert("ImageName".to_owned(), image.into());
            input.insert("Version".to_owned(), version.parse::<u32>().ok()?.into());
        }
        // The ARN ends with the job's category and its name.
        Kind::Job => {
            let (category, _) = arn.id().split_once('/')?;
            input.insert("JobCategory".to_owned(), category.into());
        }
        _ => {}
    }
    Some(input)
}

/// The input of the kind's Describe; `None` as for [`named`].
pub(crate) fn describe(arn: &JobArn) -> Option<Value> {
    let mut input = named(arn)?;
    if arn.kind() == Kind::ModelPackage {
        // The whole of it, with the model card, would need `kms:Decrypt`.
        input.insert("IncludedData".to_owned(), "MetadataOnly".into());
    }
    Some(input.into())
}

/// The input of the kind's Stop of a job that `seen` describes; `None` as for [`named`].
/// `token` makes the call unlike any other, where SageMaker wants that.
pub(crate) fn stop(arn: &JobArn, seen: &Value, token: &str) -> Option<Value> {
    let mut input = named(arn)?;
    match arn.kind() {
        Kind::PipelineExecution => {
            input.insert("ClientRequestToken".to_owned(), token.into());
        }
        // It must say what becomes of each variant: nothing is deleted here.
        Kind::InferenceExperiment => {
            input.insert("ModelVariantActions".to_owned(), retained(seen).into());
            input.insert("DesiredState".to_owned(), "Cancelled".into());
        }
        _ => {}
    }
    Some(input.into())
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
