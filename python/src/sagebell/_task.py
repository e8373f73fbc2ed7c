"""Makes the KFP task of a step, ready to run."""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable, TypeVar, cast

from . import _check
from ._about import ACT_EACH_TIME, IMAGE
from ._settings import Settings, settings

if TYPE_CHECKING:
    from kfp.components import YamlComponent
    from kfp.dsl import PipelineTask

T = TypeVar("T")

# The pause before the next try. The monitor looks for a step that is gone for a few minutes
# before it stops the step's job.
_BACKOFF = "10s"
# Argo ends every later try of a step this long after the first try began, and begins none after
# that (workflow/controller/operator.go, `processNodeRetries`: `backoff.maxDuration` becomes the
# pod's deadline). KFP says one hour if nothing else is said: too short for a step that waits. A
# wait takes 35 days at most. kfp before 2.17 goes no further than one hour
# (kfp/dsl/structures.py, `RetryPolicy.to_proto`).
_RETRY_FOR = "36d"


def make(
    function: Callable[..., T],
    component: str,
    inputs: Mapping[str, Any],
    choices: Mapping[str, tuple[str, ...]] = {},
) -> T:
    """The task of a component. Its type is the function's: KFP's class, with the outputs' names.

    Args:
        function: The function that was called.
        component: The component's family and name, for example `v1/train`.
        inputs: The arguments of the function.
        choices: The allowed values of inputs, by name.
    """
    defaults = function.__kwdefaults__ or {}
    given = {name: value for name, value in inputs.items() if _is_given(name, value, defaults)}
    for name, allowed in choices.items():
        if name in given:
            _check.one_of(f"{function.__name__}: {name}", given[name], allowed)
    now = settings()
    task = _begun(function.__name__, component, {**_of_settings(now), **given})
    _make_ready(task, component, now)
    return cast("T", task)


def _begun(name: str, component: str, given: dict[str, Any]) -> PipelineTask:
    try:
        return _load(component)(**given)
    except RuntimeError as error:
        # KFP runs a component that is called outside of a pipeline, if it is told how to.
        if "kfp.local.init" not in str(error):
            raise
        problem = "makes a step of a pipeline: call it in a function with `@dsl.pipeline`"
        raise RuntimeError(f"sagebell.{name} {problem}") from error


def _is_given(name: str, value: Any, defaults: Mapping[str, Any]) -> bool:
    """Whether a value says more than the component's own default.

    What is no constant is not compared: two channels of KFP that are compared make a condition.
    """
    if name not in defaults:
        return True
    default = defaults[name]
    return type(value) is not type(default) or bool(value != default)


def _of_settings(now: Settings) -> dict[str, str]:
    """The inputs that settings give, unless the call gives them."""
    inputs = {"sagebell_api": now.api, "wait": now.wait, "name_prefix": now.name_prefix}
    return {name: value for name, value in inputs.items() if value is not None}


@functools.cache
def _load(component: str) -> YamlComponent:
    from kfp.components import load_component_from_text

    family, name = component.split("/")
    file = importlib.resources.files("sagebell") / "_components" / family / f"{name}.yaml"
    return load_component_from_text(file.read_text(encoding="utf-8"))


def _make_ready(task: PipelineTask, component: str, now: Settings) -> None:
    task.set_cpu_request(now.cpu_request)
    task.set_memory_request(now.memory_request)
    if now.image != IMAGE:
        task.set_container_image(now.image)
    if component in ACT_EACH_TIME:
        task.set_caching_options(False)
    if now.retries:
        task.set_retry(now.retries, backoff_duration=_BACKOFF, backoff_max_duration=_RETRY_FOR)
