"""Runs compiled pipelines as KFP does, without a cluster.

The compiler's output is taken task by task; command and arguments get their placeholders filled in as
KFP's launcher fills them in (backend/src/v2/component/launcher_v2.go), the command runs as a process,
and its outputs are read by the launcher's rules: a parameter's file must be there and must parse as
the parameter's type. The image's entrypoint is the binary of this checkout.
"""

import decimal
import json
import pathlib
import re
import subprocess
import uuid

import yaml

from conftest import PATIENCE_SECONDS, ROOT

STEP = ROOT / "target" / "debug" / "sagebell-step"


class TaskFailed(AssertionError):
    def __init__(self, task, code, log):
        super().__init__(f"{task}: exit code {code}\n{log}")
        self.task, self.code, self.log = task, code, log


def plain(value):
    """JSON as protobuf writes it: a number is a float to it, and a whole one has no point."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def text(value):
    """A parameter as the launcher writes it into an argument."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{decimal.Decimal(repr(value)):f}".removesuffix(".0")
    if isinstance(value, (dict, list)):
        return json.dumps(plain(value), separators=(",", ":"))
    return str(value)


def read(file, kind):
    """A parameter as the launcher reads it from its file."""
    content = file.read_text()
    if kind == "STRING":
        return content
    if kind in ("NUMBER_INTEGER", "NUMBER_DOUBLE"):
        return float(content) if kind == "NUMBER_DOUBLE" else int(content)
    parsed = json.loads(content)
    wanted = {"BOOLEAN": bool, "STRUCT": dict, "LIST": list}[kind]
    assert isinstance(parsed, wanted), f"{file.name} is no {kind}: {content}"
    return parsed


class Task:
    """One task of a run."""

    def __init__(self, run, name):
        self.run, self.name = run, name
        self.spec = run.ir["root"]["dag"]["tasks"][name]
        self.component = run.ir["components"][self.spec["componentRef"]["name"]]
        executor = run.ir["deploymentSpec"]["executors"][self.component["executorLabel"]]
        self.container = executor["container"]
        # The driver's salt: once for a task, however often its pod starts.
        self.folder = run.folder / name / str(uuid.uuid5(uuid.NAMESPACE_OID, f"{run.folder}{name}"))

    def needs(self):
        given = self.spec.get("inputs", {}).get("parameters", {}).values()
        producers = {value["taskOutputParameter"]["producerTask"] for value in given if "taskOutputParameter" in value}
        return producers | set(self.spec.get("dependentTasks", []))

    def inputs(self):
        """Every input's value: what the pipeline gives, else the component's default."""
        definitions = self.component.get("inputDefinitions", {}).get("parameters", {})
        found = {name: of["defaultValue"] for name, of in definitions.items() if "defaultValue" in of}
        for name, of in self.spec.get("inputs", {}).get("parameters", {}).items():
            if "runtimeValue" in of:
                found[name] = of["runtimeValue"]["constant"]
            elif "componentInputParameter" in of:
                found[name] = self.run.parameters[of["componentInputParameter"]]
            else:
                producer = of["taskOutputParameter"]
                found[name] = self.run.outputs[producer["producerTask"]][producer["outputParameterKey"]]
        return {name: self.resolved(value, found) for name, value in found.items()}

    def resolved(self, value, inputs):
        """A constant may hold other parameters: f"{bucket}/x" in the pipeline's source."""
        if isinstance(value, dict):
            return {key: self.resolved(item, inputs) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolved(item, inputs) for item in value]
        if isinstance(value, str):
            hole = r"\{\{\$\.inputs\.parameters\['([^']+)'\]\}\}"
            return re.sub(hole, lambda match: text(inputs.get(match[1], match[0])), value)
        return value

    def outputs(self):
        return self.component.get("outputDefinitions", {})

    def executor_input(self):
        artifacts = {
            name: {"artifacts": [{"name": name, "type": of["artifactType"], "uri": f"s3://root{self.folder}/{name}"}]}
            for name, of in self.outputs().get("artifacts", {}).items()
        }
        parameters = {name: {"outputFile": str(self.file(name))} for name in self.outputs().get("parameters", {})}
        return {
            "inputs": {"parameterValues": self.inputs()},
            "outputs": {
                "parameters": parameters,
                "artifacts": artifacts,
                "outputFile": str(self.folder / "output_metadata.json"),
            },
        }

    def file(self, name):
        return self.folder / name

    def command(self):
        known = self.executor_input()
        holes = {"{{$}}": json.dumps(plain(known))}
        for name, value in known["inputs"]["parameterValues"].items():
            holes[f"{{{{$.inputs.parameters['{name}']}}}}"] = text(value)
        for name in known["outputs"]["parameters"]:
            holes[f"{{{{$.outputs.parameters['{name}'].output_file}}}}"] = str(self.file(name))
        for name, of in known["outputs"]["artifacts"].items():
            holes[f"{{{{$.outputs.artifacts['{name}'].uri}}}}"] = of["artifacts"][0]["uri"]
            holes[f"{{{{$.outputs.artifacts['{name}'].path}}}}"] = str(self.file(name))
        words = [*self.container["command"], *self.container.get("args", [])]
        filled = [holes.get(word, word) for word in words]
        assert filled[0] == "/sagebell-step"
        return [str(STEP), *filled[1:]]

    def environment(self):
        return {pair["name"]: pair["value"] for pair in self.container.get("env", [])}

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / "log"
        with self.log.open("a") as log:
            environment = {**self.run.environment, **self.environment()}
            return subprocess.Popen(self.command(), env=environment, stdout=log, stderr=subprocess.STDOUT)

    def finish(self, process):
        code = process.wait(timeout=PATIENCE_SECONDS)
        if code:
            raise TaskFailed(self.name, code, self.log.read_text())
        parameters = self.outputs().get("parameters", {})
        self.run.outputs[self.name] = {
            name: read(self.file(name), of["parameterType"]) for name, of in parameters.items()
        }


class Run:
    """One run of a pipeline."""

    def __init__(self, compiled, folder, environment, **parameters):
        # kfp-kubernetes adds a second document, for the platform.
        self.ir = next(iter(yaml.safe_load_all(pathlib.Path(compiled).read_text())))
        self.folder, self.environment = folder / f"run-{uuid.uuid4()}", environment
        definitions = self.ir["root"].get("inputDefinitions", {}).get("parameters", {})
        defaults = {name: of["defaultValue"] for name, of in definitions.items() if "defaultValue" in of}
        self.parameters = {**defaults, **parameters}
        self.outputs = {}
        self.tasks = {name: Task(self, name) for name in self.ir["root"]["dag"]["tasks"]}

    def ready(self):
        done = set(self.outputs)
        return [task for name, task in self.tasks.items() if name not in done and task.needs() <= done]

    def go(self):
        """Runs every task, in the order that their needs give."""
        while len(self.outputs) < len(self.tasks):
            ready = self.ready()
            assert ready, "the tasks need each other"
            started = [(task, task.start()) for task in ready]
            for task, process in started:
                task.finish(process)
        return self.outputs
