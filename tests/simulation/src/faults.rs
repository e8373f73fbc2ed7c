//! What goes wrong, and how often.
//!
//! Each history draws which faults it has and how bad they are, so that some
//! know one fault in its purest form, some all at once, and some none. At
//! [`Faults::calm_at`] all of them stop.

use fastrand::Rng;

use crate::executor::Millis;

const MINUTE: Millis = 60_000;

/// A time in which something does not answer.
#[derive(Debug, Clone, Copy)]
pub struct Outage {
    /// From here.
    pub from: Millis,
    /// To here.
    pub to: Millis,
}

impl Outage {
    /// Shorter than what a lease and its grace bridge.
    fn draw(rng: &mut Rng) -> Self {
        if rng.u32(..4) > 0 {
            return Self { from: 0, to: 0 };
        }
        let from = rng.u64(..40 * MINUTE);
        Self { from, to: from + rng.u64(..8 * MINUTE) }
    }

    /// Whether it holds now.
    #[must_use]
    pub fn holds(self, now: Millis) -> bool {
        (self.from..self.to).contains(&now)
    }
}

/// How likely each fault is, each time it could happen.
#[derive(Debug, Clone)]
pub struct Faults {
    /// From here on nothing goes wrong.
    pub calm_at: Millis,
    /// EventBridge never delivers an event.
    pub event_lost: f64,
    /// EventBridge delivers an event more than once.
    pub event_doubled: f64,
    /// An event is minutes late, and others overtake it.
    pub event_late: f64,
    /// The store refuses and does nothing.
    pub store_refuses: f64,
    /// The store writes, and the answer is lost.
    pub store_answer_lost: f64,
    /// The store is slow.
    pub store_slow: f64,
    /// The due index trails its table.
    pub index_trails: f64,
    /// A function dies at some await point.
    pub crash: f64,
    /// The queue refuses a push, or takes it and says that it did not.
    pub queue_refuses: f64,
    /// The queue delivers a message twice.
    pub queue_doubles: f64,
    /// The queue forgets that a message was acknowledged.
    pub ack_lost: f64,
    /// A callback does not reach its waiter.
    pub callback_refused: f64,
    /// A callback is heard, and the answer is lost.
    pub callback_unanswered: f64,
    /// A callback is heard long after its sender gave up.
    pub callback_hangs: f64,
    /// A callback is sent again over a new connection.
    pub callback_doubled: f64,
    /// A waiter answers 503 and says when to come again.
    pub waiter_busy: f64,
    /// A call of the API is lost on its way or on its way back.
    pub api_lost: f64,
    /// SageMaker throttles.
    pub sagemaker_throttles: f64,
    /// A scheduled sweep does not happen.
    pub sweep_missed: f64,
    /// A scheduled sweep happens twice at once.
    pub sweep_doubled: f64,
    /// The API is down.
    pub api_down: Outage,
    /// The store is down.
    pub store_down: Outage,
    /// SageMaker is down.
    pub sagemaker_down: Outage,
}

/// Mostly none, or so much that the rules are felt.
fn level(rng: &mut Rng) -> f64 {
    [0.0, 0.0, 0.0, 0.02, 0.1, 0.3, 0.6][rng.usize(..7)]
}

impl Faults {
    /// No fault at all.
    #[must_use]
    pub fn none() -> Self {
        let never = Outage { from: 0, to: 0 };
        Self {
            calm_at: 0,
            event_lost: 0.0,
            event_doubled: 0.0,
            event_late: 0.0,
            store_refuses: 0.0,
            store_answer_lost: 0.0,
            store_slow: 0.0,
            index_trails: 0.0,
            crash: 0.0,
            queue_refuses: 0.0,
            queue_doubles: 0.0,
            ack_lost: 0.0,
            callback_refused: 0.0,
            callback_unanswered: 0.0,
            callback_hangs: 0.0,
            callback_doubled: 0.0,
            waiter_busy: 0.0,
            api_lost: 0.0,
            sagemaker_throttles: 0.0,
            sweep_missed: 0.0,
            sweep_doubled: 0.0,
            api_down: never,
            store_down: never,
            sagemaker_down: never,
        }
    }

    /// The faults of one history.
    #[must_use]
    pub fn draw(rng: &mut Rng) -> Self {
        if rng.u32(..8) == 0 {
            return Self::none();
        }
        let mut level = || level(rng);
        let faults = Self {
            calm_at: 0,
            event_lost: [level(), 1.0][usize::from(level() > 0.5)],
            event_doubled: level(),
            event_late: level(),
            // An invocation makes many calls of the store: as a whole it is to
            // come through now and then.
            store_refuses: level() / 4.0,
            store_answer_lost: level() / 4.0,
            store_slow: level(),
            index_trails: level(),
            crash: level(),
            queue_refuses: level(),
            queue_doubles: level(),
            ack_lost: level(),
            callback_refused: level(),
            callback_unanswered: level(),
            callback_hangs: level(),
            callback_doubled: level(),
            waiter_busy: level(),
            api_lost: level(),
            sagemaker_throttles: level(),
            sweep_missed: level(),
            sweep_doubled: level(),
            ..Self::none()
        };
        let [api_down, store_down, sagemaker_down] = std::array::from_fn(|_| Outage::draw(rng));
        let outages_over = api_down.to.max(store_down.to).max(sagemaker_down.to);
        let calm_at = rng.u64(5 * MINUTE..45 * MINUTE).max(outages_over);
        Self { calm_at, api_down, store_down, sagemaker_down, ..faults }
    }
}
