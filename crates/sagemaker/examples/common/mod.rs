//! What the examples share: an API from the environment's configuration.

use std::sync::Arc;

use aws_config::BehaviorVersion;
use jiff::Timestamp;
use sagebell_monitor::ports::Entropy;
use sagebell_monitor::testing::ManualClock;
use sagebell_sagemaker::{Api, Budget, Rate};

struct NoJitter;

impl Entropy for NoJitter {
    fn unit(&self) -> f64 {
        0.0
    }
}

/// The API as region, credentials and endpoint in the environment say, and the
/// clock it goes by.
pub(crate) async fn api() -> (Api, Arc<ManualClock>) {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    // In the year 2100: no time that a SageMaker tells lies in its future.
    let clock = Arc::new(ManualClock::at(Timestamp::constant(4_102_444_800, 0)));
    let budget = Budget::new(Rate::default(), clock.clone(), Arc::new(NoJitter));
    (Api::new(&config, Arc::new(budget)), clock)
}
