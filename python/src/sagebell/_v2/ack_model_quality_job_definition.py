# Generated from crates/step/table: `cargo xtask generate`.
"""The component `v2/ModelQualityJobDefinition`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from .._task import make

if TYPE_CHECKING:
    from kfp.dsl import PipelineTask
    from kfp.dsl.pipeline_channel import PipelineChannel

    from .._types import Later

    class AckModelQualityJobDefinitionOutputs(TypedDict):
        """The outputs of `ack_model_quality_job_definition`."""

        ack_resource_metadata: PipelineChannel
        conditions: PipelineChannel
        sagemaker_resource_name: PipelineChannel
        job_arn: PipelineChannel
        status: PipelineChannel
        failure_reason: PipelineChannel
        metrics: PipelineChannel
        timeline: PipelineChannel
        summary: PipelineChannel

    class AckModelQualityJobDefinitionTask(PipelineTask):
        """KFP's task, with the outputs of `ack_model_quality_job_definition`."""

        @property
        def outputs(self) -> AckModelQualityJobDefinitionOutputs: ...  # type: ignore[override]


def ack_model_quality_job_definition(
    *,
    region: str | Later,
    endpoint_url: str | Later = "",
    assume_role: str | Later = "",
    job_definition_name: str | Later = "",
    job_resources: dict[str, Any] | Later | None = None,
    model_quality_app_specification: dict[str, Any] | Later | None = None,
    model_quality_baseline_config: dict[str, Any] | Later | None = None,
    model_quality_job_input: dict[str, Any] | Later | None = None,
    model_quality_job_output_config: dict[str, Any] | Later | None = None,
    network_config: dict[str, Any] | Later | None = None,
    role_arn: str | Later = "",
    stopping_condition: dict[str, Any] | Later | None = None,
    tags: list[Any] | Later | None = None,
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
) -> AckModelQualityJobDefinitionTask:
    """Creates a model quality job definition.

    The component `v2/ModelQualityJobDefinition`. Units and allowed values of the request's fields:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelQualityJobDefinition.html

    Args:
        region: The AWS region.
        endpoint_url: The URL of SageMaker's API. Default: the API of the region.
        assume_role: A role to assume for every call.
        job_definition_name: `JobDefinitionName` of the request. If empty, generated from the run
            and the task. SageMaker requires it.
        job_resources: `JobResources` of the request. SageMaker requires it. Keys: ClusterConfig
            (required).
        model_quality_app_specification: `ModelQualityAppSpecification` of the request. SageMaker
            requires it. Keys: ImageUri (required), ContainerArguments, ContainerEntrypoint,
            Environment, PostAnalyticsProcessorSourceUri, ProblemType, RecordPreprocessorSourceUri.
        model_quality_baseline_config: `ModelQualityBaselineConfig` of the request. Keys:
            BaseliningJobName, ConstraintsResource.
        model_quality_job_input: `ModelQualityJobInput` of the request. SageMaker requires it. Keys:
            GroundTruthS3Input (required), BatchTransformInput, EndpointInput.
        model_quality_job_output_config: `ModelQualityJobOutputConfig` of the request. SageMaker
            requires it. Keys: MonitoringOutputs (required), KmsKeyId.
        network_config: `NetworkConfig` of the request. Keys: EnableInterContainerTrafficEncryption,
            EnableNetworkIsolation, VpcConfig.
        role_arn: `RoleArn` of the request. SageMaker requires it.
        stopping_condition: `StoppingCondition` of the request. Keys: MaxRuntimeInSeconds
            (required).
        tags: Tags: a list of `key` and `value`.
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
            `sagemaker_resource_name` (String): Its name in SageMaker.
            `job_arn` (String): The ARN of the job or resource.
            `status` (String): The last status, in SageMaker's words.
            `failure_reason` (String): Why the job failed. Empty if it did not fail.
            `metrics` (Metrics): The final metrics.
            `timeline` (HTML): Every status with its duration, as a picture and a table.
            `summary` (Markdown): How the job ended, what to do, and links to the console, the logs
                and the files.
    """
    return make(
        ack_model_quality_job_definition,
        "v2/ModelQualityJobDefinition",
        locals(),
    )
