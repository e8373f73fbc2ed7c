//! Refresh and stop: who may, from where, and how often.

use axum::body::Body;
use http::{Request, StatusCode, header};
use sagebell_monitor::ports::SageMakerError;
use sagebell_monitor::testing::world::FakeWorld;

use super::{Seen, answer, answer_to, assert_is_page, job_page, page};
use crate::tests::{described, happens};

fn form(act: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let request = Request::post(job_page()).header(header::HOST, "127.0.0.1:7070");
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(format!("act={act}").into()).unwrap()
}

/// A running job of the owner's.
async fn running() -> FakeWorld {
    let world = FakeWorld::default();
    world.waits().register(world.registration("w")).await.unwrap();
    happens(&world, "InProgress", "Training", 40).await;
    world.sagemaker.answer(described("Stopping", "Stopping"));
    world
}

/// Where the browser goes on.
#[track_caller]
fn leads_to(seen: &Seen) -> &str {
    assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.text);
    let to = seen.header(header::LOCATION);
    assert!(to.starts_with("job?arn=arn:aws:"), "{to}");
    to.split_once("&done=").unwrap().1
}

#[tokio::test]
async fn two_clicks_stop_once() {
    let world = running().await;
    let own = [("origin", "http://127.0.0.1:7070"), ("sec-fetch-site", "same-origin")];
    assert_eq!(leads_to(&answer(&world, form("stop", &own)).await), "stop");
    assert_eq!(leads_to(&answer(&world, form("stop", &own)).await), "again");
    assert_eq!(world.sagemaker.count("stop"), 1);
    let seen = page(&world, &format!("{}&done=stop", job_page())).await;
    seen.shows(&["SageMaker was asked to stop the job", "phase stopping"]);
    page(&world, &format!("{}&done=again", job_page())).await.shows(&["not done again"]);
}

#[tokio::test]
async fn two_clicks_refresh_once() {
    let world = running().await;
    assert_eq!(leads_to(&answer(&world, form("refresh", &[])).await), "refresh");
    assert_eq!(leads_to(&answer(&world, form("refresh", &[])).await), "again");
    assert_eq!(world.sagemaker.count("describe"), 1);
    page(&world, &format!("{}&done=refresh", job_page())).await.shows(&["phase stopping"]);
}

#[tokio::test]
async fn pages_of_others_start_nothing() {
    let world = running().await;
    for headers in [
        [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
        [("origin", "https://evil.example"), ("sec-fetch-mode", "navigate")],
        [("origin", "null"), ("sec-fetch-mode", "navigate")],
        [("origin", "http://127.0.0.1:7071"), ("sec-fetch-site", "same-site")],
        [("sec-fetch-site", "same-site"), ("sec-fetch-mode", "navigate")],
    ] {
        let seen = answer(&world, form("stop", &headers)).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{headers:?}");
        assert_is_page(&seen);
    }
    assert_eq!(world.sagemaker.count("stop"), 0);
}

#[tokio::test]
async fn a_refusal_says_why_and_what_to_do() {
    let world = running().await;
    let theirs = answer_to(&world, "111122223333:role/stranger", form("stop", &[])).await;
    assert_eq!(theirs.status, StatusCode::FORBIDDEN);
    theirs.shows(&["only the owner", "Ask the owner of the job"]);
    for bad in ["", "explode"] {
        assert_eq!(answer(&world, form(bad, &[])).await.status, StatusCode::BAD_REQUEST);
    }
    let long = Request::post(job_page()).body(Body::from("x".repeat(2_000))).unwrap();
    assert_eq!(answer(&world, long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    world.sagemaker.refuse_stop(Some(|| SageMakerError::Throttled("Rate exceeded".to_owned())));
    world.clock.advance(std::time::Duration::from_secs(10));
    let throttled = answer(&world, form("stop", &[])).await;
    assert_eq!(throttled.status, StatusCode::TOO_MANY_REQUESTS, "{}", throttled.text);
    throttled.shows(&["Rate exceeded", "Try again in a moment"]);
}

#[tokio::test]
async fn a_form_that_is_too_long_is_told_on_a_page() {
    let world = running().await;
    let seen = answer(&world, form(&"x".repeat(2_000), &[])).await;
    assert_eq!(seen.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_is_page(&seen);
    seen.shows(&["The body is too large", "at most 1024 bytes"]);
}
