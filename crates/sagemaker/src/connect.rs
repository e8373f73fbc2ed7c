//! Connects the port with a real client.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::SdkConfig;
use sagebell_monitor::call_budget::CallBudget;
use sagebell_monitor::member::Member;
use sagebell_monitor::ports::SageMaker;

use crate::member::MemberRole;
use crate::{Api, Budget, Rate, SageMakerApi};

/// A function has no time to wait for a SageMaker that does not answer: `api` has
/// 15 s for a whole registration, and the sweep looks again anyway.
const ATTEMPT: Duration = Duration::from_secs(3);
const WHOLE: Duration = Duration::from_secs(7);

/// SageMaker in the account of these credentials, and in those of the members. Does no I/O.
#[must_use]
pub fn connect(sdk: &SdkConfig, shared: CallBudget, members: &[Member]) -> Arc<dyn SageMaker> {
    let others = members.iter().map(|member| {
        let role = MemberRole::new(sdk, member.clone());
        let role = SharedCredentialsProvider::new(role);
        let there = sdk.to_builder().credentials_provider(role).build();
        (member.account.clone(), api(&there, shared.clone().in_account(&member.account)))
    });
    let clock = Arc::clone(&shared.clock);
    let own = SageMakerApi::new(api(sdk, shared.clone()), clock);
    Arc::new(own.with_members(others.collect()))
}

/// The API within this budget of the whole deployment: a process has no more of it for itself, and
/// twice that at once after a quiet time.
fn api(sdk: &SdkConfig, shared: CallBudget) -> Api {
    let (clock, entropy) = (Arc::clone(&shared.clock), Arc::clone(&shared.entropy));
    let per_second = f64::from(shared.describes_per_second);
    let rate = Rate { per_second, burst: 2.0 * per_second, ..Rate::default() };
    let budget = Budget::new(rate, clock, entropy).part_of(shared);
    Api::new(sdk, Arc::new(budget)).within(ATTEMPT, WHOLE)
}
