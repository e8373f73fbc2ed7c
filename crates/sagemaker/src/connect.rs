//! Connects the port with a real client.

use std::sync::Arc;
use std::time::Duration;

use aws_types::SdkConfig;
use sagebell_monitor::call_budget::CallBudget;
use sagebell_monitor::ports::SageMaker;

use crate::{Api, Budget, Rate, SageMakerApi};

/// A function has no time to wait for a SageMaker that does not answer: `api` has
/// 15 s for a whole registration, and the sweep looks again anyway.
const ATTEMPT: Duration = Duration::from_secs(3);
const WHOLE: Duration = Duration::from_secs(7);

/// SageMaker within this budget of the whole deployment: a process has no more of it for
/// itself, and twice that at once after a quiet time. Does no I/O.
#[must_use]
pub fn connect(sdk: &SdkConfig, shared: CallBudget) -> Arc<dyn SageMaker> {
    let (clock, entropy) = (Arc::clone(&shared.clock), Arc::clone(&shared.entropy));
    let per_second = f64::from(shared.describes_per_second);
    let rate = Rate { per_second, burst: 2.0 * per_second, ..Rate::default() };
    let budget = Budget::new(rate, Arc::clone(&clock), entropy).part_of(shared);
    let api = Api::new(sdk, Arc::new(budget)).within(ATTEMPT, WHOLE);
    Arc::new(SageMakerApi::new(api, clock))
}
