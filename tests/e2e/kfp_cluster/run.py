"""Runs of compiled pipelines, task by task."""

import concurrent.futures
import copy
import pathlib
import uuid

import yaml

from conftest import PATIENCE_SECONDS
from kfp_cluster import driver, launcher
from kfp_cluster.pod import Pod
from kfp_cluster.values import local_path
from kfp_cluster.versions import NEWEST


# Tasks that run at the same time.
AT_ONCE = 4


class TaskFailed(AssertionError):
    def __init__(self, task, code, log):
        super().__init__(f"{task}: exit code {code}\n{log}")
        self.task, self.code, self.log = task, code, log


class Task:
    """One task: driven once, then started as often as its pod has to be."""

    def __init__(self, run, graph, name):
        self.run, self.graph, self.name = run, graph, name
        self.spec = graph.spec["tasks"][name]
        self.component = run.ir["components"][self.spec["componentRef"]["name"]]
        self.values, self.artifacts, self.tries = None, {}, 0
        self.executor_input = self.pod = self.log = None

    @property
    def container(self):
        return self.run.ir["deploymentSpec"]["executors"][self.component["executorLabel"]]["container"]

    def needs(self):
        inputs = self.spec.get("inputs", {})
        given = [*inputs.get("parameters", {}).values(), *inputs.get("artifacts", {}).values()]
        sources = [of.get("taskOutputParameter") or of.get("taskOutputArtifact") for of in given]
        return {of["producerTask"] for of in sources if of} | set(self.spec.get("dependentTasks", []))

    def inputs(self):
        return driver.resolve(self, self.graph.tasks, self.graph.given, self.run)

    def drive(self):
        """What the pod will be given. A task that is driven already stays as it is: the UI's Retry keeps the
        driver's node where it succeeded (backend/src/common/util/workflow.go:230)."""
        if self.executor_input is None:
            inputs = {"parameterValues": self.inputs()}
            artifacts = driver.artifacts(self, self.graph.tasks)
            inputs |= {"artifacts": artifacts} if artifacts else {}
            self.executor_input = {"inputs": inputs, "outputs": driver.provision(self, self.run.root)}
        return self.executor_input

    def is_cached(self):
        """Whether an earlier run did the same: then this one is skipped (driver/container.go:216)."""
        if not self.spec.get("cachingOptions", {}).get("enableCache"):
            return False
        self.mark = driver.fingerprint(self, self.drive())
        if self.mark in self.run.cache:
            self.values = self.run.cache[self.mark]
        return self.values is not None

    def words(self):
        words = driver.words(self.run.version, self, self.drive())
        return launcher.filled(words, launcher.with_defaults(self, self.seen), self.run.order)

    def environment(self):
        """compiler/argocompiler/common.go:42."""
        found = {pair["name"]: pair["value"] for pair in self.container.get("env", [])}
        found |= {"KFP_POD_NAME": self.pod.name, "KFP_POD_UID": str(uuid.uuid4())}
        if self.spec.get("retryPolicy") and self.run.version.numbers_retries:
            found["KFP_RETRY_INDEX"] = str(self.tries - 1)
        return found

    def start(self):
        """A pod of its own, with the executor input of the first."""
        self.seen = copy.deepcopy(self.drive())
        if self.run.version.numbers_retries:
            launcher.number_the_log(self.seen, self.tries if self.spec.get("retryPolicy") else 0)
        self.tries += 1
        self.pod = Pod(self.run.folder / self.name)
        launcher.prepare(self.pod, self.seen)
        self.log = launcher.log_file(self.pod, self.seen)
        environment = {**self.run.environment, **self.environment()}
        return self.pod.start(self.words(), environment, self.log)

    def finish(self, process):
        """Takes what the command left, or says how it failed."""
        code = process.wait(timeout=PATIENCE_SECONDS)
        self.artifacts = launcher.upload(self.run.version, self.pod, self.seen, succeeded=code == 0)
        if code:
            raise TaskFailed(self.name, code, self.log.read_text())
        self.values = launcher.collect(self.pod, self, self.seen)
        if self.spec.get("cachingOptions", {}).get("enableCache"):
            self.run.cache[driver.fingerprint(self, self.executor_input)] = self.values

    def go(self):
        """To its end, with the tries that its policy gives it (compiler/argocompiler/container.go:583)."""
        left = self.spec.get("retryPolicy", {}).get("maxRetryCount", 0)
        while True:
            try:
                return self.finish(self.start())
            except TaskFailed:
                left -= 1
                if left < 0:
                    raise

    def file(self, name):
        """The file of an output in the pod that was started last."""
        outputs = self.seen["outputs"]
        if name in outputs["parameters"]:
            return self.pod.file(outputs["parameters"][name]["outputFile"])
        return self.pod.file(local_path(outputs["artifacts"][name]["artifacts"][0]["uri"]))


class Graph:
    """The pipeline, a branch of it, or one round of a loop."""

    def __init__(self, run, spec, given):
        self.run, self.spec, self.given = run, spec, given
        self.tasks = {name: run.task(self, name) for name in spec["tasks"]}

    def go(self):
        """What is done already stays so: the UI's Retry starts what is not."""
        done = {name for name, task in self.tasks.items() if task.values is not None}
        while left := set(self.tasks) - done:
            ready = [name for name in sorted(left) if self.tasks[name].needs() <= done]
            assert ready, "the tasks need each other"
            self.go_together([self.tasks[name] for name in ready])
            done |= set(ready)

    def go_together(self, ready):
        containers = [task for task in ready if "executorLabel" in task.component]
        # All are driven before one of them has ended: none is the other's cache.
        waiting = [task for task in containers if not task.is_cached()]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda task: task.go(), waiting))
        self.run.outputs |= {task.name: task.values for task in containers}
        for task in ready:
            if task not in containers:
                self.go_inside(task)

    def go_inside(self, task):
        """A branch, a loop, a pipeline in the pipeline."""
        given = task.inputs()
        condition = task.spec.get("triggerPolicy", {}).get("condition")
        if condition and not driver.is_true(condition, given):
            return
        for one in rounds(task.spec.get("parameterIterator"), given):
            Graph(self.run, task.component["dag"], one).go()


def rounds(iterator, given):
    """The inputs of each round of a loop, or of the one that there is without (driver/resolve.go:268)."""
    if iterator is None:
        return [given]
    source = iterator["items"]
    items = yaml.safe_load(source["raw"]) if "raw" in source else given[source["inputParameter"]]
    return [{**given, iterator["itemInput"]: item} for item in items]


class Run:
    """One run of a pipeline."""

    def __init__(self, compiled, folder, environment, version=NEWEST, order=0, cache=None, task=Task, **parameters):
        # kfp-kubernetes adds a second document, for the platform.
        self.ir = next(iter(yaml.safe_load_all(pathlib.Path(compiled).read_text())))
        self.run_id = str(uuid.uuid4())
        self.resource_name, self.display_name = f"run-{self.run_id[:5]}", "a run"
        self.created_at = "2026-11-26T12:00:00Z"
        self.folder, self.environment = folder / f"run-{self.run_id}", environment
        self.version, self.order, self.cache, self.kind = version, order, {} if cache is None else cache, task
        # Where the run's outputs go (metadata/client.go:420); the default is that of a cluster's own store.
        root = self.ir.get("defaultPipelineRoot", "minio://mlpipeline/v2/artifacts")
        self.root = f"{root}/{self.ir['pipelineInfo']['name']}/{self.run_id}"
        definitions = self.ir["root"].get("inputDefinitions", {}).get("parameters", {})
        # An optional parameter without a value is null (driver/root_dag.go).
        defaults = {name: of.get("defaultValue") for name, of in definitions.items()}
        self.parameters = {**defaults, **parameters}
        self.outputs = {}
        self.graph = Graph(self, self.ir["root"]["dag"], self.parameters)

    def task(self, graph, name):
        return self.kind(self, graph, name)

    @property
    def tasks(self):
        """The tasks of the pipeline itself."""
        return self.graph.tasks

    def go(self):
        """Runs every task, in the order that their needs give."""
        self.graph.go()
        return self.outputs

    def retry(self):
        """The UI's Retry: what failed gets a pod of its own again (backend/src/common/util/workflow.go:230)."""
        return self.go()
