use std::time::Duration;

use sagebell_monitor::event::{Parsed, parse};
use sagebell_monitor::kind::{Kind, Telling};
use sagebell_monitor::phase::Phase;

use super::*;
use crate::family;
use crate::operations::{Call, handle};
use crate::resource::{Birth, Tags};
use crate::state::SageMakerState;

const STEP: Duration = Duration::from_secs(60);

fn start() -> Timestamp {
    "2026-11-02T09:14:03.318Z".parse().unwrap()
}

fn state() -> SageMakerState {
    SageMakerState::new(Settings {
        account: "111122223333".to_owned(),
        step: STEP,
        source: sagebell_monitor::event::SOURCE.to_owned(),
        lists_in_lower_case: false,
    })
}

/// A resource of this kind, made and lived to its end: its ARN and events.
fn lived(kind: Kind) -> (String, Vec<Value>) {
    let family = family::of_kind(kind).unwrap();
    let id = match kind {
        Kind::PipelineExecution => "p/execution/mnist",
        Kind::PipelineStep => "p/execution/e/step/mnist",
        Kind::Job => "AgentRFT/mnist",
        Kind::ModelCardExport => "card/export-job/mnist",
        _ => "mnist",
    };
    let arn = crate::naming::arn(family, "us-east-1", "111122223333", id);
    let birth = Birth {
        family,
        arn: arn.clone(),
        name: "mnist".to_owned(),
        region: "us-east-1".to_owned(),
        request: Map::new(),
        fixed: Map::from_iter([("ResourceConfig".to_owned(), json!({ "InstanceCount": 1 }))]),
        tags: Tags::from_iter([("project".to_owned(), "mnist".to_owned())]),
        number: 1,
        at: start(),
    };
    let mut state = state();
    state.insert(birth).unwrap();
    state.advance(sagebell_monitor::time::later(start(), STEP * 10));
    (arn, state.take_events())
}

#[test]
fn the_monitor_reads_every_kinds_events() {
    for spec in Kind::all().map(Kind::spec).filter(|spec| spec.operations.is_some()) {
        let (arn, events) = lived(spec.kind);
        assert_eq!(events.is_empty(), spec.detail_types.is_empty(), "{}", spec.wire);
        let mut phases = Vec::new();
        for event in &events {
            let seen = match parse(event, Timestamp::MAX).unwrap() {
                Parsed::Job(seen) => seen,
                Parsed::NoState { arn: of, .. } if spec.telling == Telling::Change => {
                    assert_eq!(of.as_str(), arn);
                    continue;
                }
                other => panic!("{}: {other:?}", spec.wire),
            };
            assert_eq!((seen.arn.as_str(), seen.arn.kind()), (arn.as_str(), spec.kind));
            // Some kinds' events have no name field.
            assert!(seen.name.is_none_or(|name| name == "mnist"), "{}", spec.wire);
            assert!(seen.modified_at < Timestamp::MAX, "{}: it has a time", spec.wire);
            phases.push(seen.phase);
        }
        assert!(phases.is_sorted(), "{}: {phases:?}", spec.wire);
        assert!(phases.last().is_none_or(|last| *last == Phase::Succeeded), "{}", spec.wire);
    }
}

#[test]
fn a_detail_has_the_fields_of_the_sample_in_its_forms() {
    for (kind, text) in SAMPLES {
        let sample: Value = serde_json::from_str(text).unwrap();
        let (_, events) = lived(*kind);
        let event = events.last().unwrap();
        let fixed = ["version", "source", "account", "region"];
        let worded = kind.spec().state_after.is_none().then_some("detail-type");
        for envelope in fixed.into_iter().chain(worded) {
            assert_eq!(event[envelope], sample[envelope], "{kind} {envelope}");
        }
        let (stated, like) = (event["detail"].as_object().unwrap(), sample["detail"].as_object());
        for (key, like) in like.unwrap() {
            let stated = &stated[key];
            let same_form = std::mem::discriminant(stated) == std::mem::discriminant(like);
            assert!(stated.is_null() || same_form, "{kind} {key}: {stated} for {like}");
            assert_eq!(
                is_time(stated),
                is_time(like) && !stated.is_null(),
                "{kind} {key}: {stated}"
            );
        }
        assert_eq!(stated.len(), sample["detail"].as_object().unwrap().len());
    }
}

#[test]
fn every_kind_with_events_has_a_sample() {
    let is_published =
        |kind: &Kind| !kind.spec().detail_types.is_empty() && kind.spec().operations.is_some();
    let with_events = Kind::all().filter(is_published);
    assert!(with_events.eq(SAMPLES.iter().map(|(kind, _)| *kind)));
}

#[test]
fn times_inside_a_detail_are_in_milliseconds() {
    let (_, events) = lived(Kind::Training);
    let detail = &events.last().unwrap()["detail"];
    assert_eq!(detail["CreationTime"], json!(start().as_millisecond()));
    let last = &detail["SecondaryStatusTransitions"][4];
    assert_eq!(last["Status"], "Completed");
    assert_eq!(last["StartTime"], detail["TrainingEndTime"]);
    assert_eq!(detail["Tags"], json!({ "project": "mnist" }));
}

#[test]
fn an_endpoints_status_is_in_capitals() {
    let (_, events) = lived(Kind::Endpoint);
    let stated: Vec<_> = events.iter().map(|event| &event["detail"]["EndpointStatus"]).collect();
    assert_eq!(stated, ["CREATING", "IN_SERVICE"]);
}

#[test]
fn a_tracking_servers_state_is_in_the_detail_type() {
    let (_, events) = lived(Kind::MlflowTrackingServer);
    let stated: Vec<_> = events.iter().map(|event| &event["detail-type"]).collect();
    assert_eq!(stated, ["SageMaker Tracking Server Creating", "SageMaker Tracking Server Created"]);
}

#[test]
fn a_models_deletion_is_told_in_the_form_of_its_creation() {
    let mut state = state();
    let mut call = |operation: &str, after: Duration| {
        let input = Map::from_iter([("ModelName".to_owned(), json!("m"))]);
        let call = Call { operation: operation.to_owned(), region: "us-east-1".to_owned(), input };
        handle(&mut state, &call, sagebell_monitor::time::later(start(), after)).unwrap();
    };
    call("CreateModel", Duration::ZERO);
    call("DeleteModel", STEP);
    let events = state.take_events();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0]["detail"], events[1]["detail"]);
    assert_eq!(events[1]["time"], "2026-11-02T09:15:03Z");
}

#[test]
fn a_pipelines_event_names_the_status_before() {
    let (arn, events) = lived(Kind::PipelineExecution);
    let detail = &events.last().unwrap()["detail"];
    assert_eq!(detail["previousPipelineExecutionStatus"], "Executing");
    assert_eq!(detail["pipelineExecutionArn"], json!(arn));
    assert_eq!(detail["executionStartTime"], "2026-11-02T09:14:03Z");
    assert_eq!(detail["executionEndTime"], "2026-11-02T09:15:03Z");
    let pipeline = "arn:aws:sagemaker:us-east-1:111122223333:pipeline/p";
    assert_eq!(events[0]["resources"], json!([pipeline, arn]));
}

#[test]
fn stages_come_about_at_the_time_they_are_due_however_late_one_looks() {
    let mut state = state();
    let mut call = |operation: &str, input: Value, after: Duration| {
        let input = input.as_object().unwrap().clone();
        let call = Call { operation: operation.to_owned(), region: "us-east-1".to_owned(), input };
        handle(&mut state, &call, sagebell_monitor::time::later(start(), after)).unwrap()
    };
    let request = json!({
        "ProcessingJobName": "a", "ProcessingResources": {}, "AppSpecification": {}, "RoleArn": "r",
    });
    call("CreateProcessingJob", request, Duration::ZERO);
    let mut describe =
        |after| call("DescribeProcessingJob", json!({ "ProcessingJobName": "a" }), after);
    assert_eq!(describe(STEP / 2)["ProcessingJobStatus"], "InProgress");
    let stated = describe(STEP * 100);
    assert_eq!(stated["ProcessingJobStatus"], "Completed");
    assert_eq!(
        stated["ProcessingEndTime"],
        crate::view::seconds(sagebell_monitor::time::later(start(), STEP))
    );
}
