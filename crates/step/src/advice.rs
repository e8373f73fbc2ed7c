//! What to do about a failure that people meet often: said after SageMaker's own
//! words, never instead of them.

use sagemaker::{CallError, Class};

/// What to do, by words in a job's failure reason. From "Troubleshooting" pages of
/// the SageMaker developer guide.
const REASONS: &[(&str, &str)] = &[
    (
        "CapacityError",
        "there are no such instances free now: try again later, in another availability zone, or with another instance type",
    ),
    ("AlgorithmError", "the container failed: its log says why"),
    (
        "ClientError",
        "what the job was given is wrong: compare its inputs with what the container expects",
    ),
    ("ResourceLimitExceeded", QUOTA),
    ("InternalServerError", "SageMaker failed: try again"),
    ("AccessDenied", EXECUTION_ROLE),
    ("not authorized", EXECUTION_ROLE),
    ("Access denied", EXECUTION_ROLE),
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
        assert_eq!(on_reason("something new"), None);
    }
}
