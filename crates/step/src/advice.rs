//! What to do about a failure that people meet often: said after SageMaker's own
//! words, never instead of them.

use sagebell_sagemaker::{CallError, Class};

/// What to do, by words in a job's failure reason; those that say more come first, as
/// `ClientError` stands before most of them. From the "Troubleshooting" pages of the
/// SageMaker developer guide and the API reference's `SecondaryStatus`.
const REASONS: &[(&str, &str)] = &[
    (
        "CapacityError",
        "there are no such instances free now: try again later, in another availability zone, or with another instance type",
    ),
    ("ResourceLimitExceeded", QUOTA),
    ("AccessDenied", EXECUTION_ROLE),
    ("not authorized", EXECUTION_ROLE),
    ("Access denied", EXECUTION_ROLE),
    (
        "ping health check",
        "the container did not answer GET /ping with 200 in time: the endpoint's log says what it did instead",
    ),
    (
        "OutOfMemory",
        "the job needs more memory: take a larger instance type, or less data or smaller batches at a time",
    ),
    (
        "MaxRuntimeExceeded",
        "the job ran longer than it may: raise MaxRuntimeInSeconds of its stopping condition",
    ),
    (
        "MaxWaitTimeExceeded",
        "spot instances did not suffice in the time given: raise MaxWaitTimeInSeconds, or take instances that are not spot",
    ),
    ("AlgorithmError", "the container failed: its log says why"),
    (
        "ClientError",
        "what the job was given is wrong: compare its inputs with what the container expects",
    ),
    ("InternalServerError", "SageMaker failed: try again"),
];
const QUOTA: &str = "ask for more in the Service Quotas console, or run fewer at a time";
const EXECUTION_ROLE: &str = "the execution role (the job's `role`) lacks a permission: infra/iam/execution.yaml grants what it needs";

/// What to do about a job that ended for this reason.
#[must_use]
pub fn on_reason(reason: &str) -> Option<&'static str> {
    REASONS.iter().find_map(|(words, advice)| reason.contains(words).then_some(*advice))
}

/// What to do about a call that failed so.
#[must_use]
pub fn on_call(error: &CallError) -> Option<String> {
    match error.class {
        Class::Denied if error.message.contains("PassRole") => Some(
            "the pod's role may not pass this role to SageMaker: statement PassExecutionRole of infra/iam/pipeline-pod.yaml names the ones it may"
                .to_owned(),
        ),
        Class::Denied => Some(format!(
            "the pod's role must be allowed {}: infra/iam/pipeline-pod.yaml has the statements",
            error.iam_action()
        )),
        Class::Stale => Some(
            "no credentials that AWS takes could be had for a quarter of an hour: look at what hands them to the pod (Pod Identity agent, web identity token)"
                .to_owned(),
        ),
        Class::LimitExceeded => Some(QUOTA.to_owned()),
        Class::Throttled => Some("the account's limit of calls is used up: try again later".to_owned()),
        Class::Unavailable => Some(
            "whether SageMaker took the call is not known: a step that runs again finds what it made"
                .to_owned(),
        ),
        Class::AlreadyExists | Class::Conflict | Class::Invalid | Class::NotFound | Class::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_known_by_its_words() {
        assert!(on_reason("AlgorithmError: ExecuteUserScriptError").unwrap().contains("log"));
        let role = on_reason("ClientError: AccessDenied when reading s3://in/").unwrap();
        assert!(role.contains("execution role"), "{role}");
        assert_eq!(on_reason("something new"), None);
    }
}
