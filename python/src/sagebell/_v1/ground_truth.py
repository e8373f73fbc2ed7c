# Generated from crates/step/table: `cargo xtask generate`.
"""The component `v1/ground_truth`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from .._task import make

if TYPE_CHECKING:
    from kfp.dsl import PipelineTask
    from kfp.dsl.pipeline_channel import PipelineChannel

    from .._types import Later

    class GroundTruthOutputs(TypedDict):
        """The outputs of `ground_truth`."""

        output_manifest_location: PipelineChannel
        active_learning_model_arn: PipelineChannel
        job_arn: PipelineChannel
        status: PipelineChannel
        failure_reason: PipelineChannel
        metrics: PipelineChannel
        timeline: PipelineChannel
        summary: PipelineChannel

    class GroundTruthTask(PipelineTask):
        """KFP's task, with the outputs of `ground_truth`."""

        @property
        def outputs(self) -> GroundTruthOutputs: ...  # type: ignore[override]


def ground_truth(
    *,
    region: str | Later,
    role: str | Later,
    manifest_location: str | Later,
    output_location: str | Later,
    task_type: str | Later,
    worker_type: str | Later,
    ui_template: str | Later,
    title: str | Later,
    description: str | Later,
    num_workers_per_object: int | Later,
    time_limit: int | Later,
    endpoint_url: str | Later = "",
    assume_role: str | Later = "",
    tags: dict[str, Any] | Later | None = None,
    job_name: str | Later = "",
    label_attribute_name: str | Later = "",
    output_encryption_key: str | Later = "",
    workteam_arn: str | Later = "",
    no_adult_content: bool | Later = False,
    no_ppi: bool | Later = False,
    label_category_config: str | Later = "",
    max_human_labeled_objects: int | Later = 0,
    max_percent_objects: int | Later = 0,
    enable_auto_labeling: bool | Later = False,
    initial_model_arn: str | Later = "",
    resource_encryption_key: str | Later = "",
    pre_human_task_function: str | Later = "",
    post_human_task_function: str | Later = "",
    task_keywords: str | Later = "",
    task_availibility: int | Later = 0,
    max_concurrent_tasks: int | Later = 0,
    workforce_task_price: str | Later = "0.000",
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
) -> GroundTruthTask:
    """Runs a labeling job and waits for it.

    The component `v1/ground_truth`. Units and allowed values of the request's fields:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateLabelingJob.html

    Args:
        region: The AWS region.
        role: The execution role that SageMaker assumes.
        manifest_location: S3 URI of the manifest that lists what to label.
        output_location: S3 URI under which the results are stored.
        task_type: image classification, bounding box, text classification, semantic segmentation,
            or any other word for a custom task.
        worker_type: Who labels: public, private or vendor.
        ui_template: S3 URI of the workers' page.
        title: The title that workers see.
        description: The description that workers see.
        num_workers_per_object: How many workers label each object.
        time_limit: Seconds that a worker has for one task.
        endpoint_url: The URL of SageMaker's API. Default: the API of the region.
        assume_role: A role to assume for every call.
        tags: Tags: an object of keys and values.
        job_name: The job's name. If empty, generated from the run and the task.
        label_attribute_name: The key of the labels in the output manifest. Default: the job's name.
        output_encryption_key: KMS key for the results.
        workteam_arn: The work team, unless the workers are public.
        no_adult_content: Declare the data free of adult content.
        no_ppi: Declare the data free of personal information.
        label_category_config: S3 URI of the JSON file that lists the label categories.
        max_human_labeled_objects: Stop after this number of labeled objects. 0: no limit.
        max_percent_objects: Stop after this percentage of the objects. 0: no limit.
        enable_auto_labeling: Label automatically where the model is sure. Not for custom tasks.
        initial_model_arn: The model of an earlier automatic labeling to start from.
        resource_encryption_key: KMS key for the instances' volumes.
        pre_human_task_function: Lambda function that prepares each object, for custom tasks.
        post_human_task_function: Lambda function that merges the answers, for custom tasks.
        task_keywords: Keywords by which public workers find the task, separated by commas.
        task_availibility: Seconds for which a task is offered to workers. 0: not set.
        max_concurrent_tasks: Maximum number of objects that workers have at the same time. 0: not
            set.
        workforce_task_price: US dollars for one task by a public worker, to a tenth of a cent:
            0.012.
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
            `output_manifest_location` (String): S3 URI of the labels' manifest.
            `active_learning_model_arn` (String): The model that automatic labeling trained last.
            `job_arn` (String): The ARN of the job or resource.
            `status` (String): The last status, in SageMaker's words.
            `failure_reason` (String): Why the job failed. Empty if it did not fail.
            `metrics` (Metrics): The final metrics.
            `timeline` (HTML): Every status with its duration, as a picture and a table.
            `summary` (Markdown): How the job ended, what to do, and links to the console, the logs
                and the files.
    """
    return make(
        ground_truth,
        "v1/ground_truth",
        locals(),
    )
