# Generated from crates/step/table: `cargo xtask generate`.
"""The component `v1/rlestimator`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from .._task import make

if TYPE_CHECKING:
    from kfp.dsl import PipelineTask
    from kfp.dsl.pipeline_channel import PipelineChannel

    from .._types import Later

    class RlestimatorOutputs(TypedDict):
        """The outputs of `rlestimator`."""

        model_artifact_url: PipelineChannel
        job_name: PipelineChannel
        training_image: PipelineChannel
        job_arn: PipelineChannel
        status: PipelineChannel
        failure_reason: PipelineChannel
        metrics: PipelineChannel
        timeline: PipelineChannel
        summary: PipelineChannel

    class RlestimatorTask(PipelineTask):
        """KFP's task, with the outputs of `rlestimator`."""

        @property
        def outputs(self) -> RlestimatorOutputs: ...  # type: ignore[override]


def rlestimator(
    *,
    region: str | Later,
    role: str | Later,
    model_artifact_path: str | Later,
    spot_instance: bool | Later = False,
    max_wait_time: int | Later = 86400,
    max_run_time: int | Later = 86400,
    checkpoint_config: dict[str, Any] | Later | None = None,
    endpoint_url: str | Later = "",
    assume_role: str | Later = "",
    tags: dict[str, Any] | Later | None = None,
    job_name: str | Later = "",
    image: str | Later = "",
    entry_point: str | Later = "",
    source_dir: str | Later = "",
    toolkit: str | Later = "",
    toolkit_version: str | Later = "",
    framework: str | Later = "",
    metric_definitions: list[Any] | Later | None = None,
    training_input_mode: str | Later = "File",
    hyperparameters: dict[str, Any] | Later | None = None,
    instance_type: str | Later = "ml.m4.xlarge",
    instance_count: int | Later = 1,
    volume_size: int | Later = 30,
    max_run: int | Later = 86400,
    vpc_security_group_ids: list[Any] | Later | None = None,
    vpc_subnets: list[Any] | Later | None = None,
    network_isolation: bool | Later = False,
    traffic_encryption: bool | Later = False,
    debug_hook_config: dict[str, Any] | Later | None = None,
    debug_rule_config: list[Any] | Later | None = None,
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
) -> RlestimatorTask:
    """Runs a reinforcement learning training job and waits for it.

    The component `v1/rlestimator`. Units and allowed values of the request's fields:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html

    Args:
        region: The AWS region.
        role: The execution role that SageMaker assumes.
        model_artifact_path: S3 URI under which the model is stored.
        spot_instance: Train on spot capacity. `sagebell.spot` gives all that it takes.
        max_wait_time: Seconds that a spot job may take, including the time that it waits for
            capacity.
        max_run_time: Seconds after which SageMaker ends the job.
        checkpoint_config: Where spot training keeps its checkpoints: `S3Uri`, `LocalPath`.
        endpoint_url: The URL of SageMaker's API. Default: the API of the region.
        assume_role: A role to assume for every call.
        tags: Tags: an object of keys and values.
        job_name: The job's name. If empty, generated from the run and the task.
        image: The container image, instead of toolkit and framework.
        entry_point: The Python file that trains, within `source_dir`.
        source_dir: S3 URI of the archive with the training code.
        toolkit: The reinforcement learning toolkit: coach or ray.
        toolkit_version: The toolkit's version.
        framework: The framework under the toolkit: tensorflow, mxnet or pytorch.
        metric_definitions: Metrics to read from the logs: names and regular expressions.
            `sagebell.metric_definition` makes one.
        training_input_mode: How the algorithm receives the data: File, Pipe or FastFile.
        hyperparameters: Hyperparameters; values are strings. `sagebell.hyperparameters` makes them.
        instance_type: The type of instance.
        instance_count: How many instances.
        volume_size: GB of each instance's volume.
        max_run: Seconds after which SageMaker ends the training.
        vpc_security_group_ids: Security groups in the VPC.
        vpc_subnets: Subnets in the VPC.
        network_isolation: No network for the container.
        traffic_encryption: Encrypt the traffic between the instances.
        debug_hook_config: `DebugHookConfig` of the request. Keys: S3OutputPath (required),
            CollectionConfigurations, HookParameters, LocalPath.
        debug_rule_config: `DebugRuleConfigurations` of the request. Keys of an item:
            RuleConfigurationName (required), RuleEvaluatorImage (required), InstanceType,
            LocalPath, RuleParameters, S3OutputPath, VolumeSizeInGB.
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
            `model_artifact_url` (String): S3 URI of the model's archive.
            `job_name` (String): The job's name.
            `training_image` (String): The image that trained it.
            `job_arn` (String): The ARN of the job or resource.
            `status` (String): The last status, in SageMaker's words.
            `failure_reason` (String): Why the job failed. Empty if it did not fail.
            `metrics` (Metrics): The final metrics.
            `timeline` (HTML): Every status with its duration, as a picture and a table.
            `summary` (Markdown): How the job ended, what to do, and links to the console, the logs
                and the files.
    """
    return make(
        rlestimator,
        "v1/rlestimator",
        locals(),
        choices={
            "toolkit": ("coach", "ray", ""),
            "framework": ("tensorflow", "mxnet", "pytorch", ""),
            "training_input_mode": ("File", "Pipe", "FastFile"),
        },
    )
