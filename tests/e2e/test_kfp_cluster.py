"""The imitation of KFP is as strict as KFP: what it refuses, and what it fills in."""

import itertools
import json

import pytest
from kfp import compiler, components, dsl

from kfp_cluster import VERSIONS, Refused, Run

OLD_STYLE = """
name: old
inputs:
- {name: given, type: String}
- {name: left_out, type: String, default: x}
- {name: no_default, type: String, optional: true}
outputs:
- {name: result, type: String}
implementation:
  container:
    image: image
    command: [/sagebell-step, model]
    args: [--given, {inputValue: given}, --left-out, {inputValue: left_out}, --result, {outputPath: result}]
"""
WITHOUT_DEFAULT = OLD_STYLE.replace("{inputValue: left_out}", "{inputValue: no_default}")
BY_EXECUTOR_INPUT = OLD_STYLE[: OLD_STYLE.index("    args:")] + '    args: [--executor-input, "{{$}}"]\n'


def task_of(source, folder, version, order=0, **arguments):
    """The one task of a pipeline that gives a component these arguments and has the parameters a, b and n."""
    component = components.load_component_from_text(source)

    @dsl.pipeline(name="one")
    def one(a: str = "A", b: str = "B", n: int = 3, maybe: str = None):
        parameters = {"a": a, "b": b, "n": n, "maybe": maybe}
        component(**{name: make(**parameters) if callable(make) else make for name, make in arguments.items()})

    file = folder / "one.yaml"
    compiler.Compiler().compile(one, str(file))
    run = Run(file, folder, {}, VERSIONS[version], order)
    task, = run.tasks.values()
    return task


def words(task):
    """What the command is given, in the pod of the first try."""
    from kfp_cluster import driver, launcher

    executor_input = launcher.with_defaults(task, task.drive())
    return launcher.filled(driver.words(task.run.version, task, executor_input), executor_input, task.run.order)


def told(task):
    """The executor input that the command is given."""
    return json.loads(words(task)[-1])["inputs"]["parameterValues"]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_argument_that_names_an_input_that_was_left_out_is_refused_where_kfp_does(version, tmp_path):
    """Ran against KFP's own driver: 2.17.0 refuses, and 2.17.1 what has no default."""
    for source, refused_by in ((OLD_STYLE, {"2.17.0"}), (WITHOUT_DEFAULT, {"2.17.0", "2.17.1"})):
        task = task_of(source, tmp_path, version, given="g")
        # The driver knows no defaults of the launcher's.
        from kfp_cluster import driver

        if version in refused_by:
            with pytest.raises(Refused, match="not found in executor input"):
                driver.words(task.run.version, task, task.drive())
        else:
            assert "--given" in driver.words(task.run.version, task, task.drive())


@pytest.mark.parametrize("version", VERSIONS)
def test_the_executor_input_has_defaults_and_leaves_out_what_has_none(version, tmp_path):
    assert told(task_of(BY_EXECUTOR_INPUT, tmp_path, version, given="g")) == {"given": "g", "left_out": "x"}


@pytest.mark.parametrize("version", VERSIONS)
def test_an_optional_parameter_of_the_pipeline_without_a_value_is_left_out(version, tmp_path):
    maybe = task_of(BY_EXECUTOR_INPUT, tmp_path, version, given="g", no_default=lambda maybe, **_: maybe)
    assert "no_default" not in told(maybe)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_part_of_a_text_is_filled_in_whatever_the_order_and_without_escapes(version, tmp_path):
    for order in range(6):
        task = task_of(BY_EXECUTOR_INPUT, tmp_path, version, order, given=lambda a, b, **_: f"{a}/{b}")
        assert told(task)["given"] == "A/B"
        task.run.parameters["a"] = 'say "hi"'
        task.executor_input = None
        with pytest.raises(json.JSONDecodeError):
            told(task)


def test_what_stands_for_a_placeholder_may_hold_another_and_the_order_decides(tmp_path):
    found = set()
    for order in range(12):
        task = task_of(BY_EXECUTOR_INPUT, tmp_path, "2.16.1", order, given=lambda a, b, **_: f"{a}{b}")
        task.run.parameters["a"] = "{{$.inputs.parameters['pipelinechannel--b']}}"
        found.add(told(task)["given"])
    assert found == {"BB", "{{$.inputs.parameters['pipelinechannel--b']}}B"}


def test_a_task_is_told_from_others_and_its_tries_are_not(tmp_path):
    tasks = [task_of(BY_EXECUTOR_INPUT, tmp_path, "2.17.1", given="g") for _ in range(2)]
    metadata = [[task.drive()["outputs"]["outputFile"] for _ in range(2)] for task in tasks]
    assert all(first == second for first, second in metadata)
    assert len({*itertools.chain(*metadata)}) == 2


def test_the_values_of_the_run_stand_only_for_themselves(tmp_path):
    task = task_of(BY_EXECUTOR_INPUT, tmp_path, "2.17.1", given=dsl.PIPELINE_JOB_ID_PLACEHOLDER)
    assert told(task)["given"] == task.run.run_id
    task = task_of(BY_EXECUTOR_INPUT, tmp_path, "2.17.1", given=f"run-{dsl.PIPELINE_JOB_ID_PLACEHOLDER}")
    assert told(task)["given"] == "run-{{$.pipeline_job_uuid}}"
