"""Builders for training jobs: metrics, and spot instances.

The forms and limits are those of SageMaker's API reference: `MetricDefinition`, `CheckpointConfig`,
`StoppingCondition`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypedDict

from . import _check

if TYPE_CHECKING:
    from ._types import Later

_DAY_SECONDS = 86_400


def metric(name: str, regex: str) -> dict[str, str]:
    """A metric that SageMaker reads from the job's log.

    Use it in `metric_definitions` of `train` and `hyperparameter_tuning`. For more than one, join
    them: `metric("loss", ...) | metric("accuracy", ...)`.

    Args:
        name: The name of the metric.
        regex: A regular expression with one group, which matches the number. For example:
            `loss=([0-9.]+)`.

    Raises:
        ValueError: A value is not allowed. The message names the argument.
    """
    definition = metric_definition(name, regex)
    return {definition["Name"]: definition["Regex"]}


def metric_definition(name: str, regex: str) -> dict[str, str]:
    """The same metric in the form of SageMaker's requests.

    Use it in `metric_definitions` of `rlestimator`, and in `MetricDefinitions` of
    `algorithm_specification` of `create_training_job`.

    Args:
        name: The name of the metric.
        regex: A regular expression with one group, which matches the number.

    Raises:
        ValueError: A value is not allowed. The message names the argument.
    """
    _check.text("name", name, 255)
    _check.text("regex", regex, 500)
    if not _check.is_later(regex):
        _check_group(regex)
    return {"Name": name, "Regex": regex}


def _check_group(regex: str) -> None:
    try:
        groups = re.compile(regex).groups
    except re.error as error:
        raise ValueError(f"regex is {regex!r}, which is no regular expression: {error}") from None
    if groups != 1:
        raise ValueError(
            f"regex is {regex!r}, with {groups} groups; expected one group, around the number"
        )


class Spot(TypedDict):
    """The inputs that `spot` gives."""

    spot_instance: bool
    checkpoint_config: dict[str, Any]
    max_run_time: int | Later
    max_wait_time: int | Later


def spot(
    checkpoints: str | Later,
    *,
    max_run_seconds: int | Later = _DAY_SECONDS,
    max_wait_seconds: int | Later = _DAY_SECONDS,
    local_path: str | Later = "/opt/ml/checkpoints",
) -> Spot:
    """The inputs of a job on spot instances: `train(..., **spot("s3://bucket/checkpoints"))`.

    Use it with `train`, `hyperparameter_tuning` and `rlestimator`. SageMaker can take spot
    instances away at any time. The job then goes on from its last checkpoint.

    Args:
        checkpoints: Where SageMaker keeps the checkpoints: `s3://bucket/prefix`.
        max_run_seconds: Seconds of training after which SageMaker ends the job.
        max_wait_seconds: Seconds that the job may take, including the time that it waits for
            capacity. Not less than `max_run_seconds`.
        local_path: The folder in the container where the algorithm writes checkpoints.

    Raises:
        ValueError: A value is not allowed. The message names the argument.
    """
    _check.s3_uri("checkpoints", checkpoints)
    _check.text("local_path", local_path, 4096, r"/.*")
    _check.whole_number("max_run_seconds", max_run_seconds, 1)
    _check.whole_number("max_wait_seconds", max_wait_seconds, 1)
    limits = [value for value in (max_run_seconds, max_wait_seconds) if isinstance(value, int)]
    if limits != sorted(limits):
        raise ValueError(
            f"max_wait_seconds is {max_wait_seconds}; expected max_run_seconds, which is "
            f"{max_run_seconds}, or more"
        )
    return {
        "spot_instance": True,
        "checkpoint_config": {"S3Uri": checkpoints, "LocalPath": local_path},
        "max_run_time": max_run_seconds,
        "max_wait_time": max_wait_seconds,
    }
