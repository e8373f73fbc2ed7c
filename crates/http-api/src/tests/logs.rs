//! What a line of the log says of the request that it is about.

use std::io;
use std::sync::{Arc, Mutex};

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::ports::{Store as _, StoreError};
use sagebell_monitor::signal::SignalRequest;
use tracing::Instrument as _;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::failing::Failing;
use super::*;

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(line)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// The log of this thread, from now on.
    fn begin() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let lines = sagebell_system::json_lines(move || writer.clone());
        (log, tracing_subscriber::registry().with(lines).set_default())
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
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
    let (log, _guard) = Log::begin();
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

    let (log, _guard) = Log::begin();
    invoked(world.deliver().handle(&SignalRequest::from(key))).await.unwrap();
    let line = log.line("callback failed");
    assert_eq!((&line["arn"], &line["wait"]), (&TRAINING_ARN.into(), &"w".into()));
    assert_eq!((&line["request_id"], &line["attempts"]), (&"r-1".into(), &1.into()));
    assert!(!log.text().contains(SECRET) && !log.text().contains("token=t"), "{}", log.text());
}
