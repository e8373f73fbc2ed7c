"""The real function binaries with a DynamoDB store, under `cargo lambda watch`,
against an AWS on this machine: the template's own table, queues, bus and rules,
driven by boto3 and by the AWS command line.

What Lambda does between a queue and a function is the test's to play.
"""

import json
import os
import subprocess
import urllib.parse

import pytest

from cloud import REGION, put
from conftest import BIN, PATIENCE_SECONDS, call, event, until, wait_url
from functions_on_aws import record, running_on_aws

ENDPOINT = "arn:aws:sagemaker:us-east-1:111122223333:endpoint/mnist-live"
QUICK = {"SAGEBELL_CHECK_FIRST_SECONDS": "1", "SAGEBELL_LIST_SECONDS": "1", "SAGEBELL_GRACE_SECONDS": "1", "SAGEBELL_PROBE_SECONDS": "1"}


@pytest.fixture(scope="module")
def functions(tmp_path_factory, cloud, jobs):
    folder = tmp_path_factory.mktemp("on-aws")
    with running_on_aws(folder, cloud, jobs, "laptop", **QUICK) as functions:
        yield functions


def hear(functions, waiter, kind_and_phase):
    """Polls the queues until the waiter has heard this."""
    def heard():
        functions.drain()
        while not waiter.heard.empty():
            _, body = waiter.hear()
            if body["type"] == kind_and_phase:
                return body
        return None

    return until(heard, f"{kind_and_phase} is heard")


def test_a_job_s_events_reach_its_waiter(cloud, functions, jobs, waiter):
    arn = jobs.create_training("lively", [{"status": "InProgress"}])
    answer = waiter.register(functions.api, arn, "w", signal_on="progress", labels={"run": "r1"})
    # The registration asks nobody.
    assert (answer["wait"]["state"], answer["job"]["phase"]) == ("waiting", "unknown")

    put(cloud, jobs.tell(arn, "InProgress", "Training"))
    hear(functions, waiter, "sagemaker.training_job.running")
    put(cloud, jobs.tell(arn, "Completed"))
    body = hear(functions, waiter, "sagemaker.training_job.succeeded")
    assert (body["data"]["wait_id"], body["data"]["job"]["arn"]) == ("w", arn)
    assert functions.state(arn, "w") == "signalled"
    assert [entry["status"] for entry in functions.timeline(arn)] == ["InProgress", "Completed"]
    listed = call("GET", f"{functions.api}/v1/jobs?run=r1")[1]["items"]
    assert [job["arn"] for job in listed] == [arn]


def test_a_second_delivery_of_an_event_tells_nobody_anything(functions, waiter):
    completed = event("processing-completed")
    arn = completed["detail"]["ProcessingJobArn"]
    waiter.register(functions.api, arn, "w")
    for _ in range(2):
        functions.send(completed)
        functions.drain()
    assert waiter.hear()[1]["type"] == "sagemaker.processing_job.succeeded"
    assert waiter.heard.empty() and len(functions.timeline(arn)) == 1


def test_the_sweep_tells_what_no_event_told(functions, jobs, waiter):
    """Its observation goes over the bus, and by the rule into the events queue."""
    arn = jobs.create_training("silent", [{"status": "InProgress"}])
    waiter.register(functions.api, arn, "w")
    jobs.move(arn, "Completed")
    until(lambda: functions.answer("sweep", {})["checked"] == 1, "the sweep checks the job")
    hear(functions, waiter, "sagemaker.training_job.succeeded")


def test_the_job_of_a_waiter_that_is_gone_is_stopped(functions, jobs, waiter):
    arn = jobs.create_training("orphan", [{"status": "InProgress"}])
    waiter.register(functions.api, arn, "w", lease_seconds=5, on_abandon="stop")
    waiter.lives = False

    def abandoned():
        report = functions.answer("sweep", {})
        functions.drain()
        return report["abandoned"] == 1

    until(abandoned, "the wait is abandoned")
    assert waiter.probes == 3
    assert functions.state(arn, "w") == "abandoned"
    status = jobs.boto.describe_training_job(TrainingJobName="orphan")["TrainingJobStatus"]
    assert status in ("Stopping", "Stopped")


def test_a_cancelled_wait_takes_its_job_along_if_asked(functions, jobs, waiter):
    arn = jobs.create_training("cancelled", [{"status": "InProgress"}])
    waiter.register(functions.api, arn, "w")
    status, answer = call("DELETE", wait_url(functions.api, arn, "w") + "?stop=true")
    assert (status, answer["wait"]["state"]) == (200, "cancelled"), answer
    status = jobs.boto.describe_training_job(TrainingJobName="cancelled")["TrainingJobStatus"]
    assert status in ("Stopping", "Stopped")


def test_a_refresh_looks_now_and_tells(functions, jobs, waiter):
    arn = jobs.create_training("refreshed", [{"status": "InProgress"}])
    waiter.register(functions.api, arn, "w")
    jobs.move(arn, "Failed")
    path = f"{functions.api}/v1/jobs/{urllib.parse.quote(arn, safe='')}/refresh"
    status, answer = call("POST", path)
    assert (status, answer["phase"]) == (200, "failed"), answer
    hear(functions, waiter, "sagemaker.training_job.failed")


def test_the_aws_command_line_drives_it_all(tmp_path, cloud, functions, waiter):
    def aws(*words, endpoint=cloud.url):
        environment = {
            **os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION,
        }
        command = [BIN / "aws", *words, "--endpoint-url", endpoint, "--output", "json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "{}")

    def handed_to(name, queue):
        """A batch from the queue to the function."""
        received = until(lambda: aws("sqs", "receive-message", "--queue-url", queue).get("Messages"), "a message")
        payload = json.dumps({"Records": [record(one) for one in received]})
        answer = tmp_path / f"{name}.json"
        aws("lambda", "invoke", "--function-name", name, "--payload", payload, answer, endpoint=functions.base)
        assert json.loads(answer.read_text()) == {"batchItemFailures": []}
        for one in received:
            aws("sqs", "delete-message", "--queue-url", queue, "--receipt-handle", one["ReceiptHandle"])

    waiter.register(functions.api, ENDPOINT, "w")
    entry = {
        "Source": "aws.sagemaker",
        "DetailType": "SageMaker Endpoint State Change",
        "Detail": json.dumps({"EndpointArn": ENDPOINT, "EndpointStatus": "IN_SERVICE"}),
    }
    assert aws("events", "put-events", "--entries", json.dumps([entry]))["FailedEntryCount"] == 0
    handed_to("job-events", functions.names["EventsQueueUrl"])
    handed_to("signals", functions.names["SignalsQueueUrl"])
    assert waiter.hear()[1]["type"] == "sagemaker.endpoint.succeeded"
    table = ("--table-name", functions.names["TableName"], "--key")
    key = {"PK": {"S": f"JOB#{ENDPOINT}"}, "SK": {"S": "WAIT#w#anyone"}}
    wait = aws("dynamodb", "get-item", *table, json.dumps(key))["Item"]
    assert wait["state"] == {"S": "signalled"} and "DuePK" not in wait


def test_nothing_became_a_dead_letter(functions):
    functions.drain()
    assert functions.dead() == 0
