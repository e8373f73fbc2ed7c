"""What people reported of their steps' inputs: what KFP leaves unfilled, and how it writes numbers.

Each report is named by where it was made; the inputs are others of the same kind.
"""

import json

import pytest

from steps import ROLE, Scene

ONCE = {"status": "Completed"}
HOLE = "{{$.inputs.parameters['%s']}}"
PART = HOLE % "pipelinechannel--lr"
CHANNEL = "{{channel:task=;name=g;type=String;}}"
PROCESSING = {
    "role": ROLE, "image": "i", "instance_type": "ml.m5.large", "instance_count": "1", "volume_size": "1",
    "output_config": "[]",
}


@pytest.fixture
def scene(local, tmp_path):
    scene = Scene(local, tmp_path)
    scene.sagemaker.life(ONCE)
    yield scene
    scene.close()


def refused(scene, step, *said):
    """A usage error, and SageMaker was not asked for anything."""
    assert step.ends() == 2, step.said()
    for words in said:
        assert words in step.said()
    assert scene.sagemaker.calls("CreateTrainingJob") == scene.sagemaker.calls("CreateProcessingJob") == 0


@pytest.mark.parametrize("name", ["output_encryption_key", "job_name", "endpoint_url", "max_run_time", "spot_instance", "tags"])
def test_an_input_that_got_no_value_has_its_default(name, scene):
    """kubeflow/pipelines #9708, #11667: a component file's optional input, handed on as its placeholder."""
    step = scene.train(inputs={name: HOLE % "anything_that_the_file_calls_it"})
    assert step.ends() == 0, step.said()
    asked, = scene.sagemaker.requests("CreateTrainingJob")
    assert "{{$" not in json.dumps(asked)


def test_a_required_input_that_got_no_value_is_named(scene):
    refused(scene, scene.train(inputs={"role": HOLE % "role"}), "--role", "did not fill in")


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("hyperparameters", json.dumps({"lr": PART}), PART),
        ("hyperparameters", json.dumps({"greeting": f"Hello {CHANNEL}"}), CHANNEL),
        ("hyperparameters", json.dumps({f"a-{PART}": "1"}), PART),
        ("hyperparameters", f"lr: '{CHANNEL}'", CHANNEL),
        ("channels", json.dumps([{"ChannelName": "x", "DataSource": {"S3DataSource": {"S3Uri": f"s3://{PART}/"}}}]), PART),
        ("model_artifact_path", "s3://out/{{$.pipeline_job_create_time_utc}}/", "{{$.pipeline_job_create_time_utc}}"),
        ("job_name", PART, PART),
        ("image", "{{$}}", "{{$}}"),
        ("max-wait", PART, PART),
    ],
)
def test_what_kfp_left_unfilled_is_refused_with_its_input_and_nothing_is_sent(name, value, shown, scene):
    """kubeflow/pipelines #12040, #12204, #10261, #12616, #13424: within lists, dicts and texts they stay."""
    refused(scene, scene.train(inputs={name: value}), f"argument --{name}:", shown)


@pytest.mark.parametrize(("text", "number"), [("8.64e+04", 86400), ("86400.0", 86400), ("1.472953e+06", 1472953)])
def test_a_whole_fraction_is_a_whole_number(text, number, scene):
    """kubeflow/pipelines #2915, aws/sagemaker-python-sdk #2978: a number from a loop, or from JSON."""
    step = scene.train(inputs={"max_run_time": text})
    assert step.ends() == 0, step.said()
    asked, = scene.sagemaker.requests("CreateTrainingJob")
    assert asked["StoppingCondition"]["MaxRuntimeInSeconds"] == number


@pytest.mark.parametrize("text", ["1.5", "1e30", "nan", "4 jobs"])
def test_what_is_no_whole_number_is_refused(text, scene):
    refused(scene, scene.train(inputs={"max_run_time": text}), "invalid int value")


@pytest.mark.parametrize("name", ["container_arguments", "container_entrypoint"])
@pytest.mark.parametrize("words", [["--model_name", ""], [""]])
def test_an_empty_word_of_a_command_is_told_before_anything_is_sent(name, words, scene):
    """aws/sagemaker-python-sdk #3758: SageMaker refuses it, botocore's model does not."""
    inputs = {**PROCESSING, "region": "us-east-1", "endpoint_url": scene.aws.url, name: json.dumps(words)}
    step = scene.start("process", **inputs)
    assert step.ends() == 1, step.said()
    assert f"[{len(words) - 1}]" in step.said() and "the step did not send it" in step.said()
    assert scene.sagemaker.calls("CreateProcessingJob") == 0


@pytest.mark.parametrize("text", [r'{\"lr\":\"0.1\"}', r'"{\"lr\":\"0.1\"}"', "'{\"lr\": \"0.1\"}'"])
def test_json_whose_quotes_are_escaped_is_refused(text, scene):
    """kubeflow/pipelines #5830."""
    refused(scene, scene.train(inputs={"hyperparameters": text}), "argument --hyperparameters")
