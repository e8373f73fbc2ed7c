//! Members of Describe answers that no rule gives: what is particular to a kind.

use jiff::Timestamp;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::phase::Phase;
use serde_json::{Map, Value, json};

use crate::naming::text;
use crate::resource::Resource;
use crate::view::seconds;

/// Members that repeat a deeper one: kind, member, pointer.
const COPIES: [(Kind, &str, &str); 12] = [
    (Kind::Tuning, "Strategy", "/HyperParameterTuningJobConfig/Strategy"),
    (Kind::Tuning, "ResourceLimits", "/HyperParameterTuningJobConfig/ResourceLimits"),
    (Kind::Labeling, "WorkteamArn", "/HumanTaskConfig/WorkteamArn"),
    (Kind::Labeling, "PreHumanTaskLambdaArn", "/HumanTaskConfig/PreHumanTaskLambdaArn"),
    (Kind::Compilation, "CompilationTargetDevice", "/OutputConfig/TargetDevice"),
    (Kind::InferenceRecommendations, "ModelName", "/InputConfig/ModelName"),
    (
        Kind::InferenceRecommendations,
        "ModelPackageVersionArn",
        "/InputConfig/ModelPackageVersionArn",
    ),
    (Kind::InferenceExperiment, "EndpointMetadata/EndpointName", "/EndpointName"),
    (Kind::NotebookInstance, "NotebookInstanceLifecycleConfigName", "/LifecycleConfigName"),
    (Kind::NotebookInstance, "SecurityGroups", "/SecurityGroupIds"),
    (Kind::PipelineExecution, "StartTime", "/CreationTime"),
    (Kind::PipelineExecution, "PipelineExecutionFailureReason", "/FailureReason"),
];

/// Adds what is particular to the resource's kind.
pub(crate) fn add(resource: &Resource, view: &mut Map<String, Value>) {
    copy(resource, view);
    if let Value::Object(members) = unless_asked(resource) {
        for (member, value) in members {
            view.entry(member).or_insert(value);
        }
    }
    let more = match resource.family.kind {
        Some(Kind::Training) => training(resource),
        Some(Kind::Tuning) => tuning(resource),
        Some(Kind::Labeling) => labeling(resource),
        Some(Kind::Compilation) => compilation(resource),
        Some(Kind::ModelPackage) => model_package(resource),
        Some(Kind::Algorithm) => json!({
            "AlgorithmStatusDetails": { "ValidationStatuses": reasons(resource) },
        }),
        Some(Kind::Cluster) => json!({ "InstanceGroups": instance_groups(resource) }),
        Some(Kind::InferenceExperiment) => json!({ "ModelVariants": model_variants(resource) }),
        Some(Kind::AutoMl) => auto_ml(resource),
        Some(Kind::AiRecommendation) => ai_recommendation(resource),
        Some(Kind::NotebookInstance) => {
            json!({ "Url": format!("{}.notebook.{}.sagemaker.aws", resource.name, resource.region) })
        }
        Some(_) => Value::Null,
        None => neighbour(resource),
    };
    if let Value::Object(more) = more {
        view.extend(more);
    }
}

/// What the service assumes where a request says nothing (SageMaker API
/// reference, the operations that create these).
fn unless_asked(resource: &Resource) -> Value {
    match resource.family.kind {
        Some(Kind::Training) => json!({
            "EnableNetworkIsolation": false,
            "EnableInterContainerTrafficEncryption": false,
            "EnableManagedSpotTraining": false,
        }),
        Some(Kind::Model) => json!({ "EnableNetworkIsolation": false }),
        Some(Kind::NotebookInstance) => {
            json!({ "VolumeSizeInGB": 5, "DirectInternetAccess": "Enabled" })
        }
        Some(Kind::InferenceComponent) => json!({ "VariantName": "AllTraffic" }),
        _ => Value::Null,
    }
}

fn copy(resource: &Resource, view: &mut Map<String, Value>) {
    let all = Value::Object(view.clone());
    for (_, member, from) in COPIES.iter().filter(|(kind, ..)| resource.family.kind == Some(*kind))
    {
        let Some(value) = all.pointer(from).cloned() else {
            continue;
        };
        match member.split_once('/') {
            Some((outer, inner)) => view.insert(outer.to_owned(), json!({ inner: value })),
            None => view.insert((*member).to_owned(), value),
        };
    }
}

/// A text deep in the request; empty if it is missing.
fn asked<'a>(resource: &'a Resource, member: &str, inner: &str) -> &'a str {
    let found = resource.request.get(member).and_then(|outer| outer.get(inner));
    found.and_then(Value::as_str).unwrap_or_default()
}

fn training(resource: &Resource) -> Value {
    let path = asked(resource, "OutputDataConfig", "S3OutputPath").trim_end_matches('/');
    let took = || Some(resource.ended()?.duration_since(resource.started()?).as_secs());
    json!({
        "ModelArtifacts": {
            "S3ModelArtifacts": format!("{path}/{}/output/model.tar.gz", resource.name),
        },
        "SecondaryStatusTransitions": transitions(resource),
        "TrainingTimeInSeconds": took(),
        "BillableTimeInSeconds": took(),
    })
}

/// The finer statuses so far; what ends one is the next.
fn transitions(resource: &Resource) -> Vec<Value> {
    let finer = |(at, word): (Timestamp, &str), end: Option<Timestamp>| {
        let mut one =
            json!({ "Status": word, "StartTime": seconds(at), "StatusMessage": message(word) });
        if let (Some(one), Some(end)) = (one.as_object_mut(), end) {
            one.insert("EndTime".to_owned(), seconds(end));
        }
        one
    };
    let mut reached: Vec<(Timestamp, &str)> =
        resource.history().filter_map(|of| Some((of.at, of.secondary.as_deref()?))).collect();
    reached.dedup_by_key(|(_, word)| *word);
    let ends = reached.iter().skip(1).map(|(at, _)| Some(*at)).chain([resource.ended()]);
    reached.iter().zip(ends).map(|(one, end)| finer(*one, end)).collect()
}

fn message(secondary: &str) -> &'static str {
    match secondary {
        "Starting" => "Preparing the instances for training",
        "Downloading" => "Downloading input data",
        "Training" => "Training image download completed. Training in progress.",
        "Uploading" => "Uploading generated training model",
        "Completed" => "Training job completed",
        "Failed" => "Training job failed",
        "Stopping" => "Stopping the training job",
        "Stopped" | "MaxRuntimeExceeded" | "MaxWaitTimeExceeded" => "Training job stopped",
        _ => "",
    }
}

fn tuning(resource: &Resource) -> Value {
    let completed = i32::from(resource.phase() == Phase::Succeeded);
    let running = i32::from(!resource.phase().is_settled());
    json!({
        "TrainingJobStatusCounters": {
            "Completed": completed, "InProgress": running,
            "RetryableError": 0, "NonRetryableError": 0, "Stopped": 1 - completed - running,
        },
        "ObjectiveStatusCounters": { "Succeeded": completed, "Pending": running, "Failed": 0 },
    })
}

fn labeling(resource: &Resource) -> Value {
    let done = resource.phase() == Phase::Succeeded;
    let path = asked(resource, "OutputConfig", "S3OutputPath").trim_end_matches('/');
    let output = format!("{path}/{}/manifests/output/output.manifest", resource.name);
    json!({
        "LabelCounters": {
            "TotalLabeled": i32::from(done), "HumanLabeled": i32::from(done), "MachineLabeled": 0,
            "FailedNonRetryableError": 0, "Unlabeled": i32::from(!done),
        },
        "JobReferenceCode": format!("{:08}", resource.number),
        "LabelingJobOutput": done.then(|| json!({ "OutputDatasetS3Uri": output })),
    })
}

fn compilation(resource: &Resource) -> Value {
    let path = asked(resource, "OutputConfig", "S3OutputLocation").trim_end_matches('/');
    let artifacts = format!("{path}/{}.tar.gz", resource.name);
    json!({ "ModelArtifacts": { "S3ModelArtifacts": artifacts } })
}

fn model_package(resource: &Resource) -> Value {
    let group = resource.request.get("ModelPackageGroupName");
    let approval = resource.request.get("ModelApprovalStatus").cloned();
    let pending = || group.map(|_| json!("PendingManualApproval"));
    json!({
        // The table's second name is the group's, for those that have one.
        "ModelPackageGroupName": group,
        "ModelApprovalStatus": approval.or_else(pending),
        "ModelPackageStatusDetails": { "ValidationStatuses": reasons(resource) },
    })
}

/// Where the Describe of a package, or of an algorithm, says why it failed.
fn reasons(resource: &Resource) -> Vec<Value> {
    let failed = resource.now().filter(|now| now.phase == Phase::Failed);
    let status =
        |reason| json!({ "Name": resource.name, "Status": "Failed", "FailureReason": reason });
    failed.and_then(|now| now.reason.as_deref()).map(status).into_iter().collect()
}

/// A list of structures in the request, each changed by `change`.
fn each(resource: &Resource, member: &str, change: impl Fn(&mut Map<String, Value>)) -> Vec<Value> {
    let items = resource.request.get(member).and_then(Value::as_array);
    let changed = |item: &Value| {
        let mut item = item.as_object().cloned().unwrap_or_default();
        change(&mut item);
        Value::Object(item)
    };
    items.into_iter().flatten().map(changed).collect()
}

fn instance_groups(resource: &Resource) -> Vec<Value> {
    each(resource, "InstanceGroups", |group| {
        let count = group.remove("InstanceCount").unwrap_or(json!(0));
        group.insert("CurrentCount".to_owned(), count.clone());
        group.insert("TargetCount".to_owned(), count);
    })
}

fn model_variants(resource: &Resource) -> Vec<Value> {
    each(resource, "ModelVariants", |variant| {
        variant.insert("Status".to_owned(), json!("InService"));
    })
}

/// The problem's name is that of the one member of its configuration.
fn auto_ml(resource: &Resource) -> Value {
    let config = resource.request.get("AutoMLProblemTypeConfig").and_then(Value::as_object);
    let problem = config.and_then(|config| config.keys().next()?.strip_suffix("JobConfig"));
    json!({ "AutoMLProblemTypeConfigName": problem })
}

/// A Describe tells where the output is, also where the request left it out (the service
/// model: `AIRecommendationOutputResult` requires what `AIRecommendationOutputConfig` does
/// not); where that is then is not documented.
fn ai_recommendation(resource: &Resource) -> Value {
    let asked = resource.request.get("OutputConfig").and_then(Value::as_object);
    let mut output = asked.cloned().unwrap_or_default();
    let place = || format!("s3://sagemaker-{}/{}", resource.region, resource.name);
    output.entry("S3OutputLocation").or_insert_with(|| json!(place()));
    json!({ "OutputConfig": output })
}

fn neighbour(resource: &Resource) -> Value {
    let team = text(&resource.request, "WorkteamName");
    let portal = format!("{team}.labeling.{}.sagemaker.aws", resource.region);
    json!({
        "PipelineStatus": "Active", "ModelPackageGroupStatus": "Completed", "SubDomain": portal,
    })
}
