//! The ports, faked: what tests of the use cases stand in for the world.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::ManualClock;
use super::memory::MemoryStore;
use crate::arn::JobArn;
use crate::call_budget::CallBudget;
use crate::connections::Connections;
use crate::deliver::{Deliver, Senders};
use crate::event;
use crate::health::HealthQuery;
use crate::job_list::JobList;
use crate::job_queries::JobQueries;
use crate::observation::Observation;
use crate::policy::Policy;
use crate::ports::{
    Announcer, CallbackGuard, CallbackRefused, Clock, DeadLetterQueue, DeadLetterQueues, Entropy,
    Failure, Gateway, Listed, ProbeOutcome, Queue, QueueError, Reachability, SageMaker,
    SageMakerError, SendOutcome, Sender,
};
use crate::principal::Principal;
use crate::record::Recorder;
use crate::signal::{Announcement, Callback, Probe, Signal, SignalRequest};
use crate::sweep::Sweep;
use crate::wait::{CallbackUrl, ConnectionId, FailureClass, OnAbandon, Secret, SignalOn, WaitId};
use crate::wait_registry::{ChannelAsked, Registration, WaitRegistry};

/// The ARN of the job that [`FakeWorld::registration`] waits for.
pub const TRAINING_ARN: &str = "arn:aws:sagemaker:us-east-1:111122223333:training-job/mnist";

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A queue that keeps what is pushed until a test takes it.
#[derive(Default)]
pub struct FakeQueue {
    requests: Mutex<VecDeque<SignalRequest>>,
    refuse: Mutex<u32>,
}

impl FakeQueue {
    /// Takes the oldest signal request.
    pub fn pop(&self) -> Option<SignalRequest> {
        lock(&self.requests).pop_front()
    }

    /// How many signal requests wait.
    pub fn len(&self) -> usize {
        lock(&self.requests).len()
    }

    /// Whether no signal request waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Refuses the next `times` pushes.
    pub fn refuse(&self, times: u32) {
        *lock(&self.refuse) = times;
    }
}

#[async_trait]
impl Queue for FakeQueue {
    async fn push(&self, requests: &[SignalRequest]) -> Result<(), QueueError> {
        let mut refuse = lock(&self.refuse);
        if *refuse > 0 {
            *refuse -= 1;
            return Err(QueueError("refused by the test".to_owned()));
        }
        lock(&self.requests).extend(requests.iter().cloned());
        Ok(())
    }
}

/// A sender that answers as scripted, else 2xx, and remembers what it was given. Probes
/// are answered while there is a waiter.
#[derive(Default)]
pub struct FakeSender {
    script: Mutex<VecDeque<SendOutcome>>,
    sent: Mutex<Vec<Callback<Signal>>>,
    probes: Mutex<Vec<Callback<Probe>>>,
    nobody: Mutex<bool>,
}

impl FakeSender {
    /// Answers these, one after the other, before any 2xx.
    pub fn script(&self, outcomes: impl IntoIterator<Item = SendOutcome>) {
        lock(&self.script).extend(outcomes);
    }

    /// Fails the next `times` sends.
    pub fn fail(&self, times: usize) {
        let failed = SendOutcome::Failed { failure: refused(), retry_after: None };
        self.script(std::iter::repeat_n(failed, times));
    }

    /// No waiter is there any more to answer probes, or there is one again.
    pub fn nobody(&self, nobody: bool) {
        *lock(&self.nobody) = nobody;
    }

    /// The probes sent, in order.
    pub fn probes(&self) -> Vec<Callback<Probe>> {
        lock(&self.probes).clone()
    }

    /// Everything sent but probes, in order.
    pub fn sent(&self) -> Vec<Callback<Signal>> {
        lock(&self.sent).clone()
    }

    /// The signals sent, in order.
    pub fn signals(&self) -> Vec<Signal> {
        self.sent().into_iter().map(|sent| sent.message).collect()
    }
}

#[async_trait]
impl Sender for FakeSender {
    async fn send(&self, callback: &Callback<Signal>) -> SendOutcome {
        lock(&self.sent).push(callback.clone());
        lock(&self.script).pop_front().unwrap_or(SendOutcome::Delivered)
    }

    async fn probe(&self, probe: &Callback<Probe>) -> ProbeOutcome {
        lock(&self.probes).push(probe.clone());
        match *lock(&self.nobody) {
            true => ProbeOutcome::Unanswered(refused()),
            false => ProbeOutcome::Answered,
        }
    }
}

/// A callback to this URL, with a secret of these bytes.
#[must_use]
pub fn callback(url: &str, byte: u8) -> ChannelAsked {
    let (url, secret) = (CallbackUrl::parse(url), Secret::from_bytes(&[byte; 32]));
    ChannelAsked::Callback { url: url.unwrap(), secret: secret.unwrap() }
}

fn refused() -> Failure {
    Failure::new(FailureClass::NoConnection, "connection refused")
}

/// A gateway that holds the connections that a test opens, and remembers what it pushed.
#[derive(Default)]
pub struct FakeGateway {
    open: Mutex<BTreeSet<ConnectionId>>,
    pushed: Mutex<Vec<(ConnectionId, Signal)>>,
    silent: Mutex<bool>,
}

impl FakeGateway {
    /// Opens a connection.
    pub fn open(&self, id: &ConnectionId) {
        lock(&self.open).insert(id.clone());
    }

    /// Closes a connection. The monitor is not told.
    pub fn close(&self, id: &ConnectionId) {
        lock(&self.open).remove(id);
    }

    /// Answers nothing any more, or again.
    pub fn silent(&self, silent: bool) {
        *lock(&self.silent) = silent;
    }

    /// The signals pushed, in order.
    pub fn pushed(&self) -> Vec<(ConnectionId, Signal)> {
        lock(&self.pushed).clone()
    }
}

#[async_trait]
impl Gateway for FakeGateway {
    async fn push(&self, to: &ConnectionId, signal: &Signal) -> SendOutcome {
        match self.is_open(to).await {
            Ok(true) => {
                lock(&self.pushed).push((to.clone(), signal.clone()));
                SendOutcome::Delivered
            }
            Ok(false) => SendOutcome::Gone,
            Err(failure) => SendOutcome::Failed { failure, retry_after: None },
        }
    }

    async fn is_open(&self, id: &ConnectionId) -> Result<bool, Failure> {
        match *lock(&self.silent) {
            true => Err(refused()),
            false => Ok(lock(&self.open).contains(id)),
        }
    }
}

/// An API that waiters can reach until the test says otherwise.
#[derive(Default)]
pub struct FakeReachability(Mutex<bool>);

impl FakeReachability {
    /// Waiters cannot reach the API any more, or they can again.
    pub fn cut(&self, cut: bool) {
        *lock(&self.0) = cut;
    }
}

#[async_trait]
impl Reachability for FakeReachability {
    async fn check(&self) -> Result<(), Failure> {
        match *lock(&self.0) {
            true => Err(refused()),
            false => Ok(()),
        }
    }
}

/// What [`FakeSageMaker`] answers to a Describe.
pub enum Described {
    /// This answer, in the API's form.
    Answer(Value),
    /// This error.
    Error(fn() -> SageMakerError),
}

/// Whom a job's owner tag names, or how asking for it fails.
pub type Tagged = Result<Option<Principal>, fn() -> SageMakerError>;

/// What SageMaker lists, in the API's form, or how the list fails.
pub type Summaries = Result<Vec<Value>, fn() -> SageMakerError>;

/// A SageMaker that knows one answer and remembers what it was asked.
pub struct FakeSageMaker {
    clock: Arc<ManualClock>,
    answer: Mutex<Described>,
    listed: Mutex<Summaries>,
    takes: Mutex<Duration>,
    stop_error: Mutex<Option<fn() -> SageMakerError>>,
    owner: Mutex<Tagged>,
    /// Every call, as `describe ARN`, `stop ARN` or `list LIST`.
    pub calls: Mutex<Vec<String>>,
}

impl FakeSageMaker {
    /// Answers every Describe with this from now on.
    pub fn answer(&self, answer: Described) {
        *lock(&self.answer) = answer;
    }

    /// Lists these summaries from now on, in the API's form, on pages of 100.
    pub fn list(&self, listed: Summaries) {
        *lock(&self.listed) = listed;
    }

    /// Takes this long for every page of a list from now on.
    pub fn take_time(&self, takes: Duration) {
        *lock(&self.takes) = takes;
    }

    /// Refuses every Stop with this from now on.
    pub fn refuse_stop(&self, error: Option<fn() -> SageMakerError>) {
        *lock(&self.stop_error) = error;
    }

    /// Says of every job's owner tag this from now on.
    pub fn tag(&self, owner: Tagged) {
        *lock(&self.owner) = owner;
    }

    /// How many calls began with this word.
    pub fn count(&self, word: &str) -> usize {
        lock(&self.calls).iter().filter(|call| call.starts_with(word)).count()
    }
}

#[async_trait]
impl SageMaker for FakeSageMaker {
    async fn describe(&self, arn: &JobArn) -> Result<Observation, SageMakerError> {
        lock(&self.calls).push(format!("describe {arn}"));
        match &*lock(&self.answer) {
            Described::Answer(answer) => {
                Ok(event::from_describe(arn.clone(), answer, self.clock.latest()).unwrap())
            }
            Described::Error(error) => Err(error()),
        }
    }

    async fn changed(
        &self,
        list: &JobList,
        after: jiff::Timestamp,
        token: Option<&str>,
    ) -> Result<Listed, SageMakerError> {
        lock(&self.calls).push(format!("list {list}"));
        self.clock.advance(*lock(&self.takes));
        let at = self.clock.latest();
        let summaries = lock(&self.listed).clone().map_err(|error| error())?;
        let seen = summaries.iter().map(|of| event::from_summary(list, of, at).unwrap());
        let changed: Vec<_> = seen.filter(|seen| seen.modified_at > after).collect();
        let start: usize = token.map_or(0, |token| token.parse().unwrap());
        let more = changed.len() > start + 100;
        let observations = changed.into_iter().skip(start).take(100).collect();
        Ok(Listed { observations, next: more.then(|| (start + 100).to_string()), at })
    }

    async fn owner(&self, arn: &JobArn) -> Result<Option<Principal>, SageMakerError> {
        lock(&self.calls).push(format!("owner {arn}"));
        lock(&self.owner).clone().map_err(|error| error())
    }

    async fn stop(&self, arn: &JobArn) -> Result<(), SageMakerError> {
        lock(&self.calls).push(format!("stop {arn}"));
        lock(&self.stop_error).map_or(Ok(()), |error| Err(error()))
    }
}

/// Remembers what was announced.
#[derive(Default)]
pub struct FakeAnnouncer(pub Mutex<Vec<Announcement>>);

#[async_trait]
impl Announcer for FakeAnnouncer {
    async fn announce(&self, announcement: &Announcement) {
        lock(&self.0).push(announcement.clone());
    }
}

/// Dead-letter queues that are as long as the test says.
#[derive(Default)]
pub struct FakeDeadLetterQueues(Mutex<Vec<DeadLetterQueue>>);

impl FakeDeadLetterQueues {
    /// There is a queue of this name with so many messages, or one that does not tell.
    pub fn add(&self, name: &str, messages: Option<u64>) {
        lock(&self.0).push(DeadLetterQueue { name: name.to_owned(), messages });
    }
}

#[async_trait]
impl DeadLetterQueues for FakeDeadLetterQueues {
    async fn lengths(&self) -> Vec<DeadLetterQueue> {
        lock(&self.0).clone()
    }
}

/// Always the middle: no jitter.
pub struct NoJitter;

impl Entropy for NoJitter {
    fn unit(&self) -> f64 {
        0.5
    }
}

/// Allows every URL but those of the host `denied`.
pub struct FakeGuard;

impl CallbackGuard for FakeGuard {
    fn check(&self, url: &CallbackUrl) -> Result<(), CallbackRefused> {
        match url.as_url().host_str() {
            Some("denied") => Err(CallbackRefused("the host is not allowed".to_owned())),
            _ => Ok(()),
        }
    }
}

/// The use cases over fakes, and a clock that the test moves.
pub struct FakeWorld {
    /// Time.
    pub clock: Arc<ManualClock>,
    /// Jobs and waits.
    pub store: Arc<MemoryStore>,
    /// Signal requests.
    pub queue: Arc<FakeQueue>,
    /// Callbacks.
    pub sender: Arc<FakeSender>,
    /// Connections.
    pub gateway: Arc<FakeGateway>,
    /// Whether waiters can reach the API.
    pub reachability: Arc<FakeReachability>,
    /// SageMaker: until told otherwise it is out of reach.
    pub sagemaker: Arc<FakeSageMaker>,
    /// Dead-letter queues: none, until the test adds one.
    pub dead_letters: Arc<FakeDeadLetterQueues>,
    /// Announcements.
    pub announcer: Arc<FakeAnnouncer>,
    /// The numbers.
    pub policy: Arc<Policy>,
}

impl Default for FakeWorld {
    fn default() -> Self {
        Self::with(Policy::default())
    }
}

impl FakeWorld {
    /// A world with these numbers.
    #[must_use]
    pub fn with(policy: Policy) -> Self {
        let clock = Arc::new(ManualClock::default());
        Self {
            store: Arc::new(MemoryStore::new(Arc::clone(&clock) as Arc<dyn Clock>)),
            queue: Arc::default(),
            sender: Arc::default(),
            gateway: Arc::default(),
            reachability: Arc::default(),
            sagemaker: Arc::new(FakeSageMaker {
                clock: Arc::clone(&clock),
                answer: Mutex::new(Described::Error(|| SageMakerError::Unavailable)),
                listed: Mutex::new(Ok(Vec::new())),
                takes: Mutex::default(),
                stop_error: Mutex::new(None),
                owner: Mutex::new(Ok(None)),
                calls: Mutex::default(),
            }),
            dead_letters: Arc::default(),
            announcer: Arc::default(),
            policy: Arc::new(policy),
            clock,
        }
    }

    /// The `record` use case.
    #[must_use]
    pub fn recorder(&self) -> Recorder {
        Recorder {
            store: self.store.clone(),
            queue: self.queue.clone(),
            announcer: self.announcer.clone(),
            clock: self.clock.clone(),
            entropy: Arc::new(NoJitter),
            policy: self.policy.clone(),
        }
    }

    /// The use cases about waits.
    #[must_use]
    pub fn waits(&self) -> WaitRegistry {
        WaitRegistry {
            store: self.store.clone(),
            sagemaker: self.sagemaker.clone(),
            recorder: self.recorder(),
            guard: Arc::new(FakeGuard),
            clock: self.clock.clone(),
            policy: self.policy.clone(),
        }
    }

    /// The use cases about jobs.
    #[must_use]
    pub fn jobs(&self) -> JobQueries {
        JobQueries {
            store: self.store.clone(),
            sagemaker: self.sagemaker.clone(),
            recorder: self.recorder(),
        }
    }

    /// The use cases about connections.
    #[must_use]
    pub fn connections(&self) -> Connections {
        Connections {
            store: self.store.clone(),
            clock: self.clock.clone(),
            policy: self.policy.clone(),
        }
    }

    /// A budget of SageMaker calls, two Describes a second.
    #[must_use]
    pub fn budget(&self) -> CallBudget {
        CallBudget {
            store: self.store.clone(),
            clock: self.clock.clone(),
            entropy: Arc::new(NoJitter),
            account: None,
            describes_per_second: 2,
        }
    }

    /// How the monitor is.
    #[must_use]
    pub fn health(&self) -> HealthQuery {
        HealthQuery {
            store: self.store.clone(),
            dead_letters: Some(self.dead_letters.clone()),
            budgets: vec![self.budget()],
            clock: self.clock.clone(),
            policy: self.policy.clone(),
        }
    }

    /// The senders of both channels.
    #[must_use]
    pub fn senders(&self) -> Senders {
        Senders {
            callbacks: Some(self.sender.clone()),
            gateway: Some(self.gateway.clone()),
            other: None,
        }
    }

    /// The `deliver` use case.
    #[must_use]
    pub fn deliver(&self) -> Deliver {
        Deliver {
            store: self.store.clone(),
            senders: self.senders(),
            clock: self.clock.clone(),
            entropy: Arc::new(NoJitter),
            policy: self.policy.clone(),
        }
    }

    /// The `sweep` use case.
    #[must_use]
    pub fn sweep(&self) -> Sweep {
        Sweep {
            store: self.store.clone(),
            queue: self.queue.clone(),
            sagemaker: self.sagemaker.clone(),
            intake: Arc::new(self.recorder()),
            announcer: self.announcer.clone(),
            reachability: self.reachability.clone(),
            clock: self.clock.clone(),
            entropy: Arc::new(NoJitter),
            policy: self.policy.clone(),
        }
    }

    /// Who registers in this world.
    #[must_use]
    pub fn owner() -> Principal {
        Principal("111122223333:role/pipeline".to_owned())
    }

    /// A plain registration on [`TRAINING_ARN`].
    #[must_use]
    pub fn registration(&self, id: &str) -> Registration {
        Registration {
            arn: JobArn::parse(TRAINING_ARN).unwrap(),
            id: WaitId::parse(id).unwrap(),
            owner: Self::owner(),
            channel: callback("http://10.1.2.3:8080/", 7),
            signal_on: SignalOn::Settled,
            not_before: None,
            lease_seconds: Policy::LEASE_SECONDS_DEFAULT,
            deadline: None,
            on_abandon: OnAbandon::Keep,
            labels: std::collections::BTreeMap::new(),
        }
    }

    /// A state-change event of [`TRAINING_ARN`], `age` seconds into its life,
    /// which began at the clock's start.
    #[must_use]
    pub fn training_event(status: &str, secondary: &str, age: i64) -> Value {
        const BORN: i64 = 1_767_225_600;
        json!({
            "source": "aws.sagemaker",
            "detail-type": "SageMaker Training Job State Change",
            "time": BORN + age,
            "detail": {
                "TrainingJobArn": TRAINING_ARN, "TrainingJobName": "mnist",
                "TrainingJobStatus": status, "SecondaryStatus": secondary,
                "CreationTime": BORN * 1_000, "LastModifiedTime": (BORN + age) * 1_000,
            },
        })
    }

    /// Sweeps every minute for so many minutes, and answers what that queues.
    pub async fn sweep_for(&self, minutes: u32) {
        for _ in 0..minutes {
            self.sweep().sweep().await.unwrap();
            self.deliver_all().await;
            self.clock.advance(Duration::from_secs(60));
        }
    }

    /// Answers every queued signal request; says how each came out.
    pub async fn deliver_all(&self) -> Vec<crate::deliver::SignalOutcome> {
        let mut outcomes = Vec::new();
        while let Some(request) = self.queue.pop() {
            outcomes.push(self.deliver().handle(&request).await.unwrap());
        }
        outcomes
    }
}
