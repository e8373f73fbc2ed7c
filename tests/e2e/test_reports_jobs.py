"""What people who do this job reported of other tools, of a job's life: tries, ends and their reasons,
credentials that end, limits, requests newer than the tool. Each is tried in more forms than were reported.
"""

import http.server
import json
import subprocess
import threading
import time

import pytest

from conftest import PATIENCE_SECONDS, call
from steps import JSON, REGION, ROLE

TRAINING = {"status": "InProgress", "secondary": "Training"}
DONE = {"after_millis": 200, "status": "Completed", "secondary": "Completed"}
FAILED = {"after_millis": 100, "status": "Failed", "reason": "CapacityError: Unable to provision."}


def settles(scene, *stages, **more):
    scene.sagemaker.life(TRAINING, *stages, **more)


def made(scene):
    """The names of the training jobs, in the order in which they were made."""
    return [request["TrainingJobName"] for request in scene.sagemaker.requests("CreateTrainingJob")]


@pytest.mark.parametrize("why", ["MaxRuntimeExceeded", "MaxWaitTimeExceeded"])
@pytest.mark.parametrize("wait", ["monitor", "poll"])
def test_a_job_that_ran_out_of_time_says_so_and_hands_over_what_it_left(scene, why, wait):
    settles(scene, {"after_millis": 200, "status": "Stopped", "secondary": why})
    step = scene.train("--wait", wait, "--poll-seconds", "0.2")
    assert step.ends() == 1
    assert why in step.output("failure_reason"), step.said()
    assert step.output("status") == "Stopped"
    # SageMaker keeps what was in /opt/ml/model of a job that it stops (developer guide, "Stop a training job").
    assert step.output("model_artifact_url").startswith("s3://outputs/")


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RequestExpired"])
@pytest.mark.parametrize("wait", ["monitor", "poll"])
def test_credentials_that_end_while_a_step_waits_end_no_step(scene, code, wait):
    settles(scene, DONE)
    scene.sagemaker.fault(operation="DescribeTrainingJob", fault="error", code=code, message="it is expired", times=2)
    step = scene.train("--wait", wait, "--poll-seconds", "0.2")
    assert step.ends() == 0, step.said()
    assert step.output("status") == "Completed"
    assert code in step.said() and "needs the permission" not in step.said()


class CredentialsEndpoint:
    """What hands credentials to a pod; it is out of order at first."""

    def __init__(self, failures):
        self.asked = 0
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                endpoint.asked += 1
                end = time.strftime("%FT%TZ", time.gmtime(time.time() + 3600))
                keys = {"AccessKeyId": "ASIA", "SecretAccessKey": "s", "Token": "t", "Expiration": end}
                self.send_response(500 if endpoint.asked <= failures else 200)
                self.send_header("content-type", "application/json")
                self.end_headers()
                self.wfile.write(b"{}" if endpoint.asked <= failures else json.dumps(keys).encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def test_a_credentials_endpoint_that_fails_is_asked_again_and_then_rarely(scene):
    settles(scene, DONE)
    # The SDK itself asks thrice.
    endpoint = CredentialsEndpoint(failures=4)
    keys = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url}
    step = scene.train("--wait", "poll", "--poll-seconds", "0.1", environment=keys)
    assert step.ends() == 0, step.said()
    endpoint.server.shutdown()
    assert endpoint.asked == 5, "one that hands them out is not asked at every call"
    assert len(set(scene.aws.signers)) == 1 and "with new credentials" in step.said()


@pytest.mark.parametrize("given", [{}, {"job_name": "Digits"}])
def test_a_retry_makes_a_job_of_its_own_and_reports_its_end(scene, given):
    settles(scene, FAILED)
    for environment in ({}, {"KFP_RETRY_INDEX": "1"}):
        assert scene.train(inputs=given, environment=environment).ends() == 1
    settles(scene, DONE)
    last = scene.train(inputs=given, environment={"KFP_RETRY_INDEX": "2"})
    assert last.ends() == 0, last.said()
    # Of a name that is taken each try asks again.
    names = list(dict.fromkeys(made(scene)))
    base = names[0]
    assert names == [base, f"{base}-r1", f"{base}-r2"] and base == given.get("job_name", base.lower())
    assert last.output("job_name") == f"{base}-r2"
    assert f"This attempt creates {base}-r2" in last.said()
    # After success nothing more is made.
    again = scene.train(inputs=given)
    assert again.ends() == 0 and again.output("job_name") == f"{base}-r2"
    assert len(scene.sagemaker.boto.list_training_jobs()["TrainingJobSummaries"]) == 3


def test_a_job_that_is_being_stopped_is_waited_out_before_the_next_is_made(scene):
    slow_end = [{"status": "Stopping"}, {"after_millis": 1500, "status": "Stopped"}]
    settles(scene, on_stop=slow_end)
    first = scene.train()
    first.waits()
    first.kill()
    scene.sagemaker.boto.stop_training_job(TrainingJobName=made(scene)[0])
    settles(scene, DONE)
    second = scene.train()
    assert second.ends() == 0, second.said()
    jobs = [scene.sagemaker.boto.describe_training_job(TrainingJobName=name) for name in dict.fromkeys(made(scene))]
    assert [job["TrainingJobStatus"] for job in jobs] == ["Stopped", "Completed"]
    assert jobs[0]["TrainingEndTime"] <= jobs[1]["CreationTime"]


def test_a_job_bears_the_marks_of_its_task_and_of_who_may_stop_it(scene):
    settles(scene, DONE)
    assert scene.train().ends() == 0
    tags = {tag["Key"]: tag["Value"] for tag in scene.sagemaker.requests("CreateTrainingJob")[0]["Tags"]}
    principal = call("GET", f"{scene.local.base}/v1/principal")[1]["principal"]
    assert tags["sagebell:task"] and tags["sagebell:owner"] == principal


def test_steps_that_are_throttled_say_so_and_all_get_through(scene):
    """The whole crowd is in `crates/step/src/run/tests.rs`; here are processes."""
    settles(scene, DONE)
    quotas = [{"verb": "Create", "per_second": 2, "burst": 1}, {"verb": "Describe", "per_second": 4, "burst": 2}]
    assert call("PUT", f"{scene.sagemaker.url}/_fake/quotas", quotas, JSON)[0] == 204
    steps = [scene.train(task=f"task-{number}") for number in range(8)]
    for step in steps:
        assert step.ends() == 0, step.said()
    said = [step.said() for step in steps]
    throttled = [text for text in said if "throttles, trying again" in text]
    assert throttled and all(text.count("trying again") <= 4 for text in said), said


def test_a_member_that_is_newer_than_the_step_is_told_and_sent(scene):
    new = {"Newest": {"Deep": [1]}, "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxQueueInSeconds": 5}}
    step = scene.start(
        "create-training-job", region=REGION, endpoint_url=scene.aws.url, training_job_name="new", role_arn=ROLE,
        algorithm_specification='{"TrainingImage":"i","TrainingInputMode":"File"}',
        output_data_config='{"S3OutputPath":"s3://o"}', resource_config='{"InstanceType":"ml.m5.large","InstanceCount":1}',
        request=json.dumps(new),
    )
    assert step.ends() == 0, step.said()
    sent, = scene.sagemaker.requests("CreateTrainingJob")
    assert sent["Newest"] == new["Newest"] and sent["StoppingCondition"] == new["StoppingCondition"]
    assert "`Newest` is misspelled, or newer" in step.said() and "StoppingCondition: `MaxQueueInSeconds` is misspelled, or newer" in step.said()


@pytest.mark.parametrize("closed", ["stdout", "stderr", "both"])
def test_a_reader_that_goes_away_costs_a_line_and_nothing_else(scene, closed):
    settles(scene, DONE)
    step = scene.train(task=closed)
    command = [*step.process.args]
    step.kill()
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, env=step.environment, cwd=step.folder, **pipes)
    for name in ("stdout", "stderr"):
        if closed in (name, "both"):
            getattr(process, name).close()
    left = [getattr(process, name).read() for name in pipes if closed not in (name, "both")]
    assert process.wait(timeout=PATIENCE_SECONDS) == 0, left
    assert step.output("status") == "Completed" and not any(b"panicked" in text for text in left)


def test_runs_that_update_one_endpoint_under_fixed_names_each_succeed(scene):
    scene.sagemaker.boto.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "i"})
    names = {"endpoint_name": "Endpoint-price", "endpoint_config_name": "EndpointConfig-price"}
    for run in ("one", "two", "three"):
        step = scene.start(
            "deploy", task=run, region=REGION, endpoint_url=scene.aws.url, model_name_1="m", update_endpoint="True", **names
        )
        assert step.ends() == 0, step.said()
    configs = [request["EndpointConfigName"] for request in scene.sagemaker.requests("CreateEndpointConfig")]
    assert len(set(configs)) == 3 and configs[0] == "EndpointConfig-price"


@pytest.mark.parametrize("end", [{"status": "Stopped"}, {"status": "Failed", "reason": "ClientError: See job logs"}])
def test_a_processing_job_that_ends_badly_ends_its_step_at_once(scene, end):
    scene.sagemaker.life({"status": "InProgress"}, {"after_millis": 200, **end})
    step = scene.start(
        "process", region=REGION, endpoint_url=scene.aws.url, role=ROLE, image="i", instance_type="ml.m5.large",
        instance_count="1", volume_size="1", output_config="[]",
    )
    assert step.ends() == 1
    assert step.output("status") == end["status"]
    assert end.get("reason", "gives no reason") in step.output("failure_reason")


def test_a_reason_is_handed_over_whole_whatever_letters_it_has(scene):
    reason = ("AlgorithmError: Traceback:\n  File \"x.py\"\n<b>KeyError</b>: 'gr\u00f6\u00dfe' \u2028\t" + "\U0001f600" * 960)[:1024]
    settles(scene, {"after_millis": 100, "status": "Failed", "reason": reason})
    step = scene.train()
    assert step.ends() == 1
    assert step.output("failure_reason").split(": ", 1)[1] == reason


def test_expressions_of_metrics_arrive_as_they_are(scene):
    settles(scene, DONE)
    wanted = {"loss": "'loss': ([0-9]+(.|e\\-)[0-9]+),?", "lr": '"lr": ([0-9.]+(?:e[+-]?\\d+)?)', "gr\u00f6\u00dfe": "(\\d+)\\s*%"}
    step = scene.train(inputs={"metric_definitions": json.dumps(wanted)})
    assert step.ends() == 0, step.said()
    sent = scene.sagemaker.requests("CreateTrainingJob")[0]["AlgorithmSpecification"]["MetricDefinitions"]
    assert {metric["Name"]: metric["Regex"] for metric in sent} == wanted


@pytest.mark.parametrize("spot", [False, True])
def test_the_longest_wait_goes_with_spot_instances_only(scene, spot):
    settles(scene, DONE)
    more = {"spot_instance": str(spot), "max_wait_time": "7200", "max_run_time": "3600"}
    more |= {"checkpoint_config": '{"S3Uri":"s3://ck/"}'} if spot else {}
    assert scene.train(inputs=more).ends() == 0
    sent, = scene.sagemaker.requests("CreateTrainingJob")
    assert ("MaxWaitTimeInSeconds" in sent["StoppingCondition"]) == spot


@pytest.mark.parametrize("memory", ["memory_size_in_mb", "memorySizeInMb", "MemorySizeInMB"])
def test_a_serverless_endpoint_is_asked_for_as_it_is_written_in_any_spelling(scene, memory):
    """aws/sagemaker-core #308, hashicorp/terraform-provider-aws #22710."""
    scene.sagemaker.boto.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "i"})
    serverless = {memory: 4096, "max_concurrency": 5, "provisioned_concurrency": 1}
    variants = [{"variant_name": "all", "model_name": "m", "serverless_config": serverless}]
    step = scene.start(
        "create-endpoint-config", region=REGION, endpoint_url=scene.aws.url,
        endpoint_config_name="serverless", production_variants=json.dumps(variants),
    )
    assert step.ends() == 0, step.said()
    sent, = scene.sagemaker.requests("CreateEndpointConfig")
    expected = {"MemorySizeInMB": 4096, "MaxConcurrency": 5, "ProvisionedConcurrency": 1}
    assert sent["ProductionVariants"] == [{"VariantName": "all", "ModelName": "m", "ServerlessConfig": expected}]


def test_what_is_deep_in_a_request_arrives_whatever_its_spelling_and_its_letters(scene):
    """aws/aws-cli #7592, boto/boto3 #3560, aws/aws-step-functions-data-science-sdk-python #200,
    aws/sagemaker-python-sdk #613 and #5317."""
    settles(scene, DONE)
    texts = {"A": "", "B": "x=y;z", "C": "t\u00e4st\n2", "D": "C:\\x"}
    parameters = {"layers": "[64, 32]", "note": "it's \"quoted\"", "lr": "1e-05", "nothing": "", "n": "None"}
    step = scene.start(
        "create-training-job", "--environment", json.dumps(texts),
        region=REGION, endpoint_url=scene.aws.url, training_job_name="warm", role_arn=ROLE,
        algorithm_specification=json.dumps({
            "trainingImage": "i", "trainingInputMode": "File",
            "containerEntrypoint": ["sh", "-c"], "containerArguments": ["curl x"],
        }),
        output_data_config=json.dumps({"s3OutputPath": "s3://o"}),
        resource_config=json.dumps({
            "InstanceType": "ml.p4d.24xlarge", "InstanceCount": 2, "VolumeSizeInGB": 100, "KeepAlivePeriodInSeconds": 1800,
        }),
        stopping_condition=json.dumps({"MaxRuntimeInSeconds": 60}),
        hyper_parameters=json.dumps(parameters),
        tags=json.dumps([{"key": "cart", "value": "data/eng:1=a+b@c"}]),
    )
    assert step.ends() == 0, step.said()
    sent, = scene.sagemaker.requests("CreateTrainingJob")
    assert sent["ResourceConfig"]["KeepAlivePeriodInSeconds"] == 1800
    algorithm = sent["AlgorithmSpecification"]
    assert (algorithm["ContainerEntrypoint"], algorithm["ContainerArguments"]) == (["sh", "-c"], ["curl x"])
    assert (sent["Environment"], sent["HyperParameters"]) == (texts, parameters)
    assert {"Key": "cart", "Value": "data/eng:1=a+b@c"} in sent["Tags"]
