//! A wait on a connection that its waiter holds, while time is paused.

use sagebell_api_types::{ErrorCode, Received, SignalBody};
use tokio::sync::mpsc;

use super::*;
use crate::channel::HeldConnection;
use crate::connection::tests::{Doorway, Peer, view, wait_id};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

/// A call without a connection: when, and the lease.
type Puts = Arc<Mutex<Vec<(Instant, WaitRequest)>>>;

struct Held {
    waiting: Waiting,
    doorway: Arc<Doorway>,
    peers: mpsc::UnboundedReceiver<Peer>,
    puts: Puts,
}

impl Held {
    async fn new(may: impl Fn(usize) -> Result<(), OpenError> + Send + Sync + 'static) -> Self {
        let (doorway, peers) = Doorway::new(may);
        let channel = HeldConnection::over(Arc::clone(&doorway) as _, wait_id()).await;
        let client = Client::new(Url::parse("http://127.0.0.1:9").unwrap()).unwrap();
        let (puts, arn) = (Puts::default(), JobArn::parse(ARN).unwrap());
        let noted = Arc::clone(&puts);
        let put = Box::new(move |request| {
            noted.lock().unwrap().push((Instant::now(), request));
            Box::pin(async { Ok(view(Phase::Running)) }) as Answer
        });
        let waiting = Waiting::new(client, Box::new(channel), arn, terms()).over(put);
        Self { waiting, doorway, peers, puts }
    }

    async fn open() -> Self {
        Self::new(|_| Ok(())).await
    }

    /// The next news of the wait, while the monitor does this.
    async fn while_it<T>(
        &mut self,
        monitor: impl AsyncFnOnce(&mut mpsc::UnboundedReceiver<Peer>) -> T,
    ) -> (WaitEvent, T) {
        let (event, done) = tokio::join!(self.waiting.next(), monitor(&mut self.peers));
        (event.unwrap(), done)
    }

    /// Registers on a new connection. Returns the monitor's end, and when it was asked.
    async fn registered(&mut self, phase: Phase) -> (Peer, WaitRequest) {
        let (event, registered) = self.while_it(async |peers| take(peers, phase).await).await;
        assert!(matches!(event, WaitEvent::Job(job) if job.phase == phase));
        registered
    }

    fn puts(&self) -> usize {
        self.puts.lock().unwrap().len()
    }
}

/// Answers the registration on the next connection.
async fn take(peers: &mut mpsc::UnboundedReceiver<Peer>, phase: Phase) -> (Peer, WaitRequest) {
    let mut peer = peers.recv().await.unwrap();
    let (id, request) = peer.asked().await.unwrap();
    peer.answer(id, phase).await;
    (peer, request)
}

fn closed() -> OpenError {
    OpenError::Unregistered("closed".to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_registered_on_its_connection_and_told_through_it() {
    let mut held = Held::open().await;
    let (_, request) = held.registered(Phase::Pending).await;
    assert_eq!(request.lease_seconds, 10_800);
    assert!(request.callback_url.is_none() && held.waiting.is_registered());
    let mut held = Held::open().await;
    let (mut peer, _) = held.registered(Phase::Pending).await;
    let told = async |_: &mut _| peer.signal(Phase::Succeeded).await;
    let (event, ()) = held.while_it(told).await;
    assert!(matches!(event, WaitEvent::Job(job) if job.phase == Phase::Succeeded));
    assert_eq!(held.puts(), 0);
}

#[tokio::test(start_paused = true)]
async fn after_a_loss_the_wait_is_registered_again_at_once_and_told_the_state() {
    let mut held = Held::open().await;
    let (peer, _) = held.registered(Phase::Pending).await;
    let begun = Instant::now();
    peer.close().await;
    held.registered(Phase::Succeeded).await;
    assert!(begun.elapsed() < 5 * SECOND, "{:?}", begun.elapsed());
    assert_eq!(held.puts(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_dead_connection_delays_the_waiter_by_a_minute_at_most() {
    let mut held = Held::open().await;
    let (_silent, _) = held.registered(Phase::Pending).await;
    let begun = Instant::now();
    held.registered(Phase::Succeeded).await;
    assert!(begun.elapsed() < MINUTE + 2 * SECOND, "{:?}", begun.elapsed());
}

/// For a day: each connection is left before two hours are over, and only after the wait is on the
/// next one.
#[tokio::test(start_paused = true)]
async fn no_connection_lasts_two_hours_and_there_is_no_gap_between_two() {
    let mut held = Held::open().await;
    let (mut peer, _) = held.registered(Phase::Pending).await;
    let begun = Instant::now();
    let mut opened = begun;
    let mut connections = 1;
    while begun.elapsed() < 24 * HOUR {
        let handover = async |peers: &mut mpsc::UnboundedReceiver<Peer>| {
            let next = async {
                let mut next = peers.recv().await.unwrap();
                let (id, _) = next.asked().await.unwrap();
                (id, next)
            };
            let (id, next) = tokio::select! {
                next = next => next,
                // It answers pings, and is not left yet.
                asked = peer.asked() => panic!("{asked:?}"),
            };
            // What the old one still says is heard.
            peer.signal(Phase::Stopping).await;
            (id, next)
        };
        let (event, (id, mut next)) = held.while_it(handover).await;
        assert!(matches!(event, WaitEvent::Job(job) if job.phase == Phase::Stopping));
        next.answer(id, Phase::Running).await;
        let (event, code) = held.while_it(async |_: &mut _| peer.goodbye().await).await;
        assert!(matches!(event, WaitEvent::Job(job) if job.phase == Phase::Running));
        assert!(code.is_some());
        let lasted = opened.elapsed();
        assert!((100 * MINUTE..115 * MINUTE + SECOND).contains(&lasted), "{lasted:?}");
        (peer, opened, connections) = (next, Instant::now(), connections + 1);
    }
    assert!((13..=16).contains(&connections), "{connections}");
    assert_eq!(held.puts(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_handover_that_fails_is_tried_again_while_the_old_connection_tells() {
    let mut held =
        Held::new(|tried| if (1..4).contains(&tried) { Err(closed()) } else { Ok(()) }).await;
    let (mut peer, _) = held.registered(Phase::Pending).await;
    let begun = Instant::now();
    let handover = async |peers: &mut mpsc::UnboundedReceiver<Peer>| {
        tokio::select! {
            next = take(peers, Phase::Running) => next,
            asked = peer.asked() => panic!("{asked:?}"),
        }
    };
    let (event, _) = held.while_it(handover).await;
    assert!(matches!(event, WaitEvent::Job(_)), "{event:?}");
    assert!(begun.elapsed() < 116 * MINUTE && held.doorway.tries() == 5);
    assert_eq!(held.puts(), 0);
}

#[tokio::test(start_paused = true)]
async fn without_a_connection_for_half_a_minute_the_wait_is_renewed_until_there_is_one() {
    let mut held =
        Held::new(|tried| if (1..8).contains(&tried) { Err(closed()) } else { Ok(()) }).await;
    let (peer, _) = held.registered(Phase::Running).await;
    peer.close().await;
    let begun = Instant::now();
    let event = held.waiting.next().await.unwrap();
    assert!(matches!(event, WaitEvent::FellBack(OpenError::Unregistered(_))), "{event:?}");
    assert_eq!(held.puts(), 0);
    let (event, (mut peer, _)) =
        held.while_it(async |peers| take(peers, Phase::Running).await).await;
    assert!(matches!(event, WaitEvent::Connected), "{event:?}");
    let puts: Vec<_> = held.puts.lock().unwrap().drain(..).collect();
    assert!(puts[0].0 - begun >= 30 * SECOND, "{:?}", puts[0].0 - begun);
    // A lease outlives the pause between two of them.
    let renewed = puts.windows(2).all(|two| {
        let lease = Duration::from_secs(two[0].1.lease_seconds.into());
        two[0].1.callback_url.is_none() && two[1].0 - two[0].0 < lease / 2
    });
    assert!(renewed && puts.len() > 3, "{puts:?}");

    // A call that is handled late would take the wait from the connection.
    let back = Instant::now();
    let again = async |_: &mut _| {
        let (id, request) = peer.asked().await.unwrap();
        assert_eq!(request.lease_seconds, 10_800);
        peer.answer(id, Phase::Succeeded).await;
        back.elapsed()
    };
    let (_, after) = held.while_it(again).await;
    assert!(after >= 40 * SECOND && after <= 2 * MINUTE, "{after:?}");
    assert_eq!(held.puts(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_monitor_without_connections_is_waited_for_without_one_from_the_start() {
    let mut held = Held::new(|_| Err(OpenError::NotOffered)).await;
    assert!(matches!(held.waiting.next().await, Ok(WaitEvent::Job(_))));
    assert_eq!((held.doorway.tries(), held.puts()), (1, 1));
    // It is asked again, but seldom.
    assert!(timeout(24 * HOUR, held.waiting.next()).await.is_err());
    assert!((24..=48).contains(&held.doorway.tries()), "{}", held.doorway.tries());
}

#[tokio::test(start_paused = true)]
async fn where_no_websocket_gets_through_attempts_become_ever_more_seldom() {
    let mut held = Held::new(|_| Err(closed())).await;
    assert!(matches!(held.waiting.next().await, Ok(WaitEvent::Job(_))));
    assert_eq!(held.doorway.tries(), 3);
    assert!(timeout(24 * HOUR, held.waiting.next()).await.is_err());
    assert!(held.doorway.tries() < 70, "{}", held.doorway.tries());
    assert!(held.puts() < 950, "{}", held.puts());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_the_monitor_does_not_take_is_replaced() {
    for code in [ErrorCode::ConnectionNotOpen, ErrorCode::ConnectionFull] {
        let mut held = Held::open().await;
        let refusing = async |peers: &mut mpsc::UnboundedReceiver<Peer>| {
            let mut peer = peers.recv().await.unwrap();
            let (id, _) = peer.asked().await.unwrap();
            peer.refuse(id, code).await;
            assert!(peer.goodbye().await.is_some());
            take(peers, Phase::Running).await
        };
        let (event, _) = held.while_it(refusing).await;
        assert!(matches!(event, WaitEvent::Job(_)), "{event:?}");
    }
}

/// The gateway lets connections in, and what is behind it does not answer.
#[tokio::test(start_paused = true)]
async fn connections_that_cannot_be_used_are_as_none() {
    let mut held = Held::open().await;
    let mut peers = std::mem::replace(&mut held.peers, mpsc::unbounded_channel().1);
    tokio::spawn(async move {
        while let Some(mut peer) = peers.recv().await {
            let forbidden = Received::Other(r#"{"message": "Forbidden"}"#.to_owned());
            peer.asked().await.unwrap();
            peer.say(forbidden).await;
            peer.goodbye().await.unwrap();
        }
    });
    let begun = Instant::now();
    let Ok(WaitEvent::FellBack(why)) = held.waiting.next().await else { panic!("no event") };
    assert!(why.to_string().contains("Forbidden"), "{why}");
    assert!(begun.elapsed() < 5 * MINUTE, "{:?}", begun.elapsed());
    assert!(matches!(held.waiting.next().await, Ok(WaitEvent::Job(_))));
    assert_eq!(held.puts(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failing_api_is_an_outage_on_a_connection_too() {
    let mut held = Held::open().await;
    let busy = async |peers: &mut mpsc::UnboundedReceiver<Peer>| {
        let mut peer = peers.recv().await.unwrap();
        let (id, _) = peer.asked().await.unwrap();
        peer.refuse(id, ErrorCode::TryAgain).await;
        peer
    };
    let (event, mut peer) = held.while_it(busy).await;
    assert!(matches!(event, WaitEvent::Outage(_)), "{event:?}");
    let well = async |_: &mut _| {
        let (id, _) = peer.asked().await.unwrap();
        peer.answer(id, Phase::Running).await;
    };
    let (event, ()) = held.while_it(well).await;
    assert!(matches!(event, WaitEvent::Restored(_)), "{event:?}");
}

#[tokio::test(start_paused = true)]
async fn a_signal_to_another_wait_is_not_told() {
    let mut held = Held::open().await;
    let (mut peer, _) = held.registered(Phase::Running).await;
    let confused = async |_: &mut _| {
        let (id, job) = (WaitId::parse("another").unwrap(), view(Phase::Failed).job);
        let signal = sagebell_monitor::signal::Signal { wait_id: id, seq: 1, job };
        peer.say(Received::Signal(Box::new(SignalBody::new(signal)))).await;
        peer.signal(Phase::Succeeded).await;
    };
    let (event, ()) = held.while_it(confused).await;
    assert!(matches!(event, WaitEvent::Job(job) if job.phase == Phase::Succeeded));
}
