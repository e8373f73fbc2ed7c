//! What a listener believes, and what it yields.

use sagebell_api_types::{ProbeAnswer, ProbeBody};
use sagebell_monitor::ports::{ProbeOutcome, SendOutcome};
use sagebell_monitor::signal::Probe;
use sagebell_monitor::wait::{CallbackUrl, Secret};
use sagebell_webhook::{CALLBACK_PATH, Limits, Listener, Stats, Webhook, proves};

use crate::common::{
    Post, clock, local_sender, noon, patient, reason, secret, signal, soon, wait_id, webhook,
};

async fn listener(limits: Limits) -> Listener {
    named("w", secret(1), limits).await
}

async fn named(wait: &str, secret: Secret, limits: Limits) -> Listener {
    let addr = "127.0.0.1:0".parse().unwrap();
    Listener::bind_with(addr, secret, wait_id(wait), clock(), limits).await.unwrap()
}

fn refused<const N: usize>(reasons: [(&'static str, u64); N]) -> Stats {
    Stats { refused: reasons.into(), ..Stats::default() }
}

#[tokio::test]
async fn what_the_sender_sends_is_heard() {
    let mut listener = listener(Limits::default()).await;
    let url = format!("http://{}{CALLBACK_PATH}", listener.local_addr());
    let expected = signal("w", 3);
    let sent = webhook(&url, &serde_json::to_string(&expected).unwrap());
    let outcome = soon(local_sender(patient()).post(&sent)).await;
    assert_eq!(outcome, SendOutcome::Delivered);
    assert_eq!(soon(listener.next()).await, Some(expected));
    let accepted = Stats { accepted: 1, ..Stats::default() };
    assert_eq!(listener.stats(), accepted);
}

#[tokio::test]
async fn a_replay_is_answered_and_heard_once() {
    let mut listener = listener(Limits::default()).await;
    let addr = listener.local_addr();
    let (first, second) = (signal("w", 1), signal("w", 2));
    for signal in [&first, &first, &second, &first] {
        assert_eq!(Post::of(signal).to(addr).await, (204, String::new()));
    }
    listener.close();
    // Whoever missed our answer gets it even now: 410 would undo the delivery.
    assert_eq!(Post::of(&second).to(addr).await.0, 204);
    assert_eq!(soon(listener.next()).await, Some(first));
    assert_eq!(soon(listener.next()).await, Some(second));
    assert_eq!(soon(listener.next()).await, None);
    let stats = listener.stats();
    assert_eq!((stats.accepted, stats.duplicates), (2, 3));
}

#[tokio::test]
async fn forged_callbacks_are_refused_and_counted() {
    let mut listener = listener(Limits::default()).await;
    let addr = listener.local_addr();
    let good = Post::of(&signal("w", 1));

    let mut changed = good.clone();
    let at = changed.body.len() - 3;
    changed.body[at] ^= 1;
    let renamed = Post { id: "msg_other".to_owned(), ..good.clone() };
    let other_secret = Post::signed(&secret(2), &good.id, noon(), good.body.clone());
    let unknown = Post { signature: "v2,AAAA".to_owned(), ..good.clone() };
    for forged in [changed, renamed, other_secret, unknown] {
        let (status, text) = forged.to(addr).await;
        assert_eq!(status, 401, "{text}");
        assert!(text.contains("webhook-signature"), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
    assert_eq!(listener.stats(), refused([("signature", 4)]));
    listener.close();
    assert_eq!(soon(listener.next()).await, None);
}

#[tokio::test]
async fn stale_callbacks_are_refused_though_they_are_signed() {
    let listener = listener(Limits::default()).await;
    let addr = listener.local_addr();
    let body = serde_json::to_vec(&signal("w", 1)).unwrap();
    for (seconds, status) in [(-301, 401), (301, 401), (-300, 204), (300, 204)] {
        let at = noon() + jiff::SignedDuration::from_secs(seconds);
        let id = format!("msg_{}", 1_000 + seconds);
        let answer = Post::signed(&secret(1), &id, at, body.clone()).to(addr).await;
        assert_eq!(answer.0, status, "{seconds}: {}", answer.1);
    }
    let stats = listener.stats();
    assert_eq!(stats.accepted, 2);
    assert_eq!(stats.refused, [("timestamp", 2)].into());
}

#[tokio::test]
async fn malformed_requests_are_told_what_is_wrong() {
    let listener = listener(Limits::default()).await;
    let addr = listener.local_addr();
    let good = Post::of(&signal("w", 1));
    let bodied = |body: &str| Post::signed(&secret(1), "msg_1", noon(), body.into());
    let cases = [
        (Post { id: String::new(), ..good.clone() }, 400, "webhook-id"),
        (Post { timestamp: "noon".to_owned(), ..good.clone() }, 400, "webhook-timestamp"),
        (Post { method: "GET", ..good.clone() }, 405, "POST to /callback"),
        (Post { path: "/", ..good.clone() }, 404, "POST to /callback"),
        (bodied("{}"), 400, "not a signal: missing field"),
        (bodied("no json"), 400, "not a signal"),
        (Post::of(&signal("other", 1)), 400, "another wait"),
    ];
    for (post, status, expected) in cases {
        let answer = post.to(addr).await;
        assert_eq!(answer.0, status, "{}", answer.1);
        assert!(answer.1.contains(expected), "{}", answer.1);
    }
    let counted = [("headers", 2), ("method", 1), ("path", 1), ("body", 2), ("wait", 1)];
    assert_eq!(listener.stats(), refused(counted));
}

#[tokio::test]
async fn each_listener_hears_its_own() {
    let mut left = named("left", secret(1), Limits::default()).await;
    let mut right = named("right", secret(2), Limits::default()).await;
    assert_ne!(left.local_addr(), right.local_addr());
    let body = serde_json::to_vec(&signal("right", 1)).unwrap();
    let for_right = Post::signed(&secret(2), "msg_1", noon(), body);
    let for_left = Post::of(&signal("left", 1));

    assert_eq!(for_right.to(left.local_addr()).await.0, 401);
    assert_eq!(for_left.to(right.local_addr()).await.0, 401);
    assert_eq!(for_right.to(right.local_addr()).await.0, 204);
    assert_eq!(for_left.to(left.local_addr()).await.0, 204);
    assert_eq!(soon(left.next()).await, Some(signal("left", 1)));
    assert_eq!(soon(right.next()).await, Some(signal("right", 1)));
}

#[tokio::test]
async fn a_waiter_that_has_heard_enough_answers_gone() {
    let mut listener = listener(Limits::default()).await;
    let url = format!("http://{}{CALLBACK_PATH}", listener.local_addr());
    listener.close();
    let mut sent = webhook(&url, &serde_json::to_string(&signal("w", 1)).unwrap());
    let sender = local_sender(patient());
    assert_eq!(soon(sender.post(&sent)).await, SendOutcome::Gone);
    // Only to those who know the secret.
    sent.secret = secret(2);
    assert_eq!(reason(soon(sender.post(&sent)).await), "HTTP 401");
    assert_eq!(listener.stats(), refused([("closed", 1), ("signature", 1)]));
    assert!(CallbackUrl::parse(&url).is_ok());
}

#[tokio::test]
async fn signals_that_nobody_takes_are_sent_again_later() {
    let limits = Limits { max_waiting: 1, ..Limits::default() };
    let mut listener = listener(limits).await;
    let addr = listener.local_addr();
    let (first, second) = (Post::of(&signal("w", 1)), Post::of(&signal("w", 2)));
    assert_eq!(first.to(addr).await.0, 204);
    assert_eq!(second.to(addr).await.0, 503);
    assert_eq!(soon(listener.next()).await, Some(signal("w", 1)));
    assert_eq!(second.to(addr).await.0, 204);
    assert_eq!(soon(listener.next()).await, Some(signal("w", 2)));
    assert_eq!(listener.stats().refused, [("busy", 1)].into());
}

/// A probe of this wait, signed at this time, to that listener.
fn probe(to: &Listener, wait: &str) -> Webhook {
    let url = format!("http://{}{CALLBACK_PATH}", to.local_addr());
    let body = ProbeBody::new(Probe { wait_id: wait_id(wait), at: noon() });
    Webhook { id: "probe_w_1".to_owned(), ..webhook(&url, &serde_json::to_string(&body).unwrap()) }
}

#[tokio::test]
async fn a_probe_is_answered_by_the_waiter_that_it_is_for_and_heard_by_nobody() {
    let listener = listener(Limits::default()).await;
    let sender = local_sender(patient());
    let good = probe(&listener, "w");
    assert_eq!(soon(sender.ask(&good)).await, ProbeOutcome::Answered);
    let anothers = Webhook { secret: secret(2), ..good.clone() };
    for wrong in [anothers, probe(&listener, "other")] {
        let outcome = soon(sender.ask(&wrong)).await;
        assert!(matches!(outcome, ProbeOutcome::Unanswered(_)), "{outcome:?}");
    }
    assert_eq!((listener.stats().probes, listener.stats().accepted), (1, 0));
}

#[tokio::test]
async fn a_waiter_whose_clock_is_wrong_is_there_all_the_same() {
    let mut listener = listener(Limits::default()).await;
    let addr = listener.local_addr();
    let long_ago = noon() - std::time::Duration::from_secs(3_600);
    let body =
        serde_json::to_vec(&ProbeBody::new(Probe { wait_id: wait_id("w"), at: long_ago })).unwrap();
    let probed = Post::signed(&secret(1), "probe_w_1", long_ago, body.clone());
    let (status, answer) = probed.to(addr).await;
    let answer: ProbeAnswer = serde_json::from_str(&answer).unwrap();
    assert_eq!(status, 200);
    assert!(proves(&secret(1), "probe_w_1", long_ago, &body, &answer.proof));
    // A signal is not believed then, but the waiter is told that it is time to ask.
    let doubt = listener.doubt();
    let body = serde_json::to_vec(&signal("w", 1)).unwrap();
    assert_eq!(Post::signed(&secret(2), "msg_w_1", long_ago, body.clone()).to(addr).await.0, 401);
    assert!(futures_now(doubt.notified()).is_none(), "anyone could make it ask");
    assert_eq!(Post::signed(&secret(1), "msg_w_1", long_ago, body).to(addr).await.0, 401);
    soon(doubt.notified()).await;
    listener.close();
    assert_eq!(soon(listener.next()).await, None);
}

/// What the future has now.
fn futures_now<F: Future>(future: F) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}

#[tokio::test]
async fn a_waiter_that_has_heard_enough_is_not_there() {
    let mut listener = listener(Limits::default()).await;
    listener.close();
    let outcome = soon(local_sender(patient()).ask(&probe(&listener, "w"))).await;
    assert!(matches!(outcome, ProbeOutcome::Unanswered(_)), "{outcome:?}");
}
