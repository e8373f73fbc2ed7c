//! The table of kinds. To add a kind, add a row here (and a word in [`Kind`]).
//!
//! Sources: detail-types and event fields come from the SageMaker developer guide, "Automating
//! Amazon SageMaker AI with Amazon EventBridge". For kinds without a sample there, detail-types
//! come from "Amazon SageMaker AI events" (EventBridge reference), which lists nothing else.
//! Operations, and the members of their answers, come from the SageMaker API's service model
//! (botocore 1.43). Log groups come from
//! "Log Groups and Streams that Amazon SageMaker AI Sends to CloudWatch".

use super::spec::{Fields, Kind, KindSpec, Lifecycle, PodPolicy, Telling};
use crate::id_form::IdForm;
use crate::id_form::IdPart::{CasedName, Id, Name, OneOf, Version, Word};
use crate::operations::{Changes, FieldValue, Operations, Service};
use crate::statuses::{ARTIFACT, EXPERIMENT, JOB, SCHEDULE, SERVER, SERVICE};

/// The status given to kinds that have none of their own.
pub(crate) const STATELESS: &str = "Created";

/// The categories of jobs as SageMaker spells them (`JobCategory`): a job's calls take its
/// category beside its name, and the ARN's case is not reliable.
const JOB_CATEGORIES: &[&str] = &["AgentRFT", "AgentRFTEvaluation"];

/// What most rows share. In the service model names have letters, digits and hyphens
/// (`TrainingJobName`, `EntityName`, …), besides dots in `ImageName` and underscores in
/// `FeatureGroupName` and `StepName`.
const ID: IdForm = IdForm { parts: &[Name], characters: "" };

/// What most rows share.
const FIELDS: Fields = Fields {
    arn: &[],
    name: &[],
    status: &[],
    secondary: &[],
    counters: &[],
    reason: &["/FailureReason"],
    created: &["/CreationTime"],
    modified: &["/LastModifiedTime"],
    ended: &[],
};

const fn operations(
    create: &'static str,
    describe: &'static str,
    list: &'static str,
    stop: Option<&'static str>,
    key: &'static str,
) -> Operations {
    Operations {
        service: Service::SageMaker,
        create,
        describe,
        list,
        changes: None,
        stop,
        key,
        key_is_arn: false,
        id_fields: &[],
        name: key,
        name_limit: 63,
        also: &[],
        describe_with: &[],
        stop_with: &[],
        runs_on: false,
    }
}

/// Its list can be asked for what changed since some time, and answers with summaries in this
/// member.
const fn listed(summaries: &'static str, operations: Operations) -> Operations {
    let changes = Changes { summaries, tell_reasons: false, category: None };
    Operations { changes: Some(changes), ..operations }
}

/// As [`listed`], and a summary says why a job failed.
const fn listed_with_reasons(summaries: &'static str, operations: Operations) -> Operations {
    let changes = Changes { summaries, tell_reasons: true, category: None };
    Operations { changes: Some(changes), ..operations }
}

const fn by_arn(operations: Operations) -> Operations {
    Operations { key_is_arn: true, ..operations }
}

const fn runs_on(operations: Operations) -> Operations {
    Operations { runs_on: true, ..operations }
}

/// What most rows share: a one-shot job with its own detail-type.
const fn row(
    kind: Kind,
    wire: &'static str,
    noun: &'static str,
    resource: &'static str,
) -> KindSpec {
    KindSpec {
        kind,
        wire,
        noun,
        resource,
        resource_in_events: None,
        id: ID,
        policy_pattern: "*",
        lifecycle: Lifecycle::OneShot,
        detail_types: &[],
        fields: FIELDS,
        statuses: JOB,
        timed_out: &[],
        operations: None,
        has_tags: true,
        pod_policy: None,
        telling: Telling::State,
        state_after: None,
        log_group: None,
        log_stream_prefix: "{name}/",
        console_page: None,
    }
}

/// One row per kind, in the order of [`Kind`].
pub(crate) static KINDS: [KindSpec; Kind::COUNT] = [
    KindSpec {
        detail_types: &["SageMaker Training Job State Change"],
        fields: Fields {
            arn: &["/TrainingJobArn"],
            name: &["/TrainingJobName"],
            status: &["/TrainingJobStatus"],
            secondary: &["/SecondaryStatus"],
            ended: &["/TrainingEndTime"],
            ..FIELDS
        },
        timed_out: &["MaxRuntimeExceeded", "MaxWaitTimeExceeded"],
        operations: Some(listed(
            "TrainingJobSummaries",
            operations(
                "CreateTrainingJob",
                "DescribeTrainingJob",
                "ListTrainingJobs",
                Some("StopTrainingJob"),
                "TrainingJobName",
            ),
        )),
        log_group: Some("/aws/sagemaker/TrainingJobs"),
        console_page: Some("jobs"),
        pod_policy: Some(PodPolicy::Jobs),
        ..row(Kind::Training, "training", "training_job", "training-job")
    },
    KindSpec {
        detail_types: &["SageMaker HyperParameter Tuning Job State Change"],
        fields: Fields {
            arn: &["/HyperParameterTuningJobArn"],
            name: &["/HyperParameterTuningJobName"],
            status: &["/HyperParameterTuningJobStatus"],
            counters: &["/TrainingJobStatusCounters"],
            ended: &["/HyperParameterTuningEndTime"],
            ..FIELDS
        },
        operations: Some(Operations {
            name_limit: 32,
            ..listed(
                "HyperParameterTuningJobSummaries",
                operations(
                    "CreateHyperParameterTuningJob",
                    "DescribeHyperParameterTuningJob",
                    "ListHyperParameterTuningJobs",
                    Some("StopHyperParameterTuningJob"),
                    "HyperParameterTuningJobName",
                ),
            )
        }),
        // A tuning job logs through its training jobs.
        log_group: Some("/aws/sagemaker/TrainingJobs"),
        log_stream_prefix: "{name}-",
        console_page: Some("hyper-tuning-jobs"),
        resource_in_events: Some("tuningjob"),
        pod_policy: Some(PodPolicy::Jobs),
        ..row(Kind::Tuning, "tuning", "tuning_job", "hyper-parameter-tuning-job")
    },
    KindSpec {
        detail_types: &["SageMaker Processing Job State Change"],
        fields: Fields {
            arn: &["/ProcessingJobArn"],
            name: &["/ProcessingJobName"],
            status: &["/ProcessingJobStatus"],
            ended: &["/ProcessingEndTime"],
            ..FIELDS
        },
        operations: Some(listed_with_reasons(
            "ProcessingJobSummaries",
            operations(
                "CreateProcessingJob",
                "DescribeProcessingJob",
                "ListProcessingJobs",
                Some("StopProcessingJob"),
                "ProcessingJobName",
            ),
        )),
        log_group: Some("/aws/sagemaker/ProcessingJobs"),
        console_page: Some("processing-jobs"),
        pod_policy: Some(PodPolicy::Jobs),
        ..row(Kind::Processing, "processing", "processing_job", "processing-job")
    },
    KindSpec {
        detail_types: &["SageMaker Transform Job State Change"],
        fields: Fields {
            arn: &["/TransformJobArn"],
            name: &["/TransformJobName"],
            status: &["/TransformJobStatus"],
            modified: &["/LastModifiedTime", "/TransformEndTime", "/TransformStartTime"],
            ended: &["/TransformEndTime"],
            ..FIELDS
        },
        operations: Some(listed_with_reasons(
            "TransformJobSummaries",
            operations(
                "CreateTransformJob",
                "DescribeTransformJob",
                "ListTransformJobs",
                Some("StopTransformJob"),
                "TransformJobName",
            ),
        )),
        log_group: Some("/aws/sagemaker/TransformJobs"),
        console_page: Some("transform-jobs"),
        pod_policy: Some(PodPolicy::Jobs),
        ..row(Kind::Transform, "transform", "transform_job", "transform-job")
    },
    KindSpec {
        detail_types: &["SageMaker Ground Truth Labeling Job State Change"],
        fields: Fields {
            arn: &["/LabelingJobArn"],
            name: &["/LabelingJobName"],
            status: &["/LabelingJobStatus"],
            ..FIELDS
        },
        operations: Some(listed_with_reasons(
            "LabelingJobSummaryList",
            operations(
                "CreateLabelingJob",
                "DescribeLabelingJob",
                "ListLabelingJobs",
                Some("StopLabelingJob"),
                "LabelingJobName",
            ),
        )),
        log_group: Some("/aws/sagemaker/LabelingJobs"),
        console_page: Some("labeling-jobs"),
        pod_policy: Some(PodPolicy::Jobs),
        ..row(Kind::Labeling, "labeling", "labeling_job", "labeling-job")
    },
    KindSpec {
        // RetryPipelineExecution sets a settled execution, and its steps, going again.
        lifecycle: Lifecycle::Resource,
        detail_types: &["SageMaker Model Building Pipeline Execution Status Change"],
        fields: Fields {
            arn: &["/pipelineExecutionArn", "/PipelineExecutionArn"],
            name: &[],
            status: &["/currentPipelineExecutionStatus", "/PipelineExecutionStatus"],
            created: &["/executionStartTime", "/CreationTime"],
            modified: &["/LastModifiedTime", "/executionEndTime"],
            ended: &["/executionEndTime"],
            reason: &["/failureReason", "/FailureReason"],
            ..FIELDS
        },
        operations: Some(Operations {
            stop_with: &[("ClientRequestToken", FieldValue::Token)],
            ..by_arn(operations(
                "StartPipelineExecution",
                "DescribePipelineExecution",
                "ListPipelineExecutions",
                Some("StopPipelineExecution"),
                "PipelineExecutionArn",
            ))
        }),
        id: IdForm { parts: &[Name, Word("execution"), Id], ..ID },
        has_tags: false,
        pod_policy: Some(PodPolicy::OtherKinds),
        ..row(Kind::PipelineExecution, "pipeline_execution", "pipeline_execution", "pipeline")
    },
    KindSpec {
        lifecycle: Lifecycle::Resource,
        detail_types: &["SageMaker Model Building Pipeline Execution Step Status Change"],
        fields: Fields {
            arn: &["/pipelineExecutionArn", "/PipelineExecutionArn"],
            name: &["/stepName", "/StepName"],
            status: &["/currentStepStatus", "/StepStatus"],
            created: &[],
            // While it runs, its start is its last change: the time of a look is not.
            modified: &["/stepEndTime", "/EndTime", "/stepStartTime", "/StartTime"],
            ended: &["/stepEndTime", "/EndTime"],
            reason: &["/failureReason", "/FailureReason"],
            ..FIELDS
        },
        // Steps have no Create or Describe of their own: the execution's list tells.
        operations: Some(by_arn(operations(
            "StartPipelineExecution",
            "ListPipelineExecutionSteps",
            "ListPipelineExecutionSteps",
            None,
            "PipelineExecutionArn",
        ))),
        // A step's name is no part of an ARN of SageMaker's: its case is its own.
        id: IdForm {
            parts: &[Name, Word("execution"), Id, Word("step"), CasedName],
            characters: "_",
        },
        has_tags: false,
        pod_policy: Some(PodPolicy::OtherKinds),
        ..row(Kind::PipelineStep, "pipeline_step", "pipeline_step", "pipeline")
    },
    KindSpec {
        detail_types: &["SageMaker A2I HumanLoop Status Change"],
        fields: Fields {
            arn: &["/humanLoopArn", "/HumanLoopArn"],
            name: &["/humanLoopName", "/HumanLoopName"],
            status: &["/humanLoopStatus", "/HumanLoopStatus"],
            created: &["/creationTime", "/CreationTime"],
            reason: &["/failureReason", "/FailureReason"],
            ..FIELDS
        },
        operations: Some(Operations {
            service: Service::A2iRuntime,
            ..operations(
                "StartHumanLoop",
                "DescribeHumanLoop",
                "ListHumanLoops",
                Some("StopHumanLoop"),
                "HumanLoopName",
            )
        }),
        has_tags: false,
        ..row(Kind::HumanLoop, "human_loop", "human_loop", "human-loop")
    },
    KindSpec {
        lifecycle: Lifecycle::Resource,
        detail_types: &[
            "SageMaker Endpoint State Change",
            "SageMaker Endpoint Deployment State Change",
        ],
        fields: Fields {
            arn: &["/EndpointArn"],
            name: &["/EndpointName"],
            status: &["/EndpointStatus"],
            secondary: &[
                "/PendingDeploymentSummary/ProductionVariants/0/VariantStatus/0/Status",
                "/ProductionVariants/0/VariantStatus/0/Status",
            ],
            modified: &[
                "/LastModifiedTime",
                "/PendingDeploymentSummary/ProductionVariants/0/VariantStatus/0/StartTime",
                "/ProductionVariants/0/VariantStatus/0/StartTime",
            ],
            ..FIELDS
        },
        statuses: SERVICE,
        operations: Some(listed(
            "Endpoints",
            operations("CreateEndpoint", "DescribeEndpoint", "ListEndpoints", None, "EndpointName"),
        )),
        log_group: Some("/aws/sagemaker/Endpoints/{name}"),
        log_stream_prefix: "",
        console_page: Some("endpoints"),
        pod_policy: Some(PodPolicy::Hosting),
        ..row(Kind::Endpoint, "endpoint", "endpoint", "endpoint")
    },
    KindSpec {
        detail_types: &["SageMaker Endpoint Config State Change"],
        telling: Telling::Change,
        fields: Fields {
            arn: &["/EndpointConfigArn"],
            name: &["/EndpointConfigName"],
            modified: &["/CreationTime"],
            ..FIELDS
        },
        statuses: ARTIFACT,
        operations: Some(operations(
            "CreateEndpointConfig",
            "DescribeEndpointConfig",
            "ListEndpointConfigs",
            None,
            "EndpointConfigName",
        )),
        pod_policy: Some(PodPolicy::Hosting),
        ..row(Kind::EndpointConfig, "endpoint_config", "endpoint_config", "endpoint-config")
    },
    KindSpec {
        detail_types: &["SageMaker Model State Change"],
        telling: Telling::Change,
        fields: Fields {
            arn: &["/ModelArn"],
            name: &["/ModelName"],
            modified: &["/CreationTime"],
            ..FIELDS
        },
        statuses: ARTIFACT,
        operations: Some(operations(
            "CreateModel",
            "DescribeModel",
            "ListModels",
            None,
            "ModelName",
        )),
        console_page: Some("models"),
        pod_policy: Some(PodPolicy::Hosting),
        ..row(Kind::Model, "model", "model", "model")
    },
    KindSpec {
        detail_types: &["SageMaker Model Package State Change"],
        fields: Fields {
            arn: &["/ModelPackageArn"],
            name: &["/ModelPackageName", "/ModelPackageGroupName"],
            status: &["/ModelPackageStatus"],
            secondary: &["/ModelApprovalStatus"],
            reason: &["/ModelPackageStatusDetails/ValidationStatuses/0/FailureReason"],
            ..FIELDS
        },
        operations: Some(Operations {
            // The whole of it, with the model card, would need `kms:Decrypt`.
            describe_with: &[("IncludedData", FieldValue::Text("MetadataOnly"))],
            ..by_arn(operations(
                "CreateModelPackage",
                "DescribeModelPackage",
                "ListModelPackages",
                None,
                "ModelPackageName",
            ))
        }),
        id: IdForm { parts: &[Name, Version], ..ID },
        pod_policy: Some(PodPolicy::Hosting),
        ..row(Kind::ModelPackage, "model_package", "model_package", "model-package")
    },
    KindSpec {
        lifecycle: Lifecycle::Resource,
        detail_types: &["SageMaker Feature Group State Change"],
        fields: Fields {
            arn: &["/FeatureGroupArn"],
            name: &["/FeatureGroupName"],
            status: &["/FeatureGroupStatus"],
            ..FIELDS
        },
        statuses: ARTIFACT,
        operations: Some(operations(
            "CreateFeatureGroup",
            "DescribeFeatureGroup",
            "ListFeatureGroups",
            None,
            "FeatureGroupName",
        )),
        id: IdForm { characters: "_", ..ID },
        pod_policy: Some(PodPolicy::OtherKinds),
        ..row(Kind::FeatureGroup, "feature_group", "feature_group", "feature-group")
    },
    KindSpec {
        lifecycle: Lifecycle::Resource,
        detail_types: &["SageMaker Notebook Instance State Change"],
        fields: Fields {
            arn: &["/NotebookInstanceArn"],
            name: &["/NotebookInstanceName"],
            status: &["/NotebookInstanceStatus"],
            ..FIELDS
        },
        statuses: SERVICE,
        operations: Some(runs_on(listed(
            "NotebookInstances",
            operations(
                "CreateNotebookInstance",
                "DescribeNotebookInstance",
                "ListNotebookInstances",
                Some("StopNotebookInstance"),
                "NotebookInstanceName",
            ),
        ))),
        log_group: Some("/aws/sagemaker/NotebookInstances"),
        pod_policy: Some(PodPolicy::OtherKinds),
        ..row(Kind::NotebookInstance, "notebook_instance", "notebook_instance", "notebook-instance")
    },
    KindSpec {
        lifecycle: Lifecycle::Resource,
        detail_types: &["SageMaker HyperPod Cluster State Change"],
        fields: Fields {
            arn: &["/ClusterArn"],
            name: &["/ClusterName"],
            status: &["/ClusterStatus"],
            reason: &["/FailureMessage"],
            ..FIELDS
        },
        statuses: SERVICE,
        id: IdForm { parts: &[Id], ..ID },
        operations: Some(by_arn(operations(
            "CreateCluster",
            "DescribeCluster",
            "ListClusters",
            None,
            "ClusterName",
        ))),
        log_group: Some("/aws/sagemaker/Clusters/{ClusterName}/{id}"),
        log_stream_prefix: "",
        pod_policy: Some(PodPolicy::OtherKinds),
        ..row(Kind::Cluster, "cluster", "cluster", "cluster")
    },
    KindSpec {
        lifecycle: Lifecycle::Resource,
        detail_types: &["SageMaker Image State Change"],
        fields: Fields {
            arn: &["/ImageArn"],
            name: &["/ImageName"],
            status: &["/ImageStatus"],
            ..FIELDS
        },
        statuses: ARTIFACT,
        operations: Some(listed_with_reasons(
            "Images",
            operations("CreateImage", "DescribeImage", "ListImages", None, "ImageName"),
        )),
        id: IdForm { characters: ".", ..ID },
        pod_policy: Some(PodPolicy::OtherKinds),
        ..row(Kind::Image, "image", "image", "image")
    },
    KindSpec {
        lifecycle: Lifecycle::Resource,
        detail_types: &["SageMaker Image Version State Change"],
        fields: Fields {
            arn: &["/ImageVersionArn"],
            name: &[],
            status: &["/ImageVersionStatus"],
            ..FIELDS
        },
        statuses: ARTIFACT,
        operations: Some(Operations {
            id_fields: &["ImageName", "Version"],
            ..operations(
                "CreateImageVersion",
                "DescribeImageVersion",
                "ListImageVersions",
                None,
                "ImageName",
            )
        }),
        id: IdForm { parts: &[Name, Version], characters: "." },
        // Its image has them (`CreateImageVersion` takes none).
        has_tags: false,
        pod_policy: Some(PodPolicy::OtherKinds),
        ..row(Kind::ImageVersion, "image_version", "image_version", "image-version")
    },
    KindSpec {
        fields: Fields {
            arn: &["/AutoMLJobArn"],
            name: &["/AutoMLJobName"],
            status: &["/AutoMLJobStatus"],
            secondary: &["/AutoMLJobSecondaryStatus"],
            ended: &["/EndTime"],
            ..FIELDS
        },
        timed_out: &["MaxAutoMLJobRuntimeReached"],
        operations: Some(Operations {
            name_limit: 32,
            ..listed_with_reasons(
                "AutoMLJobSummaries",
                operations(
                    "CreateAutoMLJobV2",
                    "DescribeAutoMLJobV2",
                    "ListAutoMLJobs",
                    Some("StopAutoMLJob"),
                    "AutoMLJobName",
                ),
            )
        }),
        pod_policy: Some(PodPolicy::Jobs),
        ..row(Kind::AutoMl, "auto_ml", "auto_ml_job", "automl-job")
    },
    KindSpec {
        fields: Fields {
            arn: &["/CompilationJobArn"],
            name: &["/CompilationJobName"],
            status: &["/CompilationJobStatus"],
            ended: &["/CompilationEndTime"],
            ..FIELDS
        },
        operations: Some(listed(
            "CompilationJobSummaries",
            operations(
                "CreateCompilationJob",
                "DescribeCompilationJob",
                "ListCompilationJobs",
                Some("StopCompilationJob"),
                "CompilationJobName",
            ),
        )),
        log_group: Some("/aws/sagemaker/CompilationJobs"),
        console_page: Some("compilation-jobs"),
        pod_policy: Some(PodPolicy::Jobs),
        ..row(Kind::Compilation, "compilation", "compilation_job", "compilation-job")
    },
    KindSpec {
        fields: Fields {
            arn: &["/EdgePackagingJobArn"],
            name: &["/EdgePackagingJobName"],
            status: &["/EdgePackagingJobStatus"],
            reason: &["/EdgePackagingJobStatusMessage"],
            ..FIELDS
        },
        operations: Some(listed(
            "EdgePackagingJobSummaries",
            operations(
                "CreateEdgePackagingJob",
                "DescribeEdgePackagingJob",
                "ListEdgePackagingJobs",
                Some("StopEdgePackagingJob"),
                "EdgePackagingJobName",
            ),
        )),
        pod_policy: Some(PodPolicy::Jobs),
        ..row(Kind::EdgePackaging, "edge_packaging", "edge_packaging_job", "edge-packaging-job")
    },
    KindSpec {
        lifecycle: Lifecycle::Resource,
        fields: Fields {
            arn: &["/InferenceComponentArn"],
            name: &["/InferenceComponentName"],
            status: &["/InferenceComponentStatus"],
            ..FIELDS
        },
        statuses: SERVICE,
        operations: Some(listed(
            "InferenceComponents",
            operations(
                "CreateInferenceComponent",
                "DescribeInferenceComponent",
                "ListInferenceComponents",
                None,
                "InferenceComponentName",
            ),
        )),
        log_group: Some("/aws/sagemaker/InferenceComponents/{name}"),
        log_stream_prefix: "",
        pod_policy: Some(PodPolicy::Hosting),
        ..row(
            Kind::InferenceComponent,
            "inference_component",
            "inference_component",
            "inference-component",
        )
    },
    KindSpec {
        fields: Fields {
            arn: &["/Arn"],
            name: &["/Name"],
            status: &["/Status"],
            reason: &["/StatusReason"],
            ended: &["/CompletionTime"],
            ..FIELDS
        },
        statuses: EXPERIMENT,
        operations: Some(Operations {
            // It must say what becomes of each variant: nothing is deleted here.
            stop_with: &[
                ("ModelVariantActions", FieldValue::KeepVariants),
                ("DesiredState", FieldValue::Text("Cancelled")),
            ],
            ..listed_with_reasons(
                "InferenceExperiments",
                operations(
                    "CreateInferenceExperiment",
                    "DescribeInferenceExperiment",
                    "ListInferenceExperiments",
                    Some("StopInferenceExperiment"),
                    "Name",
                ),
            )
        }),
        pod_policy: Some(PodPolicy::Jobs),
        ..row(
            Kind::InferenceExperiment,
            "inference_experiment",
            "inference_experiment",
            "inference-experiment",
        )
    },
    KindSpec {
        fields: Fields {
            arn: &["/JobArn"],
            name: &["/JobName"],
            status: &["/Status"],
            ended: &["/CompletionTime"],
            ..FIELDS
        },
        operations: Some(listed_with_reasons(
            "InferenceRecommendationsJobs",
            operations(
                "CreateInferenceRecommendationsJob",
                "DescribeInferenceRecommendationsJob",
                "ListInferenceRecommendationsJobs",
                Some("StopInferenceRecommendationsJob"),
                "JobName",
            ),
        )),
        log_group: Some("/aws/sagemaker/InferenceRecommendationsJobs"),
        pod_policy: Some(PodPolicy::Jobs),
        ..row(
            Kind::InferenceRecommendations,
            "inference_recommendations",
            "inference_recommendations_job",
            "inference-recommendations-job",
        )
    },
    KindSpec {
        fields: Fields {
            arn: &["/OptimizationJobArn"],
            name: &["/OptimizationJobName"],
            status: &["/OptimizationJobStatus"],
            ended: &["/OptimizationEndTime"],
            ..FIELDS
        },
        operations: Some(listed(
            "OptimizationJobSummaries",
            operations(
                "CreateOptimizationJob",
                "DescribeOptimizationJob",
                "ListOptimizationJobs",
                Some("StopOptimizationJob"),
                "OptimizationJobName",
            ),
        )),
        pod_policy: Some(PodPolicy::Jobs),
        ..row(Kind::Optimization, "optimization", "optimization_job", "optimization-job")
    },
    KindSpec {
        detail_types: &["SageMaker Job State Change"],
        fields: Fields {
            arn: &["/JobArn"],
            name: &["/JobName"],
            status: &["/JobStatus"],
            secondary: &["/SecondaryStatus"],
            ended: &["/EndTime"],
            ..FIELDS
        },
        timed_out: &["MaxRuntimeExceeded"],
        operations: Some(Operations {
            id_fields: &["JobCategory", "JobName"],
            also: &["JobCategory"],
            changes: Some(Changes {
                summaries: "JobSummaries",
                tell_reasons: false,
                category: Some("JobCategory"),
            }),
            ..operations("CreateJob", "DescribeJob", "ListJobs", Some("StopJob"), "JobName")
        }),
        id: IdForm { parts: &[OneOf(JOB_CATEGORIES), Name], ..ID },
        pod_policy: Some(PodPolicy::NewerJobs),
        ..row(Kind::Job, "job", "job", "job")
    },
    KindSpec {
        fields: Fields {
            arn: &["/AIBenchmarkJobArn"],
            name: &["/AIBenchmarkJobName"],
            status: &["/AIBenchmarkJobStatus"],
            modified: &["/CreationTime", "/StartTime", "/EndTime"],
            ended: &["/EndTime"],
            ..FIELDS
        },
        operations: Some(operations(
            "CreateAIBenchmarkJob",
            "DescribeAIBenchmarkJob",
            "ListAIBenchmarkJobs",
            Some("StopAIBenchmarkJob"),
            "AIBenchmarkJobName",
        )),
        pod_policy: Some(PodPolicy::NewerJobs),
        ..row(Kind::AiBenchmark, "ai_benchmark", "ai_benchmark_job", "ai-benchmark-job")
    },
    KindSpec {
        fields: Fields {
            arn: &["/AIRecommendationJobArn"],
            name: &["/AIRecommendationJobName"],
            status: &["/AIRecommendationJobStatus"],
            modified: &["/CreationTime", "/StartTime", "/EndTime"],
            ended: &["/EndTime"],
            ..FIELDS
        },
        operations: Some(operations(
            "CreateAIRecommendationJob",
            "DescribeAIRecommendationJob",
            "ListAIRecommendationJobs",
            Some("StopAIRecommendationJob"),
            "AIRecommendationJobName",
        )),
        pod_policy: Some(PodPolicy::NewerJobs),
        ..row(
            Kind::AiRecommendation,
            "ai_recommendation",
            "ai_recommendation_job",
            "ai-recommendation-job",
        )
    },
    KindSpec {
        lifecycle: Lifecycle::Resource,
        detail_types: &["SageMaker Monitoring Schedule State Change"],
        telling: Telling::Change,
        fields: Fields {
            arn: &["/MonitoringScheduleArn"],
            name: &["/MonitoringScheduleName"],
            status: &["/MonitoringScheduleStatus"],
            ..FIELDS
        },
        statuses: SCHEDULE,
        operations: Some(runs_on(listed(
            "MonitoringScheduleSummaries",
            operations(
                "CreateMonitoringSchedule",
                "DescribeMonitoringSchedule",
                "ListMonitoringSchedules",
                Some("StopMonitoringSchedule"),
                "MonitoringScheduleName",
            ),
        ))),
        ..row(
            Kind::MonitoringSchedule,
            "monitoring_schedule",
            "monitoring_schedule",
            "monitoring-schedule",
        )
    },
    KindSpec {
        detail_types: &["SageMaker Algorithm State Change"],
        telling: Telling::Change,
        fields: Fields {
            arn: &["/AlgorithmArn"],
            name: &["/AlgorithmName"],
            // Of a Describe: EventBridge's schema of the event has none.
            status: &["/AlgorithmStatus"],
            // Nothing tells when it changed: the time of a look stands in.
            modified: &[],
            reason: &["/AlgorithmStatusDetails/ValidationStatuses/0/FailureReason"],
            ..FIELDS
        },
        operations: Some(operations(
            "CreateAlgorithm",
            "DescribeAlgorithm",
            "ListAlgorithms",
            None,
            "AlgorithmName",
        )),
        pod_policy: Some(PodPolicy::OtherKinds),
        ..row(Kind::Algorithm, "algorithm", "algorithm", "algorithm")
    },
    KindSpec {
        detail_types: &["SageMaker Model Card Export Job State Change"],
        telling: Telling::Change,
        fields: Fields {
            arn: &["/ModelCardExportJobArn"],
            name: &["/ModelCardExportJobName"],
            status: &["/Status", "/ModelCardExportJobStatus"],
            created: &["/CreatedAt", "/CreationTime"],
            modified: &["/LastModifiedAt", "/LastModifiedTime"],
            ..FIELDS
        },
        operations: Some(Operations {
            name: "ModelCardExportJobName",
            ..by_arn(operations(
                "CreateModelCardExportJob",
                "DescribeModelCardExportJob",
                "ListModelCardExportJobs",
                None,
                "ModelCardExportJobArn",
            ))
        }),
        id: IdForm { parts: &[Name, Word("export-job"), Name], ..ID },
        // The card itself is no job.
        policy_pattern: "*/export-job/*",
        // The card has them (`CreateModelCardExportJob` takes none).
        has_tags: false,
        pod_policy: Some(PodPolicy::OtherKinds),
        ..row(Kind::ModelCardExport, "model_card_export", "model_card_export_job", "model-card")
    },
    KindSpec {
        // No operation of SageMaker's API makes, describes, lists or stops one: its events
        // are all that tells. AWS shows none of them; the fields are named as those of
        // other kinds are.
        detail_types: &["SageMaker Evaluation Job Status Change"],
        telling: Telling::Change,
        fields: Fields {
            arn: &["/EvaluationJobArn"],
            name: &["/EvaluationJobName"],
            status: &["/EvaluationJobStatus"],
            ..FIELDS
        },
        ..row(Kind::Evaluation, "evaluation", "evaluation_job", "evaluation-job")
    },
    KindSpec {
        lifecycle: Lifecycle::Resource,
        detail_types: &[
            "SageMaker Tracking Server Creating",
            "SageMaker Tracking Server Created",
            "SageMaker Tracking Server Create Failed",
            "SageMaker Tracking Server Updating",
            "SageMaker Tracking Server Updated",
            "SageMaker Tracking Server Update Failed",
            "SageMaker Tracking Server Deleting",
            "SageMaker Tracking Server Deleted",
            "SageMaker Tracking Server Delete Failed",
            "SageMaker Tracking Server Starting",
            "SageMaker Tracking Server Started",
            "SageMaker Tracking Server Start Failed",
            "SageMaker Tracking Server Stopping",
            "SageMaker Tracking Server Stopped",
            "SageMaker Tracking Server Stop Failed",
            "SageMaker Tracking Server Maintenance In Progress",
            "SageMaker Tracking Server Maintenance Complete",
            "SageMaker Tracking Server Maintenance Failed",
        ],
        telling: Telling::Change,
        state_after: Some("SageMaker Tracking Server "),
        fields: Fields {
            arn: &["/TrackingServerArn"],
            name: &["/TrackingServerName"],
            status: &["/TrackingServerStatus"],
            reason: &[],
            ..FIELDS
        },
        statuses: SERVER,
        operations: Some(runs_on(operations(
            "CreateMlflowTrackingServer",
            "DescribeMlflowTrackingServer",
            "ListMlflowTrackingServers",
            Some("StopMlflowTrackingServer"),
            "TrackingServerName",
        ))),
        pod_policy: Some(PodPolicy::OtherKinds),
        ..row(
            Kind::MlflowTrackingServer,
            "mlflow_tracking_server",
            "mlflow_tracking_server",
            "mlflow-tracking-server",
        )
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phase::Phase::{self, Running, Stopped, Succeeded};

    #[test]
    fn every_kind_has_its_row_in_its_place() {
        for (place, spec) in KINDS.iter().enumerate() {
            assert_eq!(spec.kind as usize, place, "{}", spec.wire);
            assert_eq!(spec.kind.spec().wire, spec.wire);
            assert_eq!(Kind::from_wire(spec.wire), Some(spec.kind));
            let json = serde_json::to_value(spec.kind).unwrap();
            assert_eq!(json, spec.wire, "the wire word is also serde's");
        }
    }

    #[test]
    fn rows_are_whole() {
        for spec in &KINDS {
            assert!(spec.operations.is_some() || !spec.detail_types.is_empty(), "{}", spec.wire);
            assert!(!spec.fields.arn.is_empty());
            assert_eq!(spec.kind.phase("Deleted", None), Stopped, "{}", spec.wire);
            assert!(spec.statuses.iter().any(|(_, phase)| *phase == Succeeded));
            let pointers = [spec.fields.arn, spec.fields.status, spec.fields.modified].concat();
            assert!(pointers.iter().all(|pointer| pointer.starts_with('/')));
        }
    }

    #[test]
    fn statuses_compare_without_case_and_underscores() {
        assert_eq!(Kind::Endpoint.phase("IN_SERVICE", None), Succeeded);
        assert_eq!(Kind::Endpoint.phase("InService", None), Succeeded);
        assert_eq!(Kind::Compilation.phase("INPROGRESS", None), Running);
        assert_eq!(Kind::Endpoint.phase("Melting", None), Phase::Unknown);
    }

    #[test]
    fn only_a_stop_for_want_of_time_is_a_time_out() {
        let ran_out = Some("MaxRuntimeExceeded");
        assert_eq!(Kind::Training.phase("Stopped", ran_out), Phase::TimedOut);
        assert_eq!(Kind::Training.phase("Completed", ran_out), Succeeded);
        assert_eq!(Kind::Training.phase("Stopped", Some("Stopped")), Stopped);
    }
}
