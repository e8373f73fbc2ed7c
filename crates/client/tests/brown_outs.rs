//! A thousand steps that wait, and an API that is too small for all of them at once and
//! fails for half a minute at times. Time is paused: it moves on when nothing else can.
//!
//! The waiters and the monitor's use cases are the real ones; HTTP between them is not.
//! The API fails as a Lambda function URL does: 429 beyond its concurrency, and 502 where
//! the function fails.
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>
//!
//! One test in a process of its own: a thousand listeners are nearly as many files as a
//! process may have open by default.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use sagebell_api_types::{WaitAndJobView, WaitRequest};
use sagebell_client::{
    Answer, CallbackReceiver, Client, ClientError, Terms, WaitError, WaitEvent, Waiting,
};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{Clock as _, Store as _};
use sagebell_monitor::signal::Purpose;
use sagebell_monitor::testing::world::{FakeWorld, TRAINING_ARN};
use sagebell_monitor::time::later;
use sagebell_monitor::wait::{OnAbandon, SignalOn, WaitId, WaitKey, WaitState};
use sagebell_monitor::wait_registry::Registration;
use sagebell_system::SystemClock;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use url::Url;

const STEPS: usize = 1_000;
/// Calls that the API takes at once, and how long each takes.
const AT_ONCE: usize = 20;
const CALL_TIME: Duration = Duration::from_millis(50);
const BROWN_OUT: Duration = Duration::from_secs(30);
const SWEEP_EVERY: Duration = Duration::from_secs(20);
const MINUTE: Duration = Duration::from_secs(60);

/// How long everybody waits, and how often the API fails meanwhile.
struct Story {
    lease_seconds: u32,
    settles_after: Duration,
    brown_outs: u32,
}

impl Story {
    fn lease(&self) -> Duration {
        Duration::from_secs(self.lease_seconds.into())
    }

    /// Spread over the whole time; the first one strikes while everybody registers.
    fn is_browned_out(&self, at: Duration) -> bool {
        let pause = self.settles_after / self.brown_outs;
        at.as_nanos() % pause.as_nanos() < BROWN_OUT.as_nanos()
    }

    /// For each step: a renewal whenever a third of the lease is over, less the jitter,
    /// and one more at the end. For each brown-out: pauses that double from one second to
    /// at least twenty, which are six tries in half a minute. Then all come at once, and
    /// some have to come again: six times at most, until the crowd has scattered.
    fn most_calls(&self) -> usize {
        let renewals = self.settles_after.as_secs_f64() / (self.lease().as_secs_f64() / 3.0 * 0.8);
        let tries = 2 + renewals.ceil() as usize + self.brown_outs as usize * (6 + 6);
        STEPS * tries
    }
}

/// The monitor behind an API that can be overloaded.
struct Api {
    world: FakeWorld,
    story: Story,
    began: (Timestamp, Instant),
    room: Semaphore,
    calls: AtomicUsize,
    refused: AtomicUsize,
}

impl Api {
    /// Nobody answers a probe and there is no grace: a lease that runs out ends its wait,
    /// and has the job stopped.
    fn open(story: Story) -> Arc<Self> {
        let probe_pause = SWEEP_EVERY;
        let policy = Policy { grace: Duration::ZERO, probe_pause, ..Policy::default() };
        let world = FakeWorld::with(policy);
        world.sender.nobody(true);
        world.sagemaker.tag(Ok(Some(FakeWorld::owner())));
        let began = (world.clock.now(), Instant::now());
        let (calls, refused) = Default::default();
        Arc::new(Self { world, story, began, room: Semaphore::new(AT_ONCE), calls, refused })
    }

    /// Brings the monitor's clock to the present.
    fn keep_time(&self) {
        self.world.clock.set(later(self.began.0, self.began.1.elapsed()));
    }

    async fn put(
        self: Arc<Self>,
        number: usize,
        asked: WaitRequest,
    ) -> Result<WaitAndJobView, ClientError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let Ok(_room) = self.room.try_acquire() else { return Err(self.refuse(429)) };
        sleep(CALL_TIME).await;
        if self.story.is_browned_out(self.began.1.elapsed()) {
            return Err(self.refuse(if call.is_multiple_of(2) { 429 } else { 502 }));
        }
        self.keep_time();
        let found = self
            .world
            .waits()
            .register(self.registration(number, asked.lease_seconds))
            .await
            .unwrap();
        Ok(found.into())
    }

    fn refuse(&self, status: u16) -> ClientError {
        self.refused.fetch_add(1, Ordering::Relaxed);
        let url = Box::new(Url::parse("https://monitor").unwrap());
        ClientError::Foreign { url, status, said: String::new(), retry_after: None }
    }

    fn registration(&self, number: usize, lease_seconds: u32) -> Registration {
        let on_abandon = OnAbandon::Stop;
        Registration { arn: arn(number), lease_seconds, on_abandon, ..self.world.registration("w") }
    }

    /// Sweeps for ever. Callbacks are all lost: what is heard is heard by renewing.
    async fn sweep(self: Arc<Self>) {
        loop {
            self.keep_time();
            let report = self.world.sweep().sweep().await.unwrap();
            assert_eq!((report.failed, report.more), (0, false), "{report:?}");
            while let Some(request) = self.world.queue.pop() {
                if request.purpose == Purpose::Probe {
                    self.world.deliver().handle(&request).await.unwrap();
                }
            }
            sleep(SWEEP_EVERY).await;
        }
    }

    /// All jobs end at once.
    async fn settle(&self) {
        sleep_until(self.began.1 + self.story.settles_after).await;
        self.keep_time();
        let age = self.story.settles_after.as_secs().try_into().unwrap();
        for number in 0..STEPS {
            let event = completed(number, age);
            self.world.recorder().take_all(&[event]).await.pop().unwrap().unwrap();
        }
    }

    async fn state(&self, number: usize) -> WaitState {
        let (arn, owner) = (arn(number), FakeWorld::owner());
        let key = WaitKey::of(arn, owner, WaitId::parse("w").unwrap());
        self.world.store.load_wait(&key).await.unwrap().unwrap().value.state
    }
}

fn name(number: usize) -> String {
    format!("mnist-{number}")
}

fn arn(number: usize) -> JobArn {
    JobArn::parse(&TRAINING_ARN.replace("mnist", &name(number))).unwrap()
}

fn completed(number: usize, age: i64) -> Value {
    let mut event = FakeWorld::training_event("Completed", "Completed", age);
    event["detail"]["TrainingJobArn"] = json!(arn(number).as_str());
    event["detail"]["TrainingJobName"] = json!(name(number));
    event
}

async fn waiting(api: &Arc<Api>, client: Client, number: usize) -> Waiting {
    let id = WaitId::parse("w").unwrap();
    let receiver = CallbackReceiver::open(([127, 0, 0, 1], 0).into(), id, Arc::new(SystemClock))
        .await
        .unwrap();
    let terms = Terms {
        signal_on: SignalOn::Settled,
        on_abandon: OnAbandon::Stop,
        lease_seconds: api.story.lease_seconds,
        deadline: None,
        not_before: None,
        labels: std::collections::BTreeMap::new(),
    };
    let api = Arc::clone(api);
    let call = Box::new(move |asked| Box::pin(Arc::clone(&api).put(number, asked)) as Answer);
    Waiting::new(client, Box::new(receiver), arn(number), terms).over(call)
}

/// Until the end is heard.
async fn end(mut waiting: Waiting) -> Result<(), WaitError> {
    loop {
        if matches!(waiting.next().await?, WaitEvent::Job(job) if job.phase.is_settled()) {
            return Ok(());
        }
    }
}

async fn play(story: Story) {
    let api = Api::open(story);
    // Never asked: the calls go to the API above.
    let client = Client::new(Url::parse("http://127.0.0.1:9").unwrap()).unwrap();
    let mut waitings = Vec::new();
    for number in 0..STEPS {
        waitings.push(waiting(&api, client.clone(), number).await);
    }
    let sweep = tokio::spawn(Arc::clone(&api).sweep());
    let mut steps: JoinSet<_> = waitings.into_iter().map(end).collect();
    api.settle().await;
    assert_eq!(steps.len(), STEPS);
    assert!(steps.try_join_next().is_none(), "no step ended before its job");
    while let Some(ended) = steps.join_next().await {
        ended.unwrap().unwrap();
    }
    assert!(!sweep.is_finished(), "the sweep broke off");
    sweep.abort();

    for number in 0..STEPS {
        assert_eq!(api.state(number).await, WaitState::Signalled, "{number}");
    }
    let (calls, refused) = (api.calls.load(Ordering::Relaxed), api.refused.load(Ordering::Relaxed));
    assert_eq!(api.world.sagemaker.count("stop"), 0);
    assert_eq!(api.world.sender.probes().len(), 0, "a lease ran out");
    assert!(refused > STEPS * api.story.brown_outs as usize / 10, "nobody met a brown-out");
    assert!(calls <= api.story.most_calls(), "{calls} calls, {refused} of them refused");
}

#[tokio::test(start_paused = true)]
async fn brown_outs_of_a_crowded_api_end_no_wait_and_stop_no_job() {
    let long_leases = Story { lease_seconds: 600, settles_after: 120 * MINUTE, brown_outs: 4 };
    play(long_leases).await;
    let short_leases = Story { lease_seconds: 120, settles_after: 15 * MINUTE, brown_outs: 3 };
    play(short_leases).await;
}
