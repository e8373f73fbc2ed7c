"""Checks of constants. What is known only when the pipeline runs is checked by the step."""

from __future__ import annotations

import re
from typing import Any

# How KFP writes a value that is not known yet into a text, before and after compilation.
_PLACEHOLDER = re.compile(r"\{\{[$c]")


def is_later(value: Any) -> bool:
    """Whether the value is one of KFP's channels, or a text that contains one."""
    if isinstance(value, str):
        return _PLACEHOLDER.search(value) is not None
    return hasattr(value, "full_name") and hasattr(value, "pattern")


def text(field: str, value: Any, longest: int, pattern: str = r"(?s:.+)") -> None:
    """Refuses a constant that is no text of this form. `field` names it in the error."""
    if is_later(value):
        return
    if not isinstance(value, str) or not value or len(value) > longest:
        raise ValueError(f"{field} is {value!r}; expected a text of 1 to {longest} characters")
    if not re.fullmatch(pattern, value):
        raise ValueError(f"{field} is {value!r}; expected a text of the form {pattern}")


def s3_uri(field: str, value: Any) -> None:
    """Refuses a constant that is no S3 URI."""
    text(field, value, 1024, r"s3://[^/]+(/.*)?")


def one_of(field: str, value: Any, allowed: tuple[str, ...]) -> None:
    """Refuses a constant that is none of these."""
    if not is_later(value) and value not in allowed:
        words = ", ".join(repr(word) for word in allowed)
        raise ValueError(f"{field} is {value!r}; expected one of {words}")


def whole_number(field: str, value: Any, least: int = 0) -> None:
    """Refuses a constant that is no whole number, or a smaller one than `least`."""
    if is_later(value):
        return
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or value < least:
        raise ValueError(f"{field} is {value!r}; expected a whole number of {least} or more")
