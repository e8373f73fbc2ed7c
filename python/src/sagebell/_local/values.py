"""Values of parameters as Kubeflow Pipelines has them: in its messages, in texts, and in files.

The sources named here are files of kubeflow/pipelines 2.17 under `backend/src/v2`.
"""

from __future__ import annotations

import decimal
import json
import re
from collections.abc import Mapping
from typing import Any, Callable

# What a parameter type takes, in JSON. A boolean is no number here, although Python says it is.
_TYPES: Mapping[str, tuple[type, ...]] = {
    "BOOLEAN": (bool,),
    "LIST": (list,),
    "NUMBER_DOUBLE": (int, float),
    "NUMBER_INTEGER": (int, float),
    "STRING": (str,),
    "STRUCT": (dict,),
}
# The words of Go's strconv.ParseBool, which the launcher reads booleans with.
_BOOLEANS = {
    **dict.fromkeys(["1", "t", "T", "TRUE", "true", "True"], True),
    **dict.fromkeys(["0", "f", "F", "FALSE", "false", "False"], False),
}


def is_of(value: Any, kind: str) -> bool:
    """Whether the driver takes a value for a parameter of this type (driver/resolve.go)."""
    takes = _TYPES.get(kind, ())
    return isinstance(value, takes) and (not isinstance(value, bool) or bool in takes)


def plain(value: Any) -> Any:
    """JSON as protobuf writes it: a number is a double, and a whole one has no point."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    return value


def as_json(value: Any) -> str:
    """A value as the backend writes it in JSON."""
    return json.dumps(plain(value), separators=(",", ":"), ensure_ascii=False)


def as_text(value: Any) -> str:
    """A value within a text (metadata/converter.go, `PbValueToText`)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{decimal.Decimal(repr(plain(value))):f}"
    return value if isinstance(value, str) else as_json(value)


def read(text: str, kind: str) -> Any:
    """A value from the text of its file (metadata/converter.go, `TextToPbValue`).

    Raises:
        ValueError: The text is none of this type.
    """
    readers: Mapping[str, Callable[[str], Any]] = {
        "BOOLEAN": lambda text: _BOOLEANS[text.strip()],
        "LIST": json.loads,
        "NUMBER_DOUBLE": float,
        "NUMBER_INTEGER": _integer,
        "STRING": str,
        "STRUCT": json.loads,
    }
    try:
        value = readers[kind](text)
    except (KeyError, ValueError):
        value = None
    if not is_of(value, kind):
        raise ValueError(f"{text[:80]!r} is no {kind}")
    return value


def _integer(text: str) -> int:
    if not re.fullmatch(r"\s*[-+]?[0-9]+\s*", text, re.ASCII):
        raise ValueError
    return int(text)
