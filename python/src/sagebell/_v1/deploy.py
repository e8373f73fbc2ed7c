# Generated from crates/step/table: `cargo xtask generate`.
"""The component `v1/deploy`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from .._task import make

if TYPE_CHECKING:
    from kfp.dsl import PipelineTask
    from kfp.dsl.pipeline_channel import PipelineChannel

    from .._types import Later

    class DeployOutputs(TypedDict):
        """The outputs of `deploy`."""

        endpoint_name: PipelineChannel
        job_arn: PipelineChannel
        status: PipelineChannel
        failure_reason: PipelineChannel
        metrics: PipelineChannel
        timeline: PipelineChannel
        summary: PipelineChannel

    class DeployTask(PipelineTask):
        """KFP's task, with the outputs of `deploy`."""

        @property
        def outputs(self) -> DeployOutputs: ...  # type: ignore[override]


def deploy(
    *,
    region: str | Later,
    model_name_1: str | Later,
    endpoint_url: str | Later = "",
    assume_role: str | Later = "",
    tags: dict[str, Any] | Later | None = None,
    endpoint_name: str | Later = "",
    endpoint_config_name: str | Later = "",
    endpoint_config_tags: dict[str, Any] | Later | None = None,
    resource_encryption_key: str | Later = "",
    update_endpoint: bool | Later = False,
    delete_old_endpoint_config: bool | Later = False,
    variant_name_1: str | Later = "variant-name-1",
    initial_instance_count_1: int | Later = 1,
    instance_type_1: str | Later = "ml.m4.xlarge",
    initial_variant_weight_1: str | Later = "1.0",
    accelerator_type_1: str | Later = "",
    variant_name_2: str | Later = "variant-name-2",
    model_name_2: str | Later = "",
    initial_instance_count_2: int | Later = 1,
    instance_type_2: str | Later = "ml.m4.xlarge",
    initial_variant_weight_2: str | Later = "1.0",
    accelerator_type_2: str | Later = "",
    variant_name_3: str | Later = "variant-name-3",
    model_name_3: str | Later = "",
    initial_instance_count_3: int | Later = 1,
    instance_type_3: str | Later = "ml.m4.xlarge",
    initial_variant_weight_3: str | Later = "1.0",
    accelerator_type_3: str | Later = "",
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
) -> DeployTask:
    """Creates or updates an endpoint and waits until it is in service.

    The component `v1/deploy`. Units and allowed values of the request's fields:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html

    KFP does not skip this step: it acts in every run.

    Args:
        region: The AWS region.
        model_name_1: The model of variant 1.
        endpoint_url: The URL of SageMaker's API. Default: the API of the region.
        assume_role: A role to assume for every call.
        tags: Tags: an object of keys and values.
        endpoint_name: The endpoint's name. If empty, generated from the run and the task.
        endpoint_config_name: The endpoint configuration's name. If empty, generated from the run
            and the task.
        endpoint_config_tags: Tags of the endpoint configuration: an object of keys and values.
        resource_encryption_key: KMS key for the endpoint instances' volumes.
        update_endpoint: Update the endpoint if one with this name exists.
        delete_old_endpoint_config: Whether an update that succeeded removes the configuration it
            replaced.
        variant_name_1: The name of variant 1.
        initial_instance_count_1: How many instances of variant 1.
        instance_type_1: The type of instance of variant 1.
        initial_variant_weight_1: The traffic weight of variant 1, relative to the other weights.
        accelerator_type_1: Elastic Inference accelerator of variant 1. One of: `ml.eia1.medium`,
            `ml.eia1.large`, `ml.eia1.xlarge`.
        variant_name_2: The name of variant 2.
        model_name_2: The model of variant 2.
        initial_instance_count_2: How many instances of variant 2.
        instance_type_2: The type of instance of variant 2.
        initial_variant_weight_2: The traffic weight of variant 2, relative to the other weights.
        accelerator_type_2: Elastic Inference accelerator of variant 2. One of: `ml.eia1.medium`,
            `ml.eia1.large`, `ml.eia1.xlarge`.
        variant_name_3: The name of variant 3.
        model_name_3: The model of variant 3.
        initial_instance_count_3: How many instances of variant 3.
        instance_type_3: The type of instance of variant 3.
        initial_variant_weight_3: The traffic weight of variant 3, relative to the other weights.
        accelerator_type_3: Elastic Inference accelerator of variant 3. One of: `ml.eia1.medium`,
            `ml.eia1.large`, `ml.eia1.xlarge`.
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
            `endpoint_name` (String): The endpoint's name.
            `job_arn` (String): The ARN of the job or resource.
            `status` (String): The last status, in SageMaker's words.
            `failure_reason` (String): Why the job failed. Empty if it did not fail.
            `metrics` (Metrics): The final metrics.
            `timeline` (HTML): Every status with its duration, as a picture and a table.
            `summary` (Markdown): How the job ended, what to do, and links to the console, the logs
                and the files.
    """
    return make(
        deploy,
        "v1/deploy",
        locals(),
        choices={
            "accelerator_type_1": ("ml.eia1.medium", "ml.eia1.large", "ml.eia1.xlarge", ""),
            "accelerator_type_2": ("ml.eia1.medium", "ml.eia1.large", "ml.eia1.xlarge", ""),
            "accelerator_type_3": ("ml.eia1.medium", "ml.eia1.large", "ml.eia1.xlarge", ""),
        },
    )
