//! What is sent, and what is made of the answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::{Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use sagebell_api_types::{PROBE, ProbeBody, SignalBody, SignalData};
use sagebell_monitor::ports::{Failure, ProbeOutcome, SendOutcome, Sender as _};
use sagebell_monitor::signal::{Callback, Probe, Signal};
use sagebell_monitor::wait::{CallbackUrl, FailureClass};
use sagebell_webhook::{MAX_BODY, SignedHeaders, Timeouts, Verifier, prove, sign};

use crate::common::{local_sender, noon, patient, reason, secret, signal, soon, webhook};
use crate::server::{Answer, NO_CONTENT, Server};

#[tokio::test]
async fn a_callback_is_a_standard_webhook() {
    let server = Server::start(|_| NO_CONTENT).await;
    let body = r#"{"hällo": 1}"#;
    let sent = webhook(&format!("{}?run=7", server.url()), body);
    let outcome = local_sender(patient()).post(&sent).await;
    assert_eq!(outcome, SendOutcome::Delivered);

    let seen = server.seen().remove(0);
    assert_eq!(seen.line, "POST /callback?run=7 HTTP/1.1");
    assert_eq!(seen.body, body.as_bytes());
    assert_eq!(seen.headers["content-type"], "application/json");
    assert_eq!(seen.headers["webhook-id"], "msg_w_1");
    assert_eq!(seen.headers["webhook-timestamp"], noon().as_second().to_string());
    let agent = seen.headers["user-agent"].to_str().unwrap();
    assert_eq!(agent, format!("sagebell/{}", env!("CARGO_PKG_VERSION")));
    let signed = SignedHeaders::read(&seen.headers).unwrap();
    assert_eq!(Verifier::new(secret(1)).verify(&signed, &seen.body, noon()), Ok(()));
    assert!(Verifier::new(secret(2)).verify(&signed, &seen.body, noon()).is_err());
}

#[tokio::test]
async fn a_signal_and_a_probe_are_sent_as_the_bodies_that_waiters_read() {
    let server = Server::start(|_| NO_CONTENT).await;
    let sender = local_sender(patient());
    let SignalData { wait_id, seq, job } = signal("w", 3).data;
    let (url, id) = (CallbackUrl::parse(&server.url()).unwrap(), "msg_w_3".to_owned());
    let message = Signal { wait_id: wait_id.clone(), seq, job };
    let sent = Callback { url, secret: secret(1), id, message };
    assert_eq!(sender.send(&sent).await, SendOutcome::Delivered);
    let Callback { url, secret, id, .. } = sent;
    let probe = Probe { wait_id: wait_id.clone(), at: noon() };
    sender.probe(&Callback { url, secret, id, message: probe }).await;

    let [received, asked] = &server.seen()[..] else { panic!("not two requests") };
    assert_eq!(serde_json::from_slice::<SignalBody>(&received.body).unwrap(), signal("w", 3));
    let asked: ProbeBody = serde_json::from_slice(&asked.body).unwrap();
    assert_eq!((asked.event_type.as_str(), asked.data.wait_id), (PROBE, wait_id));
}

async fn answered(answer: &'static str) -> SendOutcome {
    let server = Server::start(move |_| Answer::Write(answer)).await;
    let outcome = local_sender(patient()).post(&webhook(&server.url(), "{}")).await;
    assert_eq!(server.seen().len(), 1, "{answer}");
    outcome
}

fn failed(reason: &str, retry_after: Option<u64>) -> SendOutcome {
    SendOutcome::Failed {
        failure: Failure::new(FailureClass::BadStatus, reason),
        retry_after: retry_after.map(Duration::from_secs),
    }
}

#[tokio::test]
async fn every_status_has_its_meaning() {
    let cases = [
        ("200 OK\r\ncontent-length: 2\r\n\r\nok", SendOutcome::Delivered),
        ("202 Accepted\r\ncontent-length: 0\r\n\r\n", SendOutcome::Delivered),
        ("410 Gone\r\ncontent-length: 0\r\n\r\n", SendOutcome::Gone),
        ("404 Not Found\r\ncontent-length: 0\r\n\r\n", failed("HTTP 404", None)),
        ("500 Oops\r\ncontent-length: 5\r\n\r\nsecre", failed("HTTP 500", None)),
        ("503 Busy\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n", failed("HTTP 503", Some(7))),
        (
            "429 Slow\r\nretry-after: Sun, 01 Mar 2026 12:01:00 GMT\r\ncontent-length: 0\r\n\r\n",
            failed("HTTP 429", Some(60)),
        ),
        (
            "503 Busy\r\nretry-after: 86400\r\ncontent-length: 0\r\n\r\n",
            failed("HTTP 503", Some(300)),
        ),
    ];
    for (answer, expected) in cases {
        let answer: &'static str = format!("HTTP/1.1 {answer}").leak();
        assert_eq!(answered(answer).await, expected, "{answer}");
    }
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    for target in ["http://169.254.169.254/latest/meta-data/", "/other"] {
        for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
            let head =
                format!("HTTP/1.1 {status}\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n");
            let reason = reason(answered(head.leak()).await);
            let code = status.split(' ').next().unwrap();
            assert_eq!(reason, format!("HTTP {code}: redirects are not followed"));
        }
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_on() {
    let server = Server::start(|_| Answer::Hang).await;
    let total = Duration::from_millis(200);
    let sender = local_sender(Timeouts { total, ..patient() });
    let outcome = soon(sender.post(&webhook(&server.url(), "{}"))).await;
    assert_eq!(reason(outcome), "no answer within 200ms");
    assert_eq!(server.seen().len(), 1, "a slow waiter is not asked twice");
}

#[tokio::test]
async fn an_answer_whose_body_hangs_still_counts() {
    let unfinished = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n";
    let server = Server::start(move |_| Answer::Write(unfinished)).await;
    let total = Duration::from_millis(200);
    let sender = local_sender(Timeouts { total, ..patient() });
    let outcome = soon(sender.post(&webhook(&server.url(), "{}"))).await;
    assert_eq!(outcome, SendOutcome::Delivered);
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let endless = "HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n";
    let mut server = Server::start(move |_| Answer::Flood(endless)).await;
    let sender = local_sender(patient());
    let outcome = soon(sender.post(&webhook(&server.url(), "{}"))).await;
    assert_eq!(outcome, SendOutcome::Delivered);
    soon(server.flooded.wait_for(Option::is_some)).await.unwrap();
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_sent() {
    let server = Server::start(|_| NO_CONTENT).await;
    let sender = local_sender(patient());
    let most = "x".repeat(MAX_BODY);
    let outcome = sender.post(&webhook(&server.url(), &most)).await;
    assert_eq!(outcome, SendOutcome::Delivered);
    let outcome = sender.post(&webhook(&server.url(), &format!("{most}x"))).await;
    assert_eq!(reason(outcome), "the body has 20001 bytes; the limit is 20000");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn an_id_that_is_no_header_is_not_sent() {
    let server = Server::start(|_| NO_CONTENT).await;
    let mut sent = webhook(&server.url(), "{}");
    sent.id = "msg\r\nx-evil: 1".to_owned();
    let reason = reason(local_sender(patient()).post(&sent).await);
    assert_eq!(reason, "the signal's id is not valid in a header");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn reasons_are_short_and_keep_secrets() {
    let server = Server::start(|_| Answer::Write("SMTP nonsense\r\n\r\n")).await;
    let plain = local_sender(patient());
    let url = server.url();
    let https = url.replacen("http", "https", 1);
    let refused = "http://127.0.0.1:1/callback";
    for (url, expected) in [
        (url.as_str(), "no HTTP answer: "),
        (https.as_str(), "no connection: "),
        (refused, "no connection: Connection refused"),
    ] {
        let sent = webhook(&format!("{url}?token=hush"), "{\"body\": \"private\"}");
        let reason = reason(plain.post(&sent).await);
        assert!(reason.starts_with(expected), "{reason}");
        for hidden in ["hush", "private", sent.secret.expose(), "callback"] {
            assert!(!reason.contains(hidden), "{reason}");
        }
        assert!(reason.len() <= 200, "{reason}");
    }
}

/// Counts `sagebell_callbacks_total` by its labels.
#[derive(Default)]
struct Counts(Mutex<Vec<String>>);

struct Count(Arc<Counts>, String);

impl CounterFn for Count {
    fn increment(&self, value: u64) {
        self.0.0.lock().unwrap().push(format!("{} +{value}", self.1));
    }
    fn absolute(&self, _: u64) {}
}

struct Recorder(Arc<Counts>);

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let labels: Vec<_> = key.labels().map(|l| format!("{}={}", l.key(), l.value())).collect();
        let text = format!("{} {}", key.name(), labels.join(","));
        Counter::from_arc(Arc::new(Count(Arc::clone(&self.0), text)))
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[tokio::test]
async fn every_outcome_is_counted() {
    let counts = Arc::new(Counts::default());
    let recorder = Recorder(Arc::clone(&counts));
    let _recording = metrics::set_default_local_recorder(&recorder);
    answered("HTTP/1.1 204 No Content\r\n\r\n").await;
    answered("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n").await;
    answered("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n").await;
    let expected = ["delivered", "gone", "failed"]
        .map(|word| format!("sagebell_callbacks_total outcome={word} +1"));
    assert_eq!(*counts.0.lock().unwrap(), expected);
}

/// Whoever only answers well does not pass for the waiter.
#[tokio::test]
async fn a_probe_is_passed_by_proof_alone() {
    let proof_of_another = prove(&secret(2), "msg_w_1", noon().as_second(), b"{}").unwrap();
    let proof_of_another_probe = prove(&secret(1), "msg_w_2", noon().as_second(), b"{}").unwrap();
    let proof_of_another_time =
        prove(&secret(1), "msg_w_1", noon().as_second() + 1, b"{}").unwrap();
    let signature = sign(&secret(1), "msg_w_1", noon(), b"{}").unwrap();
    let proof = prove(&secret(1), "msg_w_1", noon().as_second(), b"{}").unwrap();
    let json = |proof: &str| format!(r#"{{"proof":"{proof}"}}"#);
    let wrong = [
        String::new(),
        "ok".to_owned(),
        r#"{"proof":""}"#.to_owned(),
        proof.clone(),
        json(&proof_of_another),
        json(&proof_of_another_probe),
        json(&proof_of_another_time),
        json(&signature),
        format!("{}{}", json(&proof), " ".repeat(8_000)),
    ];
    for (body, passes) in wrong.into_iter().map(|body| (body, false)).chain([(json(&proof), true)])
    {
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let answer: &'static str = answer.leak();
        let server = Server::start(move |_| Answer::Write(answer)).await;
        let outcome = local_sender(patient()).ask(&webhook(&server.url(), "{}")).await;
        assert_eq!(outcome == ProbeOutcome::Answered, passes, "{body:?}: {outcome:?}");
    }
}
