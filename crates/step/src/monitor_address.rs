//! Finds the URL of the monitor in the account, if the step was not given one.
//!
//! The stack writes the URL of its API to a parameter of Systems Manager, so that the tasks of a
//! pipeline need not contain it.

use std::sync::Arc;

use aws_config::SdkConfig;
use sagebell_aws_reads::{Account, AskError};
use sagebell_monitor::ports::Clock;
use url::Url;

/// The parameter that the stack writes.
pub const PARAMETER: &str = "/sagebell/api";

/// The step does not know the URL of the monitor.
#[derive(Debug, thiserror::Error)]
#[error(
    "the step does not know the monitor's URL. The input `sagebell_api` (--api) and the variable \
     SAGEBELL_API are empty, and the parameter {PARAMETER} of Systems Manager in {region} cannot be \
     read: {why}. Set one of the three (`sagebell preflight` prints the URL), or set \
     `wait` to `poll`: the step then calls SageMaker itself, without a monitor"
)]
pub struct NoAddress {
    region: String,
    why: String,
}

/// Reads the parameter, once.
///
/// # Errors
/// [`NoAddress`] names all three places, and why the last one failed.
pub async fn find(sdk: &SdkConfig, region: &str, clock: Arc<dyn Clock>) -> Result<Url, NoAddress> {
    let no = |why: String| NoAddress { region: region.to_owned(), why };
    let text = read(sdk, region, clock).await.map_err(|error| match error {
        // Systems Manager's own message is empty.
        AskError::NotFound(_) => no("it does not exist".to_owned()),
        error => no(error.to_string()),
    })?;
    let url = Url::parse(text.trim()).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| no(format!("{text:?} is not an http or https URL")))
}

async fn read(sdk: &SdkConfig, region: &str, clock: Arc<dyn Clock>) -> Result<String, AskError> {
    Account::new(sdk, region, clock)?.parameter(PARAMETER).await
}
