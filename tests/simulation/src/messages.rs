//! The two queues, events to `job-events` and signal requests to `signals`: at least
//! once, in any order, again after a while unless acknowledged.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::channel::mpsc::UnboundedReceiver;
use sagebell_monitor::ports::{Queue, QueueError};
use sagebell_monitor::signal::SignalRequest;
use sagebell_monitor::wait::ConnectionId;
use serde_json::Value;

use crate::executor::Millis;
use crate::faults::Fault;
use crate::functions::Cloud;
use crate::lock;
use crate::mutation::Mutation;
use crate::world::{Dice, World};

/// How long a message that was not acknowledged stays hidden.
const VISIBILITY: Millis = 90_000;
/// How often a message is tried before it is put aside.
const RECEIVES: u32 = 8;

/// What is queued.
#[derive(Debug, Clone)]
pub enum Message {
    /// A state-change event, on its way from SageMaker to `job-events`.
    Event(Value),
    /// A signal request, on its way to `signals`.
    SignalRequest(SignalRequest),
    /// A `$disconnect`, on its way from the gateway to `api`. It is in no queue.
    Disconnected(ConnectionId),
}

/// The signal requests' queue as `record` and the sweep meet it.
pub struct SimQueue(pub Arc<World>);

#[async_trait]
impl Queue for SimQueue {
    async fn push(&self, requests: &[SignalRequest]) -> Result<(), QueueError> {
        let world = &self.0;
        world.hop(Dice::Queues).await;
        let refused = world.undoes(Fault::QueueRefuses);
        // A push that failed may have put some of them in.
        let taken = if refused {
            world.roll(Dice::Queues, |rng| rng.usize(..=requests.len()))
        } else {
            requests.len()
        };
        for request in &requests[..taken] {
            world.note(|| format!("signal request for {}", request.wait_id));
            let _ = world.queues.unbounded_send(Message::SignalRequest(request.clone()));
        }
        if refused { Err(QueueError("the queue is out of reach".to_owned())) } else { Ok(()) }
    }
}

/// Sees every message through.
pub async fn dispatch(cloud: Arc<Cloud>, mut queues: UnboundedReceiver<Message>) {
    while let Some(message) = queues.next().await {
        for _ in 0..copies(&cloud.world, &message) {
            let (cloud, message) = (Arc::clone(&cloud), message.clone());
            cloud.world.time.clone().spawn(async move {
                see_through(&cloud, message).await;
            });
        }
    }
}

/// EventBridge loses events; a queue never loses what it took.
fn copies(world: &World, message: &Message) -> u32 {
    let doubled = match message {
        Message::Event(_) if world.strikes(Fault::EventLost) => return 0,
        Message::Event(_) => Fault::EventDoubled,
        Message::SignalRequest(_) => Fault::QueueDoubles,
        Message::Disconnected(_) if world.strikes(Fault::DisconnectLost) => return 0,
        Message::Disconnected(_) => Fault::DisconnectDoubled,
    };
    1 + u32::from(world.strikes(doubled))
}

async fn see_through(cloud: &Cloud, message: Message) {
    let world = &cloud.world;
    world.time.sleep(delay(world, &message)).await;
    for _ in 0..RECEIVES {
        let handled = cloud.handle(&message).await;
        // Best effort (API Gateway Developer Guide, "Managing connected users and client apps").
        if matches!(message, Message::Disconnected(_)) {
            return;
        }
        if handled && !world.strikes(Fault::AckLost) {
            return;
        }
        if !handled && world.breaks(Mutation::AckBeforeDelivery) {
            lock(&world.judge).messages_dropped += 1;
            return;
        }
        world.time.sleep(VISIBILITY).await;
    }
    world.note(|| "a message is put aside".to_owned());
}

fn delay(world: &World, message: &Message) -> Millis {
    let (dice, late, latest) = match message {
        Message::Event(_) => (Dice::Events, world.strikes(Fault::EventLate), 25 * 60_000),
        Message::SignalRequest(_) => (Dice::Events, false, 0),
        Message::Disconnected(_) => {
            (Dice::Connections, world.strikes(Fault::DisconnectLate), 8 * 60_000)
        }
    };
    world.roll(dice, |rng| if late { rng.u64(..latest) } else { rng.u64(20..900) })
}
