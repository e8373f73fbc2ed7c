# Generated from crates/step/table: `cargo xtask generate`.
"""The component `v1/process`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from .._task import make

if TYPE_CHECKING:
    from kfp.dsl import PipelineTask
    from kfp.dsl.pipeline_channel import PipelineChannel

    from .._types import Later

    class ProcessOutputs(TypedDict):
        """The outputs of `process`."""

        job_name: PipelineChannel
        output_artifacts: PipelineChannel
        job_arn: PipelineChannel
        status: PipelineChannel
        failure_reason: PipelineChannel
        metrics: PipelineChannel
        timeline: PipelineChannel
        summary: PipelineChannel

    class ProcessTask(PipelineTask):
        """KFP's task, with the outputs of `process`."""

        @property
        def outputs(self) -> ProcessOutputs: ...  # type: ignore[override]


def process(
    *,
    region: str | Later,
    role: str | Later,
    endpoint_url: str | Later = "",
    assume_role: str | Later = "",
    tags: dict[str, Any] | Later | None = None,
    job_name: str | Later = "",
    image: str | Later = "",
    instance_type: str | Later = "ml.m4.xlarge",
    instance_count: int | Later = 1,
    volume_size: int | Later = 30,
    resource_encryption_key: str | Later = "",
    output_encryption_key: str | Later = "",
    max_run_time: int | Later = 86400,
    environment: dict[str, Any] | Later | None = None,
    container_entrypoint: list[Any] | Later | None = None,
    container_arguments: list[Any] | Later | None = None,
    output_config: list[Any] | Later | None = None,
    input_config: list[Any] | Later | None = None,
    vpc_security_group_ids: str | Later = "",
    vpc_subnets: str | Later = "",
    network_isolation: bool | Later = True,
    traffic_encryption: bool | Later = False,
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
) -> ProcessTask:
    """Runs a processing job and waits for it.

    The component `v1/process`. Units and allowed values of the request's fields:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html

    Args:
        region: The AWS region.
        role: The execution role that SageMaker assumes.
        endpoint_url: The URL of SageMaker's API. Default: the API of the region.
        assume_role: A role to assume for every call.
        tags: Tags: an object of keys and values.
        job_name: The job's name. If empty, generated from the run and the task.
        image: The container image.
        instance_type: The type of instance.
        instance_count: How many instances.
        volume_size: GB of each instance's volume.
        resource_encryption_key: KMS key for the instances' volumes.
        output_encryption_key: KMS key for the results.
        max_run_time: Seconds after which SageMaker ends the job.
        environment: Environment variables of the container.
        container_entrypoint: The command that the container runs, a list of strings.
        container_arguments: Arguments of the container, a list of strings.
        output_config: Outputs, in the form of `ProcessingOutputConfig.Outputs`.
            `sagebell.processing_output` makes one.
        input_config: Inputs, in the form of `ProcessingInputs`. `sagebell.processing_input` makes
            one.
        vpc_security_group_ids: Security groups in the VPC, separated by commas.
        vpc_subnets: Subnets in the VPC, separated by commas.
        network_isolation: No network for the container.
        traffic_encryption: Encrypt the traffic between the instances.
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
            `job_name` (String): The job's name.
            `output_artifacts` (JsonObject): S3 URIs of the outputs, by their names.
            `job_arn` (String): The ARN of the job or resource.
            `status` (String): The last status, in SageMaker's words.
            `failure_reason` (String): Why the job failed. Empty if it did not fail.
            `metrics` (Metrics): The final metrics.
            `timeline` (HTML): Every status with its duration, as a picture and a table.
            `summary` (Markdown): How the job ended, what to do, and links to the console, the logs
                and the files.
    """
    return make(
        process,
        "v1/process",
        locals(),
    )
