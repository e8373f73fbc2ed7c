//! Every form in which SageMaker's events come: one condensed event per sample
//! of the developer guide ("Automating Amazon SageMaker AI with Amazon
//! EventBridge") and per variation that live senders are known for. The values
//! are the guide's where its oddities matter.

use jiff::Timestamp;
use sagebell_monitor::event::{Ignored, Parsed, Refused, parse};
use sagebell_monitor::facts::Facts;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::observation::Observation;
use sagebell_monitor::phase::Phase;
use serde_json::{Value, json};

const ACCOUNT: &str = "arn:aws:sagemaker:us-east-1:111122223333";

fn now() -> Timestamp {
    "2026-11-02T12:00:00Z".parse().unwrap()
}

fn event(detail_type: &str, resources: &[&str], detail: Value) -> Value {
    let resources: Vec<_> = resources.iter().map(|rest| format!("{ACCOUNT}:{rest}")).collect();
    json!({
        "version": "0", "id": "844e2571-85d4-695f-b930-0153b71dcb42",
        "detail-type": format!("SageMaker {detail_type}"), "source": "aws.sagemaker",
        "account": "111122223333", "time": "2018-10-06T12:26:13Z", "region": "us-east-1",
        "resources": resources, "detail": detail,
    })
}

fn seen(event: &Value) -> Observation {
    match parse(event, now()) {
        Ok(Parsed::Job(seen)) => *seen,
        other => panic!("{event}: {other:?}"),
    }
}

fn ignored(event: &Value) -> Ignored {
    match parse(event, now()) {
        Ok(Parsed::Ignored(why)) => why,
        other => panic!("{event}: {other:?}"),
    }
}

fn refused(event: &Value) -> Refused {
    match parse(event, now()) {
        Err(refused) => refused,
        other => panic!("{event}: {other:?}"),
    }
}

#[track_caller]
fn assert_seen(event: &Value, kind: Kind, rest: &str, phase: Phase, modified: &str) {
    let seen = seen(event);
    assert_eq!(seen.kind(), kind);
    assert_eq!(seen.arn.as_str(), format!("{ACCOUNT}:{rest}"));
    assert_eq!(seen.phase, phase, "{}", seen.status);
    assert_eq!(seen.modified_at, modified.parse::<Timestamp>().unwrap());
}

#[test]
fn training_writes_milliseconds_as_text() {
    let detail = json!({
        "TrainingJobArn": format!("{ACCOUNT}:training-job/kmeans-1"), "TrainingJobName": "kmeans-1",
        "TrainingJobStatus": "Completed", "SecondaryStatus": "Completed", "Tags": {},
        "CreationTime": "1583831889050", "TrainingEndTime": "1583831889050", "LastModifiedTime": "1583831889050",
    });
    let event = event("Training Job State Change", &["training-job/kmeans-1"], detail);
    assert_seen(
        &event,
        Kind::Training,
        "training-job/kmeans-1",
        Phase::Succeeded,
        "2020-03-10T09:18:09.05Z",
    );
    let seen = seen(&event);
    assert_eq!(seen.created_at, seen.ended_at);
    assert_eq!(seen.secondary_status.as_deref(), Some("Completed"));
}

#[test]
fn a_training_job_out_of_time_reports_stopped() {
    for secondary in ["MaxRuntimeExceeded", "MaxWaitTimeExceeded"] {
        let detail = json!({
            "TrainingJobArn": format!("{ACCOUNT}:training-job/t"),
            "TrainingJobStatus": "Stopped", "SecondaryStatus": secondary, "LastModifiedTime": 1_583_831_889_050_i64,
            "FailureReason": null, "Tags": [{"Key": "a", "Value": "b"}],
        });
        let event = event("Training Job State Change", &[], detail);
        assert_seen(
            &event,
            Kind::Training,
            "training-job/t",
            Phase::TimedOut,
            "2020-03-10T09:18:09.05Z",
        );
        assert_eq!(seen(&event).name, None, "a name is never cut out of an ARN");
    }
}

#[test]
fn tuning_is_spelled_two_ways_and_may_have_no_real_status() {
    for spelling in ["tuningJob/x", "hyper-parameter-tuning-job/x"] {
        let detail = json!({
            "HyperParameterTuningJobArn": format!("{ACCOUNT}:{spelling}"),
            "HyperParameterTuningJobStatus": "status", "LastModifiedTime": "1583831889050",
            "TrainingJobStatusCounters": {},
        });
        let event = event("HyperParameter Tuning Job State Change", &[spelling], detail);
        assert_seen(
            &event,
            Kind::Tuning,
            "hyper-parameter-tuning-job/x",
            Phase::Unknown,
            "2020-03-10T09:18:09.05Z",
        );
    }
}

#[test]
fn transform_writes_iso_times_and_no_modification() {
    let detail = json!({
        "TransformJobArn": format!("{ACCOUNT}:transform-job/myjob"), "TransformJobStatus": "another status... GO",
        "FailureReason": "failed why 1", "CreationTime": "2018-10-06T12:26:13Z",
        "TransformEndTime": "2018-10-06T12:26:14Z",
    });
    let event = event("Transform Job State Change", &["transform-job/myjob"], detail);
    assert_seen(
        &event,
        Kind::Transform,
        "transform-job/myjob",
        Phase::Unknown,
        "2018-10-06T12:26:14Z",
    );
    assert_eq!(seen(&event).failure_reason.as_deref(), Some("failed why 1"));
}

#[test]
fn processing_may_be_of_another_account_than_its_envelope() {
    let arn = "arn:aws:sagemaker:us-west-2:037210630506:processing-job/integ";
    let detail = json!({
        "ProcessingJobArn": arn, "ProcessingJobStatus": "Failed", "LastModifiedTime": 1_704_320_746_000_i64,
        "FailureReason": "InternalServerError: We encountered an internal error.  Please try again.",
    });
    let seen = seen(&event("Processing Job State Change", &[], detail));
    assert_eq!((seen.arn.as_str(), seen.arn.account()), (arn, "037210630506"));
    assert_eq!(seen.phase, Phase::Failed);
}

#[test]
fn an_endpoint_writes_floats_shouts_and_a_numeric_envelope_time() {
    let detail = json!({
        "EndpointName": "MyEndpoint", "EndpointArn": format!("{ACCOUNT}:endpoint/myendpoint"),
        "EndpointStatus": "IN_SERVICE", "CreationTime": 1_592_411_992_203.0, "LastModifiedTime": 1_592_411_994_287.0,
    });
    let mut event = event("Endpoint State Change", &["endpoint/myendpoint"], detail);
    event["time"] = json!("1583831889050");
    assert_seen(
        &event,
        Kind::Endpoint,
        "endpoint/myendpoint",
        Phase::Succeeded,
        "2020-06-17T16:39:54.287Z",
    );
    assert_eq!(seen(&event).seen_at, "2020-03-10T09:18:09.05Z".parse().unwrap());
    for (status, phase) in
        [("UPDATING", Phase::Running), ("CREATING", Phase::Pending), ("DELETED", Phase::Stopped)]
    {
        event["detail"]["EndpointStatus"] = json!(status);
        assert_eq!(seen(&event).phase, phase);
    }
}

#[test]
fn an_endpoint_deployment_tells_what_its_variant_does() {
    let variant =
        json!([{"VariantStatus": [{"Status": "Baking", "StartTime": 1_635_195_269_181_i64}]}]);
    let detail = |place: &str| {
        let mut detail = json!({
            "EndpointArn": format!("{ACCOUNT}:endpoint/sample-endpoint"), "EndpointStatus": "UPDATING",
            "CreationTime": 1_635_195_148_181_i64, "LastModifiedTime": 1_635_195_148_181_i64,
            "ProductionVariants": [{"VariantName": "AllTraffic"}],
        });
        match place {
            "pending" => {
                detail["PendingDeploymentSummary"] = json!({"ProductionVariants": variant})
            }
            _ => detail["ProductionVariants"] = variant.clone(),
        }
        detail
    };
    for place in ["pending", "current"] {
        let event =
            event("Endpoint Deployment State Change", &["endpoint/sample-endpoint"], detail(place));
        assert_seen(
            &event,
            Kind::Endpoint,
            "endpoint/sample-endpoint",
            Phase::Running,
            "2021-10-25T20:54:29.181Z",
        );
        assert_eq!(seen(&event).secondary_status.as_deref(), Some("Baking"));
    }
}

#[test]
fn a_model_package_has_a_version_in_its_arn() {
    let detail = json!({
        "ModelPackageGroupName": "group", "ModelPackageArn": format!("{ACCOUNT}:model-package/group/2"),
        "ModelPackageStatus": "Completed", "ModelApprovalStatus": "Rejected", "LastModifiedTime": "2021-02-24T17:00:14Z",
    });
    let event = event("Model Package State Change", &["model-package/group/2"], detail);
    assert_seen(
        &event,
        Kind::ModelPackage,
        "model-package/group/2",
        Phase::Succeeded,
        "2021-02-24T17:00:14Z",
    );
    assert_eq!(seen(&event).secondary_status.as_deref(), Some("Rejected"));
}

#[test]
fn a_feature_group_has_no_modification_and_may_be_active() {
    for (status, phase) in [
        ("Active", Phase::Succeeded),
        ("Created", Phase::Succeeded),
        ("CreateFailed", Phase::Failed),
    ] {
        let detail = json!({
            "FeatureGroupArn": format!("{ACCOUNT}:feature-group/g"), "FeatureGroupStatus": status,
            "CreationTime": 1_611_624_059_000_i64,
        });
        let event = event("Feature Group State Change", &["feature-group/g"], detail);
        assert_seen(&event, Kind::FeatureGroup, "feature-group/g", phase, "2018-10-06T12:26:13Z");
    }
}

#[test]
fn pipelines_write_lower_camel_case() {
    let run = "pipeline/myPipeline-123/execution/p4jn9xou8a8s";
    let detail = json!({
        "pipelineExecutionArn": format!("{ACCOUNT}:{run}"), "currentPipelineExecutionStatus": "Succeeded",
        "executionStartTime": "2021-03-15T16:03:13Z", "executionEndTime": "2021-03-15T16:10:10Z",
    });
    let resources = ["pipeline/myPipeline-123", run];
    let execution =
        event("Model Building Pipeline Execution Status Change", &resources, detail.clone());
    assert_seen(&execution, Kind::PipelineExecution, run, Phase::Succeeded, "2021-03-15T16:10:10Z");

    let mut step = detail;
    step["stepName"] = json!("myprocessingstep1");
    step["currentStepStatus"] = json!("Succeeded");
    step["stepEndTime"] = json!("2021-03-15T16:10:09Z");
    let step = event("Model Building Pipeline Execution Step Status Change", &resources, step);
    let name = format!("{run}/step/myprocessingstep1");
    assert_seen(&step, Kind::PipelineStep, &name, Phase::Succeeded, "2021-03-15T16:10:09Z");
}

#[test]
fn labeling_has_its_arn_only_in_resources() {
    let detail = json!({"LabelingJobStatus": "Completed"});
    let event = event("Ground Truth Labeling Job State Change", &["labeling-job/test"], detail);
    assert_seen(
        &event,
        Kind::Labeling,
        "labeling-job/test",
        Phase::Succeeded,
        "2018-10-06T12:26:13Z",
    );
}

#[test]
fn the_other_kinds_of_the_guide() {
    let cases = [
        (
            "HyperPod Cluster State Change",
            "ClusterArn",
            "ClusterStatus",
            "InService",
            Kind::Cluster,
            "cluster/c",
            Phase::Succeeded,
        ),
        (
            "Image State Change",
            "ImageArn",
            "ImageStatus",
            "Creating",
            Kind::Image,
            "image/i",
            Phase::Pending,
        ),
        (
            "Image Version State Change",
            "ImageVersionArn",
            "ImageVersionStatus",
            "CREATE_FAILED",
            Kind::ImageVersion,
            "image-version/v",
            Phase::Failed,
        ),
        (
            "A2I HumanLoop Status Change",
            "humanLoopArn",
            "humanLoopStatus",
            "Completed",
            Kind::HumanLoop,
            "human-loop/h",
            Phase::Succeeded,
        ),
        (
            "Notebook Instance State Change",
            "NotebookInstanceArn",
            "NotebookInstanceStatus",
            "InService",
            Kind::NotebookInstance,
            "notebook-instance/n",
            Phase::Succeeded,
        ),
    ];
    for (detail_type, arn, status, word, kind, rest, phase) in cases {
        let detail = json!({arn: format!("{ACCOUNT}:{rest}"), status: word, "FailureMessage": ""});
        let event = event(detail_type, &[], detail);
        assert_seen(&event, kind, rest, phase, "2018-10-06T12:26:13Z");
        assert_eq!(seen(&event).failure_reason, None, "an empty reason is none");
    }
}

#[test]
fn an_event_of_what_has_no_status_says_look() {
    for (detail_type, arn, rest) in [
        ("Model State Change", "ModelArn", "model/m"),
        ("Endpoint Config State Change", "EndpointConfigArn", "endpoint-config/c"),
        // EventBridge's schema of it has no status, though a Describe has one.
        ("Algorithm State Change", "AlgorithmArn", "algorithm/a"),
    ] {
        let detail =
            json!({arn: format!("{ACCOUNT}:{rest}"), "CreationTime": 1_592_411_992_203_i64});
        let mut event = event(detail_type, &[], detail);
        assert_eq!(
            no_state(&event),
            (format!("{ACCOUNT}:{rest}"), "2018-10-06T12:26:13Z".to_owned())
        );
        // Nothing is looked for that was yet to change.
        event["time"] = json!("2031-01-01T00:00:00Z");
        assert_eq!(no_state(&event).1, now().to_string());
    }
}

/// The job that somebody is to look at, and since when.
fn no_state(event: &Value) -> (String, String) {
    match parse(event, now()) {
        Ok(Parsed::NoState { arn, at }) => (arn.to_string(), at.to_string()),
        other => panic!("{event}: {other:?}"),
    }
}

#[test]
fn an_algorithms_event_that_tells_its_status_is_believed() {
    let detail =
        json!({"AlgorithmArn": format!("{ACCOUNT}:algorithm/a"), "AlgorithmStatus": "Failed"});
    let event = event("Algorithm State Change", &[], detail);
    assert_eq!(seen(&event).phase, Phase::Failed);
}

#[test]
fn a_job_is_told_by_category_and_name() {
    let detail = json!({
        "JobName": "Mine", "JobArn": format!("{ACCOUNT}:job/AgentRFT/Mine"), "JobCategory": "AgentRFT",
        "JobStatus": "Stopped", "SecondaryStatus": "MaxRuntimeExceeded",
        "LastModifiedTime": 1_583_831_889_050_i64,
    });
    let event = event("Job State Change", &["job/AgentRFT/Mine"], detail);
    assert_seen(&event, Kind::Job, "job/AgentRFT/Mine", Phase::TimedOut, "2020-03-10T09:18:09.05Z");
    assert_eq!(seen(&event).name.as_deref(), Some("Mine"));
}

#[test]
fn a_tracking_servers_state_is_in_the_detail_type() {
    let rest = "mlflow-tracking-server/ml";
    for (words, status, phase) in [
        ("Creating", "Creating", Phase::Pending),
        ("Create Failed", "CreateFailed", Phase::Failed),
        ("Started", "Started", Phase::Succeeded),
        ("Stopped", "Stopped", Phase::Stopped),
        ("Maintenance In Progress", "MaintenanceInProgress", Phase::Running),
    ] {
        // The form of the detail is not documented: the ARN is in the envelope at least.
        let event = event(&format!("Tracking Server {words}"), &[rest], json!({}));
        assert_seen(&event, Kind::MlflowTrackingServer, rest, phase, "2018-10-06T12:26:13Z");
        assert_eq!(seen(&event).status, status);
    }
    for other in ["Tracking Server Melting", "MLFlow Tracking Server Creating Run"] {
        assert_eq!(ignored(&event(other, &[rest], json!({}))), Ignored::OtherDetailType);
    }
}

#[test]
fn events_whose_form_is_not_documented_are_taken_where_they_tell_enough() {
    for (detail_type, rest, status, kind) in [
        (
            "Monitoring Schedule State Change",
            "monitoring-schedule/s",
            "MonitoringScheduleStatus",
            Kind::MonitoringSchedule,
        ),
        (
            "Model Card Export Job State Change",
            "model-card/c/export-job/e",
            "Status",
            Kind::ModelCardExport,
        ),
        (
            "Evaluation Job Status Change",
            "evaluation-job/e",
            "EvaluationJobStatus",
            Kind::Evaluation,
        ),
    ] {
        let stated = event(detail_type, &[rest], json!({status: "Failed"}));
        assert_seen(&stated, kind, rest, Phase::Failed, "2018-10-06T12:26:13Z");
        let nobodys = event(detail_type, &[], json!({status: "Failed"}));
        assert_eq!(ignored(&nobodys), Ignored::Unattributed);
    }
    let silent = event("Monitoring Schedule State Change", &["monitoring-schedule/s"], json!({}));
    assert_eq!(no_state(&silent).0, format!("{ACCOUNT}:monitoring-schedule/s"));
    // Nothing of SageMaker's can be asked about it.
    let silent = event("Evaluation Job Status Change", &["evaluation-job/e"], json!({}));
    assert_eq!(ignored(&silent), Ignored::Unattributed);
}

#[test]
fn what_is_no_job_is_let_go() {
    for detail_type in [
        "HyperPod Cluster Node Health Event",
        "HyperPod Cluster Event",
        "Model Card State Change",
        "Human Task Created",
        "Something That AWS Adds Tomorrow",
    ] {
        let event = event(detail_type, &["cluster/c"], json!({"EventDetails": {}}));
        assert_eq!(ignored(&event), Ignored::OtherDetailType);
    }
    let mut other = event("Training Job State Change", &[], json!({}));
    other["source"] = json!("aws.ec2");
    assert_eq!(ignored(&other), Ignored::OtherSource);
}

#[test]
fn a_missing_time_is_the_time_of_receipt() {
    let detail = json!({"LabelingJobStatus": "InProgress"});
    let mut event = event("Ground Truth Labeling Job State Change", &["labeling-job/l"], detail);
    for time in [json!(null), json!("yesterday"), json!({})] {
        event["time"] = time;
        assert_eq!(seen(&event).modified_at, now());
    }
}

#[test]
fn what_cannot_be_attributed_is_refused_by_field() {
    let good = event(
        "Training Job State Change",
        &[],
        json!({"TrainingJobArn": format!("{ACCOUNT}:training-job/t"), "TrainingJobStatus": "Completed"}),
    );
    seen(&good);
    let cases: [(&str, Value, &str); 9] = [
        ("/source", json!(null), "source"),
        ("/source", json!(7), "source"),
        ("/detail-type", json!(null), "detail-type"),
        ("/detail", json!("text"), "detail"),
        ("/detail", json!(null), "detail"),
        ("/detail/TrainingJobArn", json!("arn:aws:s3:::bucket"), "TrainingJobArn"),
        ("/detail/TrainingJobArn", json!(format!("{ACCOUNT}:endpoint/e")), "TrainingJobArn"),
        ("/detail/TrainingJobStatus", json!(null), "TrainingJobStatus"),
        ("/detail/TrainingJobStatus", json!("  "), "TrainingJobStatus"),
    ];
    for (pointer, value, field) in cases {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert_eq!(refused(&bad).field, field, "{bad}");
    }
    for not_an_event in [json!(null), json!([]), json!("x"), json!(1)] {
        assert_eq!(refused(&not_an_event).field, "event");
    }
}

#[test]
fn long_texts_are_cut_between_characters() {
    let detail = json!({
        "TrainingJobArn": format!("{ACCOUNT}:training-job/t"), "TrainingJobStatus": "Failed",
        "FailureReason": "é".repeat(10_000),
    });
    let reason = seen(&event("Training Job State Change", &[], detail)).failure_reason.unwrap();
    assert!(reason.len() <= 4_096 && reason.ends_with('…'), "{}", reason.len());
}

#[test]
fn a_observation_of_the_sweeps_comes_back_as_it_was() {
    // A deletion is dated by what was known before it, which no Describe says; a
    // model has no status of its own to say it with.
    for (rest, status) in [("training-job/t", "Completed"), ("model/m", "Deleted")] {
        let arn = sagebell_monitor::arn::JobArn::parse(&format!("{ACCOUNT}:{rest}")).unwrap();
        let observation = Observation {
            name: None,
            phase: arn.kind().phase(status, None),
            status: status.to_owned(),
            secondary_status: None,
            failure_reason: Some("gone".to_owned()),
            created_at: None,
            modified_at: "2026-11-02T11:00:00.123456789Z".parse().unwrap(),
            ended_at: Some(now()),
            seen_at: now(),
            source: sagebell_monitor::observation::Source::Describe,
            facts: Facts::default(),
            arn,
        };
        let event = json!({
            "source": "sagebell.sweep", "detail-type": sagebell_monitor::event::OBSERVATION,
            "time": "2026-11-02T13:00:00Z", "detail": &observation,
        });
        assert_eq!(seen(&event), observation);
    }
    let event = json!({"source": "sagebell.sweep", "detail-type": "x", "detail": {"arn": "x"}});
    assert_eq!(refused(&event).field, "detail");
}

#[test]
fn a_tuning_job_tells_how_far_it_has_come() {
    let tuning = |counters: Value| {
        seen(&event(
            "HyperParameter Tuning Job State Change",
            &["hyper-parameter-tuning-job/x"],
            json!({"HyperParameterTuningJobStatus": "InProgress",
                "TrainingJobStatusCounters": counters}),
        ))
        .secondary_status
    };
    let counters = json!({"InProgress": 2, "Completed": 3, "Stopped": 0});
    assert_eq!(tuning(counters).as_deref(), Some("Completed 3, InProgress 2"));
    assert_eq!(tuning(json!({})), None);
    assert_eq!(tuning(json!({"Completed": "3"})), None);
}
