//! Errors of the HTTP client, by whether another try may help, as the SDK's retries want to know.

use std::error::Error;
use std::io;
use std::time::Duration;

use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::retry::ErrorKind;
use hyper_util::client::legacy;

/// Nothing came in time.
pub(super) fn late(what: &str, limit: Duration) -> ConnectorError {
    ConnectorError::timeout(format!("no {what} within {limit:?}").into())
}

/// A call that was not answered.
pub(super) fn failure(error: legacy::Error) -> ConnectorError {
    if source::<ConnectorError>(&error).is_some_and(ConnectorError::is_timeout) {
        return ConnectorError::timeout(error.into());
    }
    let of_hyper = source::<hyper::Error>(&error);
    if of_hyper.is_some_and(hyper::Error::is_user) {
        return ConnectorError::user(error.into());
    }
    let is_lost = error.is_connect()
        || of_hyper.is_some_and(|error| error.is_closed() || error.is_canceled())
        || source::<io::Error>(&error).is_some();
    if is_lost {
        return ConnectorError::io(error.into());
    }
    // The server closed the connection within its answer.
    let is_cut = of_hyper.is_some_and(hyper::Error::is_incomplete_message);
    ConnectorError::other(error.into(), is_cut.then_some(ErrorKind::TransientError))
}

/// The first error of this type among the error and its causes.
fn source<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    error.downcast_ref().or_else(|| source(error.source()?))
}
