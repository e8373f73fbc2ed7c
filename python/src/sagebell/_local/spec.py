"""A compiled pipeline."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping
from typing import Any, Union

import yaml  # type: ignore[import-untyped,unused-ignore]
from kfp import components

from .._errors import PipelineRefused
from . import messages

# A message of `api/v2alpha1/pipeline_spec.proto`, in protobuf's JSON form.
Message = Mapping[str, Any]
# A pipeline function (`@dsl.pipeline`), or the file that it was compiled to.
Pipeline = Union[str, "os.PathLike[str]", Any]

# What the compiler writes for `item.name` in a loop over objects
# (`sdk/python/kfp/compiler/pipeline_spec_builder.py`).
MEMBER = re.compile(r'parseJson\(string_value\)\["([^"\\]+)"\]')


# What kfp raises for a file that its compiler did not write.
_NOT_COMPILED = (
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
    messages.ParseError,
    yaml.YAMLError,
)


@dataclasses.dataclass(frozen=True)
class Spec:
    """A compiled pipeline."""

    name: str
    root: Message
    components: Mapping[str, Message]
    executors: Mapping[str, Message]

    def component(self, task: Message) -> Message:
        """What a task runs."""
        return self.components.get(task["componentRef"]["name"], {})

    def container(self, component: Message) -> Message:
        """The container of a component. Empty: it has none."""
        executor = self.executors.get(component.get("executorLabel", ""), {})
        found: Message = executor.get("container", {})
        return found

    def parameters(self) -> Mapping[str, Message]:
        """The arguments that the pipeline takes."""
        return parameters(self.root)


def parameters(component: Message, side: str = "inputDefinitions") -> Mapping[str, Message]:
    """The parameters of a component, by name."""
    found: Mapping[str, Message] = component.get(side, {}).get("parameters", {})
    return found


def load(pipeline: Pipeline) -> Spec:
    """Reads a pipeline, as strictly as KFP does.

    Raises:
        PipelineRefused: The file is no compiled pipeline.
    """
    if isinstance(pipeline, (str, os.PathLike)):
        file = os.fspath(pipeline)
        try:
            pipeline = components.load_component_from_file(file)
            message = pipeline.pipeline_spec
        except _NOT_COMPILED as error:
            raise PipelineRefused(file, [f"it is no compiled pipeline: {error}"]) from error
    else:
        message = getattr(pipeline, "pipeline_spec", None)
    if not isinstance(message, messages.PipelineSpec):
        raise TypeError(
            "run_local takes a pipeline function (@dsl.pipeline) or the path of a compiled pipeline, "
            f"not {type(pipeline).__name__}"
        )
    found = messages.as_dict(message)
    return Spec(
        name=found.get("pipelineInfo", {}).get("name", "pipeline"),
        root=found.get("root", {}),
        components=found.get("components", {}),
        executors=found.get("deploymentSpec", {}).get("executors", {}),
    )


def is_loop(task: Message) -> bool:
    """Whether a task is a loop over parameters."""
    return "parameterIterator" in task
