"""The types of what a pipeline gives to a step."""

from __future__ import annotations

from typing import Protocol


class Later(Protocol):
    """A value that is known when the pipeline runs, not when it is compiled.

    KFP's pipeline channels are such values: `task.outputs["name"]`, a parameter of the pipeline,
    the item of a loop. A channel has these properties (`kfp/dsl/pipeline_channel.py`).
    """

    @property
    def full_name(self) -> str:
        """The task and the name of the value."""
        ...

    @property
    def pattern(self) -> str:
        """The text that stands for the value until the pipeline runs."""
        ...
