//! What a failed call means, in the words of the port.

use std::error::Error;

use aws_sdk_apigatewaymanagement::error::ProvideErrorMetadata;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use sagebell_monitor::causes::with_causes;
use sagebell_monitor::ports::Failure;
use sagebell_monitor::wait::FailureClass;

/// Sagebell's caller was refused, and not the waiter.
const REFUSED: u16 = 403;

/// The failure of a call of `operation`.
pub(crate) fn failure<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let SdkError::ServiceError(refused) = error else { return no_answer(operation, error) };
    let status = refused.raw().status().as_u16();
    let (code, message) = (refused.err().code(), refused.err().message());
    let code = code.map_or_else(|| format!("HTTP {status}"), str::to_owned);
    let message = message.map(|message| format!(": {message}")).unwrap_or_default();
    let reason = format!("API Gateway answered {operation} with {code}{message}");
    if status == REFUSED {
        let advice = "allow execute-api:ManageConnections on this API in the function's role";
        return Failure::new(FailureClass::Internal, format!("{reason}; {advice}"));
    }
    Failure::new(FailureClass::BadStatus, reason)
}

/// The failure of a call that was not answered.
pub(crate) fn no_answer<E: Error + 'static>(
    operation: &str,
    error: &SdkError<E, HttpResponse>,
) -> Failure {
    let class = match error {
        SdkError::ConstructionFailure(_) => FailureClass::Internal,
        SdkError::DispatchFailure(failed) if !failed.is_timeout() => FailureClass::NoConnection,
        _ => FailureClass::NoAnswer,
    };
    Failure::new(class, format!("{operation}: {}", with_causes(error)))
}
