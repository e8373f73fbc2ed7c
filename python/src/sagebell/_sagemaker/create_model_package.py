# Generated from crates/step/table: `cargo xtask generate`.
"""The component `sagemaker/create-model-package`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from .._task import make

if TYPE_CHECKING:
    from kfp.dsl import PipelineTask
    from kfp.dsl.pipeline_channel import PipelineChannel

    from .._types import Later

    class CreateModelPackageOutputs(TypedDict):
        """The outputs of `create_model_package`."""

        name: PipelineChannel
        description: PipelineChannel
        job_arn: PipelineChannel
        status: PipelineChannel
        failure_reason: PipelineChannel
        metrics: PipelineChannel
        timeline: PipelineChannel
        summary: PipelineChannel

    class CreateModelPackageTask(PipelineTask):
        """KFP's task, with the outputs of `create_model_package`."""

        @property
        def outputs(self) -> CreateModelPackageOutputs: ...  # type: ignore[override]


def create_model_package(
    *,
    region: str | Later,
    endpoint_url: str | Later = "",
    assume_role: str | Later = "",
    request: dict[str, Any] | Later | None = None,
    model_package_name: str | Later = "",
    model_package_group_name: str | Later = "",
    model_package_description: str | Later = "",
    model_package_registration_type: str | Later = "",
    inference_specification: dict[str, Any] | Later | None = None,
    validation_specification: dict[str, Any] | Later | None = None,
    source_algorithm_specification: dict[str, Any] | Later | None = None,
    certify_for_marketplace: bool | Later | None = None,
    tags: list[Any] | Later | None = None,
    model_approval_status: str | Later = "",
    metadata_properties: dict[str, Any] | Later | None = None,
    model_metrics: dict[str, Any] | Later | None = None,
    client_token: str | Later = "",
    domain: str | Later = "",
    task: str | Later = "",
    sample_payload_url: str | Later = "",
    customer_metadata_properties: dict[str, Any] | Later | None = None,
    drift_check_baselines: dict[str, Any] | Later | None = None,
    additional_inference_specifications: list[Any] | Later | None = None,
    skip_model_validation: str | Later = "",
    source_uri: str | Later = "",
    security_config: dict[str, Any] | Later | None = None,
    model_card: dict[str, Any] | Later | None = None,
    model_life_cycle: dict[str, Any] | Later | None = None,
    managed_storage_type: str | Later = "",
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
) -> CreateModelPackageTask:
    """CreateModelPackage: creates a model package from a request of the SageMaker API, and waits for
    it.

    The component `sagemaker/create-model-package`. Units and allowed values of the request's
    fields:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html

    Args:
        region: The AWS region.
        endpoint_url: The URL of SageMaker's API. Default: the API of the region.
        assume_role: A role to assume for every call.
        request: The whole request of CreateModelPackage. The inputs below override its fields.
        model_package_name: `ModelPackageName` of the request. If empty, generated from the run and
            the task.
        model_package_group_name: `ModelPackageGroupName` of the request.
        model_package_description: `ModelPackageDescription` of the request.
        model_package_registration_type: `ModelPackageRegistrationType` of the request: Logged,
            Registered.
        inference_specification: `InferenceSpecification` of the request. Keys: Containers
            (required), SupportedContentTypes, SupportedRealtimeInferenceInstanceTypes,
            SupportedResponseMIMETypes, SupportedTransformInstanceTypes.
        validation_specification: `ValidationSpecification` of the request. Keys: ValidationProfiles
            (required), ValidationRole (required).
        source_algorithm_specification: `SourceAlgorithmSpecification` of the request. Keys:
            SourceAlgorithms (required).
        certify_for_marketplace: `CertifyForMarketplace` of the request. If left out, SageMaker
            decides.
        tags: `Tags` of the request. Keys of an item: Key (required), Value (required).
        model_approval_status: `ModelApprovalStatus` of the request: Approved, Rejected,
            PendingManualApproval.
        metadata_properties: `MetadataProperties` of the request. Keys: CommitId, GeneratedBy,
            ProjectId, Repository.
        model_metrics: `ModelMetrics` of the request. Keys: Bias, Explainability, ModelDataQuality,
            ModelQuality.
        client_token: `ClientToken` of the request. If empty, generated from the run and the task.
        domain: `Domain` of the request.
        task: `Task` of the request.
        sample_payload_url: `SamplePayloadUrl` of the request.
        customer_metadata_properties: `CustomerMetadataProperties` of the request. Keys and values
            are texts.
        drift_check_baselines: `DriftCheckBaselines` of the request. Keys: Bias, Explainability,
            ModelDataQuality, ModelQuality.
        additional_inference_specifications: `AdditionalInferenceSpecifications` of the request.
            Keys of an item: Containers (required), Name (required), Description,
            SupportedContentTypes, SupportedRealtimeInferenceInstanceTypes,
            SupportedResponseMIMETypes, SupportedTransformInstanceTypes. At least one.
        skip_model_validation: `SkipModelValidation` of the request: All, None.
        source_uri: `SourceUri` of the request.
        security_config: `SecurityConfig` of the request. Keys: KmsKeyId (required).
        model_card: `ModelCard` of the request. Keys: ModelCardContent, ModelCardStatus.
        model_life_cycle: `ModelLifeCycle` of the request. Keys: Stage (required), StageStatus
            (required), StageDescription.
        managed_storage_type: `ManagedStorageType` of the request: Restricted.
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
        create_model_package,
        "sagemaker/create-model-package",
        locals(),
    )
