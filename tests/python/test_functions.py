"""The package's functions and `components/` say the same: one for each, with its inputs, types, defaults, outputs."""

import inspect
import re

import pytest
import sagebell
import yaml
from conftest import FAMILIES, PACKAGE, ROOT, definitions
from kfp import components, dsl

COMPONENTS = ROOT / "components"
# The type of a constant, by KFP's word for it.
CONSTANTS = {
    "String": "str", "Integer": "int", "Float": "float", "Bool": "bool", "JsonObject": "dict[str, Any]",
    "JsonArray": "list[Any]",
}
# What no component makes.
OTHERS = {
    "categorical_range", "configure", "continuous_range", "hyperparameters", "integer_range", "metric",
    "metric_definition", "processing_input", "processing_output", "run_local", "s3_channel", "spot", "wait",
}


def function_name(family, row):
    """The rule of the documentation: `components/`'s own word, ACK's kinds with a prefix."""
    if family == "v2":
        kind = row["title"].split(" - ")[1]
        return "ack" + re.sub("([A-Z])", lambda found: "_" + found[1].lower(), kind)
    return {"sagemaker-wait": "wait_for"}.get(row["name"], row["name"].replace("-", "_"))


FUNCTIONS = {(family, row["name"]): getattr(sagebell, function_name(family, row)) for family, row in definitions()}
EACH = pytest.mark.parametrize(("family", "name"), FUNCTIONS, ids="/".join)


def spec_of(family, name):
    return yaml.safe_load((COMPONENTS / family / name / "component.yaml").read_text())


def parsed(kind, default):
    """A default of a component.yaml, as a Python function has it."""
    if kind in ("JsonObject", "JsonArray"):
        return None
    return {"String": str, "Integer": int, "Float": float, "Bool": "True".__eq__}[kind](default)


def test_there_is_one_function_for_each_component_and_nothing_else():
    functions = {name for name, found in vars(sagebell).items() if inspect.isfunction(found)}
    assert functions == {function.__name__ for function in FUNCTIONS.values()} | OTHERS
    assert len(FUNCTIONS) == len({*FUNCTIONS.values()}) == 48


@EACH
def test_a_function_has_the_inputs_the_types_and_the_defaults_of_its_component(family, name):
    parameters = inspect.signature(FUNCTIONS[family, name]).parameters
    inputs = {of["name"].rstrip("_"): of for of in spec_of(family, name)["inputs"]}
    assert parameters.keys() == inputs.keys()
    for key, of in inputs.items():
        parameter = parameters[key]
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        required = "default" not in of and not of.get("optional")
        value = parsed(of["type"], of["default"]) if "default" in of else None
        default = inspect.Parameter.empty if required else value
        assert parameter.default == default and type(parameter.default) is type(default), key
        open_ = " | None" if not required and default is None else ""
        assert parameter.annotation == f"{CONSTANTS[of['type']]} | Later{open_}", key


@EACH
def test_the_docstring_tells_every_input_and_every_output(family, name):
    text = inspect.getdoc(FUNCTIONS[family, name])
    words = " ".join(text.split())
    spec = spec_of(family, name)
    assert spec["description"] in words
    for of in spec["inputs"]:
        assert f"{of['name'].rstrip('_')}: {of['description']}" in words
    for of in spec["outputs"]:
        assert f"`{of['name']}` ({of['type']}): {of['description']}" in words
    source = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_"
    assert source in text or name == "sagemaker-wait"


LIMITED = [
    (FUNCTIONS[family, row["name"]], of["name"], of["choices"])
    for family, row in definitions() for of in row["inputs"] if of.get("choices")
]


@pytest.mark.parametrize(("function", "name", "choices"), LIMITED)
def test_the_allowed_values_of_the_table_are_told_and_held(function, name, choices):
    assert all(choice in function.__doc__ for choice in choices)
    given = {key: "Minimize" for key, of in inspect.signature(function).parameters.items() if of.default is of.empty}
    with pytest.raises(ValueError, match=f"^{function.__name__}: {name} is 'none of them'; expected one of"):
        function(**given | {name: "none of them"})


@EACH
def test_a_function_makes_the_task_of_its_component(family, name):
    """Same name, image, command, inputs and outputs in what KFP compiles."""
    function = FUNCTIONS[family, name]
    samples = {"String": "x", "Integer": 1, "Float": 1.0, "Bool": True, "JsonObject": {"a": 1}, "JsonArray": ["a"]}
    spec = spec_of(family, name)
    given = {
        of["name"].rstrip("_"): samples[of["type"]]
        for of in spec["inputs"] if "default" not in of and not of.get("optional")
    }
    given |= {"metric_type": "Minimize"} if "metric_type" in given else {}

    @dsl.pipeline(name="ours")
    def ours():
        function(**given)

    @dsl.pipeline(name="theirs")
    def theirs():
        components.load_component_from_file(str(COMPONENTS / family / name / "component.yaml"))(**given)

    mine, other = ours.pipeline_spec, theirs.pipeline_spec
    assert mine.components == other.components
    (task,), (same) = mine.root.dag.tasks.values(), next(iter(other.root.dag.tasks.values()))
    assert task.inputs == same.inputs and task.component_ref == same.component_ref


@EACH
def test_type_checkers_know_the_outputs(family, name):
    function = FUNCTIONS[family, name]
    (outputs,) = re.findall(r"    class (\w+)Outputs\(TypedDict\):\n(.*?)\n\n    class", source(function), re.DOTALL)
    assert re.findall(r"(\w+): PipelineChannel", outputs[1]) == [of["name"] for of in spec_of(family, name)["outputs"]]
    assert inspect.signature(function).return_annotation == f"{outputs[0]}Task"


def source(function):
    return inspect.getsource(inspect.getmodule(function))


def test_the_package_holds_the_components_themselves():
    held = {"/".join(file.parts[-2:])[:-5]: file for file in (PACKAGE / "_components").glob("*/*.yaml")}
    assert held.keys() == {f"{family}/{name}" for family, name in FUNCTIONS}
    for place, file in held.items():
        assert file.read_bytes() == (COMPONENTS / place / "component.yaml").read_bytes(), place


def test_nothing_that_was_generated_earlier_is_left():
    for family in FAMILIES:
        there = {file.stem for file in (PACKAGE / f"_{family}").glob("*.py")} - {"__init__"}
        assert there == {of.__name__ for (of_family, _), of in FUNCTIONS.items() if of_family == family}
