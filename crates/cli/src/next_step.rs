//! What to do after a failure, where the failure itself does not say it.

use std::error::Error;

use sagebell_api_types::ErrorCode;
#[cfg(feature = "aws")]
use sagebell_aws_reads::AskError;
use sagebell_client::ClientError;
use sagebell_monitor::causes::causes;

/// The next step after this failure.
#[must_use]
pub fn next_step(error: &(dyn Error + 'static)) -> Option<&'static str> {
    #[cfg(feature = "aws")]
    if let Some(of_aws) = causes(error).find_map(|cause| cause.downcast_ref()) {
        return after(of_aws);
    }
    let code = causes(error).find_map(|cause| match cause.downcast_ref() {
        Some(ClientError::Problem { code, .. }) => Some(code),
        _ => None,
    })?;
    match ErrorCode::from_wire(code)? {
        ErrorCode::JobNotFound => Some("`sagebell jobs` lists the jobs that the monitor knows"),
        ErrorCode::JobOutOfScope => Some(
            "use the monitor of that account and region (--api), or let this one accept them (docs/deploy.md)",
        ),
        ErrorCode::NotOwner => Some("ask the owner, or call as the owner's role"),
        ErrorCode::OthersWaiting => Some("`sagebell waits JOB` shows who waits"),
        ErrorCode::ReadOnly => Some("this caller is one of SAGEBELL_VIEWERS; use another role"),
        ErrorCode::SagemakerUnavailable => {
            Some("this monitor calls no SageMaker, as `sagebell local`; use a deployed one (--api)")
        }
        ErrorCode::CallerUnknown => Some(
            "a deployed monitor needs signed calls: set AWS credentials, and build with --features aws",
        ),
        ErrorCode::SagemakerThrottled | ErrorCode::TryAgain => Some("try again in a moment"),
        _ => None,
    }
}

/// The next step after a refusal of AWS.
#[cfg(feature = "aws")]
fn after(error: &AskError) -> Option<&'static str> {
    match error {
        AskError::NoCredentials(_) | AskError::BadCredentials(_) => {
            Some("set AWS credentials as for any AWS tool, for example with AWS_PROFILE")
        }
        AskError::Denied { .. } => Some("allow this action in a policy of your role"),
        AskError::Unreachable { .. } => {
            Some("check the network, and AWS_ENDPOINT_URL if it is set; then try again")
        }
        AskError::NotFound(_) | AskError::Refused { .. } | AskError::Unintelligible { .. } => None,
    }
}
