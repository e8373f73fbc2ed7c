//! Whether waiters reach the API: the sweep's own call of it.

use std::sync::Arc;

use async_trait::async_trait;
use sagebell_monitor::ports::{Failure, Reachability};
use sagebell_monitor::wait::FailureClass;

use crate::faults::Fault;
use crate::mutation::Mutation;
use crate::world::{Dice, World};

/// Tells how it is at this instant.
pub struct Check(pub Arc<World>);

#[async_trait]
impl Reachability for Check {
    async fn check(&self) -> Result<(), Failure> {
        let world = &self.0;
        world.hop(Dice::Connections).await;
        let fails = world.is_api_out() || world.strikes(Fault::CheckFails);
        if fails && !world.breaks(Mutation::NoReachability) {
            world.note(|| "the API does not answer the sweep".to_owned());
            return Err(Failure::new(FailureClass::NoAnswer, "no answer within 5 s"));
        }
        Ok(())
    }
}
