//! An error with its causes. HTTP clients and SDKs often say only that something failed, and the
//! reason is in the sources of their error.

use std::error::Error;

/// The error, then its causes, the outermost first.
pub fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The first of the error and its causes that is an `E`.
#[must_use]
pub fn find_cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    causes(error).find_map(|error| error.downcast_ref())
}

/// The texts of the error and its causes in one line, the outermost first.
#[must_use]
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The text of the last cause: what happened, where the others only say in which call.
#[must_use]
pub fn root_cause(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map_or_else(String::new, ToString::to_string)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the call failed")]
    struct Outer(#[source] io::Error);

    #[test]
    fn the_causes_of_an_error_are_found_and_told_from_the_outermost_on() {
        let error = Outer(io::Error::other("no route"));
        assert_eq!(with_causes(&error), "the call failed: no route");
        assert_eq!(root_cause(&error), "no route");
        assert_eq!(find_cause::<io::Error>(&error).unwrap().kind(), io::ErrorKind::Other);
        assert!(find_cause::<std::fmt::Error>(&error).is_none());
    }
}
