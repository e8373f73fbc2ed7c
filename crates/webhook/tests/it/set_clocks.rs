//! Callbacks between machines whose clocks show other times.

use sagebell_monitor::ports::{ProbeOutcome, SendOutcome};
use sagebell_webhook::{SignedHeaders, Verifier, prove};

use crate::common::{local_sender, patient, reason, secret, soon, webhook};
use crate::server::{Answer, Seen, Server};

/// A waiter whose clock shows this time, in the form of HTTP's `Date`.
struct Theirs {
    now: jiff::Timestamp,
    date: &'static str,
}

const AHEAD: &str = "Sun, 01 Mar 2026 13:00:00 GMT";
const BEHIND: &str = "Sun, 01 Mar 2026 11:00:00 GMT";
const YEARS: &str = "Thu, 01 Mar 2029 13:00:00 GMT";

impl Theirs {
    fn shows(date: &'static str) -> Self {
        Self { now: jiff::fmt::rfc2822::parse(date).unwrap().timestamp(), date }
    }

    /// Takes what is signed for its own time, give or take five minutes.
    fn answer(&self, seen: &Seen) -> Answer {
        let headers = SignedHeaders::read(&seen.headers).unwrap();
        let is_good = Verifier::new(secret(1)).verify(&headers, &seen.body, self.now).is_ok();
        let (status, body) = match is_good {
            false => ("401 Unauthorized", String::new()),
            true => {
                let second = seen.headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
                let proof = prove(&secret(1), "msg_w_1", second, &seen.body).unwrap();
                ("200 OK", format!(r#"{{"proof":"{proof}"}}"#))
            }
        };
        let (date, length) = (self.date, body.len());
        let answer =
            format!("HTTP/1.1 {status}\r\ndate: {date}\r\ncontent-length: {length}\r\n\r\n{body}");
        Answer::Write(answer.leak())
    }
}

async fn sent(date: &'static str) -> (SendOutcome, usize) {
    let theirs = Theirs::shows(date);
    let server = Server::start(move |seen| theirs.answer(seen)).await;
    let outcome = soon(local_sender(patient()).post(&webhook(&server.url(), "{}"))).await;
    (outcome, server.seen().len())
}

#[tokio::test]
async fn who_has_another_time_is_told_by_that() {
    for date in [AHEAD, BEHIND] {
        assert_eq!(sent(date).await, (SendOutcome::Delivered, 2), "{date}");
    }
}

#[tokio::test]
async fn who_has_another_time_answers_probes() {
    for date in [AHEAD, BEHIND] {
        let theirs = Theirs::shows(date);
        let server = Server::start(move |seen| theirs.answer(seen)).await;
        let probe = local_sender(patient()).ask(&webhook(&server.url(), "{}")).await;
        assert_eq!(probe, ProbeOutcome::Answered, "{date}");
    }
}

#[tokio::test]
async fn a_date_that_is_years_off_is_not_signed_for() {
    let (outcome, requests) = sent(YEARS).await;
    assert_eq!((reason(outcome).as_str(), requests), ("HTTP 401", 1));
}

#[tokio::test]
async fn a_refusal_at_the_same_time_is_no_matter_of_clocks() {
    let refuse =
        "HTTP/1.1 401 No\r\ndate: Sun, 01 Mar 2026 12:00:30 GMT\r\ncontent-length: 0\r\n\r\n";
    let server = Server::start(move |_| Answer::Write(refuse)).await;
    let outcome = local_sender(patient()).post(&webhook(&server.url(), "{}")).await;
    assert_eq!((reason(outcome).as_str(), server.seen().len()), ("HTTP 401", 1));
}

#[tokio::test]
async fn a_date_to_come_again_at_is_told_by_the_clock_of_who_tells_it() {
    let busy = "HTTP/1.1 503 Busy\r\ndate: Sun, 01 Mar 2026 13:00:00 GMT\r\nretry-after: Sun, 01 Mar 2026 13:00:07 GMT\r\ncontent-length: 0\r\n\r\n";
    let server = Server::start(move |_| Answer::Write(busy)).await;
    let outcome = local_sender(patient()).post(&webhook(&server.url(), "{}")).await;
    let SendOutcome::Failed { retry_after, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(retry_after, Some(std::time::Duration::from_secs(7)));
}
