//! Generates the secrets of waits.

use rand::RngCore as _;
use sagebell_monitor::wait::{InvalidText, Secret};

/// Bytes in a secret made here (Standard Webhooks: 24 to 64).
const SECRET_BYTES: usize = 32;

/// A secret for one wait, that nobody else knows.
///
/// # Errors
/// None: 32 bytes are a secret.
pub fn new_secret() -> Result<Secret, InvalidText> {
    let mut bytes = [0; SECRET_BYTES];
    rand::rng().fill_bytes(&mut bytes);
    Secret::from_bytes(&bytes)
}
