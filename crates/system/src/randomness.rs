//! The system's randomness.

use sagebell_monitor::ports::Entropy;

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomEntropy;

impl Entropy for RandomEntropy {
    fn unit(&self) -> f64 {
        rand::random()
    }
}
