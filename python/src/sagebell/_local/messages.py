"""KFP's messages (`api/v2alpha1/pipeline_spec.proto`) and protobuf's JSON. Neither has types."""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format  # type: ignore[import-untyped,unused-ignore]
from kfp.pipeline_spec import pipeline_spec_pb2

_MESSAGES: Any = pipeline_spec_pb2

PipelineSpec: Any = _MESSAGES.PipelineSpec
"""A compiled pipeline."""
ExecutorInput: Any = _MESSAGES.ExecutorInput
"""What the launcher gives to a step."""


def as_dict(message: Any) -> dict[str, Any]:
    """A message in protobuf's JSON form."""
    found: dict[str, Any] = json_format.MessageToDict(message)
    return found


def check(found: dict[str, Any], kind: Any) -> None:
    """Refuses what is no message of this kind.

    Raises:
        json_format.ParseError: It is none.
    """
    json_format.ParseDict(found, kind())


ParseError: Any = json_format.ParseError
"""A text or a dict is not the JSON form of a message."""
