//! Advice for frequent failures. It follows SageMaker's own message and never replaces it.

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
/// What to do where a quota is used up.
pub const QUOTA: &str =
    "request a higher quota in the Service Quotas console, or run fewer jobs at the same time";
const EXECUTION_ROLE: &str = "the execution role (the job's `role`) lacks a permission. infra/iam/execution.yaml grants what it needs";

/// What to do about a job that ended for this reason.
#[must_use]
pub fn on_reason(reason: &str) -> Option<&'static str> {
    REASONS.iter().find_map(|(words, advice)| reason.contains(words).then_some(*advice))
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
