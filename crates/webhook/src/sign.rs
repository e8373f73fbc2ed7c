//! Standard Webhooks 1.0: signs and verifies callbacks.
//!
//! It is pure: no clock, no network. The `standardwebhooks` crate signs. This module verifies on
//! top of it, because the crate's own function reads the system clock for its tolerance.

use http::HeaderMap;
use jiff::Timestamp;
use sagebell_monitor::wait::Secret;
use standardwebhooks::Webhook;
use subtle::ConstantTimeEq as _;

pub use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP};

/// How far the timestamp of a callback may be from the current time, before or after.
pub const TOLERANCE_SECONDS: i64 = 5 * 60;

/// The only known signature scheme: HMAC-SHA256.
const VERSION: &str = "v1";

/// Why something cannot be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The secret is not base64; a [`Secret`] always is.
    #[error("the secret is not base64")]
    Secret,
    /// Standard Webhooks' libraries sign text only.
    #[error("the body is not UTF-8")]
    Body,
}

/// Why a callback is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// A header is missing.
    #[error("the header `{0}` is missing")]
    Missing(&'static str),
    /// A header does not have the form of Standard Webhooks.
    #[error("the header `{header}` is malformed: it must be {expected}")]
    Malformed {
        /// The header.
        header: &'static str,
        /// The expected form.
        expected: &'static str,
    },
    /// The callback was signed too long ago: it is a replay, or a clock is wrong.
    #[error("`webhook-timestamp` is {age_seconds} s old; the limit is {TOLERANCE_SECONDS} s")]
    Stale {
        /// How old, in seconds.
        age_seconds: i64,
    },
    /// The callback was signed in the future: a clock is wrong.
    #[error("`webhook-timestamp` is {ahead_seconds} s ahead; the limit is {TOLERANCE_SECONDS} s")]
    TooNew {
        /// How far ahead, in seconds.
        ahead_seconds: i64,
    },
    /// `webhook-signature` has no signature of a known scheme.
    #[error("`webhook-signature` holds no `v1` signature")]
    UnknownVersion,
    /// No signature matches: another secret was used, or something was changed on the way.
    #[error("`webhook-signature` does not match the id, timestamp and body")]
    BadSignature,
    /// The body or the secret cannot have been signed at all.
    #[error(transparent)]
    Unsignable(#[from] SignError),
}

/// The value of `webhook-signature` (`v1,` and base64) for this callback with the id `id` and the
/// time `timestamp`, of which the whole seconds are signed.
///
/// # Errors
/// [`SignError::Body`] if the body is not UTF-8.
pub fn sign(
    secret: &Secret,
    id: &str,
    timestamp: Timestamp,
    body: &[u8],
) -> Result<String, SignError> {
    sign_at(secret, id, timestamp.as_second(), body)
}

fn sign_at(secret: &Secret, id: &str, second: i64, body: &[u8]) -> Result<String, SignError> {
    let webhook = Webhook::new(secret.expose()).map_err(|_| SignError::Secret)?;
    webhook.sign(id, second, body).map_err(|_| SignError::Body)
}

/// The prefix of the id in the signature of an answer. So no answer can be used as a callback, and
/// no callback as an answer.
const ANSWER: &str = "answer_";

/// The proof in the answer to a probe. It shows that the sender of the answer has the secret and
/// received this probe.
///
/// # Errors
/// As for [`sign`].
pub fn prove(secret: &Secret, id: &str, second: i64, body: &[u8]) -> Result<String, SignError> {
    sign_at(secret, &format!("{ANSWER}{id}"), second, body)
}

/// Whether this is the proof for the probe that was sent at `timestamp`.
#[must_use]
pub fn proves(secret: &Secret, id: &str, timestamp: Timestamp, body: &[u8], proof: &str) -> bool {
    let expected = prove(secret, id, timestamp.as_second(), body);
    expected.is_ok_and(|expected| proof.as_bytes().ct_eq(expected.as_bytes()).into())
}

/// The three headers that make a request a Standard Webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedHeaders<'a> {
    /// `webhook-id`.
    pub id: &'a str,
    /// `webhook-timestamp`, Unix seconds in decimal.
    pub timestamp: &'a str,
    /// `webhook-signature`: one signature or several, separated by spaces.
    pub signature: &'a str,
}

impl<'a> SignedHeaders<'a> {
    /// Extracts the three from the headers of a request.
    ///
    /// # Errors
    /// [`VerifyError::Missing`] or [`VerifyError::Malformed`] names the header.
    pub fn read(headers: &'a HeaderMap) -> Result<Self, VerifyError> {
        let text = |header| {
            let value = headers.get(header).ok_or(VerifyError::Missing(header))?;
            value.to_str().map_err(|_| VerifyError::Malformed { header, expected: "visible ASCII" })
        };
        Ok(Self {
            id: text(HEADER_WEBHOOK_ID)?,
            timestamp: text(HEADER_WEBHOOK_TIMESTAMP)?,
            signature: text(HEADER_WEBHOOK_SIGNATURE)?,
        })
    }
}

/// Verifies callbacks signed with one wait's secret.
#[derive(Debug, Clone)]
pub struct Verifier {
    secret: Secret,
}

impl Verifier {
    /// A verifier for this secret.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        Self { secret }
    }

    /// The answer to a probe that was signed at this second.
    pub(crate) fn prove(&self, id: &str, second: i64, body: &[u8]) -> Result<String, SignError> {
        prove(&self.secret, id, second, body)
    }

    /// Checks that `body` was signed with the secret, with this id, within five minutes of `now`.
    /// If there are several signatures, one match is enough. Unknown schemes are skipped.
    ///
    /// # Errors
    /// [`VerifyError`] names what is wrong. Replays within the five minutes pass: the receiver must
    /// remember the ids.
    pub fn verify(
        &self,
        headers: &SignedHeaders<'_>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), VerifyError> {
        let second = self.authenticate(headers, body)?;
        check_age(now.as_second().saturating_sub(second))
    }

    /// The same without a time limit. Returns the second at which it was signed.
    ///
    /// # Errors
    /// [`VerifyError`] names what is wrong.
    pub fn authenticate(
        &self,
        headers: &SignedHeaders<'_>,
        body: &[u8],
    ) -> Result<i64, VerifyError> {
        if headers.id.is_empty() {
            return Err(VerifyError::Malformed {
                header: HEADER_WEBHOOK_ID,
                expected: "not empty",
            });
        }
        let second = parse_second(headers.timestamp)?;
        let expected = sign_at(&self.secret, headers.id, second, body)?;
        let mut known = headers.signature.split(' ').filter(is_known).peekable();
        if known.peek().is_none() {
            return Err(VerifyError::UnknownVersion);
        }
        if known.any(|signature| bool::from(signature.as_bytes().ct_eq(expected.as_bytes()))) {
            return Ok(second);
        }
        Err(VerifyError::BadSignature)
    }
}

fn is_known(signature: &&str) -> bool {
    signature.split_once(',').is_some_and(|(version, _)| version == VERSION)
}

/// Digits only: what is signed is the number, so `+1` must not pass for `1`.
fn parse_second(text: &str) -> Result<i64, VerifyError> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let second = text.parse().ok().filter(|_| digits);
    second.ok_or(VerifyError::Malformed {
        header: HEADER_WEBHOOK_TIMESTAMP,
        expected: "Unix seconds in decimal digits",
    })
}

pub(crate) fn check_age(age_seconds: i64) -> Result<(), VerifyError> {
    if age_seconds > TOLERANCE_SECONDS {
        return Err(VerifyError::Stale { age_seconds });
    }
    if age_seconds < -TOLERANCE_SECONDS {
        let ahead_seconds = age_seconds.saturating_neg();
        return Err(VerifyError::TooNew { ahead_seconds });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
