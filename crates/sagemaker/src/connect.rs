//! The port, wired.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use monitor::ports::{Clock, Entropy, SageMaker};

use crate::{Api, Budget, Rate, SageMakerApi};

/// A function has no time to wait for a SageMaker that does not answer: `api` has
/// 15 s for a whole registration, and the sweep looks again anyway.
const ATTEMPT: Duration = Duration::from_secs(3);
const WHOLE: Duration = Duration::from_secs(7);

/// SageMaker with `describes_per_second` as the process's budget, twice that at
/// once after a quiet time. Does no I/O.
#[must_use]
pub fn connect(
    sdk: &SdkConfig,
    describes_per_second: u32,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Arc<dyn SageMaker> {
    let per_second = f64::from(describes_per_second);
    let rate = Rate { per_second, burst: 2.0 * per_second, ..Rate::default() };
    let budget = Arc::new(Budget::new(rate, Arc::clone(&clock), entropy));
    let api = Api::new(sdk, budget).within(ATTEMPT, WHOLE);
    Arc::new(SageMakerApi::new(api, clock))
}
