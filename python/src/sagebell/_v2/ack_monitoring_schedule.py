# Generated from crates/step/table: `cargo xtask generate`.
"""The component `v2/MonitoringSchedule`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from .._task import make

if TYPE_CHECKING:
    from kfp.dsl import PipelineTask
    from kfp.dsl.pipeline_channel import PipelineChannel

    from .._types import Later

    class AckMonitoringScheduleOutputs(TypedDict):
        """The outputs of `ack_monitoring_schedule`."""

        ack_resource_metadata: PipelineChannel
        conditions: PipelineChannel
        creation_time: PipelineChannel
        failure_reason: PipelineChannel
        last_modified_time: PipelineChannel
        last_monitoring_execution_summary: PipelineChannel
        monitoring_schedule_status: PipelineChannel
        sagemaker_resource_name: PipelineChannel
        job_arn: PipelineChannel
        status: PipelineChannel
        metrics: PipelineChannel
        timeline: PipelineChannel
        summary: PipelineChannel

    class AckMonitoringScheduleTask(PipelineTask):
        """KFP's task, with the outputs of `ack_monitoring_schedule`."""

        @property
        def outputs(self) -> AckMonitoringScheduleOutputs: ...  # type: ignore[override]


def ack_monitoring_schedule(
    *,
    region: str | Later,
    endpoint_url: str | Later = "",
    assume_role: str | Later = "",
    monitoring_schedule_config: dict[str, Any] | Later | None = None,
    monitoring_schedule_name: str | Later = "",
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
) -> AckMonitoringScheduleTask:
    """Creates a monitoring schedule, or updates it if it exists.

    The component `v2/MonitoringSchedule`. Units and allowed values of the request's fields:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateMonitoringSchedule.html

    KFP does not skip this step: it acts in every run.

    Args:
        region: The AWS region.
        endpoint_url: The URL of SageMaker's API. Default: the API of the region.
        assume_role: A role to assume for every call.
        monitoring_schedule_config: `MonitoringScheduleConfig` of the request. SageMaker requires
            it. Keys: MonitoringJobDefinition, MonitoringJobDefinitionName, MonitoringType,
            ScheduleConfig.
        monitoring_schedule_name: `MonitoringScheduleName` of the request. If empty, generated from
            the run and the task.
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
            `creation_time` (String): When it was created.
            `failure_reason` (String): Why the job failed. Empty if it did not fail.
            `last_modified_time` (String): When it last changed.
            `last_monitoring_execution_summary` (JsonObject): `LastMonitoringExecutionSummary` of
                its description.
            `monitoring_schedule_status` (String): `MonitoringScheduleStatus` of its description.
            `sagemaker_resource_name` (String): Its name in SageMaker.
            `job_arn` (String): The ARN of the job or resource.
            `status` (String): The last status, in SageMaker's words.
            `metrics` (Metrics): The final metrics.
            `timeline` (HTML): Every status with its duration, as a picture and a table.
            `summary` (Markdown): How the job ended, what to do, and links to the console, the logs
                and the files.
    """
    return make(
        ack_monitoring_schedule,
        "v2/MonitoringSchedule",
        locals(),
    )
