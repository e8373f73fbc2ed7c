//! The ports: what the use cases need from outside.
//!
//! Adapters implement the ports. The use cases depend on nothing else outside. Each adapter
//! limits the time of its own calls.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::arn::JobArn;
use crate::connection::Connection;
use crate::counter::CountKey;
use crate::heartbeat::Heartbeat;
use crate::job::{Job, JobRecord};
use crate::job_list::JobList;
use crate::kind::Kind;
use crate::observation::Observation;
use crate::phase::Phase;
use crate::principal::Principal;
use crate::signal::{Announcement, Callback, Probe, Signal, SignalRequest};
use crate::wait::{CallbackUrl, ConnectionId, FailureClass, Wait, WaitKey};

/// How a store call can fail. A failed condition is not a failure: see [`Saved`].
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Throttled, busy, timed out, unreachable: the same call may succeed later.
    /// The write may or may not have happened.
    #[error("the store is busy or out of reach, try again: {0}")]
    Retryable(String),
    /// The cursor does not come from this list.
    #[error("{0:?} is not a cursor of this list")]
    BadCursor(String),
    /// The same call will fail again: a bug, a wrong schema, a missing permission.
    #[error("the store refused: {0}")]
    Terminal(String),
}

/// A stored value's version: changes with every write of the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u64);

/// A value and the version it was read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The value.
    pub value: T,
    /// Its version, for the next compare-and-set.
    pub version: Version,
}

/// The result of a compare-and-set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved<T> {
    /// Written; the item's new version.
    Stored(Version),
    /// Somebody else wrote first. Contains the current item (`None`: it is gone).
    Conflict(Option<Versioned<T>>),
}

/// One page of a longer list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Cursor>,
}

/// A position in a list. Only the store that created it can read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// Which jobs to list; absent filters match everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Only jobs in one of these phases. Empty: in any.
    pub phases: BTreeSet<Phase>,
    /// Only jobs of this kind.
    pub kind: Option<Kind>,
    /// Only jobs that a wait with this `run` label was registered on.
    pub run: Option<String>,
    /// Only jobs of this region.
    pub region: Option<String>,
    /// Only jobs of this account.
    pub account: Option<String>,
    /// Only jobs whose ARN contains this text, and so the name in it. Capitals make no difference.
    pub text: Option<String>,
}

impl JobFilter {
    /// What the [key](JobArn::key) of a job contains if the filters on its ARN take it: of each of
    /// these, at least one text.
    #[must_use]
    pub fn key_parts(&self) -> Vec<Vec<String>> {
        let fields = [&self.region, &self.account].into_iter().flatten();
        let fields = fields.map(|field| vec![format!(":{field}:")]);
        let text = self.text.iter().map(|text| {
            // A key is in lower case, but for the name of a pipeline step.
            let mut spellings = vec![text.to_lowercase(), text.clone()];
            spellings.dedup();
            spellings
        });
        fields.chain(text).collect()
    }
}

/// Jobs, waits and connections, durable, with compare-and-set per item and strongly
/// consistent reads of items and of one job's waits.
///
/// `expect: None` means "must not exist yet". Items past their `expires_at` are
/// never returned. Every implementation passes `sagebell_monitor::testing::contract`.
#[async_trait]
pub trait Store: Send + Sync {
    /// Reads a job, strongly consistent.
    async fn load_job(&self, arn: &JobArn) -> Result<Option<Versioned<JobRecord>>, StoreError>;

    /// Writes a job if its version is still `expect`.
    async fn save_job(
        &self,
        record: &JobRecord,
        expect: Option<Version>,
    ) -> Result<Saved<JobRecord>, StoreError>;

    /// Lists jobs, the latest first. `limit` is 1 to 200.
    async fn list_jobs(
        &self,
        filter: &JobFilter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Job>, StoreError>;

    /// Reads a wait, strongly consistent.
    async fn load_wait(&self, key: &WaitKey) -> Result<Option<Versioned<Wait>>, StoreError>;

    /// Writes a wait if its version is still `expect`. A wait with a [`due_at`](Wait::due_at) is in
    /// the due index, one without is not.
    async fn save_wait(
        &self,
        wait: &Wait,
        expect: Option<Version>,
    ) -> Result<Saved<Wait>, StoreError>;

    /// Lists one job's waits, ordered by id and owner, strongly consistent.
    async fn list_waits(
        &self,
        arn: &JobArn,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Wait>, StoreError>;

    /// Lists waits whose `due_at` is at or before `now`, the longest due first
    /// (within a shard, where the index is sharded). May lag behind writes.
    async fn list_due(
        &self,
        now: Timestamp,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<WaitKey>, StoreError>;

    /// Reads a connection, strongly consistent.
    async fn load_connection(
        &self,
        id: &ConnectionId,
    ) -> Result<Option<Versioned<Connection>>, StoreError>;

    /// Writes a connection if its version is still `expect`.
    async fn save_connection(
        &self,
        connection: &Connection,
        expect: Option<Version>,
    ) -> Result<Saved<Connection>, StoreError>;

    /// Counts the open connections, `limit` at most. May lag behind writes.
    async fn count_connections(&self, limit: usize) -> Result<usize, StoreError>;

    /// Reads what the last sweep left, strongly consistent.
    async fn load_heartbeat(&self) -> Result<Option<Versioned<Heartbeat>>, StoreError>;

    /// Writes what a sweep leaves to the next, if its version is still `expect`. It never expires.
    async fn save_heartbeat(
        &self,
        heartbeat: &Heartbeat,
        expect: Option<Version>,
    ) -> Result<Saved<Heartbeat>, StoreError>;

    /// Adds one to a counter, which begins at zero, and returns its new value. Concurrent calls are
    /// all counted. A call that was sent again because its answer was lost may count twice.
    async fn count(&self, key: &CountKey) -> Result<u64, StoreError>;

    /// Adds up this counter and those of later windows of the same name. May lag behind writes.
    async fn sum_counts(&self, from: &CountKey) -> Result<u64, StoreError>;

    /// Removes items that are past their `expires_at`, if the store has no TTL of its own. Returns
    /// how many items it removed.
    async fn purge_expired(&self) -> Result<u64, StoreError>;
}

/// The queues of messages that were given up.
#[async_trait]
pub trait DeadLetterQueues: Send + Sync {
    /// How long each of them is.
    async fn lengths(&self) -> Vec<DeadLetterQueue>;
}

/// A dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterQueue {
    /// Its name.
    pub name: String,
    /// How many messages are in it, about. `None`: it could not be asked, and the log says why.
    pub messages: Option<u64>,
}

/// The queue between `record` and `deliver`. At least once, unordered.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Queues the signal requests; `Ok` means that all are durably queued.
    async fn push(&self, requests: &[SignalRequest]) -> Result<(), QueueError>;
}

/// The queue accepted nothing, or not everything. Push everything again.
#[derive(Debug, thiserror::Error)]
#[error("the signal queue did not accept the message, try again: {0}")]
pub struct QueueError(pub String);

/// The result of one attempt to send a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The waiter answered 2xx, or the gateway pushed the signal down the connection.
    Delivered,
    /// The waiter answered 410, which ends the wait; or the gateway knows that the connection is
    /// closed.
    Gone,
    /// Anything else.
    Failed {
        /// What happened.
        failure: Failure,
        /// The `Retry-After` of the answer, already clamped.
        retry_after: Option<Duration>,
    },
}

/// The result of one probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeOutcome {
    /// The waiter proved that it is there.
    Answered,
    /// Anything else, a refused connection and an answer without proof included.
    Unanswered(Failure),
}

/// Why a callback or a probe failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its class, which reveals nothing about a network.
    pub class: FailureClass,
    /// What happened, e.g. `connection refused` or `HTTP 503`: for the wait's owner,
    /// without secrets.
    pub reason: String,
}

impl Failure {
    /// A failure of this kind.
    #[must_use]
    pub fn new(class: FailureClass, reason: impl Into<String>) -> Self {
        Self { class, reason: reason.into() }
    }
}

/// Sends callbacks to waiters.
#[async_trait]
pub trait Sender: Send + Sync {
    /// Signs and sends one callback, within about five seconds.
    async fn send(&self, callback: &Callback<Signal>) -> SendOutcome;

    /// Signs and sends one probe and checks its answer, within about five seconds.
    async fn probe(&self, probe: &Callback<Probe>) -> ProbeOutcome;
}

/// Pushes signals down connections.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// Pushes one signal, within about five seconds. [`SendOutcome::Gone`] needs the gateway's word
    /// that the connection is closed: an error is no evidence.
    async fn push(&self, to: &ConnectionId, signal: &Signal) -> SendOutcome;

    /// Asks whether the connection is open, within about five seconds.
    ///
    /// # Errors
    /// [`Failure`]: the gateway did not say.
    async fn is_open(&self, id: &ConnectionId) -> Result<bool, Failure>;
}

/// Whether waiters can reach the monitor. One that cannot come back is not gone.
#[async_trait]
pub trait Reachability: Send + Sync {
    /// Calls the API in the way that waiters do, within about five seconds.
    ///
    /// # Errors
    /// Why the API did not answer.
    async fn check(&self) -> Result<(), Failure>;
}

/// Checks callback URLs before anything is sent.
pub trait CallbackGuard: Send + Sync {
    /// Checks scheme, user info, port and, for a literal address, the network.
    ///
    /// # Errors
    /// [`CallbackRefused`].
    fn check(&self, url: &CallbackUrl) -> Result<(), CallbackRefused>;
}

/// Which part of a callback URL is not allowed, and what is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CallbackRefused(pub String);

impl CallbackRefused {
    /// How the refusal of a monitor that sends no callbacks begins. Its code and field are those of
    /// any refused URL, so callers of the API know it by these words.
    pub const OFF: &'static str = "this monitor sends no callbacks";
}

/// How a SageMaker call can fail.
#[derive(Debug, thiserror::Error)]
pub enum SageMakerError {
    /// SageMaker does not know the job.
    #[error("SageMaker knows no such job")]
    NotFound,
    /// The call budget is used up, or SageMaker throttles. Try again later.
    #[error("SageMaker calls are throttled, try again later: {0}")]
    Throttled(String),
    /// The kind has no such operation.
    #[error("SageMaker has no operation to {operation} a {kind}")]
    Unsupported {
        /// `describe`, `list` or `stop`.
        operation: &'static str,
        /// The kind asked about.
        kind: Kind,
    },
    /// This monitor was set up without SageMaker.
    #[error("this monitor runs without SageMaker: it knows only what events contain")]
    Unavailable,
    /// Anything else, with SageMaker's message.
    #[error("SageMaker refused: {0}")]
    Refused(String),
}

/// One page of a list of SageMaker's.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// An observation for each job on the page, with what its summary tells.
    pub observations: Vec<Observation>,
    /// What the next page takes; `None` at the end.
    pub next: Option<String>,
    /// When the page was given, by SageMaker's clock. If SageMaker did not say it, not later.
    pub at: Timestamp,
}

/// The calls that Sagebell makes to SageMaker.
#[async_trait]
pub trait SageMaker: Send + Sync {
    /// Whether there is a SageMaker to call: a monitor can run without.
    fn is_there(&self) -> bool {
        true
    }

    /// Reads the job now.
    async fn describe(&self, arn: &JobArn) -> Result<Observation, SageMakerError>;

    /// Reads one page of what changed on the list after this time of SageMaker's. `token` is the
    /// [`next`](Listed::next) of the page before.
    async fn changed(
        &self,
        list: &JobList,
        after: Timestamp,
        token: Option<&str>,
    ) -> Result<Listed, SageMakerError>;

    /// The owner of the job, by its tag [`OWNER_TAG`](crate::owners::OWNER_TAG). `None` if it has
    /// no such tag, or its kind cannot have tags.
    async fn owner(&self, arn: &JobArn) -> Result<Option<Principal>, SageMakerError>;

    /// Stops the job. A job that is already stopping or settled is not an error.
    async fn stop(&self, arn: &JobArn) -> Result<(), SageMakerError>;
}

/// Receives the observations of the sweep, so that all observations take one path.
#[async_trait]
pub trait Intake: Send + Sync {
    /// Accepts an observation durably: it is recorded now, or queued to be recorded.
    async fn submit(&self, observation: Observation) -> Result<(), IntakeError>;
}

/// The observation was not accepted. The sweep tries again.
#[derive(Debug, thiserror::Error)]
#[error("the observation was not accepted, try again: {0}")]
pub struct IntakeError(pub String);

/// Announces the ends of jobs and waits to other systems (Slack, SNS, …). Best effort: an
/// announcement never delays a signal.
#[async_trait]
pub trait Announcer: Send + Sync {
    /// Publishes one announcement.
    async fn announce(&self, announcement: &Announcement);
}

/// Time.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The current time, by a clock that may be wrong and may be set at any time. Use it for times
    /// that go to others, or are compared with times from others.
    fn now(&self) -> Timestamp;
    /// The latest time that it can be. It is later than [`now`](Self::now) after the clock was set
    /// back (see [`Reckoning`](crate::reckoning::Reckoning)).
    fn latest(&self) -> Timestamp;
    /// The earliest time that it can be. It is earlier than [`now`](Self::now) after the clock was
    /// set forward.
    fn earliest(&self) -> Timestamp;
    /// The time since some instant of this process, by a clock that nobody can set. Use it for
    /// durations.
    fn uptime(&self) -> Duration;
    /// Waits. It makes no difference if the clock is set meanwhile.
    async fn sleep(&self, duration: Duration);
}

/// Randomness, for jitter.
pub trait Entropy: Send + Sync {
    /// A number in `0.0..1.0`.
    fn unit(&self) -> f64;
}
