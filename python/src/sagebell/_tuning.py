"""Builders for the hyperparameters that a tuning job searches.

SageMaker takes every number here as a text. The forms and limits are those of its API reference:
`IntegerParameterRange`, `ContinuousParameterRange`, `CategoricalParameterRange`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from . import _check

if TYPE_CHECKING:
    from ._types import Later

_SCALINGS = ("Auto", "Linear", "Logarithmic", "ReverseLogarithmic")
_MOST_VALUES = 30


def integer_range(
    name: str | Later, low: int | Later, high: int | Later, *, scaling: str = "Auto"
) -> dict[str, Any]:
    """A hyperparameter to search in a range of integers.

    Use it in `integer_parameters` of `hyperparameter_tuning`, and in `IntegerParameterRanges` of
    SageMaker's requests.

    Args:
        name: The name of the hyperparameter.
        low: The smallest value.
        high: The largest value.
        scaling: How values are spread: `Auto`, `Linear` or `Logarithmic`. `Logarithmic` needs a
            range above 0.

    Raises:
        ValueError: A value is not allowed. The message names the argument.
    """
    _check.text("name", name, 256)
    _check.one_of("scaling", scaling, _SCALINGS[:-1])
    _number("low", low, int)
    _number("high", high, int)
    return _range(name, low, high, scaling)


def continuous_range(
    name: str | Later, low: float | Later, high: float | Later, *, scaling: str = "Auto"
) -> dict[str, Any]:
    """A hyperparameter to search in a range of numbers.

    Use it in `continuous_parameters` of `hyperparameter_tuning`, and in
    `ContinuousParameterRanges` of SageMaker's requests.

    Args:
        name: The name of the hyperparameter.
        low: The smallest value.
        high: The largest value.
        scaling: How values are spread: `Auto`, `Linear`, `Logarithmic` or `ReverseLogarithmic`.
            `Logarithmic` needs a range above 0. `ReverseLogarithmic` needs one from 0 on, below 1.

    Raises:
        ValueError: A value is not allowed. The message names the argument.
    """
    _check.text("name", name, 256)
    _check.one_of("scaling", scaling, _SCALINGS)
    _number("low", low, float)
    _number("high", high, float)
    return _range(name, low, high, scaling)


def categorical_range(name: str | Later, values: list[Any]) -> dict[str, Any]:
    """A hyperparameter to search among given values.

    Use it in `categorical_parameters` of `hyperparameter_tuning`, and in
    `CategoricalParameterRanges` of SageMaker's requests.

    Args:
        name: The name of the hyperparameter.
        values: 1 to 30 texts or numbers. SageMaker receives them as texts.

    Raises:
        ValueError: A value is not allowed. The message names the argument.
    """
    _check.text("name", name, 256)
    if not isinstance(values, (list, tuple)) or not 0 < len(values) <= _MOST_VALUES:
        raise ValueError(f"values is {values!r}; expected a list of 1 to {_MOST_VALUES} values")
    texts = [_as_text(f"values[{index}]", value) for index, value in enumerate(values)]
    return {"Name": name, "Values": texts}


def hyperparameters(**values: str | float | Later) -> dict[str, Any]:
    """The hyperparameters of a training job: SageMaker takes texts, and this makes them of numbers.

    Use it in `hyperparameters` of `train`, in `static_parameters` of `hyperparameter_tuning`, and
    in `hyper_parameters` of `create_training_job`.

    Args:
        values: Each hyperparameter by its name. For a name that Python does not allow, use
            `**{"max-depth": 5}`.

    Raises:
        ValueError: A value is neither a text nor a number. The message names it.
    """
    return {name: _as_text(name, value) for name, value in values.items()}


def _as_text(field: str, value: Any) -> Any:
    """The text of a number. A text, and what is known later, stays as it is."""
    if isinstance(value, str) or _check.is_later(value):
        return value
    if not _is_number(value):
        raise ValueError(f"{field} is {value!r}; expected a text or a number")
    return str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _number(field: str, value: Any, kind: type) -> None:
    if _check.is_later(value):
        return
    if not _is_number(value) or (kind is int and not isinstance(value, int)):
        what = "a whole number" if kind is int else "a number"
        raise ValueError(f"{field} is {value!r}; expected {what}")


def _range(name: Any, low: Any, high: Any, scaling: str) -> dict[str, Any]:
    numbers = [value for value in (low, high) if not _check.is_later(value)]
    if len(numbers) == 2 and not low < high:
        raise ValueError(f"high is {high}; expected more than low, which is {low}")
    if scaling == "Logarithmic" and any(number <= 0 for number in numbers):
        raise ValueError(f"scaling is {scaling!r}; the range must then be above 0")
    if scaling == "ReverseLogarithmic" and any(not 0 <= number < 1 for number in numbers):
        raise ValueError(f"scaling is {scaling!r}; the range must then be from 0 on, below 1")
    limits = {"MinValue": _as_text("low", low), "MaxValue": _as_text("high", high)}
    return {"Name": name, **limits, "ScalingType": scaling}
