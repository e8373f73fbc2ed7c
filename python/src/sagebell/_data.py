"""Builders for what a job reads and writes.

The names, forms and limits of the fields are those of SageMaker's API reference: `Channel`,
`S3DataSource`, `ProcessingS3Input`, `ProcessingS3Output`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _check

if TYPE_CHECKING:
    from ._types import Later

_NAME = r"[A-Za-z0-9._-]+"


def s3_channel(
    name: str | Later,
    uri: str | Later,
    *,
    content_type: str | Later | None = None,
    compression: str | Later | None = None,
    record_wrapper: str | Later | None = None,
    input_mode: str | Later | None = None,
    data_type: str | Later = "S3Prefix",
    distribution: str | Later = "FullyReplicated",
    attribute_names: list[str] | None = None,
    shuffle_seed: int | Later | None = None,
) -> dict[str, Any]:
    """A channel of a training job, with data in S3.

    Use it in `channels` of `train`, `hyperparameter_tuning` and `rlestimator`, and in
    `input_data_config` of `create_training_job`.

    Args:
        name: The name of the channel, for example `train`. The algorithm finds the data under
            `/opt/ml/input/data/NAME`.
        uri: Where the data is: `s3://bucket/prefix`.
        content_type: The MIME type of the data, for example `text/csv`.
        compression: `None` or `Gzip`. Only for the input mode `Pipe`.
        record_wrapper: `None` or `RecordIO`.
        input_mode: `File`, `Pipe` or `FastFile`. If left out, the mode of the job.
        data_type: `S3Prefix`, `ManifestFile`, `AugmentedManifestFile` or `Converse`.
        distribution: What an instance receives: all of the data (`FullyReplicated`), or its share
            (`ShardedByS3Key`).
        attribute_names: The attributes of an augmented manifest that the algorithm reads.
        shuffle_seed: Shuffles the data, with this seed.

    Raises:
        ValueError: A value is not allowed. The message names the argument.
    """
    _check.text("name", name, 64, _NAME)
    _check.s3_uri("uri", uri)
    data_types = ("S3Prefix", "ManifestFile", "AugmentedManifestFile", "Converse")
    _check.one_of("data_type", data_type, data_types)
    _check.one_of("distribution", distribution, ("FullyReplicated", "ShardedByS3Key"))
    source: dict[str, Any] = {
        "S3DataType": data_type,
        "S3Uri": uri,
        "S3DataDistributionType": distribution,
    }
    if attribute_names is not None:
        source["AttributeNames"] = attribute_names
    channel: dict[str, Any] = {"ChannelName": name, "DataSource": {"S3DataSource": source}}
    if content_type is not None:
        _check.text("content_type", content_type, 256)
        channel["ContentType"] = content_type
    if compression is not None:
        _check.one_of("compression", compression, ("None", "Gzip"))
        channel["CompressionType"] = compression
    if record_wrapper is not None:
        _check.one_of("record_wrapper", record_wrapper, ("None", "RecordIO"))
        channel["RecordWrapperType"] = record_wrapper
    if input_mode is not None:
        _check.one_of("input_mode", input_mode, ("File", "Pipe", "FastFile"))
        channel["InputMode"] = input_mode
    if shuffle_seed is not None:
        _check.whole_number("shuffle_seed", shuffle_seed)
        channel["ShuffleConfig"] = {"Seed": shuffle_seed}
    return channel


def processing_input(
    name: str | Later,
    uri: str | Later,
    path: str | Later,
    *,
    distribution: str | Later = "FullyReplicated",
) -> dict[str, Any]:
    """An input of a processing job: data in S3, copied to a folder of the container.

    Use it in `input_config` of `process` and in `processing_inputs` of `create_processing_job`.

    Args:
        name: The name of the input.
        uri: Where the data is: `s3://bucket/prefix`.
        path: The folder in the container, for example `/opt/ml/processing/input`.
        distribution: What an instance receives: all of the data (`FullyReplicated`), or its share
            (`ShardedByS3Key`).

    Raises:
        ValueError: A value is not allowed. The message names the argument.
    """
    _check.text("name", name, 64)
    _check.s3_uri("uri", uri)
    _check.text("path", path, 256, r"/.*")
    _check.one_of("distribution", distribution, ("FullyReplicated", "ShardedByS3Key"))
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": path,
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": distribution,
        },
    }


def processing_output(
    name: str | Later,
    uri: str | Later,
    path: str | Later,
    *,
    upload: str | Later = "EndOfJob",
) -> dict[str, Any]:
    """An output of a processing job: a folder of the container, copied to S3.

    Use it in `output_config` of `process`, and in the list `Outputs` of `processing_output_config`
    of `create_processing_job`.

    Args:
        name: The name of the output.
        uri: Where the data goes: `s3://bucket/prefix`.
        path: The folder in the container, for example `/opt/ml/processing/output`.
        upload: `EndOfJob` or `Continuous`.

    Raises:
        ValueError: A value is not allowed. The message names the argument.
    """
    _check.text("name", name, 64)
    _check.s3_uri("uri", uri)
    _check.text("path", path, 256, r"/.*")
    _check.one_of("upload", upload, ("EndOfJob", "Continuous"))
    output = {"S3Uri": uri, "LocalPath": path, "S3UploadMode": upload}
    return {"OutputName": name, "S3Output": output}
