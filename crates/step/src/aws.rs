//! The AWS clients of a step: their region, role, endpoint and retries.

use std::sync::Arc;
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use sagebell_aws_reads::{AwsClock, KeptCredentials};
use sagebell_monitor::policy::Policy;
use sagebell_sagemaker::{Api, Budget, CallError, Class, Patience, Rate};
use sagebell_system::{RandomEntropy, SystemClock, say};

use crate::inputs::Inputs;

/// The name under which an assumed role's sessions are seen in CloudTrail.
const SESSION: &str = "sagebell-step";
/// A step looks a few times at its end; without a monitor, once in a pause.
const DESCRIBE_RATE: Rate =
    Rate { per_second: 20.0, burst: 40.0, longest_wait: Duration::from_secs(10) };

/// What a step calls AWS with.
pub struct Aws {
    /// Region and credentials, by the inputs `region` and `assume_role`; the rest as
    /// any AWS tool finds it.
    pub sdk: SdkConfig,
    /// The clock for signatures, for the end of credentials, and for the step itself: the clock of
    /// a pod may be wrong by hours.
    pub clock: AwsClock,
    kept: Vec<KeptCredentials>,
}

impl Aws {
    /// Finds them, and makes no call yet. An assumed role is assumed again before it expires.
    pub async fn of(inputs: &Inputs) -> Self {
        let clock = AwsClock::new(Arc::new(SystemClock));
        let loader = aws_config::defaults(BehaviorVersion::latest());
        let mut loader = loader.time_source(clock.clone());
        if let Some(region) = inputs.given("region") {
            loader = loader.region(Region::new(region.to_owned()));
        }
        let mut aws = Self { sdk: loader.load().await, clock, kept: Vec::new() };
        if let Some(provider) = aws.sdk.credentials_provider() {
            aws.keep(provider);
        }
        if let Some(role) = inputs.given("assume_role") {
            let provider =
                AssumeRoleProvider::builder(role).session_name(SESSION).configure(&aws.sdk);
            aws.keep(SharedCredentialsProvider::new(provider.build().await));
        }
        aws
    }

    /// Uses these credentials from now on, with a cache of its own, because the SDK's cache cannot
    /// be told that they have expired.
    fn keep(&mut self, provider: SharedCredentialsProvider) {
        let kept = KeptCredentials::new(provider, Arc::new(self.clock.clone()));
        let provider = SharedCredentialsProvider::new(kept.clone());
        let sdk = self.sdk.to_builder().credentials_provider(provider);
        self.sdk = sdk.identity_cache(IdentityCache::no_cache()).build();
        self.kept.push(kept);
    }

    /// SageMaker, at the input `endpoint_url` if it is set. A throttled call is retried for
    /// `longest`. `None`: for as long as a monitor would wait.
    #[must_use]
    pub fn sagemaker(&self, inputs: &Inputs, longest: Option<Duration>) -> Api {
        let (clock, aws) = (Arc::new(SystemClock), self.clock.clone());
        let budget = Arc::new(Budget::new(DESCRIBE_RATE, clock.clone(), Arc::new(RandomEntropy)));
        let kept = self.kept.clone();
        let patience = Patience {
            longest: longest.unwrap_or(Policy::DEADLINE_LONGEST),
            clock,
            entropy: Arc::new(RandomEntropy),
            dated: Arc::new(move |date| {
                aws.learn(date);
            }),
            renew: Arc::new(move || kept.iter().for_each(KeptCredentials::renew)),
            on_retry: Arc::new(on_retry),
        };
        match inputs.given("endpoint_url") {
            Some(url) => {
                let there = self.sdk.clone().into_builder().endpoint_url(url).build();
                Api::patient(&there, budget, patience)
            }
            None => Api::patient(&self.sdk, budget, patience),
        }
    }
}

fn on_retry(error: &CallError, longest: Duration) {
    let what = match error.class {
        Class::Throttled => "SageMaker throttles, trying again",
        Class::Stale => "trying again with new credentials",
        _ => "trying again",
    };
    let longest = jiff::SignedDuration::from_secs(longest.as_secs().try_into().unwrap_or(i64::MAX));
    say::err(format_args!("sagebell-step: {error}; {what} for {longest:#} at most"));
}
