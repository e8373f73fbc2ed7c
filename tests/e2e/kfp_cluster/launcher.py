"""The launcher: starts a task's command in its pod, and takes what it leaves behind."""

import copy
import json
import random

from kfp_cluster.driver import definitions
from kfp_cluster.values import Refused, as_json, local_path, read, text

LOGS = "executor-logs"
# The members of the messages that the step may write (api/v2alpha1/pipeline_spec.proto, ExecutorOutput and
# RuntimeArtifact): protobuf's parser refuses others.
OF_OUTPUT = {"parameters", "artifacts", "parameterValues"}
OF_ARTIFACT = {"name", "type", "uri", "properties", "customProperties", "metadata", "customPath"}


def number_the_log(executor_input, retry_index):
    """Each try has a log of its own (component/launcher_v2.go:538)."""
    found = executor_input["outputs"]["artifacts"][LOGS]["artifacts"][0]
    if not found["uri"].endswith(f"-{retry_index}"):
        found["uri"] += f"-{retry_index}"


def with_defaults(task, executor_input):
    """component/launcher_v2.go:1310. The pod's own executor input has none."""
    filled = copy.deepcopy(executor_input)
    values = filled["inputs"].setdefault("parameterValues", {})
    for name, of in definitions(task).items():
        if "defaultValue" in of:
            values.setdefault(name, of["defaultValue"])
    return filled


def placeholders(executor_input):
    """component/launcher_v2.go:1077. One null, and there are none: the error is written over."""
    holes = {}
    for name, found in executor_input["inputs"].get("artifacts", {}).items():
        holes[f"{{{{$.inputs.artifacts['{name}'].uri}}}}"] = found["artifacts"][0]["uri"]
        holes[f"{{{{$.inputs.artifacts['{name}'].path}}}}"] = local_path(found["artifacts"][0]["uri"])
    for name, found in executor_input["outputs"]["artifacts"].items():
        holes[f"{{{{$.outputs.artifacts['{name}'].uri}}}}"] = found["artifacts"][0]["uri"]
        holes[f"{{{{$.outputs.artifacts['{name}'].path}}}}"] = local_path(found["artifacts"][0]["uri"])
    for name, value in executor_input["inputs"].get("parameterValues", {}).items():
        if value is None:
            return {}
        holes[f"{{{{$.inputs.parameters['{name}']}}}}"] = text(value)
    for name, found in executor_input["outputs"]["parameters"].items():
        holes[f"{{{{$.outputs.parameters['{name}'].output_file}}}}"] = found["outputFile"]
    return holes


def filled(words, executor_input, order):
    """component/launcher_v2.go:1051, of all versions: the JSON first, then one placeholder after the other, in the
    order of a Go map, which is another each time (`order` is its seed); what they stand for is pasted as it is, into
    the JSON too."""
    command, *arguments = words
    holes = list(placeholders(executor_input).items())
    random.Random(order).shuffle(holes)
    whole = as_json(executor_input)
    found = [command.replace("{{$}}", whole)]
    for argument in arguments:
        argument = argument.replace("{{$}}", whole)
        for hole, value in holes:
            argument = argument.replace(hole, value)
        found.append(argument)
    return found


def prepare(pod, executor_input):
    """The folders on the way to outputs (component/launcher_v2.go:1280)."""
    outputs = executor_input["outputs"]
    files = [of["outputFile"] for of in outputs["parameters"].values()]
    files += [local_path(of["artifacts"][0]["uri"]) for of in outputs["artifacts"].values()]
    for file in files:
        pod.file(file).parent.mkdir(parents=True, exist_ok=True)


def log_file(pod, executor_input):
    return pod.file(local_path(executor_input["outputs"]["artifacts"][LOGS]["artifacts"][0]["uri"]))


def executor_output(pod, executor_input):
    """What the command says of its artifacts, if it says anything (component/launcher_v2.go:1208)."""
    file = pod.file(executor_input["outputs"]["outputFile"])
    if not file.exists():
        return {}
    said = json.loads(file.read_text())
    artifacts = [one for found in said.get("artifacts", {}).values() for one in found["artifacts"]]
    unknown = set(said) - OF_OUTPUT | {key for one in artifacts for key in set(one) - OF_ARTIFACT}
    if unknown:
        raise Refused(f"failed to unmarshall ExecutorOutput: unknown fields {unknown}")
    return said


def collect(pod, task, executor_input):
    """The output parameters: each has a file, and it is of its type (component/launcher_v2.go:484)."""
    kinds = task.component.get("outputDefinitions", {}).get("parameters", {})
    found = executor_output(pod, executor_input).get("parameterValues", {})
    for name, of in executor_input["outputs"]["parameters"].items():
        if name in found:
            continue
        file = pod.file(of["outputFile"])
        if not file.exists():
            raise Refused(f"failed to read output parameter {name!r}: no file {of['outputFile']}")
        found[name] = read(file.read_text(), kinds[name]["parameterType"])
    return found


def upload(version, pod, executor_input, succeeded):
    """The artifacts that reach KFP, with their metadata (component/launcher_v2.go:778). Of a failed task only the log
    does, and of one before 2.16.1 not even that."""
    made = executor_input["outputs"]["artifacts"]
    if not succeeded:
        made = {LOGS: made[LOGS]} if version.keeps_log_of_failure else {}
    said = executor_output(pod, executor_input).get("artifacts", {}) if succeeded else {}
    found = {}
    for name, of in made.items():
        artifact = dict(of["artifacts"][0])
        if name in said and name != LOGS:
            artifact["metadata"] = said[name]["artifacts"][0].get("metadata", {})
        file = pod.file(local_path(artifact["uri"]))
        artifact["content"] = file.read_text() if file.exists() else None
        if name != LOGS or file.exists():
            found[name] = artifact
    return found
