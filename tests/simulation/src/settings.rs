//! How the functions are set up: their times, and the ports that do nothing here.

use async_trait::async_trait;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{Announcer, CallbackGuard, CallbackRefused};
use sagebell_monitor::signal::Announcement;
use sagebell_monitor::wait::CallbackUrl;

use crate::mutation::Mutation;
use crate::world::World;

/// Announces nothing.
pub struct Silent;

#[async_trait]
impl Announcer for Silent {
    async fn announce(&self, _: &Announcement) {}
}

/// Every URL may be called.
pub struct AnyUrl;

impl CallbackGuard for AnyUrl {
    fn check(&self, _: &CallbackUrl) -> Result<(), CallbackRefused> {
        Ok(())
    }
}

/// Times and limits.
#[must_use]
pub fn policy(world: &World) -> Policy {
    let mut policy = Policy::default();
    if world.breaks(Mutation::NoGrace) {
        policy.grace = std::time::Duration::ZERO;
    }
    if world.breaks(Mutation::NoReconnectGrace) {
        policy.reconnect_grace = std::time::Duration::ZERO;
    }
    if world.breaks(Mutation::NoBackoff) {
        let often = std::time::Duration::from_secs(30);
        (policy.check_first, policy.check_longest) = (often, often);
    }
    policy
}
