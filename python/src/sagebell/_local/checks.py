"""Whether all of a pipeline can be run on this machine: asked before anything is started."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from . import conditions
from .spec import MEMBER, Message, Spec, is_loop

_STEP = "/sagebell-step"
# Names become folders and files. KFP's compiler makes no others.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
# Pipelines within pipelines, loops and conditions; and all tasks of them.
_DEEPEST = 20
_MOST = 10_000
_INSTEAD = "Put Sagebell's steps into a pipeline of their own, and give what this task makes as an argument"


def problems(spec: Spec) -> list[str]:
    """Everything that cannot be run here, each with the name of its task."""
    return list(_Checks(spec).all())


class _Checks:
    def __init__(self, spec: Spec) -> None:
        self._spec, self._left = spec, _MOST

    def all(self) -> Iterator[str]:
        dag = self._spec.root.get("dag", {})
        yield from (f"{name} is no name of a pipeline" for name in _wrong([self._spec.name]))
        yield from self._graph(dag, "", _DEEPEST)

    def _graph(self, dag: Message, place: str, depth: int) -> Iterator[str]:
        for name, task in sorted(dag.get("tasks", {}).items()):
            self._left -= 1
            if self._left < 0:
                return
            component, path = self._spec.component(task), f"{place}{name}"
            for problem in self._task(name, task, component):
                yield f"{ascii(path)[1:-1]}: {problem}"
            if "dag" in component and depth:
                yield from self._graph(component["dag"], f"{path}.", depth - 1)
            elif "dag" in component:
                yield f"{ascii(path)[1:-1]}: it is nested too deeply"
        if not place and self._left < 0:
            yield f"it has more than {_MOST} tasks"

    def _task(self, name: str, task: Message, component: Message) -> Iterator[str]:
        made = component.get("outputDefinitions", {})
        for wrong in _wrong([name, *made.get("parameters", {}), *made.get("artifacts", {})]):
            yield f"{wrong} is no name of a task or an output"
        if "dag" not in component:
            yield from self._not_ours(component)
        if "artifactIterator" in task:
            yield "a loop over artifacts cannot be run on this machine"
        condition = task.get("triggerPolicy", {}).get("condition")
        if condition:
            yield from _unreadable(condition)
        for given, source in task.get("inputs", {}).get("parameters", {}).items():
            selector = source.get("parameterExpressionSelector")
            if "taskFinalStatus" in source:
                yield f"the input {given!r} is the final status of a task, which is known in a cluster only"
            elif selector and not MEMBER.fullmatch(selector):
                yield f"the input {given!r} has the selector {selector!a}, which cannot be read"
        if is_loop(task):
            yield from _collected_twice(component.get("dag", {}))

    def _not_ours(self, component: Message) -> Iterator[str]:
        container = self._spec.container(component)
        command = [*container.get("command", [])]
        if command[:1] != [_STEP]:
            image = container.get("image")
            what = f"the image {image!a}" if image else "no container"
            yield f"it is no step of Sagebell (it runs {what}). {_INSTEAD}"
        elif len(command) != 2:
            yield f"its command names no component of Sagebell: {command!a}"


def _wrong(names: Iterable[str]) -> list[str]:
    return [ascii(name) for name in names if not _NAME.fullmatch(name)]


def _unreadable(condition: str) -> Iterator[str]:
    try:
        conditions.parse(condition)
    except conditions.Unreadable as error:
        yield str(error)


def _collected_twice(dag: Message) -> Iterator[str]:
    for output in dag.get("outputs", {}).get("parameters", {}).values():
        producer = output.get("valueFromParameter", {}).get("producerSubtask")
        if is_loop(dag.get("tasks", {}).get(producer, {})):
            yield "the results of a loop within a loop cannot be collected on this machine"
