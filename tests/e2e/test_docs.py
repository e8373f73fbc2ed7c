"""The pipelines of docs/move.md and docs/convert.md: compiled by the kfp SDK, then run as KFP runs them.

A code block of a page is a file of its own, after the page's helper. A diff is two: what was, and what is.
"""

import importlib.util
import json
import re
import tomllib

import pytest
import yaml
from conftest import BIN, ROOT
from kfp import compiler, components, dsl
from kfp.dsl.types.type_utils import InconsistentTypeException
from kfp_cluster import Run, Task
from test_kfp_run import boto, world  # noqa: F401 the fixture

DOCS = ROOT / "docs"
TABLE = ROOT / "crates" / "step" / "table"
VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
OURS = f"https://raw.githubusercontent.com/sagebell/sagebell/v{VERSION}/components/"
THEIRS = "https://raw.githubusercontent.com/kubeflow/pipelines/master/components/aws/sagemaker/"
GIVEN = {
    "role": "arn:aws:iam::123456789012:role/sagemaker",
    "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/image:1",
    "output": "s3://my-models/out",
    "model_name": "digits",
    "region": "us-east-1",
}


def blocks(page, info):
    """The code of a page's blocks with this after their backticks."""
    return re.findall(rf"^```{info}\n(.*?)^```$", (DOCS / page).read_text(), re.M | re.S)


def side(diff, mark):
    """One side of a diff."""
    return "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] in f" {mark}\n")


def changed(diff, mark):
    return [line[1:] for line in diff.splitlines() if line.startswith(mark)]


HELPER = "".join(blocks("move.md", "python"))
IMPORTS = "from kfp import components, dsl\n"
DIFFS = blocks("move.md", "diff")
BEFORE = blocks("convert.md", "python before")
AFTER = blocks("convert.md", "python after")
MOVED = ["tune-train-deploy", "clean-and-score", "train-and-serve"]
CONVERTED = ["clean", "fit", "fit-and-serve"]
THEN = dict(zip(MOVED, (IMPORTS + side(diff, "-") for diff in DIFFS), strict=True))
NOW = dict(zip(MOVED, (IMPORTS + HELPER + side(diff, "+") for diff in DIFFS), strict=True))
STEPS = dict(zip(CONVERTED, BEFORE, strict=True))
JOBS = {name: STEPS[name] + HELPER + code for name, code in zip(CONVERTED, AFTER, strict=True)}


def component_file(url):
    """Where this checkout has what is at a URL of a page."""
    if url.startswith(OURS):
        return ROOT / "components" / url.removeprefix(OURS)
    assert url.startswith(THEIRS), url
    found, = (ROOT / "components").glob(f"v[12]/{url.removeprefix(THEIRS)}")
    return found


@pytest.fixture
def compiled(monkeypatch, tmp_path):
    """Compiles code whose components are this checkout's; gives the file."""
    load = components.load_component_from_file
    monkeypatch.setattr(components, "load_component_from_url", lambda url: load(str(component_file(url))))

    def compile_(name, code):
        source, target = tmp_path / f"{name.replace('-', '_')}.py", tmp_path / f"{name}.yaml"
        source.write_text(code)
        spec = importlib.util.spec_from_file_location(source.stem, source)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert module.pipeline.name == name
        compiler.Compiler().compile(module.pipeline, str(target))
        return target

    return compile_


def documents(file):
    return list(yaml.safe_load_all(file.read_text()))


@pytest.mark.parametrize("name", MOVED)
def test_the_prefix_and_what_is_not_cached_is_all_that_changes(name):
    diff = DIFFS[MOVED.index(name)]
    was, = changed(diff, "-")
    now, *more = changed(diff, "+")
    assert was == f'AWS = "{THEIRS.rstrip("/")}"'
    assert re.fullmatch(rf'AWS = "{re.escape(OURS)}v[12]"', now)
    for line in more:
        assert re.fullmatch(r"    \w+\.set_caching_options\(False\)", line)


@pytest.mark.parametrize("name", MOVED)
def test_what_a_moved_pipeline_asks_for_stays_the_same(name, compiled):
    tasks = [documents(compiled(name, code[name]))[0]["root"]["dag"]["tasks"] for code in (THEN, NOW)]
    for task in [*tasks[0].values(), *tasks[1].values()]:
        del task["cachingOptions"]
    assert tasks[0] == tasks[1]


@pytest.mark.parametrize("name", CONVERTED)
def test_a_plain_pipeline_compiles(name, compiled):
    assert documents(compiled(name, STEPS[name]))


@pytest.mark.parametrize(("name", "code"), [*NOW.items(), *JOBS.items()])
def test_nothing_is_said_of_a_step_but_what_is_not_cached(name, code, compiled):
    spec, *platform = documents(compiled(name, code))
    assert platform == []
    for label, executor in spec["deploymentSpec"]["executors"].items():
        container = executor.get("container", {})
        if container.get("command", [None])[0] == "/sagebell-step":
            assert set(container) == {"args", "command", "image"}, label


def test_a_small_pod_is_one_line_of_a_pipeline(compiled):
    name = "clean-and-score"
    spec, *platform = documents(compiled(name, f"{NOW[name]}    small(cleaned, scored)\n"))
    assert platform == []
    for executor in spec["deploymentSpec"]["executors"].values():
        assert executor["container"]["resources"]["resourceMemoryRequest"] == "128Mi"


ACTS_EACH_TIME = {"exec-sagemaker-deploy-model", "exec-sagemaker-endpoint"}


@pytest.mark.parametrize(("name", "code"), [*NOW.items(), *JOBS.items()])
def test_what_has_to_act_each_time_is_not_cached(name, code, compiled):
    spec, = documents(compiled(name, code))
    for task in spec["root"]["dag"]["tasks"].values():
        label = spec["components"][task["componentRef"]["name"]]["executorLabel"]
        if label in ACTS_EACH_TIME:
            assert not task["cachingOptions"].get("enableCache"), label


class DocTask(Task):
    """A step of ours, a Python component, or a container of the reader's that is taken to have run."""

    def is_ours(self):
        return self.container.get("command", [None])[0] == "/sagebell-step"

    def words(self):
        found = super().words()
        return found if self.is_ours() or found[0] == "sh" else ["true"]

    def environment(self):
        found = super().environment()
        # Python components install the kfp that is there already.
        path = f"{BIN}:{self.run.environment['PATH']}"
        return found if self.is_ours() else {**found, "PATH": path, "PIP_NO_INDEX": "1"}


def run(file, world):  # noqa: F811
    """Runs a compiled pipeline to its end: what its steps of ours gave, by task."""
    spec, *platform = documents(file)
    executors = spec["deploymentSpec"]["executors"]
    tasks = spec["root"]["dag"]["tasks"]
    importers = {name for name, task in tasks.items() if "importer" in executor_of(spec, executors, task)}
    spec["root"]["dag"]["tasks"] = {name: task for name, task in tasks.items() if name not in importers}
    file.write_text(yaml.safe_dump_all([spec, *platform]))
    run = Run(file, world.folder, world.environment, task=DocTask)
    run.parameters.update({name: value for name, value in GIVEN.items() if name in parameters(spec)})
    outputs = run.go()
    return {name: values for name, values in outputs.items() if run.tasks[name].is_ours()}


def executor_of(spec, executors, task):
    return executors[spec["components"][task["componentRef"]["name"]]["executorLabel"]]


def parameters(spec):
    return spec["root"].get("inputDefinitions", {}).get("parameters", {})


def went_well(outputs):
    assert outputs
    for task, values in outputs.items():
        assert values["job_arn"].startswith("arn:aws:sagemaker:us-east-1:123456789012:"), task
        assert values["failure_reason"] == "", task


def test_tuning_training_a_model_and_an_endpoint(compiled, world):  # noqa: F811
    name = "tune-train-deploy"
    outputs = run(compiled(name, NOW[name]), world)
    went_well(outputs)
    trained = outputs["sagemaker-training-job"]
    container = world.requests("CreateModel")[0]["PrimaryContainer"]
    assert container == {"Image": GIVEN["image"], "ModelDataUrl": trained["model_artifact_url"], "Environment": {}}
    assert trained["model_artifact_url"].startswith(GIVEN["output"])
    tuned = outputs["sagemaker-hyperparameter-tuning"]["best_hyperparameters"]
    assert world.requests("CreateTrainingJob")[0]["HyperParameters"] == tuned
    variants = world.requests("CreateEndpointConfig")[0]["ProductionVariants"]
    assert [variant["ModelName"] for variant in variants] == ["digits"]


def test_processing_then_batch_transform(compiled, world):  # noqa: F811
    boto(world).create_model(
        ModelName=GIVEN["model_name"], ExecutionRoleArn=GIVEN["role"], PrimaryContainer={"Image": GIVEN["image"]}
    )
    name = "clean-and-score"
    went_well(run(compiled(name, NOW[name]), world))
    cleaned, = world.requests("CreateProcessingJob")
    scored, = world.requests("CreateTransformJob")
    place = cleaned["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    assert scored["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"] == place


def test_training_and_an_endpoint_by_version_2s_inputs(compiled, world):  # noqa: F811
    name = "train-and-serve"
    outputs = run(compiled(name, NOW[name]), world)
    went_well(outputs)
    artifact = outputs["sagemaker-trainingjob"]["model_artifacts"]["s3ModelArtifacts"]
    assert world.requests("CreateModel")[0]["PrimaryContainer"]["ModelDataUrl"] == artifact
    assert world.requests("CreateEndpoint")[0]["EndpointConfigName"] == "digits-7"
    assert outputs["sagemaker-endpoint"]["endpoint_status"] == "InService"


def test_a_step_becomes_a_processing_job(compiled, world):  # noqa: F811
    outputs = run(compiled("clean", JOBS["clean"]), world)
    went_well(outputs)
    asked, = world.requests("CreateProcessingJob")
    app = asked["AppSpecification"]
    assert app["ContainerEntrypoint"] == ["python", "clean.py"]
    places = [asked["ProcessingInputs"][0]["S3Input"], asked["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]]
    for place in places:
        assert place["LocalPath"] in app["ContainerArguments"]
    values, = outputs.values()
    assert values["output_artifacts"] == {"clean": "s3://my-data/clean"}


def test_a_step_becomes_a_training_job(compiled, world):  # noqa: F811
    outputs = run(compiled("fit", JOBS["fit"]), world)
    went_well(outputs)
    asked, = world.requests("CreateTrainingJob")
    words = asked["AlgorithmSpecification"]["ContainerArguments"]
    channel = asked["InputDataConfig"][0]["ChannelName"]
    assert f"/opt/ml/input/data/{channel}" in words and "/opt/ml/model" in words
    values, = outputs.values()
    assert values["model_artifact"].startswith("s3://my-models/")


def test_an_artifact_becomes_a_model_and_an_endpoint(compiled, world):  # noqa: F811
    outputs = run(compiled("fit-and-serve", JOBS["fit-and-serve"]), world)
    went_well(outputs)
    model, = world.requests("CreateModel")
    source = model["PrimaryContainer"]["ModelDataSource"]["S3DataSource"]
    assert source["S3Uri"].startswith("s3://") and source["S3Uri"].endswith("/model/")
    config, = world.requests("CreateEndpointConfig")
    assert config["ProductionVariants"][0]["ModelName"] == model["ModelName"]
    assert outputs["sagemaker-deploy-model"]["endpoint_name"] == "digits"


OLD_STYLE = {"channels": "[]", "hyperparameters": "{}", "spot_instance": "False", "max_run_time": "3600"}


@pytest.mark.parametrize("name", OLD_STYLE)
def test_kfp_2_refuses_texts_for_other_types(name):
    train = components.load_component_from_file(str(component_file(f"{OURS}v1/train/component.yaml")))
    given = {"region": "r", "role": "r", "model_artifact_path": "s3://b", "channels": [], name: OLD_STYLE[name]}
    with pytest.raises(InconsistentTypeException, match=name):
        dsl.pipeline(name="texts")(lambda: train(**given) and None)


def table(name):
    return json.loads((TABLE / f"{name}.json").read_text())


def rows():
    text = (DOCS / "move.md").read_text()
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|") and "`v" in line]


def test_the_table_has_every_component_with_its_outputs():
    told = {row[1].split("`")[1].removeprefix("v1/"): row[2] for row in rows() if "`v1/" in row[1]}
    for of in table("v1"):
        objects = {"JsonObject": " (object)", "String": ""}
        outputs = [f"`{output['name']}`{objects[output['type']]}" for output in of["outputs"]]
        assert told.pop(of["name"]) == ", ".join(outputs)
    assert told == {}
    assert len(table("v2")) == 9


def test_what_every_component_has_newly_is_named():
    text, common = (DOCS / "move.md").read_text(), json.loads((TABLE / "common.json").read_text())
    for part in ("options", "outputs", "artifacts"):
        for of in common[part]:
            assert f"`{of['name']}`" in text


ROLES = "pipeline-pod.yaml", "execution.yaml"


def statements(*templates):
    """What the pods and the jobs may do: the text of each statement, by its name."""
    found = {}
    for template in templates or ROLES:
        text = (ROOT / "infra" / "iam" / template).read_text()
        parts = re.split(r"\bSid: (\w+)\n", text)[1:]
        found.update(zip(parts[::2], parts[1::2], strict=True))
    return found


def parameters_of_roles():
    """What the roles of the pods and the jobs can be given."""
    texts = [(ROOT / "infra" / "iam" / template).read_text() for template in ROLES]
    return {name for text in texts for name in re.findall(r"^  (\w+):\n    Type: (?!AWS::)", text, re.M)}


def of_iam(page):
    """What a page says of permissions."""
    return "".join(re.findall(r"(?:\*\*IAM\*\*|^## IAM$).*?(?=^#|\Z)", (DOCS / page).read_text(), re.M | re.S))


@pytest.mark.parametrize("page", ["move.md", "convert.md"])
def test_statements_are_those_of_the_templates(page):
    named = set(re.findall(r"`([A-Z]\w+)`", of_iam(page)))
    assert named - set(statements()) - parameters_of_roles() == set()
    assert {"CreateHosting", "ReadInputs", "CallApi"} <= named


def test_what_the_pods_may_not_do_no_statement_of_theirs_allows():
    named = re.findall(r"`(\w+:[A-Z]\w+)`", of_iam("convert.md"))
    assert named
    for action in named:
        assert not [sid for sid, text in statements("pipeline-pod.yaml").items() if action in text], action
