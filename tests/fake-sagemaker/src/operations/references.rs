//! What a request names must exist.

use serde_json::{Map, Value, json};

use super::{Call, unknown};
use crate::error::AwsError;
use crate::family::{self, Family};
use crate::model;
use crate::resource::Resource;
use crate::state::SageMakerState;

/// Operation, path of the name in its request (`*`: every item), family.
const REFERENCES: [(&str, &[&str], &str); 9] = [
    ("CreateEndpoint", &["EndpointConfigName"], "endpoint_config"),
    ("UpdateEndpoint", &["EndpointConfigName"], "endpoint_config"),
    ("CreateEndpointConfig", &["ProductionVariants", "*", "ModelName"], "model"),
    ("CreateTransformJob", &["ModelName"], "model"),
    ("CreateInferenceComponent", &["EndpointName"], "endpoint"),
    ("CreateImageVersion", &["ImageName"], "image"),
    ("CreateModelPackage", &["ModelPackageGroupName"], "model_package_group"),
    ("StartPipelineExecution", &["PipelineName"], "pipeline"),
    ("ListPipelineExecutions", &["PipelineName"], "pipeline"),
];

/// Looks up all that a request names.
///
/// # Errors
/// The first that does not exist.
pub(super) fn find<'w>(
    state: &'w SageMakerState,
    call: &Call,
) -> Result<Vec<&'w Resource>, AwsError> {
    let mut found = Vec::new();
    for (_, path, word) in REFERENCES.iter().filter(|(name, ..)| *name == call.operation) {
        let Some(family) = family::of_word(word) else {
            continue;
        };
        for name in names(&Value::Object(call.input.clone()), path) {
            found.push(resolve(state, family, &call.region, &name)?);
        }
    }
    Ok(found)
}

fn resolve<'w>(
    state: &'w SageMakerState,
    family: &'static Family,
    region: &str,
    name: &str,
) -> Result<&'w Resource, AwsError> {
    let by_arn = || state.by_arn(name).filter(|of| of.family.word == family.word);
    let found = state.by_name(family, region, name).or_else(by_arn);
    let declared = model::operation(family.describe).and_then(model::Operation::not_found);
    found.ok_or_else(|| unknown(state, family, region, name, declared))
}

fn names(value: &Value, path: &[&str]) -> Vec<String> {
    match path {
        [] => value.as_str().map(ToOwned::to_owned).into_iter().collect(),
        ["*", rest @ ..] => {
            let items = value.as_array().into_iter().flatten();
            items.flat_map(|item| names(item, rest)).collect()
        }
        [key, rest @ ..] => value.get(key).map_or_else(Vec::new, |inner| names(inner, rest)),
    }
}

/// The members that follow from what was named: ARNs, and an endpoint's
/// variants.
pub(super) fn members(found: &[&Resource]) -> Map<String, Value> {
    let mut members = Map::new();
    for resource in found {
        if let Some(member) = resource.family.member(resource.family.fields.arn) {
            members.insert(member.to_owned(), json!(resource.arn));
        }
        if resource.family.word == "endpoint_config" {
            members.insert("ProductionVariants".to_owned(), json!(variants(resource)));
            let capture = resource.request.get("DataCaptureConfig").and_then(capture_summary);
            members.extend(capture.map(|capture| ("DataCaptureConfig".to_owned(), capture)));
        }
    }
    members
}

fn variants(config: &Resource) -> Vec<Value> {
    let asked = config.request.get("ProductionVariants").and_then(Value::as_array);
    let variant = |asked: &Value| {
        let (weight, count) =
            (asked.get("InitialVariantWeight"), asked.get("InitialInstanceCount"));
        let (weight, count) =
            (weight.cloned().unwrap_or(json!(1.0)), count.unwrap_or(&Value::Null));
        let mut variant = json!({
            "VariantName": asked.get("VariantName"),
            "CurrentWeight": weight, "DesiredWeight": weight,
            "CurrentInstanceCount": count, "DesiredInstanceCount": count,
        });
        if let Some(members) = variant.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        variant
    };
    asked.into_iter().flatten().map(variant).collect()
}

/// An endpoint tells of its configuration's data capture in other words.
fn capture_summary(config: &Value) -> Option<Value> {
    let enabled = config.get("EnableCapture").and_then(Value::as_bool).unwrap_or(false);
    Some(json!({
        "EnableCapture": enabled,
        "CaptureStatus": if enabled { "Started" } else { "Stopped" },
        "CurrentSamplingPercentage": config.get("InitialSamplingPercentage")?,
        "DestinationS3Uri": config.get("DestinationS3Uri")?,
        "KmsKeyId": config.get("KmsKeyId").unwrap_or(&json!("")),
    }))
}
