//! Finds the ARN of a role that is given by name, as SageMaker's Python SDK does.

use std::sync::Arc;

use aws_config::SdkConfig;
use sagebell_aws_reads::{Account, AskError};
use sagebell_system::SystemClock;
use serde_json::json;

use crate::component::ComponentError;
use crate::definition::Definition;
use crate::inputs::Inputs;

/// The inputs with ARNs in place of the names of roles. Only a name without a `/`
/// is asked about: an ARN, or what has a path, goes as it is.
///
/// # Errors
/// [`ComponentError`] names the input whose role IAM does not tell.
pub async fn resolved(
    definition: &Definition,
    inputs: &Inputs,
    sdk: &SdkConfig,
) -> Result<Inputs, ComponentError> {
    let mut resolved = inputs.clone();
    for input in definition.inputs.iter().filter(|input| input.role_name) {
        let given = inputs.given(&input.name).filter(|name| !name.contains('/'));
        let Some(name) = given else { continue };
        let arn = arn_of(name, inputs.text("region"), sdk).await.map_err(|error| {
            ComponentError::input(&input.name, format!("{error}; an ARN needs no looking up"))
        })?;
        resolved.set(&input.name, json!(arn));
    }
    Ok(resolved)
}

async fn arn_of(name: &str, region: &str, sdk: &SdkConfig) -> Result<String, AskError> {
    Account::new(sdk, region, Arc::new(SystemClock))?.role_arn(name).await
}
