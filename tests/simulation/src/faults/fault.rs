//! What can go wrong.

use clap::ValueEnum;
use fastrand::Rng;

use crate::world::Dice;

/// What can go wrong, each time that it could.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Fault {
    /// EventBridge never delivers an event.
    EventLost,
    /// EventBridge delivers an event more than once.
    EventDoubled,
    /// An event is minutes late, and others overtake it.
    EventLate,
    /// The store refuses and does nothing.
    StoreRefuses,
    /// The store writes, and the answer is lost.
    StoreAnswerLost,
    /// The store is slow.
    StoreSlow,
    /// The due index trails its table.
    IndexTrails,
    /// A function dies at some await point.
    Crash,
    /// The queue refuses a push, or takes it and says that it did not.
    QueueRefuses,
    /// The queue delivers a message twice.
    QueueDoubles,
    /// The queue forgets that a message was acknowledged.
    AckLost,
    /// A callback does not reach its waiter.
    CallbackRefused,
    /// A callback is heard, and the answer is lost.
    CallbackUnanswered,
    /// A callback is heard long after its sender gave up.
    CallbackHangs,
    /// A callback is sent again over a new connection.
    CallbackDoubled,
    /// A waiter answers 503 and says when to come again.
    WaiterBusy,
    /// A call of the API is lost on its way or on its way back.
    ApiLost,
    /// Something else than the API answers a call, before or after it was done.
    ApiRefused,
    /// A probe does not reach its waiter, or its answer is lost.
    ProbeLost,
    /// A connection is not opened, or is opened and nobody holds it.
    ConnectLost,
    /// A connection is cut, and both sides see it.
    ConnectionCut,
    /// A connection is closed by the gateway, and its waiter does not see it.
    ConnectionUnseen,
    /// A connection dies, and neither side sees it.
    ConnectionDead,
    /// The end of a waiter's process is not seen by the gateway.
    FarewellLost,
    /// A frame is not handled: the gateway answers with an error.
    FrameLost,
    /// A frame is handled long after it was sent.
    FrameLate,
    /// A frame is handled, and the answer is lost.
    FrameUnanswered,
    /// A connection breaks behind a frame, which is handled late; only the waiter sees it break.
    FrameTorn,
    /// A `$disconnect` never comes.
    DisconnectLost,
    /// A `$disconnect` is minutes late.
    DisconnectLate,
    /// A `$disconnect` comes twice.
    DisconnectDoubled,
    /// The gateway takes a push, and the connection breaks before it is through.
    PushLost,
    /// A push is heard long after its sender gave up.
    PushHangs,
    /// The gateway answers 5xx.
    GatewayFails,
    /// A check of the API fails although waiters reach it.
    CheckFails,
    /// SageMaker throttles.
    Throttled,
    /// A list of SageMaker's does not show the latest changes yet.
    ListTrails,
    /// A scheduled sweep does not happen.
    SweepMissed,
    /// A scheduled sweep happens twice at once.
    SweepDoubled,
}

impl Fault {
    /// Who rolls for it.
    #[must_use]
    pub fn dice(self) -> Dice {
        match self {
            Self::EventLost | Self::EventDoubled | Self::EventLate => Dice::Events,
            Self::StoreRefuses | Self::StoreAnswerLost | Self::StoreSlow | Self::IndexTrails => {
                Dice::Store
            }
            Self::Crash | Self::SweepMissed | Self::SweepDoubled => Dice::Functions,
            Self::QueueRefuses | Self::QueueDoubles | Self::AckLost => Dice::Queues,
            Self::CallbackRefused
            | Self::CallbackUnanswered
            | Self::CallbackHangs
            | Self::CallbackDoubled
            | Self::WaiterBusy
            | Self::ApiLost
            | Self::ApiRefused
            | Self::ProbeLost => Dice::Network,
            Self::ConnectLost
            | Self::ConnectionCut
            | Self::ConnectionUnseen
            | Self::ConnectionDead
            | Self::FarewellLost
            | Self::FrameLost
            | Self::FrameLate
            | Self::FrameUnanswered
            | Self::FrameTorn
            | Self::DisconnectLost
            | Self::DisconnectLate
            | Self::DisconnectDoubled
            | Self::PushLost
            | Self::PushHangs
            | Self::GatewayFails
            | Self::CheckFails => Dice::Connections,
            Self::Throttled | Self::ListTrails => Dice::SageMaker,
        }
    }

    pub(super) fn draw(self, rng: &mut Rng) -> f64 {
        match self {
            Self::EventLost => [level(rng), 1.0][usize::from(level(rng) > 0.5)],
            // An invocation makes many calls of the store: as a whole it is to
            // come through now and then.
            Self::StoreRefuses | Self::StoreAnswerLost => level(rng) / 4.0,
            _ => level(rng),
        }
    }
}

/// Mostly none, or so much that the rules are felt.
fn level(rng: &mut Rng) -> f64 {
    [0.0, 0.0, 0.0, 0.02, 0.1, 0.3, 0.6][rng.usize(..7)]
}
