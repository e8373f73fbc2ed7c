//! Sagebell's callbacks, by [Standard Webhooks](https://www.standardwebhooks.com) 1.0.
//!
//! Both ends are here: the sender of Sagebell ([`WebhookSender`], behind a [`Guard`] that limits
//! where it may send) and the receiver of a waiter ([`Listener`], on top of a [`Verifier`]).
//! Promise: every address is checked again before each send, and the receiver accepts only what was
//! signed with the wait's own secret.
//!
//! A callback is signed with the secret of its wait, and verified with the same one:
//!
//! ```
//! use sagebell_monitor::wait::Secret;
//! use sagebell_webhook::{SignedHeaders, Verifier, VerifyError, sign};
//!
//! let secret = Secret::from_bytes(&[7; 32])?;
//! let (id, body) = ("msg_w_1", br#"{"type": "sagemaker.training_job.succeeded"}"#);
//! let now: jiff::Timestamp = "2026-01-01T00:00:00Z".parse()?;
//!
//! let signature = sign(&secret, id, now, body)?;
//! let timestamp = now.as_second().to_string();
//! let headers = SignedHeaders { id, timestamp: &timestamp, signature: &signature };
//!
//! let verifier = Verifier::new(secret);
//! assert_eq!(verifier.verify(&headers, body, now), Ok(()));
//! assert_eq!(verifier.verify(&headers, b"{}", now), Err(VerifyError::BadSignature));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

pub mod guard;
pub mod listener;
mod networks;
mod recent;
pub mod sender;
pub mod sign;

pub use guard::{CallbackPaths, Guard, GuardConfig, NotPaths, Refusal};
pub use listener::{CALLBACK_PATH, Limits, Listener, Stats};
pub use sender::{Lookup, SystemLookup, Timeouts, Webhook, WebhookSender, date, retry_after};
pub use sign::{SignError, SignedHeaders, Verifier, VerifyError, prove, proves, sign};

/// The largest body of a callback, in bytes. Standard Webhooks requires less than 20 kB. The sender
/// sends no larger one, and the listener accepts no larger one.
pub const MAX_BODY: usize = 20_000;
