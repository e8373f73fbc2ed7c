"""Tasks come out ready to run: what KFP's compiler makes of them."""

import json
import re

import pytest
import sagebell as sm
from conftest import ROOT, compiled
from kfp import dsl
from samples import needed
from test_functions import FUNCTIONS

CARGO = (ROOT / "Cargo.toml").read_text()
IMAGE = "ghcr.io/sagebell/sagebell-step:" + re.search('^version = "(.*)"$', CARGO, re.MULTILINE)[1]
# docs/move.md, "Caching".
ACTING = {"deploy", "ack_endpoint", "create_endpoint", "ack_monitoring_schedule", "start_pipeline_execution", "wait_for"}


def ten_lines():
    """The pipeline of the README."""

    @dsl.pipeline(name="train-and-serve")
    def pipeline(role: str, image: str, bucket: str, region: str = "eu-west-1"):
        trained = sm.train(region=region, role=role, image=image, channels=[sm.s3_channel("train", "s3://my-data/digits")],
                           hyperparameters={"k": "10"}, model_artifact_path=bucket)
        made = sm.model(region=region, role=role, model_name="digits", image=trained.outputs["training_image"],
                        model_artifact_url=trained.outputs["model_artifact_url"])
        sm.deploy(region=region, model_name_1=made.outputs["model_name"])

    return pipeline


@pytest.fixture
def made(tmp_path):
    """What becomes of one step: its task, its container, its constant inputs."""

    def of(call):
        @dsl.pipeline(name="one")
        def one():
            call()

        ir = compiled(one, tmp_path)
        (task,), (executor,) = ir["root"]["dag"]["tasks"].values(), ir["deploymentSpec"]["executors"].values()
        inputs = {
            name: value["runtimeValue"]["constant"] for name, value in task["inputs"].get("parameters", {}).items()
        }
        return task, executor["container"], inputs

    return of


def wait(**more):
    return sm.wait_for(region="eu-west-1", arn="arn:aws:sagemaker:eu-west-1:111122223333:training-job/x", **more)


def model(**more):
    return sm.model(region="eu-west-1", role="role", model_name="m", **more)


def test_the_ten_lines_compile_and_hand_outputs_on(tmp_path):
    tasks = compiled(ten_lines(), tmp_path)["root"]["dag"]["tasks"]
    given = {name: task["inputs"]["parameters"] for name, task in tasks.items()}
    assert given["sagemaker-deploy-model"]["model_name_1"]["taskOutputParameter"] == {
        "outputParameterKey": "model_name", "producerTask": "sagemaker-create-model",
    }
    assert given["sagemaker-create-model"]["image"]["taskOutputParameter"]["outputParameterKey"] == "training_image"
    assert given["sagemaker-training-job"]["role"] == {"componentInputParameter": "role"}


def test_a_step_asks_for_little_and_runs_the_image_of_the_package(made):
    _, container, _ = made(model)
    assert container["image"] == IMAGE
    assert container["resources"]["resourceCpuRequest"] == "10m"
    assert container["resources"]["resourceMemoryRequest"] == "128Mi"
    assert not {"resourceCpuLimit", "resourceMemoryLimit"} & container["resources"].keys()


def test_a_step_is_tried_once_more_and_its_later_try_may_wait_as_long_as_any(made):
    task, _, _ = made(model)
    policy = task["retryPolicy"]
    assert policy["maxRetryCount"] == 1
    # The monitor gives a step up after some minutes. A wait takes 35 days at most.
    assert policy["backoffDuration"] == "10s"
    assert int(policy["backoffMaxDuration"].rstrip("s")) > 35 * 86_400


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda function: function.__name__)
def test_kfp_skips_what_can_be_skipped_and_nothing_that_must_act(function, made):
    given = needed(function)
    task, _, _ = made(lambda: function(**given))
    assert task["cachingOptions"] == ({} if function.__name__ in ACTING else {"enableCache": True})


def test_what_is_given_is_an_input_and_what_is_the_default_is_left_to_the_component(made):
    _, _, inputs = made(lambda: model(image="i", network_isolation=True, environment={}, tags=None, secondary_containers=[]))
    assert inputs == {
        "region": "eu-west-1", "role": "role", "model_name": "m", "image": "i", "environment": {}, "secondary_containers": [],
    }


def test_a_value_of_another_type_than_the_default_s_is_no_default(made):
    """In Python, True is 1."""
    with pytest.raises(Exception, match="initial_instance_count_1"):
        made(lambda: sm.deploy(region="r", model_name_1="m", initial_instance_count_1=True))


def test_settings_are_inputs_of_every_step_unless_it_has_its_own(made):
    sm.configure(api="https://monitor.example/", wait="monitor", name_prefix="team-")
    assert made(wait)[2].items() >= {
        "sagebell_api": "https://monitor.example/", "wait": "monitor", "name_prefix": "team-",
    }.items()
    assert made(lambda: wait(sagebell_api="https://other.example/"))[2]["sagebell_api"] == "https://other.example/"


def test_without_settings_the_step_finds_the_monitor(made):
    assert made(wait)[2].keys() == {"region", "arn"}


def test_image_resources_and_tries_can_be_set(made):
    sm.configure(image="registry.example/step:1", retries=3, cpu_request="20m", memory_request="256Mi")
    task, container, _ = made(model)
    assert container["image"] == "registry.example/step:1"
    assert container["resources"]["resourceCpuRequest"] == "20m"
    assert container["resources"]["resourceMemoryRequest"] == "256Mi"
    assert task["retryPolicy"]["maxRetryCount"] == 3
    sm.configure(retries=0)
    assert "retryPolicy" not in made(model)[0]


def test_a_step_outside_of_a_pipeline_is_told_where_it_belongs():
    with pytest.raises(RuntimeError, match="^sagebell.model makes a step of a pipeline: call it in a function with"):
        model()


def test_a_task_can_still_be_changed(made):
    task, container, _ = made(lambda: wait().set_caching_options(True).set_retry(0).set_memory_request("1Gi"))
    assert task["cachingOptions"] == {"enableCache": True}
    assert task["retryPolicy"].get("maxRetryCount", 0) == 0
    assert container["resources"]["resourceMemoryRequest"] == "1Gi"


@pytest.fixture
def site(tmp_path):
    """Writes the file of a deployment."""

    def write(text):
        file = tmp_path / "prefix" / "etc" / "sagebell.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return write


def test_the_program_wins_over_the_environment_and_both_over_the_file(made, monkeypatch, site):
    site(json.dumps({"api": "https://file.example/", "retries": 2}))
    assert made(wait)[2]["sagebell_api"] == "https://file.example/"
    monkeypatch.setenv("SAGEBELL_API", "https://environment.example/")
    assert made(wait)[2]["sagebell_api"] == "https://environment.example/"
    sm.configure(api="https://program.example/")
    task, _, inputs = made(wait)
    assert (inputs["sagebell_api"], task["retryPolicy"]["maxRetryCount"]) == ("https://program.example/", 2)


WRONG = [("api", "monitor.example"), ("wait", "sleep"), ("retries", "many"), ("retries", "11"), ("retries", "-1")]


@pytest.mark.parametrize(("setting", "value"), [*WRONG, ("retries", True), ("retries", 2.5), ("image", ""), ("image", 1)])
def test_a_setting_that_is_wrong_is_named(setting, value):
    with pytest.raises(ValueError, match=f"^{setting} is {value!r}; expected"):
        sm.configure(**{setting: value})


@pytest.mark.parametrize(("setting", "value"), WRONG)
def test_a_variable_that_is_wrong_is_named(setting, value, monkeypatch):
    monkeypatch.setenv(f"SAGEBELL_{setting.upper()}", value)
    with pytest.raises(ValueError, match=f"^environment variable SAGEBELL_{setting.upper()} is {value!r}; expected"):
        model()


@pytest.mark.parametrize("text", ["{", "[]", '{"ap": "https://x/"}', '{"retries": "many"}'])
def test_a_file_that_is_wrong_is_named(text, site):
    site(text)
    with pytest.raises((ValueError, TypeError), match="etc/sagebell.json"):
        model()


def test_what_is_known_later_is_not_compared(tmp_path):
    @dsl.pipeline(name="later")
    def later(mode: str, count: int, prefix: str):
        sm.train(
            region="r", role="r", channels=[sm.s3_channel("train", f"s3://bucket/{prefix}")], model_artifact_path=prefix,
            instance_count=count, training_input_mode=mode,
        )

    (task,) = compiled(later, tmp_path)["root"]["dag"]["tasks"].values()
    assert task["inputs"]["parameters"]["training_input_mode"] == {"componentInputParameter": "mode"}
    assert task["inputs"]["parameters"]["instance_count"] == {"componentInputParameter": "count"}


def test_steps_stand_in_loops_conditions_exit_handlers_and_inner_pipelines(tmp_path):
    def train(role, **more):
        return sm.train(region="r", role=role, channels=[], model_artifact_path="s3://b", **more)

    @dsl.pipeline(name="inner")
    def inner(role: str) -> str:
        return train(role).outputs["job_arn"]

    @dsl.pipeline(name="flow")
    def flow(role: str, sizes: list):
        with dsl.ExitHandler(wait(), name="at the end"):
            with dsl.ParallelFor(sizes) as size:
                trained = train(role, instance_count=size, on_failure="report")
                with dsl.If(trained.outputs["status"] == "Completed"):
                    model(environment={"SIZE": size})
            with dsl.ParallelFor([{"uri": "s3://bucket/a"}]) as item:
                train(role, checkpoint_config={"S3Uri": item.uri})
            sm.wait_for(region="r", arn=inner(role=role).output)

    ir = compiled(flow, tmp_path)
    dags = [ir["root"]["dag"], *(of["dag"] for of in ir["components"].values() if "dag" in of)]
    steps = [task for dag in dags for task in dag["tasks"].values() if "retryPolicy" in task]
    assert len(steps) == 6
