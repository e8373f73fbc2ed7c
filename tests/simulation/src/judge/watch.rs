//! What was seen of one job, and of one task and its wait.

use jiff::Timestamp;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::wait::{Channel, ConnectionId, Wait};

use crate::executor::Millis;
use crate::network::Address;
use crate::world::{World, millis};

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// It heard the end of its job.
    Received,
    /// Its last pod is gone for good.
    Terminated,
    /// It took its wait back.
    TookBack,
    /// Its deadline passed.
    TimedOut,
    /// The job that it was to wait for never came.
    GaveUp,
}

/// Why a try to reach the API came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Try {
    /// The API was out for everybody.
    Out,
    /// This call or this connection broke.
    Cut,
}

/// What is known of one job.
#[derive(Debug, Default)]
pub struct JobWatch {
    /// Observations given to the monitor: events, summaries and Describe answers.
    pub observations: u64,
    /// Calls of the API about it.
    pub calls: u64,
    /// Writes of its record.
    pub writes: u64,
    /// When that was last.
    pub written_at: Millis,
    /// Looks of the sweep at it.
    pub checks: u64,
}

/// What is known of one task and its wait.
#[derive(Debug, Default)]
pub struct TaskWatch {
    /// How it ended.
    pub over: Option<Over>,
    /// When its last pod began.
    pub pod_since: Millis,
    /// Which pod that is.
    pub incarnation: usize,
    /// The generation of the job it waits for, and since when states count.
    pub expects: Option<(u32, Millis)>,
    /// When its last pod was first told that the wait is registered.
    pub registered_at: Option<Millis>,
    /// How often it created its job.
    pub created: u32,
    /// Since when its wait has lived without a break, as stored.
    pub live_since: Option<Millis>,
    /// When its wait was first stored.
    pub first_stored: Option<Millis>,
    /// How often its wait was made anew.
    pub registered_anew: u64,
    /// When its lease runs out, as stored.
    pub lease_end: Millis,
    /// The same by the clock that it was written by.
    pub lease_until: Option<Timestamp>,
    /// When its wait's life ended, as stored.
    pub wait_over_at: Option<Millis>,
    /// Signals on their way, by the secret of the pod they are for, and since when.
    pub under_way: Vec<(String, Millis)>,
    /// The last signal's number.
    pub seq: u64,
    /// Signals sent.
    pub sends: u64,
    /// Whether it has a pod that lives and waits, and that nobody calls.
    pub at_home: bool,
    /// When the last of its tries broke, if none reached the API since.
    pub cut_at: Option<Millis>,
    /// Since when it is lost, as stored, if it is: its connection is closed.
    pub lost_at: Option<Millis>,
    /// The same by the clock that it was written by.
    gone_since: Option<Timestamp>,
    /// The connection that its wait is told through, as stored.
    connection: Option<ConnectionId>,
    /// When the monitor was told that this connection is closed.
    pub told_lost_at: Option<Millis>,
    /// Where its wait is called, as stored.
    pub address: Option<Address>,
    /// Probes sent.
    pub probes: u64,
    /// When probes were lost since its lease was last renewed, as stored.
    pub probes_lost: Vec<Millis>,
}

impl TaskWatch {
    /// When Sagebell may take the waiter for gone.
    #[must_use]
    pub fn gone_at(&self) -> Millis {
        let policy = Policy::default();
        let (from, grace) = match self.lost_at {
            Some(lost_at) => (lost_at, policy.reconnect_grace),
            None => (self.lease_end, policy.grace),
        };
        from + grace.as_millis() as Millis
    }

    /// The wait is written. `swept_at`: when the last sweep began, as its clock showed it.
    pub(super) fn note_loss(&mut self, world: &World, wait: &Wait, swept_at: Option<i64>) {
        if self.gone_since != wait.gone_since {
            let at = |gone_since| self.true_loss(world, gone_since, swept_at);
            self.lost_at = wait.gone_since.map(at);
            self.gone_since = wait.gone_since;
        }
        let connection = match &wait.channel {
            Channel::Connection { id, .. } => Some(id),
            Channel::Callback { .. } | Channel::None => None,
        };
        if self.connection.as_ref() != connection {
            (self.connection, self.told_lost_at) = (connection.cloned(), None);
        }
    }

    /// When it was lost, by true time. A sweep that began before the clock was set may move the time
    /// of an earlier loss after that.
    fn true_loss(&self, world: &World, gone_since: Timestamp, swept_at: Option<i64>) -> Millis {
        let (jump, now) = (world.faults.jump, world.time.now());
        let is_before = swept_at.is_some_and(|at| jump.is_before(at, now));
        let known = self.gone_since.zip(self.lost_at).filter(|_| is_before);
        let moved = known.and_then(|(old, lost_at)| {
            let by = Millis::try_from(millis(gone_since) - millis(old)).ok()?;
            Some(lost_at + by)
        });
        moved.unwrap_or_else(|| jump.true_time(millis(gone_since), now))
    }

    /// The monitor was told that this connection is closed, and has written it down.
    pub fn closed(&mut self, connection: &ConnectionId, now: Millis) {
        if self.connection.as_ref() == Some(connection) {
            self.told_lost_at.get_or_insert(now);
        }
    }

    /// It reached the API.
    pub fn reached(&mut self) {
        self.cut_at = None;
    }

    /// It did not reach the API.
    pub fn tried(&mut self, how: Try, now: Millis) {
        if how == Try::Cut {
            self.cut_at = Some(now);
        }
    }
}
