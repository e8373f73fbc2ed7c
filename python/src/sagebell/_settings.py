"""What is the same for every step: one place for it.

A setting comes from the first of these that has it:

1. `configure(...)`, in the program that compiles the pipeline;
2. the environment variable, for example `SAGEBELL_API`;
3. the file `etc/sagebell.json` in the Python environment (`sys.prefix`). Whoever builds the
   environment for others, such as a notebook image, can write the settings of a deployment there.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import sys
from typing import Any

from ._about import CPU_REQUEST, IMAGE, MEMORY_REQUEST

_FILE = pathlib.Path("etc") / "sagebell.json"


@dataclasses.dataclass(frozen=True)
class Settings:
    """The settings of steps. `configure` describes them."""

    api: str | None = None
    wait: str | None = None
    name_prefix: str | None = None
    image: str = IMAGE
    retries: int = 1
    cpu_request: str = CPU_REQUEST
    memory_request: str = MEMORY_REQUEST


_NAMES = [field.name for field in dataclasses.fields(Settings)]
_configured: dict[str, str | int] = {}


def configure(
    *,
    api: str | None = None,
    wait: str | None = None,
    name_prefix: str | None = None,
    image: str | None = None,
    retries: int | None = None,
    cpu_request: str | None = None,
    memory_request: str | None = None,
) -> None:
    """Sets what is the same for every step that is made after this call.

    Each setting is also an environment variable: `SAGEBELL_API`, `SAGEBELL_WAIT`,
    `SAGEBELL_NAME_PREFIX`, `SAGEBELL_IMAGE`, `SAGEBELL_RETRIES`, `SAGEBELL_CPU_REQUEST`,
    `SAGEBELL_MEMORY_REQUEST`; and a key of the file `etc/sagebell.json` in the Python environment.
    A value that is given to the step's own function wins over all of them.

    Args:
        api: The URL of the monitor's API. If nothing sets it, the step reads the Systems Manager
            parameter `/sagebell/api`, which a deployment writes.
        wait: How steps wait: `monitor`, `poll` or `callback`. `poll` needs no monitor.
        name_prefix: The first part of the names that steps generate.
        image: The image of the steps, for example a copy in a registry of your own. If nothing
            sets it, the image with the version of this package.
        retries: How often KFP starts a step again that failed. If its pod was lost, the next try
            goes on with the same job. If its job failed, the next try creates one more.
        cpu_request: The CPU that a step asks for.
        memory_request: The memory that a step asks for.

    Raises:
        ValueError: A value is not allowed. The message names the setting.
    """
    given = {name: value for name, value in locals().items() if value is not None}
    _configured.update({name: _checked(name, value, name) for name, value in given.items()})


def settings() -> Settings:
    """The settings as they are now."""
    values = {**_from_file(), **_from_environment(), **_configured}
    return Settings(**values)  # type: ignore[arg-type] # `_checked` has compared the types


def _from_environment() -> dict[str, str | int]:
    variables = {name: f"SAGEBELL_{name.upper()}" for name in _NAMES}
    given = {name: os.environ.get(variable) for name, variable in variables.items()}
    return {
        name: _checked(name, text, f"environment variable {variables[name]}")
        for name, text in given.items()
        if text
    }


def _from_file() -> dict[str, str | int]:
    path = pathlib.Path(sys.prefix) / _FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    if not isinstance(values, dict):
        raise TypeError(f"{path} must be a JSON object of settings")
    return {name: _checked(name, value, f"{path}: {name}") for name, value in values.items()}


def _checked(name: str, value: Any, place: str) -> str | int:
    """The value, if the setting may have it. `place` names it in an error."""
    if name not in _NAMES:
        raise ValueError(f"{place} is no setting; expected one of {', '.join(_NAMES)}")
    if name == "retries":
        return _number(value, place)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{place} is {value!r}; expected a text that is not empty")
    if name == "api" and not value.startswith(("http://", "https://")):
        raise ValueError(f"{place} is {value!r}; expected the monitor's http or https URL")
    if name == "wait" and value not in ("monitor", "poll", "callback"):
        raise ValueError(f"{place} is {value!r}; expected monitor, poll or callback")
    return value


def _number(value: Any, place: str) -> int:
    text = value if isinstance(value, str) else "" if isinstance(value, bool) else repr(value)
    if not text.isascii() or not text.isdigit() or int(text) > 10:
        raise ValueError(f"{place} is {value!r}; expected a number from 0 to 10")
    return int(text)
