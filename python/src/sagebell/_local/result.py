"""What a local run gives back."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

SUCCEEDED, FAILED, SKIPPED, NOT_STARTED = "succeeded", "failed", "skipped", "not started"
STATES = (SUCCEEDED, FAILED, SKIPPED, NOT_STARTED)


@dataclasses.dataclass(frozen=True)
class TaskResult:
    """How one task ended."""

    state: str
    """`succeeded`, `failed`, `skipped` (its condition did not hold) or `not started` (another task
    failed before)."""
    outputs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Its output parameters, by name."""
    artifacts: Mapping[str, pathlib.Path] = dataclasses.field(default_factory=dict)
    """The files of its artifacts, by name: pages about the job, its metrics."""
    reason: str | None = None
    """Why it failed."""
    seconds: float = 0.0
    """How long it took."""


@dataclasses.dataclass(frozen=True)
class LocalRun:
    """What a pipeline did on this machine."""

    pipeline: str
    """The name of the pipeline."""
    folder: pathlib.Path
    """Where its files are."""
    tasks: Mapping[str, TaskResult]
    """Each task, by its name in the pipeline. One within a group has the names of both:
    `condition-1.train`; one in a loop has the number of its round: `for-loop-1.0.train`."""
    outputs: Mapping[str, Any]
    """What the pipeline itself returns, by name."""

    @property
    def states(self) -> dict[str, str]:
        """The state of each task, by its name."""
        return {name: task.state for name, task in self.tasks.items()}
