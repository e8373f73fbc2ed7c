# Generated from crates/step/table: `cargo xtask generate`.
"""The component `v1/hyperparameter_tuning`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from .._task import make

if TYPE_CHECKING:
    from kfp.dsl import PipelineTask
    from kfp.dsl.pipeline_channel import PipelineChannel

    from .._types import Later

    class HyperparameterTuningOutputs(TypedDict):
        """The outputs of `hyperparameter_tuning`."""

        hpo_job_name: PipelineChannel
        model_artifact_url: PipelineChannel
        best_job_name: PipelineChannel
        best_hyperparameters: PipelineChannel
        training_image: PipelineChannel
        job_arn: PipelineChannel
        status: PipelineChannel
        failure_reason: PipelineChannel
        metrics: PipelineChannel
        timeline: PipelineChannel
        summary: PipelineChannel

    class HyperparameterTuningTask(PipelineTask):
        """KFP's task, with the outputs of `hyperparameter_tuning`."""

        @property
        def outputs(self) -> HyperparameterTuningOutputs: ...  # type: ignore[override]


def hyperparameter_tuning(
    *,
    region: str | Later,
    role: str | Later,
    metric_name: str | Later,
    metric_type: str | Later,
    channels: list[Any] | Later,
    output_location: str | Later,
    max_num_jobs: int | Later,
    max_parallel_jobs: int | Later,
    spot_instance: bool | Later = False,
    max_wait_time: int | Later = 86400,
    max_run_time: int | Later = 86400,
    checkpoint_config: dict[str, Any] | Later | None = None,
    endpoint_url: str | Later = "",
    assume_role: str | Later = "",
    tags: dict[str, Any] | Later | None = None,
    job_name: str | Later = "",
    image: str | Later = "",
    algorithm_name: str | Later = "",
    training_input_mode: str | Later = "File",
    metric_definitions: dict[str, Any] | Later | None = None,
    strategy: str | Later = "Bayesian",
    early_stopping_type: str | Later = "Off",
    static_parameters: dict[str, Any] | Later | None = None,
    integer_parameters: list[Any] | Later | None = None,
    continuous_parameters: list[Any] | Later | None = None,
    categorical_parameters: list[Any] | Later | None = None,
    output_encryption_key: str | Later = "",
    instance_type: str | Later = "ml.m4.xlarge",
    instance_count: int | Later = 1,
    volume_size: int | Later = 30,
    resource_encryption_key: str | Later = "",
    vpc_security_group_ids: str | Later = "",
    vpc_subnets: str | Later = "",
    network_isolation: bool | Later = True,
    traffic_encryption: bool | Later = False,
    warm_start_type: str | Later = "",
    parent_hpo_jobs: str | Later = "",
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
) -> HyperparameterTuningTask:
    """Runs a hyperparameter tuning job and waits for it.

    The component `v1/hyperparameter_tuning`. Units and allowed values of the request's fields:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html

    Args:
        region: The AWS region.
        role: The execution role that SageMaker assumes.
        metric_name: The metric to optimize.
        metric_type: Which way is better: Maximize or Minimize.
        channels: The input channels, in the form of `InputDataConfig`. At least one.
            `sagebell.s3_channel` makes one.
        output_location: S3 URI under which the results are stored.
        max_num_jobs: Maximum number of training jobs.
        max_parallel_jobs: Maximum number of concurrent training jobs.
        spot_instance: Train on spot capacity. `sagebell.spot` gives all that it takes.
        max_wait_time: Seconds that a spot job may take, including the time that it waits for
            capacity.
        max_run_time: Seconds after which SageMaker ends the job.
        checkpoint_config: Where spot training keeps its checkpoints: `S3Uri`, `LocalPath`.
        endpoint_url: The URL of SageMaker's API. Default: the API of the region.
        assume_role: A role to assume for every call.
        tags: Tags: an object of keys and values.
        job_name: The job's name. If empty, generated from the run and the task.
        image: The container image.
        algorithm_name: A built-in algorithm or an algorithm resource, instead of `image`.
        training_input_mode: How the algorithm receives the data: File, Pipe or FastFile.
        metric_definitions: Metrics to read from the logs: names and regular expressions.
            `sagebell.metric` makes one.
        strategy: How the next combination is chosen: Bayesian, Random, Hyperband or Grid.
        early_stopping_type: Whether weak training jobs are stopped early: Off or Auto.
        static_parameters: Hyperparameters that stay the same; values are strings.
            `sagebell.hyperparameters` makes them.
        integer_parameters: Hyperparameters to search in ranges of integers: a list of
            IntegerParameterRange. `sagebell.integer_range` makes one.
        continuous_parameters: Hyperparameters to search in ranges of numbers: a list of
            ContinuousParameterRange. `sagebell.continuous_range` makes one.
        categorical_parameters: Hyperparameters to search among given values: a list of
            CategoricalParameterRange. `sagebell.categorical_range` makes one.
        output_encryption_key: KMS key for the results.
        instance_type: The type of instance.
        instance_count: How many instances.
        volume_size: GB of each instance's volume.
        resource_encryption_key: KMS key for the instances' volumes.
        vpc_security_group_ids: Security groups in the VPC, separated by commas.
        vpc_subnets: Subnets in the VPC, separated by commas.
        network_isolation: No network for the container.
        traffic_encryption: Encrypt the traffic between the instances.
        warm_start_type: IdenticalDataAndAlgorithm or TransferLearning.
        parent_hpo_jobs: Earlier tuning jobs to start from, separated by commas.
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
            `hpo_job_name` (String): The tuning job's name.
            `model_artifact_url` (String): S3 URI of the model's archive.
            `best_job_name` (String): The best training job's name.
            `best_hyperparameters` (JsonObject): The best training job's hyperparameters.
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
        hyperparameter_tuning,
        "v1/hyperparameter_tuning",
        locals(),
        choices={
            "metric_type": ("Maximize", "Minimize"),
            "training_input_mode": ("File", "Pipe", "FastFile"),
            "strategy": ("Bayesian", "Random", "Hyperband", "Grid"),
            "early_stopping_type": ("Off", "Auto"),
            "warm_start_type": ("IdenticalDataAndAlgorithm", "TransferLearning", ""),
        },
    )
