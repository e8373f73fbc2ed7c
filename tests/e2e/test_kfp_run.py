"""Compiled pipelines are run on each KFP that is played, against `sagebell local` and the fake SageMaker.

The jobs' states really change, and the fake's events wake the steps through the monitor.
"""

import json
import signal

import pytest
from conftest import ROOT, call, until, wait_url
from kfp import compiler, components, dsl
from kfp_cluster import VERSIONS, Run, TaskFailed
from test_fake_sagemaker import running
from test_kfp_compile import PIPELINES

ROLE = "arn:aws:iam::123456789012:role/sagemaker"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1"
BUCKET = "s3://bucket/out"
ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012"
# No event tells of these kinds: a deployed monitor looks, `sagebell local` knows no SageMaker.
WITHOUT_EVENTS = {"auto-ml", "compile-model"}
# What the example pipelines take.
ANYTHING = {
    "role": ROLE,
    "image": IMAGE,
    "bucket": BUCKET,
    "model_name": "my-model",
    "name": "my-name",
    "user_pool": "us-east-1_pool",
    "client_id": "client",
    "endpoint": "my-endpoint",
    "pipeline_name": "my-pipeline",
    "request": {"modelPackageGroupName": "my-group", "inferenceSpecification": {"containers": [{"image": IMAGE}]}},
}


PROCESSING = {
    "region": "us-east-1", "role": ROLE, "image": IMAGE, "instance_type": "ml.m5.large", "instance_count": 1,
    "output_config": [{"OutputName": "o", "S3Output": {
        "S3Uri": BUCKET, "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob"}}],
}
TRAINING = {
    "region": "us-east-1", "role": ROLE, "image": IMAGE, "model_artifact_path": BUCKET,
    "channels": [{"ChannelName": "x", "DataSource": {"S3DataSource": {"S3Uri": "s3://x", "S3DataType": "S3Prefix"}}}],
}
process, train = (
    components.load_component_from_file(str(ROOT / "components" / "v1" / name / "component.yaml"))
    for name in ("process", "train")
)


class World:
    """A monitor and a SageMaker that tells it of its jobs."""

    def __init__(self, local, fake, folder, aws_environment):
        self.local, self.fake, self.folder = local, fake, folder
        self.environment = {
            **aws_environment,
            "AWS_ENDPOINT_URL_SAGEMAKER": fake.url,
            "AWS_ENDPOINT_URL_LOGS": fake.url,
            "SAGEBELL_API": local.base,
            "SAGEBELL_LOGS": "none",
            # These pods have one address.
            "SAGEBELL_PORT": "0",
        }

    def run(self, pipeline, version=None, **parameters):
        run = self.made_of(PIPELINES[pipeline], **({"version": version} if version else {}))
        definitions = run.ir["root"].get("inputDefinitions", {}).get("parameters", {})
        given = {key: value for key, value in ANYTHING.items() if key in definitions}
        run.parameters.update(given, **parameters)
        return run

    def made_of(self, pipeline, **more):
        """A run of a pipeline of the test's own."""
        file = self.folder / f"{pipeline.name}.yaml"
        compiler.Compiler().compile(pipeline, str(file))
        return Run(file, self.folder, self.environment, **more)

    def requests(self, operation):
        asked = self.fake.control("GET", "requests")["requests"]
        return [request["input"] for request in asked if request["operation"] == operation]

    def made(self, operation):
        """Waits for a call, and gives its request."""
        return until(lambda: self.requests(operation), operation)[-1]

    def waits_for(self, arn):
        """Waits until the step that made a job waits for it: both have one suffix."""
        wait = wait_url(self.local.base, arn, f"step-{arn.rsplit('-', 1)[-1]}")
        until(lambda: call("GET", wait)[0] == 200, f"a wait for {arn}")

    def says(self, task, words):
        until(lambda: words in task.log.read_text(), words)

    def training(self):
        """The example that trains, with its job running and its step waiting: the task, its process, the ARN."""
        self.lives({"name": "*", "stages": [{"status": "InProgress"}]})
        task, = self.run("train").tasks.values()
        process = task.start()
        arn = f"{ACCOUNT}:training-job/{self.made('CreateTrainingJob')['TrainingJobName']}"
        self.waits_for(arn)
        return task, process, arn

    def becomes(self, arn, status, **more):
        self.fake.control("POST", f"jobs/{arn.replace('/', '%2F')}/status", {"status": status, **more})

    def lives(self, *lives):
        self.fake.control("PUT", "lives", list(lives))


@pytest.fixture
def world(local, tmp_path, aws_environment):
    with running("--step-millis", "50", "--events-endpoint", local.base) as fake:
        yield World(local, fake, tmp_path, aws_environment)


def boto(world):
    import boto3

    return boto3.client("sagemaker", region_name="us-east-1", endpoint_url=world.fake.url,
                        aws_access_key_id="x", aws_secret_access_key="x")


def test_what_tuning_finds_goes_through_training_and_a_model_to_an_endpoint(world):
    run = world.run("tune-train-deploy")
    outputs = run.go()
    tuned, trained = outputs["sagemaker-hyperparameter-tuning"], outputs["sagemaker-training-job"]
    assert tuned["best_hyperparameters"]["k"] == "10"
    assert world.requests("CreateTrainingJob")[0]["HyperParameters"] == tuned["best_hyperparameters"]
    container = world.requests("CreateModel")[0]["PrimaryContainer"]
    assert container["ModelDataUrl"] == trained["model_artifact_url"]
    assert container["Image"] == trained["training_image"] == IMAGE
    variant = world.requests("CreateEndpointConfig")[0]["ProductionVariants"][0]
    assert variant["ModelName"] == outputs["sagemaker-create-model"]["model_name"] == "my-model"
    assert world.requests("CreateTransformJob")[0]["ModelName"] == "my-model"
    endpoint = outputs["sagemaker-deploy-model"]["endpoint_name"]
    assert boto(world).describe_endpoint(EndpointName=endpoint)["EndpointStatus"] == "InService"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", sorted(set(PIPELINES) - {"wait-for-it"}))
def test_an_example_pipeline_runs_to_its_end_on_every_version(name, version, world):
    sagemaker = boto(world)
    sagemaker.create_model_package_group(ModelPackageGroupName="my-group")
    sagemaker.create_pipeline(
        PipelineName="my-pipeline", PipelineDefinition="{}", RoleArn=ROLE, ClientRequestToken="t" * 32
    )
    if name in WITHOUT_EVENTS:
        world.environment |= {"SAGEBELL_WAIT": "poll", "SAGEBELL_POLL_SECONDS": "0.1"}
    outputs = world.run(name, VERSIONS[version]).go()
    assert outputs
    for task, values in outputs.items():
        assert values["job_arn"].startswith(ACCOUNT), task
        assert values["failure_reason"] == "", task


def test_a_pipeline_execution_is_started_once_and_read_by_its_arn(world):
    boto(world).create_pipeline(
        PipelineName="my-pipeline", PipelineDefinition="{}", RoleArn=ROLE, ClientRequestToken="t" * 32
    )
    values, = world.run("run-pipeline").go().values()
    assert values["job_arn"].startswith(f"{ACCOUNT}:pipeline/my-pipeline/execution/")
    assert values["description"]["PipelineExecutionStatus"] == "Succeeded"
    assert len(world.requests("StartPipelineExecution")[0]["ClientRequestToken"]) >= 32


def test_a_job_that_something_else_made_is_waited_for_and_left_alone(world):
    world.lives({"name": "*", "stages": [{"status": "InProgress"}]})
    made = boto(world).create_processing_job(
        ProcessingJobName="theirs",
        RoleArn=ROLE,
        AppSpecification={"ImageUri": IMAGE},
        ProcessingResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
    )
    run = world.run("wait-for-it", arn=made["ProcessingJobArn"])
    task, = run.tasks.values()
    process = task.start()
    world.made("DescribeProcessingJob")
    world.becomes(made["ProcessingJobArn"], "Completed")
    task.finish(process)
    assert task.values["name"] == "theirs"
    assert task.values["description"]["ProcessingJobStatus"] == "Completed"
    assert len(world.requests("CreateProcessingJob")) == 1


def test_while_it_waits_sagemaker_is_asked_nothing_and_the_callback_wakes_it(world):
    task, process, arn = world.training()
    before = world.fake.control("GET", "calls")
    for secondary in ("Downloading", "Training"):
        world.becomes(arn, "InProgress", secondary=secondary)
        until(lambda: secondary in task.log.read_text(), f"the step prints {secondary}")
    assert world.fake.control("GET", "calls") == before
    world.becomes(arn, "Completed")
    task.finish(process)
    after = world.fake.control("GET", "calls")
    assert after["DescribeTrainingJob"] - before.get("DescribeTrainingJob", 0) == 1
    assert task.values["job_arn"] == arn


def test_a_pod_that_is_killed_and_started_again_makes_no_second_job(world):
    task, first, arn = world.training()
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = task.start()
    until(lambda: len(world.requests("CreateTrainingJob")) == 2, "the second attempt")
    world.becomes(arn, "Completed")
    task.finish(second)
    assert task.values["job_arn"] == arn
    assert len(boto(world).list_training_jobs()["TrainingJobSummaries"]) == 1


def test_two_tasks_of_one_run_make_two_jobs(world):
    @dsl.pipeline(name="twice")
    def twice():
        process(**PROCESSING)
        process(**PROCESSING)

    first, second = world.made_of(twice).go().values()
    assert first["job_arn"] != second["job_arn"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_failed_job_fails_its_task_and_its_log_is_all_that_kfp_keeps(version, world):
    world.lives({"name": "*", "stages": [{"status": "InProgress"}, {"status": "Failed", "reason": "no such bucket"}]})
    run = world.run("train", VERSIONS[version])
    with pytest.raises(TaskFailed, match="no such bucket"):
        run.go()
    task, = run.tasks.values()
    assert (run.outputs, task.values) == ({}, None)
    assert set(task.artifacts) == ({"executor-logs"} if VERSIONS[version].keeps_log_of_failure else set())
    # They are there all the same, for who starts the step without KFP.
    assert task.file("status").read_text() == "Failed"
    assert task.file("job_arn").read_text().startswith(f"{ACCOUNT}:training-job/")


def test_a_wrong_request_is_refused_with_its_field_and_nothing_is_sent(world):
    run = world.run("auto-ml", role="short")
    with pytest.raises(TaskFailed, match="RoleArn"):
        run.go()
    assert world.requests("CreateAutoMLJobV2") == []


def test_an_endpoint_that_is_there_is_updated_and_the_update_waited_for(world):
    world.run("ack-style").go()
    again = world.run("ack-style", name="other")
    outputs = again.go()["sagemaker-endpoint"]
    update, = world.requests("UpdateEndpoint")
    assert update["EndpointConfigName"] == "other"
    assert outputs["endpoint_status"] == "InService"
    assert outputs["ack_resource_metadata"]["arn"] == f"{ACCOUNT}:endpoint/my-endpoint"
    assert outputs["conditions"] == [{"type": "ACK.ResourceSynced", "status": "True"}]


def test_kfp_gets_the_pages_and_the_metrics(world):
    run = world.run("train")
    run.go()
    task, = run.tasks.values()
    assert "Completed" in task.artifacts["timeline"]["content"]
    assert task.artifacts["summary"]["content"].startswith("## Training job: succeeded\n")
    assert task.artifacts["metrics"]["metadata"] == json.loads(task.artifacts["metrics"]["content"])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_parameter_within_a_list_or_a_text_is_filled_in_whatever_the_order(version, world):
    @dsl.pipeline(name="inside")
    def inside(data: str = "s3://my-data/a", size: int = 3, prefix: str = "s3://my-models"):
        source = {"S3Uri": data, "S3DataType": "S3Prefix"}
        train(**TRAINING | {
            "channels": [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}],
            "hyperparameters": {"size": f"{size}", "from": f"{data} and {prefix}"},
            "model_artifact_path": f"{prefix}/out",
        })

    for order in range(3):
        world.made_of(inside, version=VERSIONS[version], order=order).go()
        asked = world.requests("CreateTrainingJob")[-1]
        assert asked["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] == "s3://my-data/a"
        assert asked["HyperParameters"] == {"size": "3", "from": "s3://my-data/a and s3://my-models"}
        assert asked["OutputDataConfig"]["S3OutputPath"] == "s3://my-models/out"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("note", ['say "hi"', "two\nlines", 'x","image":"theirs', "back\\slash"])
def test_a_text_with_quotes_that_was_put_together_is_an_error_that_says_what_to_do(version, note, world):
    @dsl.pipeline(name="quotes")
    def quotes(note: str):
        train(**TRAINING | {"hyperparameters": {"note": f"a {note}"}})

    run = world.made_of(quotes, version=VERSIONS[version], note=note)
    with pytest.raises(TaskFailed, match="quotes") as failed:
        run.go()
    assert failed.value.code == 2
    assert world.requests("CreateTrainingJob") == []


def test_each_round_of_a_loop_has_a_job_of_its_own(world):
    @dsl.pipeline(name="loop")
    def loop(sizes: list = [1, 2, 3]):
        with dsl.ParallelFor(sizes) as size:
            train(**TRAINING | {"hyperparameters": {"size": "x"}, "volume_size": size})

    world.made_of(loop).go()
    asked = world.requests("CreateTrainingJob")
    assert [request["ResourceConfig"]["VolumeSizeInGB"] for request in asked] == [1, 2, 3]
    assert len({request["TrainingJobName"] for request in asked}) == 3


FAILS = {"name": "*", "stages": [{"status": "InProgress"}, {"status": "Failed", "reason": "no such bucket"}]}


@pytest.mark.parametrize("ends_well", [True, False])
def test_a_job_that_ended_badly_can_be_reported_and_decided_on(ends_well, world):
    @dsl.pipeline(name="decides")
    def decides():
        trained = train(**TRAINING, on_failure="report")
        with dsl.If(trained.outputs["status"] != "Completed"):
            process(**PROCESSING)

    if not ends_well:
        world.lives({**FAILS, "kind": "training"})
    run = world.made_of(decides)
    run.go()
    trained = run.tasks["sagemaker-training-job"].values
    assert trained["status"] == ("Completed" if ends_well else "Failed")
    assert ("no such bucket" in trained["failure_reason"]) is not ends_well
    assert bool(trained["model_artifact_url"]) is ends_well
    assert len(world.requests("CreateProcessingJob")) == (0 if ends_well else 1)


def test_what_is_no_jobs_end_fails_the_step_whatever_it_is_told(world):
    @dsl.pipeline(name="refused")
    def refused(role: str):
        train(**TRAINING | {"role": role, "on_failure": "report"})

    with pytest.raises(TaskFailed, match="RoleArn"):
        world.made_of(refused, role="short").go()
    world.lives({"name": "*", "stages": [{"status": "InProgress"}]})
    world.environment |= {"SAGEBELL_WAIT": "poll", "SAGEBELL_POLL_SECONDS": "0.1"}
    task, = world.made_of(refused, role=ROLE).tasks.values()
    process = task.start()
    world.made("DescribeTrainingJob")
    process.send_signal(signal.SIGTERM)
    with pytest.raises(TaskFailed, match="Stopped"):
        task.finish(process)


def test_kfp_skips_what_an_earlier_run_did_and_not_what_acts_each_time(world):
    @dsl.pipeline(name="again")
    def again():
        train(**TRAINING)
        process(**PROCESSING).set_caching_options(False)

    cache = {}
    first, second = (world.made_of(again, cache=cache).go() for _ in range(2))
    assert first["sagemaker-training-job"] == second["sagemaker-training-job"]
    assert len(world.requests("CreateTrainingJob")) == 1
    assert len(world.requests("CreateProcessingJob")) == 2
