//! What the codes of errors mean, and what to do: the text of `docs/errors.md`, in Markdown.

use crate::ErrorCode;

impl ErrorCode {
    /// What happened.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::BodyTooLarge => "The body is longer than 64 KiB.",
            Self::CallerUnknown => "The host of the API did not say who is calling.",
            Self::ConnectionFull => "500 waits are registered on this connection already.",
            Self::ConnectionNotOpen => "The connection is closed, or the monitor does not know it.",
            Self::Internal => "The service failed. Your call is not the cause.",
            Self::InvalidBody => "The body is not a JSON object, or is nested too deeply.",
            Self::InvalidField => {
                "The field or parameter in `field` is missing, unknown or has a wrong value."
            }
            Self::JobNotFound => "Sagebell does not know the job, or SageMaker has no such job.",
            Self::JobOutOfScope => {
                "The job belongs to an account or region that this monitor is not configured \
                 for."
            }
            Self::MethodNotAllowed => "The route exists, but not for this method.",
            Self::NotFound => "The route does not exist.",
            Self::NotOwner => {
                "Only the owner of a job may have it stopped (also with `on_abandon: stop`) \
                 or refreshed. The owner is the principal in the job's tag `sagebell:owner`, \
                 or, without that tag, the one that registered on the job first."
            }
            Self::OperationUnsupported => {
                "SageMaker has no such operation for this kind of job. For example, it cannot \
                 stop a model package."
            }
            Self::OthersWaiting => "Others still wait for the job that you want to stop.",
            Self::ReadOnly => {
                "This role or user may read jobs, but may not register, cancel or refresh."
            }
            Self::SagemakerRefused => {
                "SageMaker refused the monitor's own call. `detail` contains SageMaker's \
                 message."
            }
            Self::SagemakerThrottled => {
                "SageMaker throttles, or the monitor has used up its call budget."
            }
            Self::SagemakerUnavailable => {
                "This monitor runs without SageMaker and knows only what events say."
            }
            Self::TooManyWaits => {
                "This role or user has registered its share of new waits for a minute, an \
                 hour or a day. `detail` says which. Renewals do not count."
            }
            Self::TryAgain => {
                "The store or the queue is busy or cannot be reached. The call may or may not \
                 have taken effect."
            }
            Self::WaitNotFound => {
                "You have no such wait on this job. This role or user never registered it, or \
                 its retention has ended."
            }
        }
    }

    /// What the caller can do, or the operator.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::BodyTooLarge => "Send a smaller body. Only `labels` can grow this large.",
            Self::CallerUnknown => {
                "Sign the call (SigV4) as an IAM role or user. If a proxy is between you and \
                 the API, check that it passes on the identity."
            }
            Self::ConnectionFull => "Open another connection and register there.",
            Self::ConnectionNotOpen => {
                "Open another connection and register again. The answer tells the state of \
                 the job."
            }
            Self::Internal => {
                "Read the service's log at the time of the call. The same call will probably \
                 fail again."
            }
            Self::InvalidBody => "Correct the position that `detail` names.",
            Self::InvalidField => "Correct it. `detail` says what is allowed.",
            Self::JobNotFound => {
                "Check the ARN, account and region. `POST …/refresh` reads the job from \
                 SageMaker."
            }
            Self::JobOutOfScope => {
                "Use the monitor of that account and region, or add them to this one."
            }
            Self::MethodNotAllowed => "Use one of the methods in the `Allow` header.",
            Self::NotFound => "See `/openapi.json`. Percent-encode ARNs in paths.",
            Self::NotOwner => {
                "Wait with `on_abandon: keep`, cancel without `stop`, or ask the owner."
            }
            Self::OperationUnsupported => {
                "Leave the operation out: cancel without `stop`, or wait for events instead \
                 of a refresh."
            }
            Self::OthersWaiting => {
                "Cancel without `stop`. The owner can use `stop=true&force=true`."
            }
            Self::ReadOnly => {
                "Call as another role or user. The operator decides who may wait \
                 (`SAGEBELL_VIEWERS`, `SAGEBELL_WAITERS`)."
            }
            Self::SagemakerRefused => {
                "Usually the monitor's role lacks a permission. Compare it with the policies \
                 in `infra/`."
            }
            Self::SagemakerThrottled => "Wait for the time in `Retry-After`, then call again.",
            Self::SagemakerUnavailable => "Do not refresh or stop jobs here. Use SageMaker itself.",
            Self::TooManyWaits => {
                "Wait for the time in `Retry-After`, then call again. The operator sets the \
                 limits (the stack's parameters `RegistrationsPerMinute`, \
                 `UnseenWaitsPerHour` and `WaitsPerDay`)."
            }
            Self::TryAgain => {
                "Wait for the time in `Retry-After`, then repeat the same call. It is safe to \
                 repeat every call."
            }
            Self::WaitNotFound => "Register it with `PUT`. `GET /v1/principal` says who you are.",
        }
    }
}
