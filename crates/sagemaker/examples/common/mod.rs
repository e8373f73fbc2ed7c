//! What the examples share: an API from the environment's configuration.

use std::sync::Arc;

use aws_config::BehaviorVersion;
use monitor::ports::Entropy;
use monitor::testing::ManualClock;
use sagemaker::{Api, Budget, Rate};

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
    let clock = Arc::new(ManualClock::default());
    let budget = Budget::new(Rate::default(), clock.clone(), Arc::new(NoJitter));
    (Api::new(&config, Arc::new(budget)), clock)
}
