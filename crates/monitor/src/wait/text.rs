//! The texts that a waiter gives, checked once: wait id, URL and secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

/// Longest wait id, in bytes.
const MAX_ID_LEN: usize = 128;
/// Longest callback URL, in bytes.
const MAX_URL_LEN: usize = 2_048;
/// Standard Webhooks' marker before a symmetric secret.
const SECRET_PREFIX: &str = "whsec_";
/// Standard Webhooks' bounds on a symmetric secret, in bytes.
const SECRET_LEN: std::ops::RangeInclusive<usize> = 24..=64;

/// A text that is not what its field takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidText(pub &'static str);

/// The waiter's name for its wait: 1 to 128 of `A-Z a-z 0-9 . _ : -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WaitId(String);

impl WaitId {
    /// Checks a wait id.
    ///
    /// # Errors
    /// [`InvalidText`] says what a wait id looks like.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-');
        if text.is_empty() || text.len() > MAX_ID_LEN || !text.bytes().all(allowed) {
            return Err(InvalidText("a wait id is 1 to 128 of A-Z a-z 0-9 . _ : -"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for WaitId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for WaitId {
    type Error = InvalidText;
    fn try_from(text: String) -> Result<Self, InvalidText> {
        Self::parse(&text)
    }
}

impl From<WaitId> for String {
    fn from(id: WaitId) -> Self {
        id.0
    }
}

/// An absolute URL to call back. Whether its address is allowed is the
/// [`CallbackGuard`](crate::ports::CallbackGuard)'s to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallbackUrl(url::Url);

impl CallbackUrl {
    /// Parses a URL as browsers do (WHATWG), so that `http://0x7f.1/` is seen
    /// for the `127.0.0.1` it is.
    ///
    /// # Errors
    /// [`InvalidText`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        if text.len() > MAX_URL_LEN {
            return Err(InvalidText("a callback URL is at most 2048 bytes"));
        }
        let url = url::Url::parse(text).map_err(|_| InvalidText("not an absolute URL"))?;
        if url.host().is_none() {
            return Err(InvalidText("a callback URL needs a host"));
        }
        Ok(Self(url))
    }

    /// The parsed URL.
    #[must_use]
    pub fn as_url(&self) -> &url::Url {
        &self.0
    }
}

impl TryFrom<String> for CallbackUrl {
    type Error = InvalidText;
    fn try_from(text: String) -> Result<Self, InvalidText> {
        Self::parse(&text)
    }
}

impl From<CallbackUrl> for String {
    fn from(url: CallbackUrl) -> Self {
        url.0.into()
    }
}

/// A wait's signing secret, `whsec_` and 24 to 64 bytes in base64. It cannot be
/// printed; it is serialized only into the store.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Secret(SecretString);

impl Secret {
    /// Checks a secret (Standard Webhooks 1.0, "Signature scheme").
    ///
    /// # Errors
    /// [`InvalidText`] says what a secret looks like, never the text.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        const SHAPE: InvalidText =
            InvalidText("a secret is whsec_ and 24 to 64 random bytes in base64");
        let encoded = text.strip_prefix(SECRET_PREFIX).ok_or(SHAPE)?;
        let bytes = BASE64.decode(encoded).map_err(|_| SHAPE)?;
        if !SECRET_LEN.contains(&bytes.len()) {
            return Err(SHAPE);
        }
        Ok(Self(text.into()))
    }

    /// The secret from these random bytes.
    ///
    /// # Errors
    /// [`InvalidText`] if they are fewer than 24 or more than 64.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidText> {
        Self::parse(&format!("{SECRET_PREFIX}{}", BASE64.encode(bytes)))
    }

    /// The `whsec_…` text, for signing and for the store. Never log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// In a time that says nothing of where two secrets differ.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }
}

impl Eq for Secret {}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl TryFrom<String> for Secret {
    type Error = InvalidText;
    fn try_from(text: String) -> Result<Self, InvalidText> {
        Self::parse(&text)
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_of_few_letters() {
        let longest = "w".repeat(MAX_ID_LEN);
        for id in ["w", "A-z_0:9.", longest.as_str()] {
            assert_eq!(WaitId::parse(id).unwrap().to_string(), id);
        }
        let too_long = "w".repeat(MAX_ID_LEN + 1);
        for id in ["", "a/b", "é", "a b", too_long.as_str()] {
            assert!(WaitId::parse(id).is_err(), "{id}");
        }
    }

    #[test]
    fn a_url_is_bounded_and_kept_as_it_was_read() {
        let start = "http://10.0.0.7:8080/";
        let longest = format!("{start}{}", "x".repeat(MAX_URL_LEN - start.len()));
        let url = CallbackUrl::parse(&longest).unwrap();
        assert_eq!(String::from(url), longest);
        assert!(CallbackUrl::parse(&format!("{longest}x")).is_err());
        for text in ["", "10.0.0.7", "data:,x"] {
            assert!(CallbackUrl::parse(text).is_err(), "{text}");
        }
    }
}
