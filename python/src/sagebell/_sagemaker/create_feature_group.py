# Generated from crates/step/table: `cargo xtask generate`.
"""The component `sagemaker/create-feature-group`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from .._task import make

if TYPE_CHECKING:
    from kfp.dsl import PipelineTask
    from kfp.dsl.pipeline_channel import PipelineChannel

    from .._types import Later

    class CreateFeatureGroupOutputs(TypedDict):
        """The outputs of `create_feature_group`."""

        name: PipelineChannel
        description: PipelineChannel
        offline_store: PipelineChannel
        job_arn: PipelineChannel
        status: PipelineChannel
        failure_reason: PipelineChannel
        metrics: PipelineChannel
        timeline: PipelineChannel
        summary: PipelineChannel

    class CreateFeatureGroupTask(PipelineTask):
        """KFP's task, with the outputs of `create_feature_group`."""

        @property
        def outputs(self) -> CreateFeatureGroupOutputs: ...  # type: ignore[override]


def create_feature_group(
    *,
    region: str | Later,
    endpoint_url: str | Later = "",
    assume_role: str | Later = "",
    request: dict[str, Any] | Later | None = None,
    feature_group_name: str | Later = "",
    record_identifier_feature_name: str | Later = "",
    event_time_feature_name: str | Later = "",
    feature_definitions: list[Any] | Later | None = None,
    online_store_config: dict[str, Any] | Later | None = None,
    offline_store_config: dict[str, Any] | Later | None = None,
    throughput_config: dict[str, Any] | Later | None = None,
    role_arn: str | Later = "",
    description: str | Later = "",
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
) -> CreateFeatureGroupTask:
    """CreateFeatureGroup: creates a feature group from a request of the SageMaker API, and waits for
    it.

    The component `sagemaker/create-feature-group`. Units and allowed values of the request's
    fields:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateFeatureGroup.html

    Args:
        region: The AWS region.
        endpoint_url: The URL of SageMaker's API. Default: the API of the region.
        assume_role: A role to assume for every call.
        request: The whole request of CreateFeatureGroup. The inputs below override its fields.
        feature_group_name: `FeatureGroupName` of the request. If empty, generated from the run and
            the task.
        record_identifier_feature_name: `RecordIdentifierFeatureName` of the request. SageMaker
            requires it, here or in `request`.
        event_time_feature_name: `EventTimeFeatureName` of the request. SageMaker requires it, here
            or in `request`.
        feature_definitions: `FeatureDefinitions` of the request. SageMaker requires it, here or in
            `request`. Keys of an item: FeatureName (required), FeatureType (required),
            CollectionConfig, CollectionType. At least one.
        online_store_config: `OnlineStoreConfig` of the request. Keys: EnableOnlineStore,
            SecurityConfig, StorageType, TtlDuration.
        offline_store_config: `OfflineStoreConfig` of the request. Keys: S3StorageConfig (required),
            DataCatalogConfig, DisableGlueTableCreation, TableFormat.
        throughput_config: `ThroughputConfig` of the request. Keys: ThroughputMode (required),
            ProvisionedReadCapacityUnits, ProvisionedWriteCapacityUnits.
        role_arn: `RoleArn` of the request.
        description: `Description` of the request.
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
            `offline_store` (JsonObject): The offline store, as it was resolved.
            `job_arn` (String): The ARN of the job or resource.
            `status` (String): The last status, in SageMaker's words.
            `failure_reason` (String): Why the job failed. Empty if it did not fail.
            `metrics` (Metrics): The final metrics.
            `timeline` (HTML): Every status with its duration, as a picture and a table.
            `summary` (Markdown): How the job ended, what to do, and links to the console, the logs
                and the files.
    """
    return make(
        create_feature_group,
        "sagemaker/create-feature-group",
        locals(),
    )
