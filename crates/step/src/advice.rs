//! Advice for frequent failures. It follows SageMaker's own message and never replaces it.

use sagebell_monitor::advice::QUOTA;
pub use sagebell_monitor::advice::on_reason;
use sagebell_sagemaker::{CallError, Class};

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
