"""A graph of tasks, run in the order of their needs: the pipeline, a branch, a round of a loop."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

from . import conditions, resolve, step
from .report import Report
from .resolve import About, Scope, Unresolved
from .result import FAILED, NOT_STARTED, SKIPPED, SUCCEEDED, TaskResult
from .sagemaker import Side
from .spec import Message, Spec, is_loop

# The trigger strategy of exit handlers, and of tasks that ignore what failed before them.
_ALWAYS = "ALL_UPSTREAM_TASKS_COMPLETED"


class TaskFailed(Exception):
    """A task failed: its name, and the reason."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path, self.reason = path, reason


@dataclasses.dataclass
class Running:
    """A run while it goes on."""

    spec: Spec
    about: About
    folder: pathlib.Path
    side: Side
    report: Report
    tasks: dict[str, TaskResult]

    def note(self, path: str, result: TaskResult) -> None:
        """Writes down how a task ended."""
        self.tasks[path] = result
        self.report.ended(path, result)


class Graph:
    """The tasks of one graph, and what they were given."""

    def __init__(
        self, running: Running, dag: Message, given: Mapping[str, Any], place: str
    ) -> None:
        self._running, self._given, self._place, self._dag = running, given, place, dag
        self._tasks: Mapping[str, Message] = dag.get("tasks", {})
        self._states: dict[str, str] = {}
        self._outputs: dict[str, Mapping[str, Any]] = {}

    def go(self) -> dict[str, Any]:
        """Runs the tasks one after the other. After a failure only those are started that run
        whatever happened before them. Gives the outputs of the graph.

        Raises:
            TaskFailed: The first failure.
        """
        failure: TaskFailed | None = None
        while len(self._states) < len(self._tasks):
            name = self._next()
            try:
                self._states[name] = self._state_without_start(name, failure) or self._start(name)
            except TaskFailed as error:
                self._states[name] = FAILED
                failure = failure or error
        if failure:
            raise failure
        return resolve.outputs(self._dag, self._outputs)

    def _next(self) -> str:
        """The first of those whose needs are done. KFP's compiler makes no circles."""
        left = sorted(set(self._tasks) - set(self._states))
        ready = [name for name in left if self._needs(name) <= set(self._states)]
        return (ready or left)[0]

    def _needs(self, name: str) -> set[str]:
        task = self._tasks[name]
        sources = task.get("inputs", {}).get("parameters", {}).values()
        producers = (of.get("taskOutputParameter", {}).get("producerTask") for of in sources)
        return {*filter(None, producers), *task.get("dependentTasks", [])} & set(self._tasks)

    def _state_without_start(self, name: str, failure: TaskFailed | None) -> str | None:
        """The state of a task that is not started. `None`: it is."""
        if self._tasks[name].get("triggerPolicy", {}).get("strategy") == _ALWAYS:
            return None
        before = {self._states.get(need) for need in self._needs(name)}
        if failure or before & {FAILED, NOT_STARTED}:
            return self._leave(name, NOT_STARTED)
        return self._leave(name, SKIPPED) if SKIPPED in before else None

    def _leave(self, name: str, state: str) -> str:
        self._running.note(f"{self._place}{name}", TaskResult(state))
        return state

    def _start(self, name: str) -> str:
        path, task = f"{self._place}{name}", self._tasks[name]
        component = self._running.spec.component(task)
        try:
            about = dataclasses.replace(self._running.about, task_name=name)
            given = resolve.inputs(task, component, Scope(self._given, self._outputs), about)
            condition = task.get("triggerPolicy", {}).get("condition")
            if condition and not conditions.holds(condition, given):
                return self._leave(name, SKIPPED)
            every = resolve.rounds(task, component, given) if is_loop(task) else None
        except (Unresolved, conditions.Unreadable) as error:
            self._running.note(path, TaskResult(FAILED, reason=str(error)))
            raise TaskFailed(path, str(error)) from None
        self._outputs[name] = (
            self._all(component, path, every)
            if every is not None
            else (self._one(component, path, given))
        )
        return SUCCEEDED

    def _all(self, component: Message, path: str, every: list[dict[str, Any]]) -> dict[str, Any]:
        """The rounds of a loop: each output is the list of theirs."""
        made = [
            self._one(component, f"{path}.{number}", given) for number, given in enumerate(every)
        ]
        names = component.get("dag", {}).get("outputs", {}).get("parameters", {})
        return {name: [one[name] for one in made if name in one] for name in names}

    def _one(self, component: Message, path: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        running = self._running
        if "dag" in component:
            return Graph(running, component["dag"], given, f"{path}.").go()
        running.report.started(path)
        container = running.spec.container(component)
        show = running.report.shows(path)
        result = step.run(component, container, given, running.folder / path, running.side, show)
        running.note(path, result)
        if result.state == FAILED:
            raise TaskFailed(path, result.reason or "it failed")
        return result.outputs
