//! Checks the API, and through it the monitor's access to SageMaker.

use sagebell_api_types::ErrorCode;
use sagebell_api_types::query::JobsQuery;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::causes::root_cause;
use sagebell_monitor::ports::JobFilter;

use super::grants::{CALL, DESCRIBE, REACH};
use super::report::Check;
use sagebell_client::client::{Client, ClientError};

const API: &str = "API";
const SAGEMAKER: &str = "SageMaker";

/// Whether signed calls are answered.
pub(super) async fn api(client: &Client) -> Check {
    if let Err(error) = client.health().await {
        return unanswered(API, &error);
    }
    let one = JobsQuery { filter: JobFilter::default(), cursor: None, limit: Some(1) };
    match client.list_jobs(&one).await {
        Ok(_) => Check::ok(API, format!("{} answers signed calls", client.base())),
        Err(error) => unanswered(API, &error),
    }
}

/// What it means for this check that a call of the API failed.
pub(super) fn unanswered(check: &'static str, error: &ClientError) -> Check {
    match error {
        ClientError::Unreachable { source, .. } => {
            let how = format!("no answer from {}: {}", host(error), root_cause(source));
            Check::missing(check, how, REACH)
        }
        ClientError::Foreign { status: 403, .. } => {
            let how =
                "it refuses the caller's signed calls. The caller has no permission to call it";
            Check::missing(check, how, CALL)
        }
        other => Check::missing(check, format!("{other}; docs/errors.md has the codes"), &[]),
    }
}

fn host(error: &ClientError) -> &str {
    match error {
        ClientError::Unreachable { url, .. } => url.host_str().unwrap_or_default(),
        _ => "",
    }
}

/// Whether the monitor may ask SageMaker about a job: of one that is not there it
/// must hear just that.
pub(super) async fn sagemaker(client: &Client, nobodys: &JobArn) -> Check {
    let Err(ClientError::Problem { code, detail, .. }) = client.refresh(nobodys).await else {
        return Check::unknown(SAGEMAKER, "the API did not say", &[]);
    };
    match ErrorCode::from_wire(&code) {
        Some(ErrorCode::JobNotFound) => Check::ok(SAGEMAKER, "the API may call Describe"),
        Some(ErrorCode::SagemakerRefused) => {
            Check::missing(SAGEMAKER, format!("it refuses the API: {detail}"), DESCRIBE)
        }
        Some(ErrorCode::SagemakerUnavailable) => Check::missing(SAGEMAKER, detail, &[]),
        _ => Check::unknown(SAGEMAKER, format!("{code}: {detail}"), &[]),
    }
}
