//! The principal: who calls the API.

use serde::{Deserialize, Serialize};

/// Who registered a wait: account and role or user, without the session name,
/// which changes with every pod restart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Principal(pub String);
