"""A pipeline of the Python package runs on every KFP that is played, against `sagebell local` and the fake SageMaker."""

import pytest
import sagebell as sm
from kfp import dsl
from kfp_cluster import VERSIONS, TaskFailed
from test_kfp_run import BUCKET, IMAGE, ROLE, world  # noqa: F401 the fixture
from test_kfp_tries import jobs


@dsl.pipeline(name="train-and-serve")
def train_and_serve(role: str, image: str, bucket: str, region: str = "us-east-1"):
    trained = sm.train(region=region, role=role, image=image, channels=[sm.s3_channel("train", "s3://my-data/digits")],
                       hyperparameters={"k": "10"}, model_artifact_path=bucket)
    made = sm.model(region=region, role=role, model_name="digits", image=trained.outputs["training_image"],
                    model_artifact_url=trained.outputs["model_artifact_url"])
    sm.deploy(region=region, model_name_1=made.outputs["model_name"])


@dsl.pipeline(name="built")
def built(role: str, image: str, bucket: str, rounds: int = 3):
    sm.hyperparameter_tuning(
        region="us-east-1", role=role, image=image, metric_name="loss", metric_type="Minimize", output_location=bucket,
        max_num_jobs=2, max_parallel_jobs=1, metric_definitions=sm.metric("loss", "loss=([0-9.]+)"),
        channels=[sm.s3_channel("train", bucket, content_type="text/csv", shuffle_seed=7)],
        static_parameters=sm.hyperparameters(rounds=rounds, depth=5),
        integer_parameters=[sm.integer_range("size", 1, rounds)],
        continuous_parameters=[sm.continuous_range("rate", 0.1, 0.9)],
        categorical_parameters=[sm.categorical_range("kind", ["a", "b"])],
        **sm.spot("s3://bucket/checkpoints", max_run_seconds=3600),
    )
    sm.process(
        region="us-east-1", role=role, image=image, instance_type="ml.m5.large", instance_count=1,
        input_config=[sm.processing_input("raw", bucket, "/opt/ml/processing/raw")],
        output_config=[sm.processing_output("out", bucket, "/opt/ml/processing/out")],
    )


GIVEN = {"role": ROLE, "image": IMAGE, "bucket": BUCKET}
every_version = pytest.mark.parametrize("version", VERSIONS)


def run_of(world, pipeline, version):  # noqa: F811
    run = world.made_of(pipeline, version=VERSIONS[version])
    run.parameters.update(GIVEN)
    return run


@every_version
def test_the_ten_lines_train_make_a_model_and_serve_it(version, world):  # noqa: F811
    values = run_of(world, train_and_serve, version).go()
    training, = world.requests("CreateTrainingJob")
    model, = world.requests("CreateModel")
    config, = world.requests("CreateEndpointConfig")
    assert training["HyperParameters"] == {"k": "10"} and training["OutputDataConfig"]["S3OutputPath"] == BUCKET
    assert model["PrimaryContainer"]["ModelDataUrl"] == values["sagemaker-training-job"]["model_artifact_url"]
    assert config["ProductionVariants"][0]["ModelName"] == "digits"
    assert values["sagemaker-deploy-model"]["status"] == "InService"


@every_version
def test_what_builders_make_reaches_sagemaker(version, world):  # noqa: F811
    run_of(world, built, version).go()
    tuning, = world.requests("CreateHyperParameterTuningJob")
    ranges = tuning["HyperParameterTuningJobConfig"]["ParameterRanges"]
    assert ranges["IntegerParameterRanges"] == [
        {"Name": "size", "MinValue": "1", "MaxValue": "3", "ScalingType": "Auto"},
    ]
    assert ranges["ContinuousParameterRanges"][0]["MinValue"] == "0.1"
    assert ranges["CategoricalParameterRanges"] == [{"Name": "kind", "Values": ["a", "b"]}]
    job = tuning["TrainingJobDefinition"]
    assert job["StaticHyperParameters"].items() >= {"rounds": "3", "depth": "5"}.items()
    assert job["InputDataConfig"][0]["ShuffleConfig"] == {"Seed": 7}
    assert job["EnableManagedSpotTraining"] and job["CheckpointConfig"]["S3Uri"] == "s3://bucket/checkpoints"
    assert job["AlgorithmSpecification"]["MetricDefinitions"] == [{"Name": "loss", "Regex": "loss=([0-9.]+)"}]
    processing, = world.requests("CreateProcessingJob")
    assert processing["ProcessingInputs"][0]["S3Input"]["LocalPath"] == "/opt/ml/processing/raw"


@every_version
def test_a_job_that_fails_is_tried_once_more_and_no_more(version, world):  # noqa: F811
    world.lives({"name": "*", "stages": [{"status": "Failed", "reason": "no such bucket"}]})
    run = run_of(world, train_and_serve, version)
    with pytest.raises(TaskFailed, match="no such bucket"):
        run.go()
    assert list(jobs(world).values()) == ["Failed", "Failed"]
