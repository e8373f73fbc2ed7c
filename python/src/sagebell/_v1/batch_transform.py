# Generated from crates/step/table: `cargo xtask generate`.
"""The component `v1/batch_transform`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from .._task import make

if TYPE_CHECKING:
    from kfp.dsl import PipelineTask
    from kfp.dsl.pipeline_channel import PipelineChannel

    from .._types import Later

    class BatchTransformOutputs(TypedDict):
        """The outputs of `batch_transform`."""

        output_location: PipelineChannel
        job_arn: PipelineChannel
        status: PipelineChannel
        failure_reason: PipelineChannel
        metrics: PipelineChannel
        timeline: PipelineChannel
        summary: PipelineChannel

    class BatchTransformTask(PipelineTask):
        """KFP's task, with the outputs of `batch_transform`."""

        @property
        def outputs(self) -> BatchTransformOutputs: ...  # type: ignore[override]


def batch_transform(
    *,
    region: str | Later,
    model_name: str | Later,
    input_location: str | Later,
    output_location: str | Later,
    endpoint_url: str | Later = "",
    assume_role: str | Later = "",
    tags: dict[str, Any] | Later | None = None,
    job_name: str | Later = "",
    max_concurrent: int | Later = 0,
    max_payload: int | Later = 6,
    batch_strategy: str | Later = "",
    environment: dict[str, Any] | Later | None = None,
    data_type: str | Later = "S3Prefix",
    content_type: str | Later = "",
    split_type: str | Later = "None",
    compression_type: str | Later = "None",
    accept: str | Later = "",
    assemble_with: str | Later = "",
    output_encryption_key: str | Later = "",
    input_filter: str | Later = "",
    output_filter: str | Later = "",
    join_source: str | Later = "None",
    instance_type: str | Later = "ml.m4.xlarge",
    instance_count: int | Later = 1,
    resource_encryption_key: str | Later = "",
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
) -> BatchTransformTask:
    """Runs a batch transform job and waits for it.

    The component `v1/batch_transform`. Units and allowed values of the request's fields:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html

    Args:
        region: The AWS region.
        model_name: The model to use.
        input_location: S3 URI of the input.
        output_location: S3 URI under which the results are stored.
        endpoint_url: The URL of SageMaker's API. Default: the API of the region.
        assume_role: A role to assume for every call.
        tags: Tags: an object of keys and values.
        job_name: The job's name. If empty, generated from the run and the task.
        max_concurrent: Maximum number of concurrent requests to one instance. 0: SageMaker decides.
        max_payload: Maximum size of one request to the model, in MB.
        batch_strategy: MultiRecord or SingleRecord: how many records a request to the model holds.
        environment: Environment variables of the container.
        data_type: What `input_location` names: ManifestFile, S3Prefix or AugmentedManifestFile.
        content_type: MIME type of the input.
        split_type: How input files are split into records: None, Line, RecordIO or TFRecord.
        compression_type: How the input is compressed: None or Gzip.
        accept: MIME type of the results.
        assemble_with: How the results of one object are joined: None or Line.
        output_encryption_key: KMS key for the results.
        input_filter: JSONPath of the part of each record that goes to the model.
        output_filter: JSONPath of the part of each joined record that is kept.
        join_source: What the results are joined with: None or Input.
        instance_type: The type of instance.
        instance_count: How many instances.
        resource_encryption_key: KMS key for the instances' volumes.
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
            `output_location` (String): S3 URI of the results.
            `job_arn` (String): The ARN of the job or resource.
            `status` (String): The last status, in SageMaker's words.
            `failure_reason` (String): Why the job failed. Empty if it did not fail.
            `metrics` (Metrics): The final metrics.
            `timeline` (HTML): Every status with its duration, as a picture and a table.
            `summary` (Markdown): How the job ended, what to do, and links to the console, the logs
                and the files.
    """
    return make(
        batch_transform,
        "v1/batch_transform",
        locals(),
        choices={
            "batch_strategy": ("MultiRecord", "SingleRecord", ""),
            "data_type": ("ManifestFile", "S3Prefix", "AugmentedManifestFile", ""),
            "split_type": ("None", "Line", "RecordIO", "TFRecord", ""),
            "compression_type": ("None", "Gzip", ""),
            "assemble_with": ("None", "Line", ""),
            "join_source": ("None", "Input", ""),
        },
    )
