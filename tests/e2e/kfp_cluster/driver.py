"""The driver: decides what a task is given, where its outputs go, and whether it runs at all."""

import hashlib
import re
import uuid

from kfp_cluster.values import Refused, as_json, local_path, text

PLACEHOLDER = re.compile(r"\{\{\$\.inputs\.parameters\['(.+?)']}}")
# What stands for the run and the task, where it is the whole of a constant (driver/resolve.go:436).
OF_THE_RUN = {
    "{{$.pipeline_job_name}}": "display_name",
    "{{$.pipeline_job_resource_name}}": "resource_name",
    "{{$.pipeline_job_uuid}}": "run_id",
    "{{$.pipeline_job_create_time_utc}}": "created_at",
}


def resolve(task, producers, given, run):
    """A task's inputs, by name (driver/resolve.go:102). `given` are those of the graph that it is in."""
    found = {}
    for name, of in task.spec.get("inputs", {}).get("parameters", {}).items():
        value = resolve_one(of, producers, given, run)
        if value is None:
            # ErrResolvedParameterNull: left out of an optional one, and of no other.
            if definitions(task).get(name, {}).get("isOptional"):
                continue
            raise Refused(f"null for input parameter {name!r}")
        found[name] = value
    # The item of a loop is not given before there is a round of it.
    item = task.spec.get("parameterIterator", {}).get("itemInput")
    check_types({name: of for name, of in definitions(task).items() if name != item}, found)
    return found


def definitions(task):
    return task.component.get("inputDefinitions", {}).get("parameters", {})


def resolve_one(of, producers, given, run):
    if "runtimeValue" in of:
        constant = of["runtimeValue"]["constant"]
        known = OF_THE_RUN.get(constant) if isinstance(constant, str) else None
        return getattr(run, known) if known else constant
    if "componentInputParameter" in of:
        return given[of["componentInputParameter"]]
    source = of["taskOutputParameter"]
    return producers[source["producerTask"]].values[source["outputParameterKey"]]


def check_types(wanted, found):
    """driver/resolve.go:155, handleParamTypeValidationAndConversion."""
    kinds = {
        "BOOLEAN": bool, "LIST": list, "NUMBER_DOUBLE": (int, float), "NUMBER_INTEGER": (int, float), "STRUCT": dict,
    }
    for name, of in wanted.items():
        if name not in found:
            # A default is not filled in here: the launcher does that.
            if not of.get("isOptional") and "defaultValue" not in of:
                raise Refused(f"neither value nor default value provided for non-optional parameter {name!r}")
        elif of["parameterType"] == "STRING":
            found[name] = found[name] if isinstance(found[name], str) else text(found[name])
        elif not isinstance(found[name], kinds[of["parameterType"]]) or (
            isinstance(found[name], bool) and of["parameterType"] != "BOOLEAN"
        ):
            raise Refused(f"input parameter {name!r} type mismatch: expect {of['parameterType']}, got {found[name]!r}")


def provision(task, root):
    """Where a task's outputs go (driver/driver.go:741). The salt is new for each driver, and for no try."""
    here = f"{root.rstrip('/')}/{task.name}/{uuid.uuid4()}"
    outputs = task.component.get("outputDefinitions", {})
    # The driver adds the log to the artifacts that the component declares.
    kinds = {name: of["artifactType"] for name, of in outputs.get("artifacts", {}).items()}
    kinds["executor-logs"] = {"schemaTitle": "system.Artifact"}
    return {
        "artifacts": {
            name: {"artifacts": [{"name": name, "uri": f"{here}/{name}", "type": kind}]} for name, kind in kinds.items()
        },
        "parameters": {name: {"outputFile": f"/tmp/kfp/outputs/{name}"} for name in outputs.get("parameters", {})},
        "outputFile": f"{local_path(here)}/output_metadata.json",
    }


def artifacts(task, producers):
    """The artifacts that a task is given, as their producers made them."""
    found = {}
    for name, of in task.spec.get("inputs", {}).get("artifacts", {}).items():
        source = of["taskOutputArtifact"]
        made = producers[source["producerTask"]].executor_input["outputs"]["artifacts"]
        found[name] = made[source["outputArtifactKey"]]
    return found


def words(version, task, executor_input):
    """The command and its arguments as the pod is made with them (driver/util.go:263)."""
    container = task.container
    every = [*container.get("command", []), *container.get("args", [])]
    if not version.driver_fills_arguments:
        return every
    known = dict(executor_input["inputs"].get("parameterValues", {}))
    if version.driver_knows_defaults:
        defaults = {name: of["defaultValue"] for name, of in definitions(task).items() if "defaultValue" in of}
        known = {**defaults, **known}

    def filled(match):
        if match[1] not in known:
            raise Refused(f'parameter "{match[1]}" not found in executor input')
        return text(known[match[1]])

    # Arguments that name an output are left to the launcher.
    return [word if "$.outputs" in word else PLACEHOLDER.sub(filled, word) for word in every]


def fingerprint(task, executor_input):
    """What two tasks have in common of which the second is skipped (driver/cache.go:86, cacheutils/cache.go)."""
    container, outputs = task.container, executor_input["outputs"]
    kinds = {name: of["parameterType"] for name, of in task.component["outputDefinitions"].get("parameters", {}).items()}
    key = [
        executor_input["inputs"], sorted(outputs["artifacts"]), kinds,
        container.get("command", []), container.get("args", []), container["image"],
    ]
    return hashlib.sha256(as_json(key).encode()).hexdigest()


def is_true(condition, values):
    """A condition of `dsl.If`, of the operators that its compiler writes."""
    code = condition.replace("inputs.parameter_values", "values").replace("&&", " and ").replace("||", " or ")
    code = re.sub(r"!(?!=)", " not ", code)
    return bool(eval(code, {"__builtins__": {}}, {"values": values, "true": True, "false": False}))  # noqa: S307
