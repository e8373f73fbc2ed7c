//! A model.

use serde_json::{Value, json};

use super::job::{Job, no_more};
use super::parts::{self, items_or_null, object};
use crate::component::{ComponentError, Finished, Outputs};
use crate::inputs::Inputs;
use crate::plan::Watch;

pub(super) const MODEL: Job = Job {
    create: "CreateModel",
    describe: "DescribeModel",
    name_field: "ModelName",
    watch: Watch::Created,
    name_input: "model_name",
    prefix: None,
    request,
    known,
    results: no_more,
};

fn request(inputs: &Inputs, name: &str) -> Result<Value, ComponentError> {
    let containers = items_or_null(inputs, "secondary_containers");
    let primary = if containers.is_null() { container(inputs)? } else { ignored(inputs) };
    Ok(object(json!({
        "ModelName": name,
        "PrimaryContainer": primary,
        "Containers": containers,
        "ExecutionRoleArn": inputs.text("role"),
        "VpcConfig": parts::vpc(inputs)?,
        "EnableNetworkIsolation": inputs.is("network_isolation"),
        "Tags": parts::tags(inputs, "tags"),
    })))
}

fn known(finished: Finished<'_>) -> Outputs {
    parts::outputs([("model_name", finished.plan.main.name.as_str().into())])
}

/// `PrimaryContainer`: a model package, or an image. The package wins.
fn container(inputs: &Inputs) -> Result<Value, ComponentError> {
    let package = inputs.given("model_package");
    if package.is_some() {
        warn(inputs, "model_package", &["image", "model_artifact_url"]);
    } else if inputs.given("image").is_none() {
        return Err(ComponentError::input("image", "give this or `model_package`"));
    }
    let unless_packaged = |input| inputs.given(input).filter(|_| package.is_none());
    Ok(object(json!({
        "ContainerHostname": inputs.given("container_host_name"),
        "Image": unless_packaged("image"),
        "ModelDataUrl": unless_packaged("model_artifact_url"),
        "Environment": parts::object_or_empty(inputs, "environment"),
        "ModelPackageName": package,
    })))
}

/// `secondary_containers` are all there is: the old component made it so.
fn ignored(inputs: &Inputs) -> Value {
    let unused = ["image", "model_artifact_url", "model_package", "container_host_name"];
    warn(inputs, "secondary_containers", &unused);
    Value::Null
}

fn warn(inputs: &Inputs, winner: &str, unused: &[&str]) {
    for input in unused.iter().filter(|input| inputs.given(input).is_some()) {
        parts::warn_unused(input, winner);
    }
}
