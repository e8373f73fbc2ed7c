"""The real kfp SDK loads every component and compiles it, alone and in the example pipelines."""

import importlib
import sys

import pytest
import yaml
from kfp import compiler, components, dsl
from kfp.dsl.types.type_utils import InconsistentTypeException

from conftest import ROOT

COMPONENTS = sorted((ROOT / "components").glob("*/*/component.yaml"))
EXAMPLES = ROOT / "examples" / "pipelines"

IR_TYPES = {
    "String": "STRING",
    "Integer": "NUMBER_INTEGER",
    "Float": "NUMBER_DOUBLE",
    "Bool": "BOOLEAN",
    "JsonObject": "STRUCT",
    "JsonArray": "LIST",
}


def name_of(file):
    return "/".join(file.parts[-3:-1])


def example_pipelines():
    sys.path.insert(0, str(EXAMPLES))
    for file in sorted(EXAMPLES.glob("*.py")):
        module = importlib.import_module(file.stem)
        yield from getattr(module, "PIPELINES", None) or [module.pipeline]


PIPELINES = {pipeline.name: pipeline for pipeline in example_pipelines()}


def compiled(pipeline, folder):
    file = folder / "pipeline.yaml"
    compiler.Compiler().compile(pipeline, str(file))
    return next(iter(yaml.safe_load_all(file.read_text())))


def test_there_is_a_component_for_everything():
    assert [sum(name_of(file).startswith(f"{family}/") for file in COMPONENTS)
            for family in ("v1", "v2", "sagemaker")] == [9, 9, 30]


@pytest.mark.parametrize("file", COMPONENTS, ids=name_of)
def test_a_component_compiles_alone_with_its_types(file, tmp_path):
    spec = yaml.safe_load(file.read_text())
    ir = compiled(components.load_component_from_file(str(file)), tmp_path)
    component, = (of for name, of in ir["components"].items() if "executorLabel" in of)
    inputs = component["inputDefinitions"]["parameters"]
    wanted = {of["name"].rstrip("_"): IR_TYPES[of["type"]] for of in spec["inputs"]}
    assert {name: of["parameterType"] for name, of in inputs.items()} == wanted
    outputs = component["outputDefinitions"]
    values = {of["name"]: IR_TYPES[of["type"]] for of in spec["outputs"] if of["type"] in IR_TYPES}
    assert {name: of["parameterType"] for name, of in outputs["parameters"].items()} == values
    shown = {name: of["artifactType"]["schemaTitle"] for name, of in outputs["artifacts"].items()}
    assert shown == {of["name"]: f"system.{of['type']}" for of in spec["outputs"] if of["type"] not in IR_TYPES}


@pytest.mark.parametrize("file", COMPONENTS, ids=name_of)
def test_the_executor_input_is_all_that_a_step_is_given(file, tmp_path):
    ir = compiled(components.load_component_from_file(str(file)), tmp_path)
    executor, = ir["deploymentSpec"]["executors"].values()
    assert executor["container"]["command"] == ["/sagebell-step", file.parent.name]
    assert executor["container"]["args"] == ["--executor-input", "{{$}}"]


@pytest.mark.parametrize("name", PIPELINES)
def test_an_example_compiles_and_its_pods_are_small(name, tmp_path):
    ir = compiled(PIPELINES[name], tmp_path)
    for executor in ir["deploymentSpec"]["executors"].values():
        resources = executor["container"]["resources"]
        assert (resources["resourceCpuRequest"], resources["resourceMemoryRequest"]) == ("10m", "128Mi")
        assert "resourceMemoryLimit" not in resources


def test_an_output_does_not_fit_an_input_of_another_type():
    train = components.load_component_from_file(str(ROOT / "components/v1/train/component.yaml"))

    with pytest.raises(InconsistentTypeException, match="hyperparameters"):

        @dsl.pipeline
        def wrong():
            first = train(region="r", role="r", channels=[], model_artifact_path="s3://b")
            train(
                region="r", role="r", channels=[], model_artifact_path="s3://b",
                hyperparameters=first.outputs["job_name"],
            )
