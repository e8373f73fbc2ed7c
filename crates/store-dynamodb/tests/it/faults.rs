//! A service that is busy, wrong, silent or not there.

use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use sagebell_monitor::ports::{Clock as _, Store as _, StoreError};
use sagebell_monitor::testing::ManualClock;
use sagebell_monitor::wait::Channel;
use sagebell_store_dynamodb::DynamoStore;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::fake::{TABLE, config, error, store};
use crate::samples::{arn, job, wait};

fn on(config: &SdkConfig) -> DynamoStore {
    DynamoStore::new(config, TABLE.to_owned(), Arc::new(ManualClock::default()))
}

/// How a load ends on an endpoint.
async fn failure(config: &SdkConfig) -> StoreError {
    on(config).load_job(&arn("j")).await.unwrap_err()
}

#[tokio::test]
async fn throttling_is_retryable_after_a_few_attempts() {
    let code = "ProvisionedThroughputExceededException";
    let (store, fake, clock) = store(move |_, _| error(400, code, json!({}))).await;
    let failed = store.save_job(&job("j", clock.now()), None).await.unwrap_err();
    assert!(matches!(&failed, StoreError::Retryable(text) if text.contains(code)), "{failed:?}");
    assert_eq!(fake.requests().len(), 3);
}

#[tokio::test]
async fn a_broken_service_is_retryable() {
    let (store, fake, clock) = store(|_, _| error(503, "ServiceUnavailable", json!({}))).await;
    let failed = store.list_due(clock.now(), None, 10).await.unwrap_err();
    assert!(matches!(failed, StoreError::Retryable(_)), "{failed:?}");
    assert!(fake.requests().len() <= 8 * 3);
}

#[tokio::test]
async fn a_refusal_is_terminal_at_once_and_says_what_to_do() {
    for (code, advice) in [
        ("AccessDeniedException", "policy"),
        ("ResourceNotFoundException", "deployed"),
        ("ValidationException", "same version"),
    ] {
        let (store, fake, clock) = store(move |_, _| error(400, code, json!({}))).await;
        let wait = wait("j", "w", clock.now());
        let failed = store.save_wait(&wait, None).await.unwrap_err();
        let StoreError::Terminal(text) = failed else {
            panic!("{code}: {failed:?}");
        };
        for part in [code, "the service's own words", "PutItem", TABLE, advice] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let Channel::Callback { secret, .. } = wait.channel else { panic!() };
        assert!(!text.contains(secret.expose()), "{text}");
        assert_eq!(fake.requests().len(), 1);
    }
}

#[tokio::test]
async fn nobody_at_the_endpoint_is_retryable() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let failed = failure(&config(&format!("http://{port}"))).await;
    assert!(matches!(&failed, StoreError::Retryable(text) if text.contains(TABLE)), "{failed:?}");
}

/// Connections are taken by the system and never served. The paused clock runs
/// on to the next timeout whenever all else is waiting.
#[tokio::test(start_paused = true)]
async fn a_silent_endpoint_is_retryable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let failed = timeout(Duration::from_secs(60), failure(&config(&endpoint))).await;
    assert!(matches!(failed, Ok(StoreError::Retryable(_))), "{failed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_endpoint_holds_up_no_start() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    timeout(Duration::from_secs(2), on(&config(&endpoint)).connect()).await.unwrap();
}

#[tokio::test]
async fn what_is_missing_in_the_configuration_is_terminal() {
    let whole = config("http://127.0.0.1:1");
    let bare = || SdkConfig::builder().behavior_version(BehaviorVersion::latest());
    let no_credentials = bare().region(Region::new("eu-west-1")).build();
    let no_region = bare().credentials_provider(whole.credentials_provider().unwrap()).build();
    for (config, part) in [(no_credentials, "credentials"), (no_region, "Missing Region")] {
        let failed = failure(&config).await;
        let StoreError::Terminal(text) = failed else {
            panic!("{failed:?}");
        };
        assert!(text.contains(part), "{text}");
    }
}
