//! What no emulator does on demand: an AWS that takes a call only in part. The
//! whole ways are tested against a deployed stack in `tests/e2e`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use sagebell_messaging::{EventBus, SqsDeadLetterQueues, SqsQueue};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::facts::Facts;
use sagebell_monitor::observation::{Observation, Source};
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::{Announcer as _, DeadLetterQueues as _, Intake as _, Queue as _};
use sagebell_monitor::signal::{Announcement, Purpose, SignalRequest};
use sagebell_monitor::wait::WaitId;
use serde_json::{Value, json};

const ARN: &str = "arn:aws:sagemaker:us-east-1:111122223333:training-job/t";

/// An AWS that answers every call by one rule, and what it was asked.
struct Aws {
    config: SdkConfig,
    asked: Arc<Mutex<Vec<Value>>>,
}

type Rule = fn(&Value) -> Value;

impl Aws {
    async fn answering(rule: Rule) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answer = move |State(asked): State<Arc<Mutex<Vec<Value>>>>, body: String| async move {
            let request: Value = serde_json::from_str(&body).unwrap();
            let answer = rule(&request).to_string();
            asked.lock().unwrap().push(request);
            answer
        };
        let routes = Router::new().route("/", post(answer)).with_state(Arc::clone(&asked));
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(socket, routes).await });
        let credentials = Credentials::new("test", "test", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(format!("http://{address}"))
            .build();
        Self { config, asked }
    }

    fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

fn ids(request: &Value) -> Vec<Value> {
    let entries = request["Entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["Id"].clone()).collect()
}

fn requests(count: usize) -> Vec<SignalRequest> {
    let request = |place| SignalRequest {
        arn: JobArn::parse(ARN).unwrap(),
        owner: None,
        wait_id: WaitId::parse(&format!("w{place}")).unwrap(),
        purpose: Purpose::Signal,
    };
    (0..count).map(request).collect()
}

fn observation() -> Observation {
    let now = "2026-11-02T12:00:00Z".parse().unwrap();
    Observation {
        arn: JobArn::parse(ARN).unwrap(),
        name: Some("t".to_owned()),
        phase: Phase::Succeeded,
        status: "Completed".to_owned(),
        secondary_status: None,
        failure_reason: None,
        created_at: None,
        modified_at: now,
        ended_at: None,
        seen_at: now,
        source: Source::Describe,
        facts: Facts::default(),
    }
}

#[tokio::test]
async fn every_signal_request_is_sent_ten_at_a_time() {
    let aws = Aws::answering(|request| {
        let sent = |id| json!({"Id": id, "MessageId": "m", "MD5OfMessageBody": ""});
        json!({"Successful": ids(request).into_iter().map(sent).collect::<Vec<_>>(), "Failed": []})
    })
    .await;
    let queue = SqsQueue::new(&aws.config, "https://sqs.us-east-1.amazonaws.com/1/signals");
    queue.push(&requests(25)).await.unwrap();
    let mut sizes: Vec<_> = aws.asked().iter().map(|request| ids(request).len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [5, 10, 10]);
}

#[tokio::test]
async fn signal_requests_share_the_queue_by_job_however_its_arn_is_spelt() {
    let aws = Aws::answering(|_| json!({"Successful": [], "Failed": []})).await;
    let queue = SqsQueue::new(&aws.config, "https://sqs.us-east-1.amazonaws.com/1/signals");
    let long = format!("arn:aws:sagemaker:us-east-1:111122223333:pipeline/{0}", "p".repeat(200));
    let execution = format!("{long}/execution/abcdefghijkl");
    let arns = [ARN, &ARN.replace("/t", "/T"), &ARN.replace("/t", "/u"), &execution];
    let request =
        |arn: &str| SignalRequest { arn: JobArn::parse(arn).unwrap(), ..requests(1).remove(0) };
    queue.push(&arns.map(request)).await.unwrap();
    let request = aws.asked().remove(0);
    let group = |place: usize| request["Entries"][place]["MessageGroupId"].as_str().unwrap();
    assert_eq!(group(0), group(1));
    assert_ne!(group(0), group(2));
    assert!((0..arns.len()).all(|place| (1..=128).contains(&group(place).len())), "{request}");
}

#[tokio::test]
async fn a_batch_taken_in_part_is_not_taken() {
    let aws = Aws::answering(|_| {
        json!({"Successful": [], "Failed": [
            {"Id": "0", "SenderFault": false, "Code": "InternalError", "Message": "try later"},
        ]})
    })
    .await;
    let queue = SqsQueue::new(&aws.config, "https://sqs.us-east-1.amazonaws.com/1/signals");
    let error = queue.push(&requests(2)).await.unwrap_err().to_string();
    assert!(error.contains("1 of 2") && error.contains("InternalError: try later"), "{error}");
}

#[tokio::test]
async fn a_observation_that_the_bus_refused_is_not_taken() {
    let aws = Aws::answering(|_| {
        json!({"FailedEntryCount": 1, "Entries": [
            {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"},
        ]})
    })
    .await;
    let error = EventBus::new(&aws.config, "sagebell").submit(observation()).await.unwrap_err();
    assert!(error.to_string().contains("ThrottlingException: slow down"), "{error}");
}

#[tokio::test]
async fn what_goes_on_the_bus_says_what_it_is() {
    let aws =
        Aws::answering(|_| json!({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})).await;
    let bus = EventBus::new(&aws.config, "sagebell");
    bus.submit(observation()).await.unwrap();
    let gone = Announcement::WaitAbandoned {
        arn: JobArn::parse(ARN).unwrap(),
        wait_id: WaitId::parse("w").unwrap(),
        stopping: true,
    };
    bus.announce(&gone).await;
    let entries: Vec<_> = aws.asked().iter().map(|request| request["Entries"][0].clone()).collect();
    let said: Vec<_> = entries.iter().map(|e| (&e["Source"], &e["DetailType"])).collect();
    assert_eq!(
        said,
        [
            (&json!("sagebell.sweep"), &json!("Job Observation")),
            (&json!("sagebell"), &json!("Wait Abandoned")),
        ]
    );
    assert!(
        entries.iter().all(|e| e["Resources"] == json!([ARN]) && e["EventBusName"] == "sagebell")
    );
    let detail: Observation = serde_json::from_str(entries[0]["Detail"].as_str().unwrap()).unwrap();
    assert_eq!(detail, observation());
}

/// And it hides the lengths of no others.
#[tokio::test]
async fn a_queue_that_does_not_tell_its_length_is_not_taken_for_an_empty_one() {
    let aws = Aws::answering(|request| {
        let messages = match request["QueueUrl"].as_str().unwrap().rsplit_once('/').unwrap().1 {
            "silent" => return json!({}),
            "strange" => "many",
            "full" => "3",
            _ => "0",
        };
        json!({"Attributes": {"ApproximateNumberOfMessages": messages}})
    })
    .await;
    let names = ["full", "silent", "strange", "empty"];
    let urls = names.map(|name| format!("https://sqs.us-east-1.amazonaws.com/111122223333/{name}"));
    let told = SqsDeadLetterQueues::new(&aws.config, urls.into()).lengths().await;
    let told: Vec<_> = told.iter().map(|queue| (queue.name.as_str(), queue.messages)).collect();
    assert_eq!(told, [("full", Some(3)), ("silent", None), ("strange", None), ("empty", Some(0))]);
}
