"""One task: the step's own binary as a child process, and what it leaves behind."""

from __future__ import annotations

import collections
import pathlib
import signal
import time
from collections.abc import Mapping
from typing import Any, Callable

from .._binaries import command
from .._inert import one_line
from .._processes import Child
from . import executor_input, values
from .result import FAILED, SUCCEEDED, TaskResult
from .sagemaker import Side
from .spec import Message, parameters

# How long a step may take to stop its job when it is told to end.
_STOP_SECONDS = 60.0
_LARGEST_OUTPUT = 16 * 1024 * 1024
# The last lines of a step, in which the reason of a failure is looked for.
_KEPT = 40
_ERROR = "sagebell-step: "

Show = Callable[[str], None]


def run(
    component: Message,
    container: Message,
    given: Mapping[str, Any],
    folder: pathlib.Path,
    side: Side,
    show: Show,
) -> TaskResult:
    """Runs the step to its end. Its lines are shown as they come."""
    replaced = {name: of for name, of in side.replaced.items() if name in parameters(component)}
    message = executor_input.make(component, {**given, **replaced}, folder)
    words = [*executor_input.words(container, message), *side.options]
    began = time.monotonic()
    # The variables of the task itself, as in a pod, win over those of this process.
    own = {pair["name"]: pair.get("value", "") for pair in container.get("env", [])}
    child = Child(
        command("sagebell-step", container["command"][1], *words), {**side.environment, **own}
    )
    last: collections.deque[str] = collections.deque(maxlen=_KEPT)
    try:
        for _, line in child.lines():
            show(one_line(line))
            last.append(line)
        code = child.code()
    except BaseException:
        show("interrupted: the step is told to end, and stops its job")
        for line in child.stop(signal.SIGTERM, _STOP_SECONDS):
            show(one_line(line))
        raise
    seconds = time.monotonic() - began
    artifacts = executor_input.artifact_files(message)
    outputs, problem = _outputs(component, message)
    if code or problem:
        reason = outputs.get("failure_reason") or _said(last) or f"exit code {code}"
        return TaskResult(FAILED, outputs, artifacts, reason if code else problem, seconds)
    return TaskResult(SUCCEEDED, outputs, artifacts, None, seconds)


def _outputs(component: Message, message: Message) -> tuple[dict[str, Any], str | None]:
    """The output parameters that are there, and what is wrong with the first of the others: KFP's
    launcher wants a file for each (component/launcher_v2.go, `collectOutputParameters`)."""
    found, problem = {}, None
    for name, of in parameters(component, "outputDefinitions").items():
        file = pathlib.Path(message["outputs"]["parameters"][name]["outputFile"])
        try:
            if file.stat().st_size > _LARGEST_OUTPUT:
                raise ValueError(f"more than {_LARGEST_OUTPUT} bytes")
            found[name] = values.read(file.read_text(encoding="utf-8"), of["parameterType"])
        except (OSError, ValueError) as error:
            problem = problem or f"the output {name!r} cannot be read: {error}"
    return found, problem


def _said(lines: collections.deque[str]) -> str | None:
    """The error that the step ended with: its last line of that kind, and those that belong to it."""
    said = list(lines)
    starts = [at for at, line in enumerate(said) if line.startswith(_ERROR)]
    if not starts:
        return None
    first, *rest = said[starts[-1] :]
    more = (line.strip() for line in rest if line.startswith(" "))
    return " ".join([first[len(_ERROR) :], *more])
