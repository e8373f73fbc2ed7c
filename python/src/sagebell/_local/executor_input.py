"""The executor input of a task: what KFP's driver and launcher give to the step, with paths of this
machine.

The sources are files of kubeflow/pipelines 2.17 under `backend/src/v2`.
"""

from __future__ import annotations

import pathlib
import re
import uuid
from collections.abc import Mapping
from typing import Any

from . import messages, values
from .spec import Message, parameters

# As what a browser or an editor opens a file.
_SUFFIXES = {"system.HTML": ".html", "system.Markdown": ".md", "system.Metrics": ".json"}
_PLACEHOLDER = re.compile(r"\{\{\$\.inputs\.parameters\['(.+?)']}}")


def make(component: Message, given: Mapping[str, Any], folder: pathlib.Path) -> dict[str, Any]:
    """The message, with a place of its own in `folder` for each output (driver/driver.go,
    `provisionOutputs`), and the defaults of inputs (component/launcher_v2.go,
    `executeV2`). The place of an artifact tells the step which task it is, as in a cluster."""
    here = folder / str(uuid.uuid4())
    defaults = {
        name: of["defaultValue"]
        for name, of in parameters(component).items()
        if "defaultValue" in of
    }
    artifacts = component.get("outputDefinitions", {}).get("artifacts", {})
    message = {
        "inputs": {"parameterValues": {**defaults, **given}},
        "outputs": {
            "artifacts": {
                name: {"artifacts": [_artifact(here, name, of["artifactType"])]}
                for name, of in artifacts.items()
            },
            "parameters": {
                name: {"outputFile": str(here / "outputs" / name)}
                for name in parameters(component, "outputDefinitions")
            },
            "outputFile": str(here / "output_metadata.json"),
        },
    }
    # What is no such message is refused.
    messages.check(message, messages.ExecutorInput)
    (here / "outputs").mkdir(parents=True)
    return message


def _artifact(here: pathlib.Path, name: str, kind: Message) -> dict[str, Any]:
    suffix = _SUFFIXES.get(kind.get("schemaTitle", ""), "")
    return {"name": name, "uri": str(here / f"{name}{suffix}"), "type": kind}


def words(container: Message, message: Message) -> list[str]:
    """The arguments of the container, filled in (component/launcher_v2.go, `compileCmdAndArgs`): the
    whole message as JSON, and then values as they are, within the JSON too. A text with quotes that
    a pipeline puts into another one breaks the JSON here as it does in a cluster; the step says so."""
    given = message["inputs"]["parameterValues"]
    whole = values.as_json(message)

    def filled(match: re.Match[str]) -> str:
        return values.as_text(given[match[1]]) if match[1] in given else match[0]

    return [
        _PLACEHOLDER.sub(filled, word.replace("{{$}}", whole)) for word in container.get("args", [])
    ]


def artifact_files(message: Message) -> dict[str, pathlib.Path]:
    """The files of the artifacts that the step made."""
    made = message["outputs"]["artifacts"]
    files = {name: pathlib.Path(of["artifacts"][0]["uri"]) for name, of in made.items()}
    return {name: file for name, file in files.items() if file.is_file()}
