//! Time is paused here: it moves on when nothing else can.

mod held;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sagebell_monitor::job::JobRecord;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::Clock as _;
use sagebell_monitor::testing::samples;
use sagebell_monitor::wait::{OnAbandon, SignalOn, WaitId};
use sagebell_system::SystemClock;
use url::Url;

use super::*;
use crate::channel::CallbackReceiver;
use crate::connection::OpenError;

const ARN: &str = "arn:aws:sagemaker:us-east-1:111122223333:training-job/x";
const LEASE_SECONDS: u32 = 600;

fn foreign(status: u16) -> ClientError {
    let url = Box::new(Url::parse("https://monitor").unwrap());
    ClientError::Foreign { url, status, said: String::new(), retry_after: None }
}

fn refusal(code: &str) -> ClientError {
    let (code, detail) = (code.to_owned(), String::new());
    ClientError::Problem { code, field: None, detail, retry_after: None }
}

fn job(phase: &str) -> WaitAndJobView {
    let (arn, now) = (JobArn::parse(ARN).unwrap(), SystemClock.now());
    let phase = Phase::from_wire(phase).unwrap();
    let job = Job { phase, ..JobRecord::unseen(&arn, now, now).job };
    WaitAndJobView { wait: samples::wait(&arn, "w", now).into(), job }
}

fn terms() -> Terms {
    Terms {
        signal_on: SignalOn::Settled,
        on_abandon: OnAbandon::Stop,
        lease_seconds: LEASE_SECONDS,
        deadline: None,
        not_before: None,
        labels: BTreeMap::new(),
    }
}

/// A monitor that answers as the time since the beginning tells it to, and when it was
/// called.
type Calls = Arc<Mutex<Vec<Duration>>>;

async fn waiting(
    answer: impl Fn(Duration) -> Result<WaitAndJobView, ClientError> + Send + Sync + 'static,
) -> (Waiting, Calls) {
    let id = WaitId::parse("w").unwrap();
    let receiver = CallbackReceiver::open(([127, 0, 0, 1], 0).into(), id, Arc::new(SystemClock))
        .await
        .unwrap();
    let client = Client::new(Url::parse("http://127.0.0.1:9").unwrap()).unwrap();
    let (calls, begun) = (Calls::default(), Instant::now());
    let called = Arc::clone(&calls);
    let call = Box::new(move |_| {
        let at = begun.elapsed();
        called.lock().unwrap().push(at);
        let answer = answer(at);
        Box::pin(async move { answer }) as Answer
    });
    let arn = JobArn::parse(ARN).unwrap();
    (Waiting::new(client, Box::new(receiver), arn, terms()).over(call), calls)
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn the_first_call_registers_and_the_others_keep_the_lease() {
    let phase = |at| if at < 20 * MINUTE { "running" } else { "succeeded" };
    let (mut waiting, calls) = waiting(move |at| Ok(job(phase(at)))).await;
    assert!(matches!(waiting.next().await, Ok(WaitEvent::Job(_))) && waiting.is_registered());
    let Ok(WaitEvent::Job(end)) = waiting.next().await else { panic!("no end") };
    assert!(end.phase.is_settled());
    let calls = calls.lock().unwrap();
    let in_time = |two: &[Duration]| two[1] - two[0] <= (5 * MINUTE).max(two[0] * 3 / 4);
    assert!(calls.windows(2).all(in_time) && calls.len() < 8, "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_outlived_told_seldom_and_told_to_be_over() {
    let down = |at| (10 * MINUTE..40 * MINUTE).contains(&at);
    let answer = move |at| if down(at) { Err(foreign(429)) } else { Ok(job("running")) };
    let (mut waiting, calls) = waiting(answer).await;
    let (mut reported, mut asked) = (0, 0);
    assert!(matches!(waiting.next().await, Ok(WaitEvent::Job(_))));
    let lasted = loop {
        match waiting.next().await.unwrap() {
            WaitEvent::Outage(_) => reported += 1,
            WaitEvent::Unsure => asked += 1,
            WaitEvent::Restored(lasted) => break lasted,
            other => panic!("{other:?} is no news"),
        }
    };
    assert!(lasted > 25 * MINUTE && lasted < 35 * MINUTE, "{lasted:?}");
    // Every five minutes, and SageMaker after a lease and then every five to eight.
    assert!(
        (5..=7).contains(&reported) && (2..=4).contains(&asked),
        "{reported} told, {asked} asked"
    );
    let calls: Vec<_> = calls.lock().unwrap().iter().copied().filter(|at| down(*at)).collect();
    let pauses: Vec<_> = calls.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(pauses[0] < Duration::from_secs(2), "{pauses:?}");
    assert!(*pauses.iter().max().unwrap() <= Duration::from_secs(151), "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn a_state_that_only_a_newer_monitor_knows_is_no_outage_and_no_end() {
    let newer = |_| {
        let mut answer = serde_json::to_value(job("running")).unwrap();
        answer["wait"]["state"] = "paused".into();
        serde_json::from_value(answer).map_err(|_| foreign(200))
    };
    let (mut waiting, _) = waiting(newer).await;
    assert!(matches!(waiting.next().await, Ok(WaitEvent::Job(_))) && waiting.is_registered());
}

#[tokio::test(start_paused = true)]
async fn a_registration_is_tried_for_as_long_as_it_takes() {
    let answer = |at| if at < 60 * MINUTE { Err(foreign(502)) } else { Ok(job("running")) };
    let (mut waiting, _) = waiting(answer).await;
    assert!(matches!(waiting.next().await, Ok(WaitEvent::Outage(_))));
    assert!(!waiting.is_registered());
    while !matches!(waiting.next().await.unwrap(), WaitEvent::Restored(_)) {}
    assert!(waiting.is_registered());
    assert!(matches!(waiting.next().await, Ok(WaitEvent::Job(_))));
}

#[tokio::test(start_paused = true)]
async fn only_a_refusal_of_the_monitors_own_ends_it() {
    let answer = |at| Err(if at < 5 * MINUTE { foreign(403) } else { refusal("not_owner") });
    let (mut waiting, _) = waiting(answer).await;
    assert!(matches!(waiting.next().await, Ok(WaitEvent::Outage(_))));
    assert!(matches!(waiting.next().await, Err(WaitError::Refused(_))));
}

#[tokio::test(start_paused = true)]
async fn a_call_under_way_is_not_broken_off_by_who_stops_listening_for_a_moment() {
    let (waiting, calls) = waiting(|_| Ok(job("running"))).await;
    let mut waiting = waiting.over(slow(Arc::clone(&calls)));
    for _ in 0..5 {
        assert!(timeout(Duration::from_secs(3), waiting.next()).await.is_err());
    }
    assert!(matches!(waiting.next().await, Ok(WaitEvent::Job(_))));
    assert_eq!(calls.lock().unwrap().len(), 1);
}

/// Answers after 16 seconds.
fn slow(calls: Calls) -> Call {
    Box::new(move |_| {
        calls.lock().unwrap().push(Duration::ZERO);
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(16)).await;
            Ok(job("running"))
        })
    })
}

/// A monitor whose answer takes so long, left by its waiter after a tenth of a second.
async fn left_while_it_registers(takes: Duration) -> Waiting {
    let (waiting, _) = waiting(|_| Ok(job("running"))).await;
    let mut waiting = waiting.over(Box::new(move |_| {
        Box::pin(async move {
            tokio::time::sleep(takes).await;
            Ok(job("running"))
        })
    }));
    let left = timeout(Duration::from_millis(100), waiting.next()).await;
    assert!(left.is_err() && !waiting.is_registered());
    waiting
}

#[tokio::test(start_paused = true)]
async fn a_registration_that_is_being_answered_counts_once_its_answer_is_there() {
    let within = Duration::from_millis(400);
    let mut soon = left_while_it_registers(Duration::from_millis(300)).await;
    assert!(soon.is_registered_within(within).await);
    let mut late = left_while_it_registers(MINUTE).await;
    assert!(!late.is_registered_within(within).await);
}
