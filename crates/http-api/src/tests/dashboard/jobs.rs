//! The list of jobs.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode, header};
use sagebell_monitor::ports::StoreError;
use sagebell_monitor::testing::world::{FakeWorld, TRAINING_ARN};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{answer, assert_is_page, at, page};
use crate::router;
use crate::tests::failing::Failing;
use crate::tests::{api, event};

/// Takes in an event of a job of this name.
async fn job(world: &FakeWorld, name: &str, status: &str) {
    world.clock.advance(Duration::from_secs(1));
    let mut event = event(status, status, 60);
    event["detail"]["TrainingJobArn"] = json!(TRAINING_ARN.replace("mnist", name));
    event["detail"]["TrainingJobName"] = json!(name);
    event["detail"]["FailureReason"] =
        if status == "Failed" { json!("AlgorithmError") } else { Value::Null };
    world.recorder().take(&event).await.unwrap();
}

#[tokio::test]
async fn what_runs_is_on_top_then_what_failed_then_the_rest() {
    let world = FakeWorld::default();
    page(&world, "/").await.shows(&["No jobs yet"]);
    for (name, status) in
        [("fine", "Completed"), ("bad", "Failed"), ("now", "InProgress"), ("good", "Completed")]
    {
        job(&world, name, status).await;
    }
    let seen = page(&world, "/").await;
    seen.shows(&["data-every=\"2\"", "Running", "<bdi>now</bdi>", "Failed", "<bdi>bad</bdi>"]);
    seen.shows(&["AlgorithmError", "Ended", "<bdi>good</bdi>", "<bdi>fine</bdi>"]);
    seen.shows(&["href=\"job?arn=arn:aws:sagemaker:us-east-1:111122223333:training-job/now\""]);
    seen.shows(&["title=\"2026-01-01 00:01:00 UTC\">just now</time>"]);
    assert!(!seen.text.contains("All failures"), "all are shown");
}

#[tokio::test]
async fn a_section_that_is_cut_leads_to_the_rest() {
    let world = FakeWorld::default();
    for number in 0..7 {
        job(&world, &format!("bad-{number}"), "Failed").await;
    }
    let seen = page(&world, "/").await;
    seen.shows(&["data-every=\"15\"", "5+", "<bdi>bad-6</bdi>", "<bdi>bad-2</bdi>"]);
    seen.shows(&["<a href=\"./?phase=failed%2Ctimed_out\">All failures</a>"]);
    assert!(!seen.text.contains("<bdi>bad-1</bdi>"));
    let all = page(&world, "/?phase=failed%2Ctimed_out").await;
    all.shows(&["<bdi>bad-6</bdi>", "<bdi>bad-0</bdi>"]);
}

#[tokio::test]
async fn filters_are_in_the_address_and_can_be_taken_off_one_by_one() {
    let world = FakeWorld::default();
    job(&world, "iris", "Failed").await;
    job(&world, "mnist", "Failed").await;
    let seen =
        page(&world, "/?phase=failed&kind=training&region=us-east-1&account=111122223333&q=IRIS")
            .await;
    seen.shows(&["value=\"IRIS\"", "<bdi>iris</bdi>"]);
    assert!(!seen.text.contains("<bdi>mnist</bdi>"));
    // Each chip leads to the same list without it.
    seen.shows(&[
        "\"./?kind=training&amp;region=us-east-1&amp;account=111122223333&amp;q=IRIS\"",
        "\"./?phase=failed&amp;region=us-east-1&amp;account=111122223333&amp;q=IRIS\"",
        "Clear all",
    ]);
    page(&world, "/?kind=endpoint").await.shows(&["No job matches", "Show all jobs"]);
    // A phase can be added to those that are set.
    seen.shows(&["phase=running%2Cfailed&amp;kind=training"]);
}

#[tokio::test]
async fn thousands_are_paged() {
    let world = FakeWorld::default();
    for number in 0..120 {
        job(&world, &format!("j-{number:03}"), "Completed").await;
    }
    let mut address = "/?phase=succeeded".to_owned();
    let mut shown = Vec::new();
    for _ in 0..3 {
        let seen = page(&world, &address).await;
        let names = seen
            .text
            .split("<bdi>j-")
            .skip(1)
            .map(|rest| rest.split_once("<").unwrap().0.to_owned());
        shown.extend(names);
        let next = seen.text.split("<a href=\"").find(|link| link.contains("rel=\"next\""));
        let next = next.map(|link| link.split_once('"').unwrap().0.replace("&amp;", "&"));
        address = format!("/{}", next.unwrap_or_default().trim_start_matches("./"));
    }
    let expected: Vec<String> = (0..120).rev().map(|number| format!("{number:03}")).collect();
    assert_eq!(shown, expected);
    assert_eq!(address, "/", "there is a fourth page");
}

#[tokio::test]
async fn a_page_that_did_not_change_is_not_sent_again() {
    let world = FakeWorld::default();
    job(&world, "iris", "InProgress").await;
    let version = page(&world, "/").await.header(header::ETAG).to_owned();
    let again = |version: &str| {
        Request::get("/").header(header::IF_NONE_MATCH, version).body(Body::empty()).unwrap()
    };
    let same = answer(&world, again(&version)).await;
    assert_eq!((same.status, same.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(same.header(header::ETAG), version);
    job(&world, "iris", "Completed").await;
    let changed = answer(&world, again(&version)).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_ne!(changed.header(header::ETAG), version);
    changed.shows(&["Ended", "<bdi>iris</bdi>"]);
}

#[tokio::test]
async fn hostile_words_are_shown_and_not_obeyed() {
    let world = FakeWorld::default();
    let attack = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}\u{1b}";
    let mut event = event("Failed", attack, 60);
    event["detail"]["TrainingJobName"] = json!(attack);
    event["detail"]["FailureReason"] = json!(format!("{attack}{}", "é".repeat(2_000)));
    world.recorder().take(&event).await.unwrap();
    let query = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    for address in
        ["/".to_owned(), format!("/?q={query}"), format!("/?run={query}"), super::job_page()]
    {
        let seen = page(&world, &address).await;
        assert!(!seen.text.contains("<script>") && !seen.text.contains("<img"), "{}", seen.text);
        assert!(!seen.text.contains(['\u{202e}', '\u{1b}']), "{}", seen.text);
    }
    let seen = page(&world, "/").await;
    seen.shows(&["&lt;script&gt;alert(1)", "\\u{202e}\\u{1b}"]);
    assert!(seen.text.matches('é').count() < 300, "the reason is cut in the list");
}

/// As Kubeflow's dashboard appends them to the address of what it shows.
#[tokio::test]
async fn parameters_of_others_and_of_earlier_pages_change_nothing() {
    let world = FakeWorld::default();
    job(&world, "good", "Completed").await;
    job(&world, "mnist", "Failed").await;
    let seen = page(&world, "/?phase=failed&ns=team-a&q=&phase=succeeded").await;
    seen.shows(&["Take off the filter phase", "<bdi>mnist</bdi>"]);
    assert!(!seen.text.contains("<bdi>good</bdi>"));
    page(&world, &format!("{}&phase=failed&ns=team-a", super::job_page())).await.shows(&["mnist"]);
    page(&world, "/run?id=nightly&id=earlier&q=x").await.shows(&["Run <bdi>nightly</bdi>"]);
}

#[tokio::test]
async fn a_slash_too_many_leads_to_the_page() {
    let world = FakeWorld::default();
    for (address, leads_to) in [
        ("/job/?arn=a%3Ab&ns=team-a", "../job?arn=a%3Ab&ns=team-a"),
        ("/run/?id=x", "../run?id=x"),
        ("/health/", "../health"),
    ] {
        let seen = answer(&world, at(address)).await;
        assert_eq!(seen.status, StatusCode::PERMANENT_REDIRECT);
        assert_eq!(seen.header(header::LOCATION), leads_to);
    }
}

#[tokio::test]
async fn what_goes_wrong_is_told_by_a_page() {
    let world = FakeWorld::default();
    for (address, status, words) in [
        ("/?phase=bogus", 400, "phase"),
        ("/?region=a:b", 400, "region"),
        ("/?cursor=bogus", 400, "cursor"),
        ("/job?arn=bogus", 400, "arn"),
        ("/job", 400, "arn"),
        (&super::job_page(), 404, "does not know this job"),
        ("/run", 400, "id"),
    ] {
        let seen = answer(&world, at(address)).await;
        assert_eq!(seen.status.as_u16(), status, "{address}");
        assert_is_page(&seen);
        seen.shows(&["<h1>", words, "All jobs"]);
    }
    let mut busy = api(&world);
    busy.jobs.store = Arc::new(Failing(|| StoreError::Retryable("hush".to_owned())));
    let mut request = at("/");
    let owner = sagebell_monitor::principal::Principal("x".to_owned());
    request.extensions_mut().insert(owner);
    let answer = router(busy).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key(header::RETRY_AFTER));
}
