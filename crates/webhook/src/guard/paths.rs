//! The paths that callbacks may have.

use std::fmt;
use std::str::FromStr;

use crate::listener::CALLBACK_PATH;

/// The paths that callbacks may have: the listener's own by default. A deployment whose
/// waiters have servers of their own names theirs.
///
/// A private server that nobody meant to be called back would otherwise be sent a
/// `POST` at a path of the caller's choice, if only one: the first probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallbackPaths {
    /// These, compared as they stand in the URL. The query is free.
    Only(Vec<String>),
    /// All.
    Any,
}

impl CallbackPaths {
    /// Whether a URL's path, as `Url::path` gives it, is one of them.
    #[must_use]
    pub fn contain(&self, path: &str) -> bool {
        match self {
            Self::Only(paths) => paths.iter().any(|allowed| allowed == path),
            Self::Any => true,
        }
    }
}

impl Default for CallbackPaths {
    fn default() -> Self {
        Self::Only(vec![CALLBACK_PATH.to_owned()])
    }
}

/// As [`CallbackPaths`] are written: `/callback,/hooks/sagebell`, or `*`.
impl fmt::Display for CallbackPaths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Only(paths) => f.write_str(&paths.join(",")),
            Self::Any => f.write_str("*"),
        }
    }
}

/// What [`CallbackPaths`] take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected paths, for example `/callback,/hooks/sagebell`, or `*` for any")]
pub struct NotPaths;

impl FromStr for CallbackPaths {
    type Err = NotPaths;

    fn from_str(text: &str) -> Result<Self, NotPaths> {
        if text.trim() == "*" {
            return Ok(Self::Any);
        }
        text.split(',').map(|path| parse(path.trim())).collect::<Result<_, _>>().map(Self::Only)
    }
}

/// One path, of printable ASCII without what would end it in a URL.
fn parse(path: &str) -> Result<String, NotPaths> {
    let good = |c: char| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '*');
    if path.starts_with('/') && path.chars().all(good) {
        return Ok(path.to_owned());
    }
    Err(NotPaths)
}
