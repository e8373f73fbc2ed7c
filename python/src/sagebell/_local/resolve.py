"""The inputs of a task, as KFP's driver finds them, and the outputs of a graph.

The source is `backend/src/v2/driver/resolve.go` of kubeflow/pipelines 2.17. What the driver refuses
is refused here.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Mapping
from typing import Any

from . import values
from .spec import MEMBER, Message, parameters


class Unresolved(Exception):
    """KFP's driver would refuse the task."""


@dataclasses.dataclass(frozen=True)
class About:
    """What stands for the run and the task, where it is the whole of a constant."""

    run_id: str
    run_name: str
    task_name: str
    created_at: str

    def constant(self, value: Any) -> Any:
        """A constant of the pipeline (`resolveInputParameter`)."""
        known = {
            "{{$.pipeline_job_name}}": self.run_name,
            "{{$.pipeline_job_resource_name}}": self.run_name,
            "{{$.pipeline_job_uuid}}": self.run_id,
            "{{$.pipeline_task_name}}": self.task_name,
            "{{$.pipeline_job_create_time_utc}}": self.created_at,
        }
        return known.get(value, value) if isinstance(value, str) else value


@dataclasses.dataclass(frozen=True)
class Scope:
    """What the tasks of a graph are given: its own inputs, and the outputs of tasks that are done."""

    given: Mapping[str, Any]
    outputs: Mapping[str, Mapping[str, Any]]


def inputs(task: Message, component: Message, scope: Scope, about: About) -> dict[str, Any]:
    """The inputs of a task, by name. One without a value is left out: the launcher fills in defaults.

    Raises:
        Unresolved: An input has no value, or one of another type.
    """
    declared = parameters(component)
    sources: Mapping[str, Message] = task.get("inputs", {}).get("parameters", {})
    found: dict[str, Any] = {}
    if "dag" in component:
        optional = (name for name, of in declared.items() if of.get("isOptional"))
        found = {n: declared[n].get("defaultValue") for n in optional if n not in sources}
    unset = {name for name, value in found.items() if value is None}
    for name, source in sources.items():
        value = _resolved(source, scope, about)
        if value is not None:
            selector = source.get("parameterExpressionSelector")
            found[name] = _member(name, value, selector) if selector else value
        elif not declared.get(name, {}).get("isOptional"):
            raise Unresolved(f"the input {name!r} has no value: what it comes from is null")
    item = task.get("parameterIterator", {}).get("itemInput")
    return checked(declared, found, {*unset, item})


def rounds(task: Message, component: Message, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The inputs of each round of a loop, from those of the loop.

    Raises:
        Unresolved: There is nothing to loop over, or an item is of another type.
    """
    iterator = task["parameterIterator"]
    source = iterator["items"].get("inputParameter")
    items = given.get(source) if source else iterator["items"].get("raw")
    if isinstance(items, str):
        try:
            items = json.loads(items)
        except ValueError:
            items = None
    if not isinstance(items, list):
        raise Unresolved(f"{source or 'what it loops over'!r} is no list")
    rest = {name: value for name, value in given.items() if name != source}
    every = ({**rest, iterator["itemInput"]: item} for item in items)
    return [checked(parameters(component), one, {source}) for one in every]


def outputs(dag: Message, done: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The output parameters of a graph, as far as its tasks gave them."""
    found = {}
    for name, of in dag.get("outputs", {}).get("parameters", {}).items():
        sources = of.get("valueFromOneof", {}).get("parameterSelectors", [])
        for source in sources or [of.get("valueFromParameter", {})]:
            made = done.get(source.get("producerSubtask", ""), {})
            if source.get("outputParameterKey") in made:
                found[name] = made[source["outputParameterKey"]]
                break
    return found


def checked(
    declared: Mapping[str, Message], found: dict[str, Any], but: Collection[str | None] = ()
) -> dict[str, Any]:
    """The same values, each of its parameter's type: what is no text becomes one where one is
    wanted (`handleParamTypeValidationAndConversion`)."""
    for name, of in declared.items():
        if name in but:
            continue
        kind = of["parameterType"]
        if name not in found:
            if not of.get("isOptional") and "defaultValue" not in of:
                raise Unresolved(f"the input {name!r} has neither a value nor a default")
        elif kind == "STRING":
            found[name] = values.as_text(found[name])
        elif not values.is_of(found[name], kind):
            raise Unresolved(f"the input {name!r} is {_shown(found[name])}; KFP expects {kind}")
    return found


def _resolved(source: Message, scope: Scope, about: About) -> Any:
    if "runtimeValue" in source:
        return about.constant(source["runtimeValue"].get("constant"))
    if "componentInputParameter" in source:
        name = source["componentInputParameter"]
        if name not in scope.given:
            raise Unresolved(f"the input {name!r} of the graph around the task has no value")
        return scope.given[name]
    wanted = source.get("taskOutputParameter", {})
    producer, key = wanted.get("producerTask", ""), wanted.get("outputParameterKey", "")
    if key not in scope.outputs.get(producer, {}):
        raise Unresolved(f"the task {producer!r} has no output {key!r}")
    return scope.outputs[producer][key]


def _member(name: str, value: Any, selector: str) -> Any:
    found = MEMBER.fullmatch(selector)
    try:
        return json.loads(values.as_text(value))[found[1]] if found else None
    except (KeyError, TypeError, ValueError):
        raise Unresolved(
            f"the input {name!r} is {_shown(value)}, which {selector} does not fit"
        ) from None


def _shown(value: Any) -> str:
    return ascii(values.plain(value))[:200]
