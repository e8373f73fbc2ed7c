//! Another principal, who has heard of a wait and reaches for it by its name.

use std::sync::Arc;

use monitor::ports::WaitKey;
use monitor::wait::Principal;
use monitor::waits::{Stop, WaitAndJob, WaitError};

use crate::executor::Millis;
use crate::functions::Cloud;
use crate::lock;
use crate::mutation::Mutation;
use crate::waiter::owner;

/// How often it looks whether the wait is there, and how long for.
const PAUSE: Millis = 10_000;
const LOOKS: u32 = 360;

/// Reaches for the wait of this task in every way, once the wait is there: until
/// then its name is free for everybody.
pub async fn reach_for(cloud: Arc<Cloud>, task: usize, at: Millis) {
    let world = &cloud.world;
    world.time.sleep(at).await;
    for _ in 0..LOOKS {
        if lock(&world.judge).tasks[task].first_stored.is_some() {
            return reach(&cloud, task).await;
        }
        world.time.sleep(PAUSE).await;
    }
}

async fn reach(cloud: &Cloud, task: usize) {
    let (world, waits) = (&cloud.world, &cloud.waits);
    let plan = &world.plan.tasks[task];
    let arn = world.plan.jobs[plan.job].arn.clone();
    let key = WaitKey::of(arn, stranger(cloud), plan.wait_id.clone());
    judge(cloud, task, "read", cloud.invoke(waits.inspect(&key)).await);
    judge(cloud, task, "took back", cloud.invoke(waits.cancel(&key, Stop::Forced)).await);
}

fn stranger(cloud: &Cloud) -> Principal {
    if cloud.world.breaks(Mutation::NoOwner) {
        return owner();
    }
    Principal("111122223333:role/stranger".to_owned())
}

/// No answer is none; any but a refusal is one too many.
fn judge(cloud: &Cloud, task: usize, did: &str, answer: Option<Result<WaitAndJob, WaitError>>) {
    let refused = matches!(&answer, None | Some(Err(WaitError::NotFound | WaitError::Record(_))));
    if refused {
        cloud.world.note(|| format!("a stranger is kept from the wait of task {task}"));
    } else {
        cloud.world.broken("6-foreign", || format!("a stranger {did} the wait of task {task}"));
    }
}
