//! Tries of one task, and many tasks at once, against the fake SageMaker.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use jiff::Timestamp;
use proptest::prelude::*;
use sagebell_fake_sagemaker::{Fake, Fault, FaultRule, Life, Options as FakeOptions, Quota, Stage};
use sagebell_monitor::ports::Clock;
use sagebell_monitor::testing::ManualClock;
use sagebell_monitor::time::{later, parse_time};
use sagebell_sagemaker::{Api, Budget, Class, Patience, Rate};
use sagebell_system::{Env, RandomEntropy};
use serde_json::json;
use tokio::sync::Notify;

use super::{Step, StepError};
use crate::names::Task;
use crate::options::Options;
use crate::{args, v1};

const TRAIN: [&str; 7] = [
    "--region=us-east-1",
    "--role=arn:aws:iam::123456789012:role/execution",
    "--image=i",
    r#"--channels=[{"ChannelName":"train","DataSource":{"S3DataSource":{"S3DataType":"S3Prefix","S3Uri":"s3://b/i"}}}]"#,
    "--instance_count=1",
    "--volume_size=1",
    "--model_artifact_path=s3://b/o",
];
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Who sleeps.
enum Sleeper {
    /// Time passes when a pod sleeps; who waits for days waits for ever.
    Pod,
    /// SageMaker does not move it.
    Service,
}

/// The one time of pods and of SageMaker.
struct SharedClock(Arc<ManualClock>, Sleeper);

#[async_trait]
impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn latest(&self) -> Timestamp {
        self.0.latest()
    }

    fn earliest(&self) -> Timestamp {
        self.0.earliest()
    }

    fn uptime(&self) -> Duration {
        self.0.uptime()
    }

    async fn sleep(&self, duration: Duration) {
        if matches!(self.1, Sleeper::Service) || duration > DAY {
            std::future::pending::<()>().await;
        }
        self.0.advance(duration);
        tokio::task::yield_now().await;
    }
}

struct NoEnv;

impl Env for NoEnv {
    fn get(&self, _: &str) -> Option<String> {
        None
    }
}

/// A pod of a task: everything that its step is made of.
struct Pod {
    api: Api,
    sdk: SdkConfig,
    clock: Arc<dyn Clock>,
    options: Options,
    words: Vec<String>,
    folder: tempfile::TempDir,
    terminated: Notify,
    is_terminated: AtomicBool,
    throttled: Arc<AtomicU32>,
}

impl Pod {
    async fn start(url: &str, clock: Arc<dyn Clock>, task: &str, words: &[String]) -> Self {
        let sdk = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
            .endpoint_url(url)
            .load()
            .await;
        let rate =
            Rate { per_second: 1_000.0, burst: 1_000.0, longest_wait: Duration::from_secs(10) };
        let throttled = Arc::new(AtomicU32::new(0));
        let count = throttled.clone();
        let patience = Patience {
            longest: DAY,
            clock: clock.clone(),
            entropy: Arc::new(RandomEntropy),
            dated: Arc::new(|_| ()),
            renew: Arc::new(|| {}),
            on_retry: Arc::new(move |error, _| {
                count.fetch_add(u32::from(error.class == Class::Throttled), Ordering::Relaxed);
            }),
        };
        let budget = Budget::new(rate, clock.clone(), Arc::new(RandomEntropy));
        Self {
            api: Api::patient(&sdk, Arc::new(budget), patience),
            sdk,
            clock,
            options: options(task),
            words: TRAIN.iter().map(|word| (*word).to_owned()).chain(words.to_vec()).collect(),
            folder: tempfile::tempdir().unwrap(),
            terminated: Notify::new(),
            is_terminated: AtomicBool::new(false),
            throttled,
        }
    }

    /// Another task's pod, which has connections in common with this one: a hundred
    /// clients in one process take longer to make than to use.
    fn beside(&self, task: &str) -> Self {
        Self {
            api: self.api.clone(),
            sdk: self.sdk.clone(),
            clock: self.clock.clone(),
            options: options(task),
            words: self.words.clone(),
            folder: tempfile::tempdir().unwrap(),
            terminated: Notify::new(),
            is_terminated: AtomicBool::new(false),
            throttled: self.throttled.clone(),
        }
    }

    async fn run(&self) -> Result<(), StepError> {
        let component = v1::find("train").unwrap();
        let parsed = args::parse(component.definition(), &[], &self.words).unwrap();
        let path = |name: &str| (name.to_owned(), self.folder.path().join(name));
        let step = Step {
            component: &*component,
            inputs: &parsed.inputs,
            options: &self.options,
            output_paths: &BTreeMap::from(["job_name", "status"].map(path)),
            executor: None,
            api: self.api.clone(),
            sdk: &self.sdk,
            clock: self.clock.clone(),
            terminated: &self.terminated,
            is_terminated: &self.is_terminated,
        };
        step.run().await
    }

    fn output(&self, name: &str) -> String {
        let path: &Path = self.folder.path();
        std::fs::read_to_string(path.join(name)).unwrap_or_default()
    }
}

fn options(task: &str) -> Options {
    let flags = [("wait", "poll"), ("logs", "none"), ("run", "run"), ("task", task)];
    let flags = flags.map(|(flag, text)| (flag.to_owned(), text.to_owned()));
    Options::from(&BTreeMap::from(flags), None, &NoEnv, "unique").unwrap()
}

/// What comes over a pod, and after how many of its steps (polls).
#[derive(Debug, Clone, Copy)]
enum Fate {
    Lives,
    IsLost(u16),
    IsTerminated(u16),
    SeesItsJobStoppedByHand(u16),
}

/// What happens in a run. A pod that follows another is KFP's retry, the UI's Retry,
/// or the one that takes a lost one's place: for the step they are the same.
#[derive(Debug, Clone)]
enum Act {
    Pod(Fate),
    Two(Fate, Fate),
    TimePasses(u16),
    CreateIsThrottled,
    AnswerIsLost,
}

#[derive(Debug, Clone)]
struct History {
    /// Whether each generation's job succeeds, and after how many seconds it ends.
    ends: Vec<(bool, u16)>,
    acts: Vec<Act>,
    is_named: bool,
}

fn fate() -> impl Strategy<Value = Fate> {
    let polls = 0..150_u16;
    prop_oneof![
        3 => Just(Fate::Lives),
        4 => polls.clone().prop_map(Fate::IsLost),
        1 => polls.clone().prop_map(Fate::IsTerminated),
        1 => polls.prop_map(Fate::SeesItsJobStoppedByHand),
    ]
}

fn history() -> impl Strategy<Value = History> {
    let act = prop_oneof![
        6 => fate().prop_map(Act::Pod),
        2 => (fate(), fate()).prop_map(|(one, other)| Act::Two(one, other)),
        2 => (0..400_u16).prop_map(Act::TimePasses),
        1 => Just(Act::CreateIsThrottled),
        1 => Just(Act::AnswerIsLost),
    ];
    let ends = prop::collection::vec((prop::bool::weighted(0.3), 1..300_u16), 12);
    (ends, prop::collection::vec(act, 1..7), any::<bool>())
        .prop_map(|(ends, acts, is_named)| History { ends, acts, is_named })
}

struct Setup {
    fake: Fake,
    clock: Arc<ManualClock>,
    base: String,
    words: Vec<String>,
}

/// One job, as its description tells.
#[derive(Debug)]
struct Job {
    status: String,
    created: Timestamp,
    ended: Option<Timestamp>,
}

impl Setup {
    async fn of(history: &History) -> Self {
        let clock = Arc::new(ManualClock::default());
        let options = FakeOptions {
            clock: Arc::new(SharedClock(clock.clone(), Sleeper::Service)),
            ..FakeOptions::default()
        };
        let fake = Fake::start(options).await.unwrap();
        let given = "Digits".to_owned();
        let base = if history.is_named {
            given
        } else {
            Task::of_pipeline("run", "task").fresh_name().with("TrainingJob")
        };
        let words = if history.is_named { vec![format!("--job_name={base}")] } else { Vec::new() };
        let setup = Self { fake, clock, base, words };
        for (family, (succeeds, seconds)) in history.ends.iter().enumerate() {
            setup.fake.add_life(life(&setup.name(family), *succeeds, *seconds));
        }
        setup
    }

    fn name(&self, family: usize) -> String {
        let ending = if family == 0 { String::new() } else { format!("-r{family}") };
        format!("{}{ending}", self.base)
    }

    async fn pod(&self) -> Pod {
        let clock = Arc::new(SharedClock(self.clock.clone(), Sleeper::Pod));
        Pod::start(&self.fake.url(), clock, "task", &self.words).await
    }

    /// Every generation that there is.
    async fn jobs(&self) -> Vec<Job> {
        let api = self.pod().await.api;
        let mut jobs = Vec::new();
        loop {
            let input = json!({"TrainingJobName": self.name(jobs.len())});
            let Ok(answer) = api.call("DescribeTrainingJob", &input).await else { return jobs };
            let time = |member: &str| answer.get(member).and_then(parse_time);
            jobs.push(Job {
                status: answer["TrainingJobStatus"].as_str().unwrap().to_owned(),
                created: time("CreationTime").unwrap(),
                ended: time("TrainingEndTime"),
            });
        }
    }

    async fn stop_by_hand(&self) {
        let api = self.pod().await.api;
        let newest = self.jobs().await.len().saturating_sub(1);
        // It may have ended, or not be there: then there is nothing to stop.
        let _ = api.call("StopTrainingJob", &json!({"TrainingJobName": self.name(newest)})).await;
    }

    /// A try, and what must hold of what it says.
    async fn try_once(&self, fate: Fate) {
        let (pod, began) = (self.pod().await, self.clock.now());
        let outcome = {
            let mut running = pin!(pod.run());
            match fate {
                Fate::Lives => Some(running.await),
                Fate::IsLost(polls) => within(running.as_mut(), polls).await,
                Fate::IsTerminated(polls) => match within(running.as_mut(), polls).await {
                    Some(outcome) => Some(outcome),
                    None => {
                        pod.is_terminated.store(true, Ordering::Relaxed);
                        pod.terminated.notify_one();
                        Some(running.await)
                    }
                },
                Fate::SeesItsJobStoppedByHand(polls) => {
                    match within(running.as_mut(), polls).await {
                        Some(outcome) => Some(outcome),
                        None => {
                            self.stop_by_hand().await;
                            Some(running.await)
                        }
                    }
                }
            }
        };
        match outcome {
            None | Some(Err(StepError::Terminated(_))) => {}
            Some(Ok(())) => assert_eq!(pod.output("status"), "Completed"),
            Some(Err(StepError::Failed(why))) => {
                let name = pod.output("job_name");
                let jobs = self.jobs().await;
                let family = (0..jobs.len()).find(|address| self.name(*address) == name);
                let job = &jobs[family.unwrap()];
                assert!(
                    job.ended.is_some_and(|ended| ended >= began),
                    "{why}: it ended before {began}, when the try began: {job:?}"
                );
            }
            Some(Err(other)) => panic!("{other}"),
        }
    }

    async fn act(&self, act: &Act) {
        let fault = |fault| {
            let operation = "CreateTrainingJob".to_owned();
            self.fake
                .add_fault(FaultRule {
                    operation,
                    fault,
                    times: 1,
                    millis: 0,
                    code: None,
                    message: None,
                })
                .unwrap();
        };
        match act {
            Act::Pod(fate) => self.try_once(*fate).await,
            Act::Two(one, other) => {
                tokio::join!(self.try_once(*one), self.try_once(*other));
            }
            Act::TimePasses(seconds) => self.clock.advance(Duration::from_secs((*seconds).into())),
            Act::CreateIsThrottled => fault(Fault::Throttle),
            Act::AnswerIsLost => fault(Fault::LostAnswer),
        }
    }

    /// What must hold of the jobs that there are.
    async fn check(&self) {
        let jobs = self.jobs().await;
        for pair in jobs.windows(2) {
            let [before, after] = pair else { unreachable!() };
            assert!(
                before.ended.is_some_and(|ended| ended <= after.created),
                "two ran at a time: {jobs:?}"
            );
            assert_ne!(before.status, "Completed", "a job was made after success: {jobs:?}");
        }
    }
}

fn life(name: &str, succeeds: bool, seconds: u16) -> Life {
    let stage = |after: u64, status: &str, secondary: &str| Stage {
        after_millis: after * 1_000,
        status: status.to_owned(),
        secondary: Some(secondary.to_owned()),
        reason: (status == "Failed").then(|| "AlgorithmError: it failed".to_owned()),
    };
    let end = if succeeds { "Completed" } else { "Failed" };
    Life {
        name: name.to_owned(),
        kind: None,
        stages: vec![stage(0, "InProgress", "Training"), stage(seconds.into(), end, end)],
        on_stop: Some(vec![stage(0, "Stopping", "Stopping"), stage(20, "Stopped", "Stopped")]),
        on_update: None,
    }
}

/// What a future comes to within so many polls.
async fn within<T>(mut running: impl Future<Output = T> + Unpin, polls: u16) -> Option<T> {
    let mut left = polls;
    poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        std::pin::Pin::new(&mut running).poll(context).map(Some)
    })
    .await
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever befalls a task's pods and jobs: never two jobs run, no try reports a
    /// failure from before it began, nothing is made after success, and a pod that is
    /// left in peace in the end ends as its job does.
    #[test]
    fn tries_keep_their_promises(history in history()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let setup = Setup::of(&history).await;
            for act in &history.acts {
                setup.act(act).await;
                setup.check().await;
            }
            setup.try_once(Fate::Lives).await;
            setup.check().await;
            setup.fake.stop().await;
        });
    }
}

/// Time that goes faster: a minute is three seconds.
struct FastClock {
    start: tokio::time::Instant,
}

const FASTER: u32 = 20;

#[async_trait]
impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        later(Timestamp::constant(1_767_225_600, 0), self.uptime())
    }

    fn latest(&self) -> Timestamp {
        self.now()
    }

    fn earliest(&self) -> Timestamp {
        self.now()
    }

    fn uptime(&self) -> Duration {
        self.start.elapsed() * FASTER
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration / FASTER).await;
    }
}

/// SageMaker's own quotas (<https://docs.aws.amazon.com/general/latest/gr/sagemaker.html>)
/// by a clock that goes twenty times as fast.
#[tokio::test]
async fn a_hundred_and_fifty_steps_at_once_all_get_through() {
    const STEPS: usize = 150;
    let clock: Arc<dyn Clock> = Arc::new(FastClock { start: tokio::time::Instant::now() });
    let quota = |verb: &str, per_second: f64| Quota {
        verb: verb.to_owned(),
        per_second,
        burst: per_second,
    };
    let quotas = vec![quota("Create", 1.0), quota("Describe", 5.0), quota("List", 2.0)];
    let options = FakeOptions { clock: clock.clone(), quotas, ..FakeOptions::default() };
    let fake = Fake::start(options).await.unwrap();
    fake.add_life(life("*", true, 120));
    let mut steps = tokio::task::JoinSet::new();
    let together = tokio::task::LocalSet::new();
    let first = Pod::start(&fake.url(), clock, "task", &[]).await;
    for number in 0..STEPS {
        let pod = first.beside(&format!("task-{number}"));
        let step = async move {
            let outcome = pod.run().await.map_err(|error| error.to_string());
            (outcome, pod.output("status"))
        };
        steps.spawn_local_on(step, &together);
    }
    for (outcome, status) in together.run_until(steps.join_all()).await {
        assert_eq!((outcome, status.as_str()), (Ok(()), "Completed"));
    }
    let calls = fake.calls();
    let calls = |operation: &str| calls[operation].as_u64().unwrap();
    assert!(calls("CreateTrainingJob") > STEPS as u64, "nothing was throttled");
    assert!(first.throttled.load(Ordering::Relaxed) > 0, "and nobody said so");
    fake.stop().await;
}
