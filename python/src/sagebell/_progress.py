"""What a person sees while waiting: a bar in a notebook or a terminal, otherwise a line each state."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm  # type: ignore[import-untyped,unused-ignore]

from ._inert import one_line

if TYPE_CHECKING:
    from ._wait import JobResult

# SageMaker says nothing about how much is left: the bar has the state and the time.
_FORMAT = "{desc} [{elapsed}]"


class Progress:
    """Shows the states of one job."""

    def __init__(self, arn: str, *, shown: bool) -> None:
        self._name = one_line(arn.rsplit("/", 1)[-1])
        self._shown = shown
        self._bar: Any = None
        if shown and (_is_notebook() or sys.stderr.isatty()):
            self._bar = tqdm(desc=f"{self._name}: waiting", bar_format=_FORMAT, total=0)

    def close(self) -> None:
        """Nothing more is shown."""
        if self._bar is not None:
            self._bar.close()

    def job(self, job: JobResult) -> None:
        """The job has a new state."""
        status = job.status or "waiting"
        more = job.secondary_status or status
        detail = "" if more == status else f" ({more})"
        state = one_line(f"{job.name}: {status}{detail}")
        if self._bar is not None:
            self._bar.set_description_str(state)
        elif self._shown:
            print(state, file=sys.stderr, flush=True)

    def tick(self) -> None:
        """Nothing is new but the time."""
        if self._bar is not None:
            self._bar.refresh()

    def say(self, what: str) -> None:
        """The command said something: that the monitor does not answer, for example."""
        if self._bar is not None:
            self._bar.write(what, file=sys.stderr)
        elif self._shown:
            print(what, file=sys.stderr, flush=True)


def _is_notebook() -> bool:
    """Whether this runs in a notebook's kernel (https://ipython.readthedocs.io: `ZMQInteractiveShell`)."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"
