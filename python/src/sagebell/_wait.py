"""`wait`: waits for a job in a notebook or a script, through the monitor."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import datetime
import json
import math
import signal
from collections.abc import Mapping
from typing import Any

from ._binaries import command
from ._errors import JobFailed, SagebellError, WaitTimeout
from ._inert import one_line
from ._processes import Child
from ._progress import Progress
from ._settings import settings

# The exit codes of `sagebell wait` (crates/cli/src/wait.rs).
_NOT_SUCCEEDED, _GAVE_UP = 1, 3
# How long a wait may last: the longest that the monitor keeps one, 35 days.
_LONGEST_SECONDS = 35 * 86_400.0
# How long the command may take to cancel its wait.
_STOP_SECONDS = 10.0
_ERROR = "sagebell: "
# How often the time in the bar is brought up to date.
_TICK_SECONDS = 1.0
# The lines of an error that are kept.
_KEPT = 20


@dataclasses.dataclass(frozen=True)
class JobResult:
    """A job as the monitor knows it. Times are in UTC; what SageMaker did not say is `None`."""

    arn: str
    kind: str
    """Its kind, such as `training`."""
    name: str
    phase: str
    """`unknown` as long as the monitor has seen nothing of it; `pending`, `running`, `stopping`; at its
    end `succeeded`, `failed`, `stopped` or `timed_out`."""
    status: str | None = None
    """SageMaker's word for its state."""
    secondary_status: str | None = None
    failure_reason: str | None = None
    created_at: datetime.datetime | None = None
    modified_at: datetime.datetime | None = None
    settled_at: datetime.datetime | None = None

    @property
    def succeeded(self) -> bool:
        """Whether it ended well."""
        return self.phase == "succeeded"


def wait(
    arn: str,
    *,
    api: str | None = None,
    timeout: float | datetime.timedelta | None = None,
    check: bool = True,
    progress: bool = True,
) -> JobResult:
    """Waits until a SageMaker job has ended. Nothing polls SageMaker: the monitor tells.

    Ctrl-C ends the waiting. The job runs on then, as it does after a timeout.

    Args:
        arn: The ARN of the job, or of any other resource that comes to a steady state.
        api: The URL of the monitor's API. Default: that of `sagebell.configure`, the variable
            `SAGEBELL_API`, otherwise the local stack at http://127.0.0.1:7070.
        timeout: Seconds to wait at most, 35 days if nothing is given.
        check: Whether a job that ended badly is an exception.
        progress: Whether to show the states: a bar in a notebook or a terminal, otherwise a line each.

    Returns:
        The job as it ended.

    Raises:
        JobFailed: The job ended badly, and `check` is true.
        WaitTimeout: The job did not end within the timeout.
        SagebellError: There was no waiting. The message says why.
    """
    seconds = _seconds(timeout)
    words = ["wait", "--output", "json", "--max-wait", f"{math.ceil(seconds * 1000)}ms"]
    api = api or settings().api
    words += ["--api", api] if api else []
    child = Child(command("sagebell", *words, "--", arn), merge=False)
    with contextlib.closing(Progress(arn, shown=progress)) as shown:
        try:
            last, said = _follow(child, shown)
            code = child.code()
        except BaseException:
            for line in child.stop(signal.SIGINT, _STOP_SECONDS):
                shown.say(one_line(line.removeprefix(_ERROR)))
            raise
    if code == _GAVE_UP:
        raise WaitTimeout(arn, seconds, last)
    if last is None or code not in (0, _NOT_SUCCEEDED):
        raise SagebellError(said or f"sagebell wait ended with exit code {code}")
    if check and not last.succeeded:
        raise JobFailed(last)
    return last


def _follow(child: Child, shown: Progress) -> tuple[JobResult | None, str]:
    """The job as it was seen last, and what the command said last: its error, if it ended with one."""
    last: JobResult | None = None
    said: collections.deque[str] = collections.deque(maxlen=_KEPT)
    for stream, line in child.lines(idle=_TICK_SECONDS):
        if stream == "out":
            last = _job(json.loads(line))
            shown.job(last)
        elif stream == "idle":
            shown.tick()
        elif line:
            if line.startswith(_ERROR):
                said.clear()
            said.append(one_line(line.removeprefix(_ERROR)))
            shown.say(said[-1])
    return last, "\n".join(said)


def _seconds(timeout: float | datetime.timedelta | None) -> float:
    given = timeout.total_seconds() if isinstance(timeout, datetime.timedelta) else timeout
    seconds = _LONGEST_SECONDS if given is None else float(given)
    if not 0 < seconds <= _LONGEST_SECONDS:
        raise ValueError(f"timeout is {timeout!r}; expected more than 0 s and at most 35 days")
    return seconds


def _job(found: Mapping[str, Any]) -> JobResult:
    """A job from its JSON (crates/monitor/src/job.rs)."""
    names = [field.name for field in dataclasses.fields(JobResult)]
    members = {name: found[name] for name in names if found.get(name) is not None}
    return JobResult(**{name: _member(name, value) for name, value in members.items()})


def _member(name: str, value: str) -> Any:
    return _time(value) if name.endswith("_at") else value


def _time(text: str) -> datetime.datetime:
    """A time of RFC 3339, in UTC. Digits after the microseconds are left out."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    micros = int(fraction[:6].ljust(6, "0")) if fraction else 0
    at = datetime.datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S")
    return at.replace(microsecond=micros, tzinfo=datetime.timezone.utc)
