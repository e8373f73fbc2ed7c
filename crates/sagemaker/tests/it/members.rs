//! Jobs of other accounts, through the role there.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::member::Member;
use sagebell_monitor::ports::{Clock as _, SageMakerError};
use sagebell_monitor::testing::world::FakeWorld;
use sagebell_sagemaker::connect;
use serde_json::json;

use crate::calls::budget;
use crate::server::{ACCOUNT, Asked, Server, ok};

const MEMBER: &str = "222233334444";

fn job(account: &str) -> JobArn {
    JobArn::parse(&format!("arn:aws:sagemaker:us-east-1:{account}:training-job/x")).unwrap()
}

fn member() -> Member {
    Member::of(MEMBER, "us-east-1", Member::ROLE).unwrap()
}

/// Whom a request is from: the access key that signed it.
fn key(asked: &Asked) -> String {
    let signed = asked.header("authorization");
    let (_, rest) = signed.split_once("Credential=").unwrap();
    rest.split('/').next().unwrap().to_owned()
}

fn is_sts(asked: &Asked) -> bool {
    asked.operation.is_empty()
}

/// STS's answer, as the API reference of `AssumeRole` has it.
fn assumed() -> Response {
    let answer = r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
        <Credentials><AccessKeyId>ASIAMEMBER</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
        <SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
        </AssumeRoleResult></AssumeRoleResponse>"#;
    answer.into_response()
}

fn denied() -> Response {
    let answer = r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
        <Code>AccessDenied</Code><Message>User is not authorized to perform: sts:AssumeRole</Message></Error>
        </ErrorResponse>"#;
    (StatusCode::FORBIDDEN, answer).into_response()
}

async fn server(sts: fn() -> Response) -> Server {
    let reply = move |asked: &Asked, _| match is_sts(asked) {
        true => sts(),
        false => ok(json!({"TrainingJobStatus": "InProgress"})),
    };
    Server::start(reply).await
}

#[tokio::test]
async fn a_role_is_assumed_once_and_only_for_the_jobs_of_its_account() {
    let server = server(assumed).await;
    let port = connect(&server.config().await, budget(&FakeWorld::default()), &[member()]);
    for account in [ACCOUNT, MEMBER, MEMBER, ACCOUNT] {
        port.describe(&job(account)).await.unwrap();
    }
    let asked = server.asked();
    let (sts, sagemaker): (Vec<_>, Vec<_>) = asked.iter().partition(|asked| is_sts(asked));
    let keys: Vec<_> = sagemaker.into_iter().map(key).collect();
    assert_eq!(keys, ["AKID", "ASIAMEMBER", "ASIAMEMBER", "AKID"]);
    assert_eq!(sts.len(), 1);
    let body = String::from_utf8(sts[0].body.to_vec()).unwrap();
    let role = "arn%3Aaws%3Aiam%3A%3A222233334444%3Arole%2Fsagebell-monitor";
    assert!(body.contains("Action=AssumeRole") && body.contains(role), "{body}");
    assert_eq!(key(sts[0]), "AKID");
}

#[tokio::test]
async fn a_role_that_cannot_be_assumed_is_named_with_what_to_deploy() {
    let server = server(denied).await;
    let port = connect(&server.config().await, budget(&FakeWorld::default()), &[member()]);
    let refused = port.describe(&job(MEMBER)).await;
    let Err(SageMakerError::Refused(why)) = refused else { panic!("{refused:?}") };
    for part in
        [&member().role, "is not authorized to perform: sts:AssumeRole", "infra/iam/member.yaml"]
    {
        assert!(why.contains(part), "{part}: {why}");
    }
    assert!(!why.contains("needs sagemaker:"), "{why}");
    // Jobs of the own account are not affected.
    port.describe(&job(ACCOUNT)).await.unwrap();
}

#[tokio::test]
async fn an_account_has_its_own_budget() {
    let server = server(assumed).await;
    let world = FakeWorld::default();
    let port = connect(&server.config().await, budget(&world), &[member()]);
    let before = world.clock.now();
    // As many as one account may have at once.
    for account in [ACCOUNT, MEMBER].repeat(4) {
        port.describe(&job(account)).await.unwrap();
    }
    assert_eq!(world.clock.now(), before, "nobody waited");
    for _ in 0..3 {
        port.describe(&job(MEMBER)).await.unwrap();
    }
    assert!(world.clock.now() > before, "the fifth waits");
}
