//! The page of a job, and that of a run.

use std::time::Duration;

use http::StatusCode;
use sagebell_monitor::kfp_ui::KfpUi;
use sagebell_monitor::principal::Principal;
use sagebell_monitor::testing::world::{FakeWorld, TRAINING_ARN};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{answer_to, at, job_page, page, seen};
use crate::tests::{OWNER, api, event, happens, job_path};
use crate::{Api, router};

const STRANGER: &str = "111122223333:role/stranger";

#[tokio::test]
async fn a_job_is_shown_with_its_life() {
    let world = FakeWorld::default();
    happens(&world, "InProgress", "Starting", 10).await;
    happens(&world, "InProgress", "Training", 40).await;
    let mut failed = event("Failed", "Failed", 100);
    failed["detail"]["FailureReason"] = json!("AlgorithmError: first\nsecond");
    failed["time"] = json!(1_767_225_600 + 130);
    world.recorder().take(&failed).await.unwrap();
    let seen = page(&world, &job_page()).await;
    seen.shows(&["<title>mnist · Sagebell</title>", "data-every=\"15\"", "<h1><bdi>mnist</bdi>"]);
    seen.shows(&["phase failed", "1m 40s"]);
    seen.shows(&["Why it failed", ">AlgorithmError: first\nsecond</pre>", "the container failed"]);
    seen.shows(&["Timeline", "Starting", "40s", "Training", "1m 00s", "Failed"]);
    // The latest first.
    seen.shows(&["Observations", "Failed", "event", "30s", "Training", "event", "at once"]);
    seen.shows(&[
        "https://us-east-1.console.aws.amazon.com/sagemaker/home?region=us-east-1#/jobs/mnist",
    ]);
    seen.shows(&["Who waits", "Nobody"]);
}

#[tokio::test]
async fn what_a_job_used_wrote_and_measured_is_shown() {
    let world = FakeWorld::default();
    let mut done = event("Completed", "Completed", 100);
    done["detail"]["ResourceConfig"] = json!({"InstanceType": "ml.g5.xlarge", "InstanceCount": 2});
    done["detail"]["TrainingTimeInSeconds"] = json!(1_000);
    done["detail"]["BillableTimeInSeconds"] = json!(370);
    done["detail"]["ModelArtifacts"] = json!({"S3ModelArtifacts": "s3://b/x/model.tar.gz"});
    done["detail"]["FinalMetricDataList"] =
        json!([{"MetricName": "loss<b>", "Value": 0.25, "Timestamp": 1_767_225_600}]);
    world.recorder().take(&done).await.unwrap();
    let seen = page(&world, &job_page()).await;
    seen.shows(&["Instances", "2 × <bdi>ml.g5.xlarge", "740 instance seconds (12m 20s)", "63 %"]);
    seen.shows(&["/s3/buckets/b?prefix=x/model.tar.gz", "s3://b/x/model.tar.gz"]);
    seen.shows(&["Metrics", "loss&lt;b&gt;", "0.25"]);
    // Nothing is at the place of a model whose job failed.
    done["detail"]["TrainingJobStatus"] = json!("Failed");
    done["detail"]["CreationTime"] = json!(1_767_325_600_000_i64);
    done["detail"]["LastModifiedTime"] = json!(1_767_325_700_000_i64);
    world.clock.advance(Duration::from_secs(200_000));
    world.recorder().take(&done).await.unwrap();
    let failed = page(&world, &job_page()).await;
    failed.shows(&["phase failed"]);
    assert!(!failed.text.contains("model.tar.gz"), "{}", failed.text);
}

#[tokio::test]
async fn who_waits_is_shown_without_what_is_secret() {
    let world = FakeWorld::default();
    let mut asked = world.registration("wait-1");
    asked.labels.insert("run".to_owned(), "run-7".to_owned());
    world.waits().register(asked).await.unwrap();
    let mut theirs = world.registration("wait-2");
    theirs.owner = Principal(STRANGER.to_owned());
    world.waits().register(theirs).await.unwrap();
    world.sender.fail(50);
    happens(&world, "Completed", "Completed", 60).await;
    world.deliver_all().await;
    let seen = page(&world, &job_page()).await;
    seen.shows(&["111122223333:role/pipeline", "run?id=run-7", "Who waits", "wait-1", "wait-2"]);
    seen.shows(&[
        "Told by a callback about the end",
        "Failed attempts to send the last one: 4",
        "connection refused",
    ]);
    // The secret of the waits is of bytes of seven.
    assert!(!seen.text.contains("whsec_") && !seen.text.contains("BwcHBwcH"), "{}", seen.text);
    assert!(!seen.text.contains("10.1.2.3"), "an address of somebody's network");
    let seen = answer_to(&world, STRANGER, at(&job_page())).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert!(!seen.text.contains("connection refused"), "{}", seen.text);
    seen.shows(&["Last failure: ", "no connection"]);
}

#[tokio::test]
async fn only_who_may_act_is_offered_to() {
    let world = FakeWorld::default();
    world.waits().register(world.registration("w")).await.unwrap();
    happens(&world, "InProgress", "Training", 40).await;
    page(&world, &job_page()).await.shows(&["Refresh from SageMaker", "Stop this job?"]);
    let theirs = answer_to(&world, STRANGER, at(&job_page())).await;
    assert!(!theirs.text.contains("<form method"), "{}", theirs.text);
    happens(&world, "Completed", "Completed", 60).await;
    let over = page(&world, &job_page()).await;
    over.shows(&["Refresh from SageMaker"]);
    assert!(!over.text.contains("Stop this job?"));
}

#[tokio::test]
async fn the_jobs_of_a_run_are_on_one_scale() {
    let world = FakeWorld::default();
    for (name, from, to) in [("first", 0, 100), ("second", 100, 200)] {
        let arn = TRAINING_ARN.replace("mnist", name);
        let mut asked = world.registration("w");
        asked.arn = sagebell_monitor::arn::JobArn::parse(&arn).unwrap();
        asked.labels.insert("run".to_owned(), "nightly 1".to_owned());
        world.waits().register(asked).await.unwrap();
        let mut event = event("Completed", "Completed", to);
        event["detail"]["TrainingJobArn"] = json!(arn);
        event["detail"]["TrainingJobName"] = json!(name);
        event["detail"]["CreationTime"] = json!((1_767_225_600_i64 + from) * 1_000);
        world.recorder().take(&event).await.unwrap();
        world.clock.advance(Duration::from_secs(1));
    }
    let seen = page(&world, "/run?id=nightly+1").await;
    seen.shows(&["Run <bdi>nightly 1</bdi>", "3m 20s"]);
    seen.shows(&["<bdi>first</bdi>", "x=\"0.00%\" width=\"50.00%\"", "1m 40s"]);
    seen.shows(&["<bdi>second</bdi>", "x=\"50.00%\" width=\"50.00%\"", "1m 40s"]);
    page(&world, "/run?id=other").await.shows(&["No jobs of this run"]);
}

#[tokio::test]
async fn a_run_of_kfp_is_linked_where_its_interface_is_known() {
    const RUN: &str = "0f8a2c1e-5b7d-4e9a-8c3f-1a2b3c4d5e6f";
    let world = FakeWorld::default();
    for (wait, run) in [("wait-1", RUN), ("wait-2", "javascript:\"><script>")] {
        let mut asked = world.registration(wait);
        asked.labels.insert("run".to_owned(), run.to_owned());
        world.waits().register(asked).await.unwrap();
    }
    let asked = async |kfp_ui: Option<&str>, address: &str| {
        let kfp_ui = kfp_ui.map(|text| KfpUi::parse(text).unwrap());
        let mut request = at(address);
        request.extensions_mut().insert(Principal(OWNER.to_owned()));
        seen(router(Api { kfp_ui, ..api(&world) }).oneshot(request).await.unwrap()).await
    };
    let ui = Some("https://kfp.example.com/pipeline/");
    let link = format!("https://kfp.example.com/pipeline/#/runs/details/{RUN}");
    let (job, run) = (job_page(), format!("/run?id={RUN}"));
    for page in [&job, &run] {
        let shown = asked(ui, page).await;
        shown.shows(&[&format!("href=\"{link}\""), "Open in KFP"]);
        assert_eq!(shown.text.matches("Open in KFP").count(), 1, "{}", shown.text);
        assert!(!shown.text.contains("<script>") && !shown.text.contains("href=\"javascript"));
        assert!(!asked(None, page).await.text.contains("Open in KFP"));
    }
    let runs = async |ui| {
        let answer: Value = serde_json::from_str(&asked(ui, &job_path("")).await.text).unwrap();
        answer["runs"].clone()
    };
    let other = json!({"id": "javascript:\"><script>"});
    assert_eq!(runs(ui).await, json!([{"id": RUN, "kfp_url": link}, other]));
    assert_eq!(runs(None).await, json!([{"id": RUN}, other]));
}
