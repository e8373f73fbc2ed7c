//! Generates the secrets of waits.

use rand::RngCore as _;
use sagebell_monitor::wait::{InvalidText, Secret};

/// The number of bytes of a secret (Standard Webhooks: 24 to 64).
const SECRET_BYTES: usize = 32;

/// Generates the secret of one wait.
///
/// # Errors
/// None in practice: 32 bytes are a valid secret.
pub fn new_secret() -> Result<Secret, InvalidText> {
    let mut bytes = [0; SECRET_BYTES];
    rand::rng().fill_bytes(&mut bytes);
    Secret::from_bytes(&bytes)
}
