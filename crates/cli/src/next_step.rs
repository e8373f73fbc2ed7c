//! What to do after a failure, where the failure itself does not say it.

use std::error::Error;

use sagebell_api_types::ErrorCode;
use sagebell_client::ClientError;
use sagebell_monitor::causes::causes;

/// The next step after this failure.
#[must_use]
pub fn next_step(error: &(dyn Error + 'static)) -> Option<&'static str> {
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
