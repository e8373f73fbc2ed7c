//! The channel of a wait: how its waiter is told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::text::{CallbackUrl, InvalidText, Secret};

/// How a wait is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "StoredChannel", try_from = "StoredChannel")]
pub enum Channel {
    /// Signals are pushed down a connection that the waiter holds.
    Connection {
        /// The connection.
        id: ConnectionId,
        /// When it was opened. A registration that arrives late, from an earlier connection, does
        /// not move the wait back to that one.
        opened_at: Timestamp,
    },
    /// Signals are posted to a URL.
    Callback {
        /// The URL.
        url: CallbackUrl,
        /// The secret that signs them.
        secret: Secret,
    },
    /// Signals are not sent. The answers to renewals tell the state.
    None,
}

impl Channel {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Connection { .. } => "connection",
            Self::Callback { .. } => "callback",
            Self::None => "none",
        }
    }

    /// Whether it is this connection.
    #[must_use]
    pub fn is_connection(&self, this: &ConnectionId) -> bool {
        matches!(self, Self::Connection { id, .. } if id == this)
    }
}

/// The id that the gateway, or the local stack, gave to a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConnectionId(String);

impl ConnectionId {
    /// The longest id, in bytes. API Gateway's have 16.
    pub const MAX_LEN: usize = 128;

    /// Reads an id.
    ///
    /// # Errors
    /// If it is empty, too long, or holds anything but printable ASCII.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let fits = (1..=Self::MAX_LEN).contains(&text.len());
        if !fits || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidText("a connection id is 1 to 128 printable ASCII characters"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ConnectionId {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        Self::parse(&text)
    }
}

impl From<ConnectionId> for String {
    fn from(id: ConnectionId) -> Self {
        id.0
    }
}

impl std::fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The stored form: fields of the wait, two of which are those of version 0.1.0, which had
/// callbacks only.
#[derive(Serialize, Deserialize)]
struct StoredChannel {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    callback_url: Option<CallbackUrl>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connection: Option<ConnectionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connection_opened_at: Option<Timestamp>,
}

/// The stored fields fit no channel.
#[derive(Debug, thiserror::Error)]
#[error("a stored wait has a part of a channel only, or two channels")]
struct HalfAChannel;

impl From<Channel> for StoredChannel {
    fn from(channel: Channel) -> Self {
        let none =
            Self { callback_url: None, secret: None, connection: None, connection_opened_at: None };
        match channel {
            Channel::Connection { id, opened_at } => {
                Self { connection: Some(id), connection_opened_at: Some(opened_at), ..none }
            }
            Channel::Callback { url, secret } => {
                Self { callback_url: Some(url), secret: Some(secret), ..none }
            }
            Channel::None => none,
        }
    }
}

impl TryFrom<StoredChannel> for Channel {
    type Error = HalfAChannel;

    fn try_from(stored: StoredChannel) -> Result<Self, HalfAChannel> {
        let callback = (stored.callback_url, stored.secret);
        match (callback, (stored.connection, stored.connection_opened_at)) {
            ((Some(url), Some(secret)), (None, None)) => Ok(Self::Callback { url, secret }),
            ((None, None), (Some(id), Some(opened_at))) => Ok(Self::Connection { id, opened_at }),
            ((None, None), (None, None)) => Ok(Self::None),
            _ => Err(HalfAChannel),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_channel_is_read_whole_or_not_at_all() {
        let (url, secret) = ("http://10.0.0.7:1/", format!("whsec_{}", "A".repeat(32)));
        let at = "2026-01-01T00:00:00Z";
        let read = |stored| serde_json::from_value::<Channel>(stored);
        for (stored, word) in [
            (json!({"callback_url": url, "secret": secret}), "callback"),
            (json!({"connection": "c=", "connection_opened_at": at}), "connection"),
            (json!({}), "none"),
        ] {
            let channel = read(stored.clone()).unwrap();
            assert_eq!(channel.as_str(), word);
            assert_eq!(serde_json::to_value(channel).unwrap(), stored);
        }
        for half in [
            json!({"callback_url": url}),
            json!({"secret": secret}),
            json!({"connection": "c="}),
            json!({"callback_url": url, "secret": secret, "connection": "c"}),
            json!({"connection": "", "connection_opened_at": at}),
        ] {
            assert!(read(half.clone()).is_err(), "{half}");
        }
    }
}
