//! The clients of one step: its region, its role, its endpoint.

use std::sync::Arc;
use std::time::Duration;

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use bootstrap::{RandomEntropy, SystemClock};
use sagemaker::{Api, Budget, Rate};

use crate::inputs::Inputs;

/// Tries of one call: as many as the old components made of a throttled one.
const ATTEMPTS: u32 = 10;
/// The name under which an assumed role's sessions are seen in CloudTrail.
const SESSION: &str = "sagebell-step";
/// A step looks a few times at its end; without a monitor, once in a pause.
const LOOKS: Rate = Rate { per_second: 20.0, burst: 40.0, longest_wait: Duration::from_secs(10) };

/// Region and credentials, by the inputs `region` and `assume_role`; the rest as any
/// AWS tool finds it. An assumed role is assumed anew before it expires.
pub async fn sdk_config(inputs: &Inputs) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(region) = inputs.given("region") {
        loader = loader.region(Region::new(region.to_owned()));
    }
    let base = loader.load().await;
    let Some(role) = inputs.given("assume_role") else { return base };
    let provider = AssumeRoleProvider::builder(role).session_name(SESSION).configure(&base);
    let role =
        aws_credential_types::provider::SharedCredentialsProvider::new(provider.build().await);
    base.into_builder().credentials_provider(role).build()
}

/// SageMaker, at the input `endpoint_url` if there is one.
#[must_use]
pub fn sagemaker(sdk: &SdkConfig, inputs: &Inputs) -> Api {
    let clock = Arc::new(SystemClock);
    let budget = Arc::new(Budget::new(LOOKS, clock, Arc::new(RandomEntropy)));
    match inputs.given("endpoint_url") {
        Some(url) => {
            let there = sdk.clone().into_builder().endpoint_url(url).build();
            Api::with_attempts(&there, budget, ATTEMPTS)
        }
        None => Api::with_attempts(sdk, budget, ATTEMPTS),
    }
}
