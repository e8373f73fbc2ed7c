//! The page *Health*.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use sagebell_monitor::call_budget::Call;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::principal::Principal;
use sagebell_monitor::testing::world::FakeWorld;
use tower::ServiceExt as _;

use super::{OWNER, Seen, at, page};
use crate::tests::{api, event};
use crate::{Api, Metrics, router};

async fn page_of(api: Api) -> Seen {
    let mut request = at("/health");
    request.extensions_mut().insert(Principal(OWNER.to_owned()));
    super::seen(router(api).oneshot(request).await.unwrap()).await
}

#[tokio::test]
async fn a_sweep_that_does_not_run_is_told_first() {
    let world = FakeWorld::default();
    page(&world, "/health").await.shows(&["The sweep does not run", "Last sweep", "never"]);
    world.waits().register(world.registration("w")).await.unwrap();
    world.sweep_for(1).await;
    let fine = page(&world, "/health").await;
    fine.shows(&["no wait is overdue", "1 min ago", "Overdue waits", "<b>0</b>"]);
    world.clock.advance(Duration::from_secs(86_400));
    page(&world, "/health").await.shows(&["The sweep does not run", "1 d ago", "<b>1</b>"]);
}

#[tokio::test]
async fn the_lag_of_events_is_told_from_what_was_seen() {
    let world = FakeWorld::default();
    page(&world, "/health").await.shows(&["Event lag", "none seen"]);
    for (age, lag) in [(10, 2), (20, 4), (30, 40)] {
        let mut event = event("InProgress", &format!("stage {age}"), age);
        event["time"] = (1_767_225_600 + age + lag).into();
        world.recorder().take(&event).await.unwrap();
    }
    page(&world, "/health").await.shows(&["<b>4s</b>", "half of 3 events; the slowest 40s"]);
}

#[tokio::test]
async fn counters_are_shown_where_they_are_and_a_link_where_not() {
    let world = FakeWorld::default();
    let counted = || "sagebell_events_total 41\n".to_owned();
    let here = Api { metrics: Metrics::Here(Arc::new(counted)), ..api(&world) };
    let seen = page_of(here).await;
    assert_eq!(seen.status, StatusCode::OK);
    seen.shows(&["Counters", "Events", "<b>41</b>", "Missed events", "<b>0</b>"]);
    let deployed = Api { metrics: Metrics::of_region(Some("eu-west-1")), ..api(&world) };
    page_of(deployed).await.shows(&[
        "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:",
    ]);
}

#[tokio::test]
async fn what_was_given_up_or_is_stuck_is_told_first_and_named() {
    let regions = vec!["us-east-1".to_owned()];
    let world = FakeWorld::with(Policy { regions, ..Policy::default() });
    world.waits().register(world.registration("gone")).await.unwrap();
    world.sender.nobody(true);
    world.sweep_for(200).await;
    let calm = page(&world, "/health").await;
    calm.shows(&["no wait is overdue", "Undeliverable", "<b>0</b>", "Abandoned", "<b>1</b>"]);
    calm.shows(&[
        "Connections",
        "<b>0</b>",
        "Budget used",
        "<b>0 %</b>",
        "0 of 120 describe calls",
    ]);
    calm.shows(&["Waits that were given up", "abandoned", "gone", "mnist", "Given up"]);
    assert!(!calm.text.contains("Dead letters"), "{}", calm.text);

    world.dead_letters.add("sagebell-sweep-dead-letters", Some(0));
    page(&world, "/health").await.shows(&["Dead letters", "<b>0</b>", "in 1 queues"]);
    world.dead_letters.add("sagebell-events-dead-letters", Some(2));
    world.dead_letters.add("sagebell-<i>", Some(1));
    for _ in 0..21 {
        let _ = world.budget().take("us-east-1", Call::Stop).await;
    }
    let seen = page(&world, "/health").await;
    seen.shows(&["There are dead letters.", "The budget of SageMaker calls is used up."]);
    seen.shows(&[
        "Dead letters",
        "<b>3</b>",
        "2 in ",
        "events-dead-letters",
        ", 1 in ",
        "&lt;i&gt;",
    ]);
    assert!(!seen.text.contains("sweep-dead-letters"), "{}", seen.text);
    world.dead_letters.add("silent", None);
    let seen = page(&world, "/health").await;
    seen.shows(&["There are dead letters.", "<b>3+</b>", "an unknown number in ", "silent"]);
}

#[tokio::test]
async fn queues_that_do_not_tell_are_no_sign_of_trouble() {
    let world = FakeWorld::default();
    world.sweep_for(1).await;
    world.dead_letters.add("silent", None);
    let seen = page(&world, "/health").await;
    seen.shows(&["no wait is overdue", "Dead letters", "<b>unknown</b>", "silent"]);
}
