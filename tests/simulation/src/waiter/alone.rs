//! A waiter whose wait the monitor refuses, or can't judge: it asks SageMaker itself, as
//! the step does.

use sagebell_monitor::ports::SageMakerError;
use sagebell_monitor::wait_registry::Stop;

use super::Waiter;
use crate::executor::Millis;
use crate::lock;
use crate::sagemaker;

/// The pause between its looks at the job.
const PAUSE: Millis = 60_000;

impl Waiter {
    /// Takes its wait back, which may be stored all the same, and looks at the job until
    /// it is over.
    pub(super) async fn look_after_it_alone(&self) {
        let world = &self.cloud.world;
        world.note(|| format!("task {} is refused, and looks after its job alone", self.task));
        lock(&world.judge).refused(self.task);
        let _ = self.cancel(Stop::No).await;
        while !self.is_over().await {
            self.sleep(PAUSE).await;
        }
    }

    /// Whether SageMaker says that the job which it waits for is over.
    pub(super) async fn is_over(&self) -> bool {
        let (world, job) = (&self.cloud.world, self.plan().job);
        let described = sagemaker::describe(world, job).await;
        let expected = lock(&world.judge).tasks[self.task].expects.map(|(expected, _)| expected);
        match described {
            Ok(found) => Some(found.generation) != expected || found.ended.is_some(),
            Err(SageMakerError::NotFound) => lock(&world.truth).get(job).is_none(),
            Err(_) => false,
        }
    }
}
