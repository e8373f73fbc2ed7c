//! What the SDK logs of a wait: not its secret.

use std::io;
use std::sync::{Arc, Mutex};

use sagebell_monitor::ports::{Clock as _, Store as _};
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::fake::{error, ok, store};
use crate::samples::wait;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged when a wait is saved, met and loaded.
async fn logged() -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::DEBUG);
    let _guard = subscriber.with_writer(move || writer.clone()).set_default();
    let (store, _fake, clock) = store(|before, request| match (before, &request.body["Item"]) {
        (1, item) => error(400, "ConditionalCheckFailedException", json!({"Item": item})),
        _ => ok(json!({})),
    })
    .await;
    let wait = wait("j", "w", clock.now());
    store.save_wait(&wait, None).await.unwrap();
    store.save_wait(&wait, None).await.unwrap();
    store.load_wait(&wait.key()).await.unwrap();
    let bytes = log.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_debug_log_is_without_secrets() {
    let log = logged().await;
    assert!(log.contains("aws_smithy_runtime"), "{log}");
    assert!(!log.contains("whsec_"), "{log}");
}
