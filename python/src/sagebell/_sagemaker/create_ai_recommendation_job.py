# Generated from crates/step/table: `cargo xtask generate`.
"""The component `sagemaker/create-ai-recommendation-job`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from .._task import make

if TYPE_CHECKING:
    from kfp.dsl import PipelineTask
    from kfp.dsl.pipeline_channel import PipelineChannel

    from .._types import Later

    class CreateAiRecommendationJobOutputs(TypedDict):
        """The outputs of `create_ai_recommendation_job`."""

        name: PipelineChannel
        description: PipelineChannel
        job_arn: PipelineChannel
        status: PipelineChannel
        failure_reason: PipelineChannel
        metrics: PipelineChannel
        timeline: PipelineChannel
        summary: PipelineChannel

    class CreateAiRecommendationJobTask(PipelineTask):
        """KFP's task, with the outputs of `create_ai_recommendation_job`."""

        @property
        def outputs(self) -> CreateAiRecommendationJobOutputs: ...  # type: ignore[override]


def create_ai_recommendation_job(
    *,
    region: str | Later,
    endpoint_url: str | Later = "",
    assume_role: str | Later = "",
    request: dict[str, Any] | Later | None = None,
    ai_recommendation_job_name: str | Later = "",
    model_source: dict[str, Any] | Later | None = None,
    output_config: dict[str, Any] | Later | None = None,
    ai_workload_config_identifier: str | Later = "",
    performance_target: dict[str, Any] | Later | None = None,
    role_arn: str | Later = "",
    inference_specification: dict[str, Any] | Later | None = None,
    optimize_model: bool | Later | None = None,
    compute_spec: dict[str, Any] | Later | None = None,
    adapter_source: dict[str, Any] | Later | None = None,
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
) -> CreateAiRecommendationJobTask:
    """CreateAIRecommendationJob: creates an ai recommendation job from a request of the SageMaker API,
    and waits for it.

    The component `sagemaker/create-ai-recommendation-job`. Units and allowed values of the
    request's fields:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateAIRecommendationJob.html

    Args:
        region: The AWS region.
        endpoint_url: The URL of SageMaker's API. Default: the API of the region.
        assume_role: A role to assume for every call.
        request: The whole request of CreateAIRecommendationJob. The inputs below override its
            fields.
        ai_recommendation_job_name: `AIRecommendationJobName` of the request. If empty, generated
            from the run and the task.
        model_source: `ModelSource` of the request. SageMaker requires it, here or in `request`.
            Keys, exactly one of: S3.
        output_config: `OutputConfig` of the request. SageMaker requires it, here or in `request`.
            Keys: MlflowConfig, ModelPackageGroupIdentifier, S3OutputLocation.
        ai_workload_config_identifier: `AIWorkloadConfigIdentifier` of the request. SageMaker
            requires it, here or in `request`.
        performance_target: `PerformanceTarget` of the request. SageMaker requires it, here or in
            `request`. Keys: Constraints (required).
        role_arn: `RoleArn` of the request. SageMaker requires it, here or in `request`.
        inference_specification: `InferenceSpecification` of the request. Keys: Framework.
        optimize_model: `OptimizeModel` of the request. If left out, SageMaker decides.
        compute_spec: `ComputeSpec` of the request. Keys: CapacityReservationConfig, InstanceTypes.
        adapter_source: `AdapterSource` of the request. Keys, exactly one of: ModelPackageArns,
            S3Uris.
        tags: `Tags` of the request. Keys of an item: Key (required), Value (required).
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
            `name` (String): Its name.
            `description` (JsonObject): The whole answer of the Describe call.
            `job_arn` (String): The ARN of the job or resource.
            `status` (String): The last status, in SageMaker's words.
            `failure_reason` (String): Why the job failed. Empty if it did not fail.
            `metrics` (Metrics): The final metrics.
            `timeline` (HTML): Every status with its duration, as a picture and a table.
            `summary` (Markdown): How the job ended, what to do, and links to the console, the logs
                and the files.
    """
    return make(
        create_ai_recommendation_job,
        "sagemaker/create-ai-recommendation-job",
        locals(),
    )
