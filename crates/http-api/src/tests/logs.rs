//! What a line of the log says of the request that it is about.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Once};

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::ports::{Store as _, StoreError};
use sagebell_monitor::signal::SignalRequest;
use tracing::Instrument as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::failing::Failing;
use super::*;

thread_local! {
    /// What this thread logged: each test has a thread of its own.
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes to the log of the thread that logs.
struct ThreadLog;

impl io::Write for ThreadLog {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.write(line))
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The log of this thread.
struct Log;

impl Log {
    /// All threads have one subscriber. While one of a thread alone is the only one, tracing asks
    /// whichever thread first meets a span whether anybody wants it, and remembers its answer
    /// (tracing-core 0.1, `callsite::dispatchers::Dispatchers::rebuilder`).
    fn begin() -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            tracing_subscriber::registry().with(sagebell_system::json_lines(|| ThreadLog)).init();
        });
        LINES.with_borrow_mut(Vec::clear);
        Self
    }

    fn text(&self) -> String {
        LINES.with_borrow(|lines| String::from_utf8(lines.clone()).unwrap())
    }

    /// The line with this message.
    #[track_caller]
    fn line(&self, message: &str) -> Value {
        let text = self.text();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.into_iter().find(|line| line["message"] == message).expect(&text)
    }
}

/// The span that `lambda_runtime` puts around an invocation.
async fn invoked<T>(work: impl Future<Output = T>) -> T {
    work.instrument(tracing::info_span!("Lambda runtime invoke", requestId = "r-1")).await
}

#[tokio::test]
async fn a_line_about_a_request_names_the_request_the_job_and_the_wait() {
    let log = Log::begin();
    let world = FakeWorld::default();
    let mut api = api(&world);
    api.waits.store = Arc::new(Failing(|| StoreError::Retryable("busy".to_owned())));
    let mut request = request("PUT", &job_path("/waits/w"), registration().to_string());
    request.extensions_mut().insert(Principal(OWNER.to_owned()));
    assert_eq!(invoked(send(api, request)).await.code(), "try_again");

    let line = log.line("an API call must be repeated");
    assert_eq!((&line["arn"], &line["wait"]), (&TRAINING_ARN.into(), &"w".into()));
    assert_eq!((&line["request_id"], &line["level"]), (&"r-1".into(), &"WARN".into()));
    assert_eq!(line["route"], "/v1/jobs/{arn}/waits/{wait_id}");
    assert!(!log.text().contains(SECRET) && !log.text().contains("token=t"), "{}", log.text());
}

#[tokio::test]
async fn a_line_about_a_signal_request_names_the_job_and_the_wait() {
    let world = FakeWorld::default();
    call(&world, "PUT", &job_path("/waits/w"), registration()).await.ok();
    world.recorder().take(&event("Completed", "Completed", 60)).await.unwrap();
    let waits = world.store.list_waits(&JobArn::parse(TRAINING_ARN).unwrap(), None, 1).await;
    let key = waits.unwrap().items[0].key();
    world.sender.fail(1);

    let log = Log::begin();
    invoked(world.deliver().handle(&SignalRequest::from(key))).await.unwrap();
    let line = log.line("a signal could not be sent");
    assert_eq!((&line["arn"], &line["wait"]), (&TRAINING_ARN.into(), &"w".into()));
    assert_eq!((&line["request_id"], &line["attempts"]), (&"r-1".into(), &1.into()));
    assert!(!log.text().contains(SECRET) && !log.text().contains("token=t"), "{}", log.text());
}
