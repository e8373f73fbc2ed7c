"""What can go wrong, for programs that want to catch it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._local.result import LocalRun
    from ._wait import JobResult


class SagebellError(Exception):
    """Something went wrong. The message says what, and what to do."""


class JobFailed(SagebellError):
    """The job ended, and did not succeed: it failed, was stopped, or took too long.

    Attributes:
        result: The job as it ended. `result.failure_reason` is SageMaker's reason.
    """

    def __init__(self, result: JobResult) -> None:
        reason = result.failure_reason or "SageMaker gave no reason"
        super().__init__(
            f"{result.kind} job {result.name}: {result.status or result.phase}: {reason}"
        )
        self.result = result


class WaitTimeout(SagebellError, TimeoutError):
    """The job did not end within the timeout. It was left as it is.

    Attributes:
        last: The job as it was seen last. `None`: it was not seen.
    """

    def __init__(self, arn: str, seconds: float, last: JobResult | None) -> None:
        state = (last and last.status) or "nothing was heard of it"
        super().__init__(
            f"{arn} did not end within {seconds:g} s (last: {state}). If it runs, it runs on"
        )
        self.last = last


class PipelineRefused(SagebellError, ValueError):
    """The pipeline, or one of its arguments, cannot be run on this machine. Nothing was started.

    Attributes:
        problems: One line for each thing that is wrong, with the name of its task or argument.
    """

    def __init__(self, pipeline: str, problems: list[str]) -> None:
        lines = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"the pipeline {pipeline} cannot be run on this machine:{lines}")
        self.problems = problems


class StepFailed(SagebellError):
    """A step of a pipeline failed.

    Attributes:
        task: The name of the task in the pipeline.
        reason: Why it failed.
        run: What was done up to then: states and outputs of all tasks.
    """

    def __init__(self, task: str, reason: str, run: LocalRun) -> None:
        super().__init__(f"{task}: {reason}")
        self.task, self.reason, self.run = task, reason, run
