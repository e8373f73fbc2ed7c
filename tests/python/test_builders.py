"""Builders: what SageMaker's own model allows passes, everything else is refused with the argument's name."""

import re

import botocore.session
import pytest
import sagebell as sm
from botocore.validate import ParamValidator
from conftest import compiled
from kfp import dsl

MODEL = botocore.session.get_session().get_service_model("sagemaker")


def fits(shape, value):
    """Whether a request may have it: the structure and its types by botocore, words and patterns here."""
    report = ParamValidator().validate(value, MODEL.shape_for(shape))
    return not report.has_errors() and forms_fit(MODEL.shape_for(shape), value)


def forms_fit(shape, value):
    if shape.type_name == "structure":
        return all(forms_fit(shape.members[name], member) for name, member in value.items())
    if shape.type_name == "list":
        return all(forms_fit(shape.member, member) for member in value)
    if shape.type_name == "string":
        return value in (shape.enum or [value]) and re.fullmatch(shape.metadata.get("pattern", ".*"), value)
    return True


BUILT = {
    "channel": ("Channel", lambda: sm.s3_channel("train", "s3://bucket/prefix")),
    "channel with everything": ("Channel", lambda: sm.s3_channel(
        "train", "s3://bucket/manifest", content_type="text/csv", compression="Gzip", record_wrapper="RecordIO",
        input_mode="Pipe", data_type="AugmentedManifestFile", distribution="ShardedByS3Key",
        attribute_names=["source", "label"], shuffle_seed=0,
    )),
    "processing input": ("ProcessingInput", lambda: sm.processing_input("raw", "s3://b/raw", "/opt/ml/processing/raw")),
    "processing output": ("ProcessingOutput", lambda: sm.processing_output("out", "s3://b/o", "/opt/ml/processing/o")),
    "integers": ("IntegerParameterRange", lambda: sm.integer_range("size", 1, 9, scaling="Logarithmic")),
    "numbers": ("ContinuousParameterRange", lambda: sm.continuous_range("rate", 0, 0.9, scaling="ReverseLogarithmic")),
    "categories": ("CategoricalParameterRange", lambda: sm.categorical_range("kind", ["a", 2, 0.5])),
    "metric": ("MetricDefinition", lambda: sm.metric_definition("loss", "loss=([0-9.]+)")),
    "checkpoints": ("CheckpointConfig", lambda: sm.spot("s3://b/checkpoints")["checkpoint_config"]),
    "hyperparameters": ("HyperParameters", lambda: sm.hyperparameters(k=10, rate=0.1, kind="a")),
}


@pytest.mark.parametrize("name", BUILT)
def test_what_is_built_fits_the_request(name):
    shape, build = BUILT[name]
    assert fits(shape, build()), build()


def test_the_check_of_this_test_sees_a_wrong_word_and_a_wrong_name():
    assert not fits("Channel", sm.s3_channel("train", "s3://b/") | {"InputMode": "file"})
    assert not fits("Channel", sm.s3_channel("train", "s3://b/") | {"ChannelName": "a b"})
    assert not fits("Channel", {"ChannelName": "train"})


def test_numbers_become_texts():
    assert sm.integer_range("size", 1, 9) == {
        "Name": "size", "MinValue": "1", "MaxValue": "9", "ScalingType": "Auto",
    }
    assert sm.categorical_range("kind", ["a", 2, 0.5])["Values"] == ["a", "2", "0.5"]
    assert sm.hyperparameters(k=10, rate=0.1, kind="a") == {"k": "10", "rate": "0.1", "kind": "a"}


def test_metrics_join():
    assert sm.metric("loss", "loss=(.*)") | sm.metric("accuracy", "acc=(.*)") == {
        "loss": "loss=(.*)", "accuracy": "acc=(.*)",
    }


URI, PATH = "s3://bucket/x", "/opt/ml/x"
REFUSED = [
    (lambda: sm.s3_channel("a b", URI), "name is 'a b'"),
    (lambda: sm.s3_channel("", URI), "name is ''"),
    (lambda: sm.s3_channel("x" * 65, URI), "name is 'x"),
    (lambda: sm.s3_channel("train", "bucket/x"), "uri is 'bucket/x'"),
    (lambda: sm.s3_channel("train", "s3://"), "uri is 's3://'"),
    (lambda: sm.s3_channel("train", None), "uri is None"),
    (lambda: sm.s3_channel("train", URI, compression="gzip"), "compression is 'gzip'; expected one of 'None', 'Gzip'"),
    (lambda: sm.s3_channel("train", URI, record_wrapper="x"), "record_wrapper is 'x'"),
    (lambda: sm.s3_channel("train", URI, input_mode="file"), "input_mode is 'file'"),
    (lambda: sm.s3_channel("train", URI, data_type="prefix"), "data_type is 'prefix'"),
    (lambda: sm.s3_channel("train", URI, distribution="Sharded"), "distribution is 'Sharded'"),
    (lambda: sm.s3_channel("train", URI, content_type=""), "content_type is ''"),
    (lambda: sm.s3_channel("train", URI, shuffle_seed="1"), "shuffle_seed is '1'"),
    (lambda: sm.processing_input("", URI, PATH), "name is ''"),
    (lambda: sm.processing_input("raw", "x", PATH), "uri is 'x'"),
    (lambda: sm.processing_input("raw", URI, "relative"), "path is 'relative'"),
    (lambda: sm.processing_input("raw", URI, PATH, distribution="x"), "distribution is 'x'"),
    (lambda: sm.processing_output("out", URI, PATH, upload="Now"), "upload is 'Now'"),
    (lambda: sm.processing_output("out", "x", PATH), "uri is 'x'"),
    (lambda: sm.processing_output("out", URI, "x"), "path is 'x'"),
    (lambda: sm.integer_range("", 1, 2), "name is ''"),
    (lambda: sm.integer_range("size", 1.5, 2), "low is 1.5; expected a whole number"),
    (lambda: sm.integer_range("size", 1, "2"), "high is '2'; expected a whole number"),
    (lambda: sm.integer_range("size", 2, 2), "high is 2; expected more than low"),
    (lambda: sm.integer_range("size", 0, 2, scaling="Logarithmic"), "scaling is 'Logarithmic'; the range must then"),
    (lambda: sm.integer_range("size", 0, 2, scaling="ReverseLogarithmic"), "scaling is 'ReverseLogarithmic'; expected"),
    (lambda: sm.continuous_range("rate", 0, 1, scaling="ReverseLogarithmic"), "scaling is 'ReverseLogarithmic'; the"),
    (lambda: sm.continuous_range("rate", float("nan"), 1), "low is nan; expected a number"),
    (lambda: sm.continuous_range("rate", 0, True), "high is True; expected a number"),
    (lambda: sm.continuous_range("rate", 0, 1, scaling="log"), "scaling is 'log'; expected one of"),
    (lambda: sm.categorical_range("kind", []), "values is []; expected a list of 1 to 30"),
    (lambda: sm.categorical_range("kind", "abc"), "values is 'abc'; expected a list of 1 to 30"),
    (lambda: sm.categorical_range("kind", ["x"] * 31), "values is ['x'"),
    (lambda: sm.categorical_range("kind", ["a", None]), "values[1] is None; expected a text or a number"),
    (lambda: sm.hyperparameters(flag=True), "flag is True; expected a text or a number"),
    (lambda: sm.hyperparameters(flag=[1]), "flag is [1]; expected a text or a number"),
    (lambda: sm.metric("", "(.)"), "name is ''"),
    (lambda: sm.metric("loss", "loss=.*"), "regex is 'loss=.*', with 0 groups; expected one group"),
    (lambda: sm.metric("loss", "(a)(b)"), "regex is '(a)(b)', with 2 groups"),
    (lambda: sm.metric("loss", "("), "regex is '(', which is no regular expression"),
    (lambda: sm.spot("checkpoints"), "checkpoints is 'checkpoints'"),
    (lambda: sm.spot(URI, local_path="x"), "local_path is 'x'"),
    (lambda: sm.spot(URI, max_run_seconds=0), "max_run_seconds is 0"),
    (lambda: sm.spot(URI, max_wait_seconds="1h"), "max_wait_seconds is '1h'"),
    (lambda: sm.spot(URI, max_run_seconds=7200, max_wait_seconds=3600), "max_wait_seconds is 3600; expected max_run_s"),
]


@pytest.mark.parametrize(("build", "told"), REFUSED, ids=[told for _, told in REFUSED])
def test_what_is_wrong_is_refused_with_its_name(build, told):
    with pytest.raises(ValueError, match=f"^{re.escape(told)}"):
        build()


def test_what_is_known_later_goes_into_every_place(tmp_path):
    @dsl.pipeline(name="later")
    def later(text: str, number: int):
        sm.hyperparameter_tuning(
            region="r", role="r", metric_name="m", metric_type="Minimize", output_location=text, max_num_jobs=number,
            max_parallel_jobs=1, channels=[sm.s3_channel(text, text, content_type=text, input_mode=text)],
            integer_parameters=[sm.integer_range(text, number, number)],
            continuous_parameters=[sm.continuous_range(text, number, 5.0)],
            categorical_parameters=[sm.categorical_range(text, [number, text, "a"])],
            static_parameters=sm.hyperparameters(k=number), **sm.spot(f"s3://b/{text}", max_run_seconds=number),
        )
        sm.process(
            region="r", role="r", image=text, instance_type="t", instance_count=1,
            input_config=[sm.processing_input(text, text, text, distribution=text)],
            output_config=[sm.processing_output(text, text, text, upload=text)],
        )

    tasks = compiled(later, tmp_path)["root"]["dag"]["tasks"]
    given = tasks["sagemaker-hyperparameter-tuning"]["inputs"]["parameters"]
    assert given["max_run_time"] == {"componentInputParameter": "number"}
    (channel,) = given["channels"]["runtimeValue"]["constant"]
    assert channel["DataSource"]["S3DataSource"]["S3Uri"] == "{{$.inputs.parameters['pipelinechannel--text']}}"
    (low,) = given["integer_parameters"]["runtimeValue"]["constant"]
    assert low["MinValue"] == "{{$.inputs.parameters['pipelinechannel--number']}}"
