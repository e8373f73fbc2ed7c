//! Lists of what changed, kind by kind.

use jiff::Timestamp;
use sagebell_monitor::job_list::JobList;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::observation::Source;
use sagebell_monitor::ports::{Listed, SageMaker as _, SageMakerError};
use serde_json::{Map, Value, json};

use crate::kinds::sample;
use crate::server::{ACCOUNT, Server, ok, refuse};

const AFTER: Timestamp = Timestamp::constant(1_767_225_600, 500_000_000);

/// A summary with what the kind's row wants, and its ARN as lists spell it.
fn summary(kind: Kind, account: &str) -> Value {
    let fields = &kind.spec().fields;
    let arn = sample(kind).as_str().to_ascii_lowercase().replace(ACCOUNT, account);
    let mut summary = Map::new();
    for (pointers, text) in [(fields.arn, arn.as_str()), (fields.status, kind.spec().statuses[0].0)]
    {
        for pointer in pointers {
            summary.insert(pointer.trim_start_matches('/').to_owned(), text.into());
        }
    }
    summary.insert("CreationTime".to_owned(), json!(1_767_225_600));
    summary.insert("LastModifiedTime".to_owned(), json!(1_767_225_660.5));
    summary.into()
}

async fn listed(
    kind: Kind,
    token: Option<&str>,
    answer: Value,
) -> (Server, Result<Listed, SageMakerError>) {
    let server = Server::start(move |_, _| ok(answer.clone())).await;
    let list = JobList::of(&sample(kind)).unwrap();
    let listed = server.port().await.changed(&list, AFTER, token).await;
    (server, listed)
}

#[tokio::test]
async fn every_kind_with_such_a_list_is_listed_by_its_own_operation() {
    let mut kinds = 0;
    for kind in Kind::all() {
        let Some(changes) = kind.changes() else { continue };
        let answer = json!({(changes.summaries): [summary(kind, ACCOUNT)], "NextToken": "t"});
        let (server, listed) = listed(kind, None, answer).await;
        let listed = listed.unwrap();
        assert_eq!(server.operations(), [kind.spec().operations.unwrap().list]);
        let input = &server.asked()[0].input;
        assert_eq!(input["LastModifiedTimeAfter"], json!(1_767_225_600.5));
        assert_eq!((&input["MaxResults"], &input["NextToken"]), (&json!(100), &Value::Null));
        let [seen] = &listed.observations[..] else { panic!("{kind}: {listed:?}") };
        assert_eq!((&seen.arn, seen.source), (&sample(kind), Source::List), "{kind}");
        assert_eq!(seen.modified_at.as_millisecond(), 1_767_225_660_500);
        assert_eq!(listed.next.as_deref(), Some("t"));
        kinds += 1;
    }
    assert!(kinds > 15, "{kinds}");
}

#[tokio::test]
async fn the_jobs_of_one_category_are_listed_by_it() {
    let (server, listed) = listed(Kind::Job, None, json!({"JobSummaries": []})).await;
    listed.unwrap();
    assert_eq!(server.asked()[0].input["JobCategory"], "AgentRFT");
}

#[tokio::test]
async fn the_next_page_takes_the_token_and_the_last_has_none() {
    let answer = json!({"TrainingJobSummaries": [], "NextToken": ""});
    let (server, listed) = listed(Kind::Training, Some("t"), answer).await;
    assert_eq!(listed.unwrap().next, None);
    assert_eq!(server.asked()[0].input["NextToken"], "t");
    assert_eq!(server.asked()[0].input["LastModifiedTimeAfter"], json!(1_767_225_600.5));
}

#[tokio::test]
async fn what_cannot_be_read_or_is_of_another_account_is_left_out() {
    let own = summary(Kind::Training, ACCOUNT);
    let without_status = json!({"TrainingJobArn": own["TrainingJobArn"]});
    let all = [json!({}), without_status, summary(Kind::Training, "999900009999"), own];
    let (_, listed) = listed(Kind::Training, None, json!({"TrainingJobSummaries": all})).await;
    assert_eq!(listed.unwrap().observations.len(), 1);
}

#[tokio::test]
async fn a_summary_without_an_arn_is_of_the_job_with_its_name() {
    let kind = Kind::InferenceExperiment;
    let mut named = summary(kind, ACCOUNT);
    named.as_object_mut().unwrap().remove("Arn");
    named["Name"] = "X".into();
    let (_, listed) = listed(kind, None, json!({"InferenceExperiments": [named]})).await;
    assert_eq!(listed.unwrap().observations[0].arn, sample(kind));
}

#[tokio::test]
async fn a_page_has_the_time_of_the_service() {
    let (_, listed) = listed(Kind::Training, None, json!({"TrainingJobSummaries": []})).await;
    // The server's own, by its `Date`; the test's clock has stopped long before.
    assert!(listed.unwrap().at > Timestamp::constant(1_780_000_000, 0));
}

#[tokio::test]
async fn an_answer_without_the_list_is_refused() {
    let (_, listed) = listed(Kind::Training, None, json!({"Other": []})).await;
    let error = listed.unwrap_err();
    assert!(matches!(&error, SageMakerError::Refused(why) if why.contains("TrainingJobSummaries")));
}

#[tokio::test]
async fn a_throttled_list_is_throttled() {
    let server = Server::start(|_, _| refuse("ThrottlingException", "Rate exceeded")).await;
    let list = JobList::of(&sample(Kind::Training)).unwrap();
    let error = server.port().await.changed(&list, AFTER, None).await.unwrap_err();
    assert!(matches!(error, SageMakerError::Throttled(_)), "{error}");
}
