# Generated from crates/step/table: `cargo xtask generate`.
"""The component `v2/TrainingJob`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from .._task import make

if TYPE_CHECKING:
    from kfp.dsl import PipelineTask
    from kfp.dsl.pipeline_channel import PipelineChannel

    from .._types import Later

    class AckTrainingJobOutputs(TypedDict):
        """The outputs of `ack_training_job`."""

        ack_resource_metadata: PipelineChannel
        conditions: PipelineChannel
        creation_time: PipelineChannel
        debug_rule_evaluation_statuses: PipelineChannel
        failure_reason: PipelineChannel
        last_modified_time: PipelineChannel
        model_artifacts: PipelineChannel
        profiler_rule_evaluation_statuses: PipelineChannel
        profiling_status: PipelineChannel
        secondary_status: PipelineChannel
        training_job_status: PipelineChannel
        warm_pool_status: PipelineChannel
        job_arn: PipelineChannel
        status: PipelineChannel
        metrics: PipelineChannel
        timeline: PipelineChannel
        summary: PipelineChannel

    class AckTrainingJobTask(PipelineTask):
        """KFP's task, with the outputs of `ack_training_job`."""

        @property
        def outputs(self) -> AckTrainingJobOutputs: ...  # type: ignore[override]


def ack_training_job(
    *,
    region: str | Later,
    endpoint_url: str | Later = "",
    assume_role: str | Later = "",
    algorithm_specification: dict[str, Any] | Later | None = None,
    checkpoint_config: dict[str, Any] | Later | None = None,
    debug_hook_config: dict[str, Any] | Later | None = None,
    debug_rule_configurations: list[Any] | Later | None = None,
    enable_inter_container_traffic_encryption: bool | Later = False,
    enable_managed_spot_training: bool | Later = False,
    enable_network_isolation: bool | Later = False,
    environment: dict[str, Any] | Later | None = None,
    experiment_config: dict[str, Any] | Later | None = None,
    hyper_parameters: dict[str, Any] | Later | None = None,
    input_data_config: list[Any] | Later | None = None,
    output_data_config: dict[str, Any] | Later | None = None,
    profiler_config: dict[str, Any] | Later | None = None,
    profiler_rule_configurations: list[Any] | Later | None = None,
    resource_config: dict[str, Any] | Later | None = None,
    retry_strategy: dict[str, Any] | Later | None = None,
    role_arn: str | Later = "",
    stopping_condition: dict[str, Any] | Later | None = None,
    tags: list[Any] | Later | None = None,
    tensor_board_output_config: dict[str, Any] | Later | None = None,
    training_job_name: str | Later = "",
    vpc_config: dict[str, Any] | Later | None = None,
    wait: str | Later = "",
    sagebell_channel: str | Later = "",
    sagebell_api: str | Later = "",
    max_wait: str | Later = "",
    on_abandon: str | Later = "",
    on_failure: str | Later = "",
    lease_seconds: str | Later = "",
    name_prefix: str | Later = "",
    poll_seconds: str | Later = "",
    logs: str | Later = "",
) -> AckTrainingJobTask:
    """Runs a training job and waits for it.

    The component `v2/TrainingJob`. Units and allowed values of the request's fields:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html

    Args:
        region: The AWS region.
        endpoint_url: The URL of SageMaker's API. Default: the API of the region.
        assume_role: A role to assume for every call.
        algorithm_specification: `AlgorithmSpecification` of the request. Keys: TrainingInputMode
            (required), AlgorithmName, ContainerArguments, ContainerEntrypoint,
            EnableSageMakerMetricsTimeSeries, MetricDefinitions, TrainingImage, TrainingImageConfig.
        checkpoint_config: `CheckpointConfig` of the request. Keys: S3Uri (required), LocalPath.
        debug_hook_config: `DebugHookConfig` of the request. Keys: S3OutputPath (required),
            CollectionConfigurations, HookParameters, LocalPath.
        debug_rule_configurations: `DebugRuleConfigurations` of the request. Keys of an item:
            RuleConfigurationName (required), RuleEvaluatorImage (required), InstanceType,
            LocalPath, RuleParameters, S3OutputPath, VolumeSizeInGB.
        enable_inter_container_traffic_encryption: `EnableInterContainerTrafficEncryption` of the
            request.
        enable_managed_spot_training: `EnableManagedSpotTraining` of the request.
        enable_network_isolation: `EnableNetworkIsolation` of the request.
        environment: `Environment` of the request. Keys and values are texts.
        experiment_config: `ExperimentConfig` of the request. Keys: ExperimentName, RunName,
            TrialComponentDisplayName, TrialName.
        hyper_parameters: `HyperParameters` of the request. Keys and values are texts.
        input_data_config: `InputDataConfig` of the request. Keys of an item: ChannelName
            (required), DataSource (required), CompressionType, ContentType, InputMode,
            RecordWrapperType, ShuffleConfig. At least one.
        output_data_config: `OutputDataConfig` of the request. SageMaker requires it. Keys:
            S3OutputPath (required), CompressionType, KmsKeyId.
        profiler_config: `ProfilerConfig` of the request. Keys: DisableProfiler,
            ProfilingIntervalInMilliseconds, ProfilingParameters, S3OutputPath.
        profiler_rule_configurations: `ProfilerRuleConfigurations` of the request. Keys of an item:
            RuleConfigurationName (required), RuleEvaluatorImage (required), InstanceType,
            LocalPath, RuleParameters, S3OutputPath, VolumeSizeInGB.
        resource_config: `ResourceConfig` of the request. Keys: InstanceCount, InstanceGroups,
            InstancePlacementConfig, InstancePreferences, InstanceType, KeepAlivePeriodInSeconds,
            SelectedInstanceCount, SelectedInstanceType, TrainingPlanArn, VolumeKmsKeyId,
            VolumeSizeInGB.
        retry_strategy: `RetryStrategy` of the request. Keys: MaximumRetryAttempts (required).
        role_arn: `RoleArn` of the request. SageMaker requires it.
        stopping_condition: `StoppingCondition` of the request. Keys: MaxPendingTimeInSeconds,
            MaxRuntimeInSeconds, MaxWaitTimeInSeconds.
        tags: Tags: a list of `key` and `value`.
        tensor_board_output_config: `TensorBoardOutputConfig` of the request. Keys: S3OutputPath
            (required), LocalPath.
        training_job_name: `TrainingJobName` of the request. If empty, generated from the run and
            the task.
        vpc_config: `VpcConfig` of the request. Keys: SecurityGroupIds (required), Subnets
            (required).
        wait: How to wait. monitor: Sagebell tells the step. poll: call SageMaker repeatedly.
            callback: as monitor, by the channel callback. Default: SAGEBELL_WAIT, otherwise
            monitor.
        sagebell_channel: How Sagebell tells the step. connection: through a connection that the
            step opens. callback: by calling the step's pod. none: the step asks again and again.
            Default: SAGEBELL_CHANNEL, otherwise connection.
        sagebell_api: The URL of Sagebell's API. Default: SAGEBELL_API, otherwise the parameter
            /sagebell/api of Systems Manager.
        max_wait: How long to wait at most, for example 90m or 12h. Default: SAGEBELL_MAX_WAIT,
            otherwise 35 days.
        on_abandon: What to do with the job if the step is terminated and does not come back: stop
            or keep. Default: SAGEBELL_ON_ABANDON, otherwise stop.
        on_failure: What a failed job does to the step. fail: the step fails. report: the step
            succeeds, and its outputs status and failure_reason say how the job ended. Default:
            SAGEBELL_ON_FAILURE, otherwise fail.
        lease_seconds: How long the wait lives without a renewal or a connection, in seconds. It
            grows with the age of the wait. Default: SAGEBELL_LEASE_SECONDS, otherwise 600.
        name_prefix: The first part of the names that the step generates. Default:
            SAGEBELL_NAME_PREFIX, otherwise empty.
        poll_seconds: With wait poll: the pause between two calls of SageMaker, in seconds. Default:
            SAGEBELL_POLL_SECONDS, otherwise 5, growing to 60.
        logs: How much of the job's log to print: none, tail (if it failed) or all. Default:
            SAGEBELL_LOGS, otherwise tail.

    Returns:
        The task of KFP. Its `outputs`:
            `ack_resource_metadata` (JsonObject): `arn`, `ownerAccountID` and `region`, in the form
                of ACK.
            `conditions` (JsonArray): ACK.ResourceSynced: True if it succeeded, otherwise False with
                the reason.
            `creation_time` (String): When it was created.
            `debug_rule_evaluation_statuses` (JsonArray): `DebugRuleEvaluationStatuses` of its
                description.
            `failure_reason` (String): Why the job failed. Empty if it did not fail.
            `last_modified_time` (String): When it last changed.
            `model_artifacts` (JsonObject): `ModelArtifacts` of its description.
            `profiler_rule_evaluation_statuses` (JsonArray): `ProfilerRuleEvaluationStatuses` of its
                description.
            `profiling_status` (String): `ProfilingStatus` of its description.
            `secondary_status` (String): `SecondaryStatus` of its description.
            `training_job_status` (String): `TrainingJobStatus` of its description.
            `warm_pool_status` (JsonObject): `WarmPoolStatus` of its description.
            `job_arn` (String): The ARN of the job or resource.
            `status` (String): The last status, in SageMaker's words.
            `metrics` (Metrics): The final metrics.
            `timeline` (HTML): Every status with its duration, as a picture and a table.
            `summary` (Markdown): How the job ended, what to do, and links to the console, the logs
                and the files.
    """
    return make(
        ack_training_job,
        "v2/TrainingJob",
        locals(),
    )
