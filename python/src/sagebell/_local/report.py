"""What a person sees of a local run."""

from __future__ import annotations

import collections
import pathlib
from collections.abc import Mapping
from typing import Callable

from .._inert import one_line
from .result import FAILED, STATES, SUCCEEDED, TaskResult

Show = Callable[[str], None]

_MARKS = {SUCCEEDED: "✓", FAILED: "✗"}


class Report:
    """Says which task runs, its lines, and how all of it ended."""

    def __init__(self, show: Show, pipeline: str) -> None:
        self._show, self._pipeline = show, one_line(pipeline)

    def begins(self, sagemaker: str) -> None:
        """The run begins."""
        against = {"aws": "SageMaker in your account", "fake": "a fake SageMaker"}
        self._show(
            f"{self._pipeline}: runs on this machine, against {against.get(sagemaker, sagemaker)}"
        )

    def started(self, path: str) -> None:
        """A task begins."""
        self._show(f"▸ {one_line(path)}")

    def shows(self, path: str) -> Show:
        """Shows lines of a task."""
        return lambda line: self._show(f"  {one_line(path)} | {line}")

    def ended(self, path: str, result: TaskResult) -> None:
        """A task has ended, or is not started."""
        took = f" after {result.seconds:.0f} s" if result.state in _MARKS else ""
        why = f": {one_line(result.reason)}" if result.reason else ""
        self._show(f"{_MARKS.get(result.state, '-')} {one_line(path)}: {result.state}{took}{why}")

    def ends(self, tasks: Mapping[str, TaskResult], folder: pathlib.Path, seconds: float) -> None:
        """The run has ended."""
        counts = collections.Counter(task.state for task in tasks.values())
        failed = [one_line(path) for path, task in tasks.items() if task.state == FAILED]
        how = f"failed: {', '.join(failed)}" if failed else "succeeded"
        counted = ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])
        self._show(f"{self._pipeline}: {how}. {counted or 'no task'} in {seconds:.0f} s")
        self._show(f"  files: {folder}")
