"""Conditions of `dsl.If`: what KFP's compiler writes, and what KFP's driver makes of it.

The compiler writes comparisons that are joined by `&&`, each as it is or as `!(…)`
(`sdk/python/kfp/compiler/pipeline_spec_builder.py`, `_single_binary_operation_to_cel_condition`).
The driver evaluates them with CEL (`backend/src/v2/expression/expression.go`), in which texts and
numbers are never equal and cannot be put in an order
(https://github.com/google/cel-spec/blob/master/doc/langdef.md). Nothing else is read here.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from typing import Any, Callable

_PARAMETER = r"inputs\.parameter_values\['(?P<name>[^'\\]+)'\]"
_OPERAND = re.compile(
    rf"(?P<cast>int|double)\((?:{_PARAMETER}|(?P<cast_number>-?[0-9.]+))\)"
    rf"|{_PARAMETER.replace('name', 'bare_name')}"
    r"|'(?P<text>[^'\\]*)'"
    r"|(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?)"
    r"|(?P<boolean>true|false)"
)
_OPERATOR = re.compile(r" (==|!=|<=|>=|<|>) ")
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

Comparison = tuple[bool, "re.Match[str]", str, "re.Match[str]"]


class Unreadable(ValueError):
    """A condition that KFP's compiler does not write, or that the driver cannot evaluate."""


def parse(condition: str) -> list[Comparison]:
    """The comparisons that must all hold: whether each is negated, and its three parts."""
    comparisons: list[Comparison] = []
    at = 0
    while True:
        negated = condition.startswith("!(", at)
        at += 2 if negated else 0
        left, at = _match(_OPERAND, condition, at)
        sign, at = _match(_OPERATOR, condition, at)
        right, at = _match(_OPERAND, condition, at)
        if negated:
            _, at = _match(re.compile(r"\)"), condition, at)
        comparisons.append((negated, left, sign[1], right))
        if at == len(condition):
            return comparisons
        _, at = _match(re.compile(" && "), condition, at)


def holds(condition: str, values: Mapping[str, Any]) -> bool:
    """Whether the condition holds for these inputs."""
    return all(_compare(comparison, values) for comparison in parse(condition))


def _match(pattern: re.Pattern[str], text: str, at: int) -> tuple[re.Match[str], int]:
    found = pattern.match(text, at)
    if not found:
        raise Unreadable(
            f"the condition {text[:200]!r} cannot be read from {text[at : at + 40]!r} on"
        )
    return found, found.end()


def _compare(comparison: Comparison, values: Mapping[str, Any]) -> bool:
    negated, left, sign, right = comparison
    one, other = _value(left, values), _value(right, values)
    if _family(one) is _family(other):
        result = _OPERATORS[sign](one, other)
    elif sign in ("==", "!="):
        result = sign == "!="
    else:
        raise Unreadable(f"{one!r} and {other!r} cannot be put in an order")
    return result is not negated


def _family(value: Any) -> type:
    return float if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value)


def _value(operand: re.Match[str], values: Mapping[str, Any]) -> Any:
    if operand["boolean"]:
        return operand["boolean"] == "true"
    if operand["text"] is not None:
        return operand["text"]
    number = operand["number"] or operand["cast_number"]
    name = operand["name"] or operand["bare_name"]
    if not number and name not in values:
        raise Unreadable(f"the condition needs the input {name!r}, which has no value")
    value = float(number) if number else values[name]
    if not operand["cast"]:
        return value
    try:
        return int(value) if operand["cast"] == "int" else float(value)
    except (TypeError, ValueError):
        raise Unreadable(f"{value!r} is no number") from None
