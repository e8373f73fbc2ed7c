//! Advice for frequent failures. It follows SageMaker's own message and never replaces it.

use sagebell_sagemaker::{CallError, Class};

/// What to do, by words in a job's failure reason; those that say more come first, as
/// `ClientError` stands before most of them. From the "Troubleshooting" pages of the
/// SageMaker developer guide and the API reference's `SecondaryStatus`.
const REASONS: &[(&str, &str)] = &[
    (
        "CapacityError",
        "AWS has no free instances of this type now. Try again later, in another availability zone, or with another instance type",
    ),
    ("ResourceLimitExceeded", QUOTA),
    ("AccessDenied", EXECUTION_ROLE),
    ("not authorized", EXECUTION_ROLE),
    ("Access denied", EXECUTION_ROLE),
    (
        "ping health check",
        "the container did not answer GET /ping with 200 in time. The endpoint's log shows why",
    ),
    (
        "OutOfMemory",
        "the job needs more memory. Use a larger instance type, less data, or smaller batches",
    ),
    (
        "MaxRuntimeExceeded",
        "the job reached its time limit. Raise MaxRuntimeInSeconds of its stopping condition",
    ),
    (
        "MaxWaitTimeExceeded",
        "the job got too little spot capacity in its time. Raise MaxWaitTimeInSeconds, or use on-demand instances",
    ),
    ("AlgorithmError", "the container failed. Its log shows why"),
    (
        "ClientError",
        "the inputs of the job are wrong. Compare them with what the container expects",
    ),
    ("InternalServerError", "SageMaker failed. Try again"),
];
const QUOTA: &str =
    "request a higher quota in the Service Quotas console, or run fewer jobs at the same time";
const EXECUTION_ROLE: &str = "the execution role (the job's `role`) lacks a permission. infra/iam/execution.yaml grants what it needs";

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
            "the pod's role may not pass this role to SageMaker. The statement PassExecutionRole of infra/iam/pipeline-pod.yaml lists the roles that it may pass"
                .to_owned(),
        ),
        Class::Denied => Some(format!(
            "the pod's role needs the permission {}. infra/iam/pipeline-pod.yaml has the statements",
            error.iam_action()
        )),
        Class::Stale => Some(
            "AWS accepted no credentials for 15 minutes. Check what provides them to the pod (Pod Identity agent, web identity token)"
                .to_owned(),
        ),
        Class::LimitExceeded => Some(QUOTA.to_owned()),
        Class::Throttled => Some("the account's limit of API calls is used up. Try again later".to_owned()),
        Class::Unavailable => Some(
            "it is unknown whether SageMaker accepted the call. If you run the step again, it finds what it created"
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
