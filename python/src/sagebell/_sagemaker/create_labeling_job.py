# Generated from crates/step/table: `cargo xtask generate`.
"""The component `sagemaker/create-labeling-job`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from .._task import make

if TYPE_CHECKING:
    from kfp.dsl import PipelineTask
    from kfp.dsl.pipeline_channel import PipelineChannel

    from .._types import Later

    class CreateLabelingJobOutputs(TypedDict):
        """The outputs of `create_labeling_job`."""

        name: PipelineChannel
        description: PipelineChannel
        output_manifest: PipelineChannel
        job_arn: PipelineChannel
        status: PipelineChannel
        failure_reason: PipelineChannel
        metrics: PipelineChannel
        timeline: PipelineChannel
        summary: PipelineChannel

    class CreateLabelingJobTask(PipelineTask):
        """KFP's task, with the outputs of `create_labeling_job`."""

        @property
        def outputs(self) -> CreateLabelingJobOutputs: ...  # type: ignore[override]


def create_labeling_job(
    *,
    region: str | Later,
    endpoint_url: str | Later = "",
    assume_role: str | Later = "",
    request: dict[str, Any] | Later | None = None,
    labeling_job_name: str | Later = "",
    label_attribute_name: str | Later = "",
    input_config: dict[str, Any] | Later | None = None,
    output_config: dict[str, Any] | Later | None = None,
    role_arn: str | Later = "",
    label_category_config_s3_uri: str | Later = "",
    stopping_conditions: dict[str, Any] | Later | None = None,
    labeling_job_algorithms_config: dict[str, Any] | Later | None = None,
    human_task_config: dict[str, Any] | Later | None = None,
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
) -> CreateLabelingJobTask:
    """CreateLabelingJob: creates a labeling job from a request of the SageMaker API, and waits for it.

    The component `sagemaker/create-labeling-job`. Units and allowed values of the request's fields:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateLabelingJob.html

    Args:
        region: The AWS region.
        endpoint_url: The URL of SageMaker's API. Default: the API of the region.
        assume_role: A role to assume for every call.
        request: The whole request of CreateLabelingJob. The inputs below override its fields.
        labeling_job_name: `LabelingJobName` of the request. If empty, generated from the run and
            the task.
        label_attribute_name: `LabelAttributeName` of the request. SageMaker requires it, here or in
            `request`.
        input_config: `InputConfig` of the request. SageMaker requires it, here or in `request`.
            Keys: DataSource (required), DataAttributes.
        output_config: `OutputConfig` of the request. SageMaker requires it, here or in `request`.
            Keys: S3OutputPath (required), KmsKeyId, SnsTopicArn.
        role_arn: `RoleArn` of the request. SageMaker requires it, here or in `request`.
        label_category_config_s3_uri: `LabelCategoryConfigS3Uri` of the request.
        stopping_conditions: `StoppingConditions` of the request. Keys: MaxHumanLabeledObjectCount,
            MaxPercentageOfInputDatasetLabeled.
        labeling_job_algorithms_config: `LabelingJobAlgorithmsConfig` of the request. Keys:
            LabelingJobAlgorithmSpecificationArn (required), InitialActiveLearningModelArn,
            LabelingJobResourceConfig.
        human_task_config: `HumanTaskConfig` of the request. SageMaker requires it, here or in
            `request`. Keys: NumberOfHumanWorkersPerDataObject (required), TaskDescription
            (required), TaskTimeLimitInSeconds (required), TaskTitle (required), UiConfig
            (required), WorkteamArn (required), AnnotationConsolidationConfig,
            MaxConcurrentTaskCount, PreHumanTaskLambdaArn, PublicWorkforceTaskPrice,
            TaskAvailabilityLifetimeInSeconds, TaskKeywords.
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
            `output_manifest` (String): Where the labels' manifest is.
            `job_arn` (String): The ARN of the job or resource.
            `status` (String): The last status, in SageMaker's words.
            `failure_reason` (String): Why the job failed. Empty if it did not fail.
            `metrics` (Metrics): The final metrics.
            `timeline` (HTML): Every status with its duration, as a picture and a table.
            `summary` (Markdown): How the job ended, what to do, and links to the console, the logs
                and the files.
    """
    return make(
        create_labeling_job,
        "sagemaker/create-labeling-job",
        locals(),
    )
