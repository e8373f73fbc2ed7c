"""`sagebell local`, driven by programs that none of us wrote."""

import json
import sqlite3
import subprocess
import time

import boto3
import openapi_spec_validator
import pytest
import standardwebhooks

from conftest import BIN, EVENTS, PATIENCE_SECONDS, SAGEBELL, Local, call, event, free_port, until, wait_url

TRAINING = "arn:aws:sagemaker:us-east-1:111122223333:training-job/mnist-train-2026-11-02"


def entry(name):
    """A sample as an entry of PutEvents."""
    sample = event(name)
    return {
        "Source": sample["source"],
        "DetailType": sample["detail-type"],
        "Resources": sample["resources"],
        "Detail": json.dumps(sample["detail"]),
    }


def bus_of(stack):
    return boto3.client(
        "events",
        endpoint_url=stack.base,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


@pytest.fixture
def bus(local):
    return bus_of(local)


def test_boto3_puts_events_and_a_waiter_in_python_hears(local, bus, waiter):
    waiter.register(local.base, TRAINING, "w", signal_on="progress")
    names = ["training-starting", "training-training", "training-training", "training-completed"]
    answer = bus.put_events(Entries=[entry(name) for name in names])
    assert answer["FailedEntryCount"] == 0 and len({e["EventId"] for e in answer["Entries"]}) == 4
    heard = [waiter.hear()]
    while not heard[-1][1]["type"].endswith(".succeeded"):
        heard.append(waiter.hear())
    sequence = [body["data"]["seq"] for _, body in heard]
    assert sequence == sorted(set(sequence))
    assert len({webhook_id for webhook_id, _ in heard}) == len(heard)


def test_a_path_that_waiters_of_ours_do_not_have_is_refused(local, waiter):
    url = waiter.url.replace("/callback", "/hooks/mine")
    body = {"callback_url": url, "secret": waiter.secret}
    status, problem = call("PUT", wait_url(local.base, TRAINING, "w"), body)
    assert (status, problem["code"], problem["field"]) == (400, "invalid_field", "callback_url")
    assert "the path `/hooks/mine` is not allowed: use /callback" in problem["detail"]


def test_a_stack_may_be_given_other_paths(waiter, tmp_path):
    stack = Local(tmp_path / "free.db", words=["--callback-paths", "/callback, /hooks/mine"]).start()
    waiter.url = waiter.url.replace("/callback", "/hooks/mine")
    try:
        waiter.register(stack.base, TRAINING, "w")
        bus_of(stack).put_events(Entries=[entry("training-completed")])
        assert waiter.hear()[1]["type"] == "sagemaker.training_job.succeeded"
    finally:
        stack.kill()


def test_the_aws_command_line_puts_events(local, aws_environment):
    done = subprocess.run(
        [BIN / "aws", "events", "put-events", "--endpoint-url", local.base,
         "--entries", json.dumps([entry("endpoint-in-service")])],
        env=aws_environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["FailedEntryCount"] == 0
    jobs = call("GET", f"{local.base}/v1/jobs?kind=endpoint")[1]["items"]
    assert [(job["phase"], job["status"]) for job in jobs] == [("succeeded", "IN_SERVICE")]


def test_bad_entries_are_refused_one_by_one(local, bus):
    good, no_json, no_arn = entry("transform-completed"), entry("transform-failed"), entry("tuning-failed")
    no_json["Detail"] = "{"
    no_arn["Detail"], no_arn["Resources"] = "{}", []
    answer = bus.put_events(Entries=[good, no_json, no_arn])
    assert answer["FailedEntryCount"] == 2
    assert [e.get("ErrorCode") for e in answer["Entries"]] == [None, "MalformedDetail", "InvalidArgument"]
    assert "HyperParameterTuningJobArn" in answer["Entries"][2]["ErrorMessage"]
    assert 'sagebell_events_refused_total{field="HyperParameterTuningJobArn"} 1' in call("GET", f"{local.base}/metrics")[1]


@pytest.mark.parametrize(
    "target, body, code",
    [
        ("AWSEvents.PutRule", b"{}", "UnknownOperationException"),
        ("AWSEvents.PutEvents", b"no json", "SerializationException"),
        ("AWSEvents.PutEvents", b'{"Entries": []}', "ValidationException"),
    ],
)
def test_bad_calls_of_the_bus_are_refused(local, target, body, code):
    status, answer = call("POST", local.base, body, {"X-Amz-Target": target})
    assert (status, answer["__type"]) == (400, code)


def test_a_callback_signed_in_python_is_heard_by_sagebell_wait(local):
    """The other way round: their signature, our verifier."""
    command = [SAGEBELL, "wait", TRAINING, "--api", local.base, "--id", "w", "--output", "json"]
    command += ["--channel", "callback"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        def registered():
            with sqlite3.connect(f"file:{local.store}?mode=ro", uri=True) as store:
                rows = store.execute("select document from waits").fetchall()
            return rows and json.loads(rows[0][0])

        wait = until(registered, "the wait is in the store")
        assert json.loads(process.stdout.readline())["phase"] == "unknown"
        job = {"arn": TRAINING, "kind": "training", "name": "mnist", "phase": "failed", "status": "Failed"}
        body = json.dumps({
            "type": "sagemaker.training_job.failed", "timestamp": "2026-11-02T10:00:00Z",
            "data": {"wait_id": "w", "seq": 1, "job": job},
        })
        send(wait["callback_url"], "whsec_" + "A" * 43 + "=", body, expect=401)
        assert process.poll() is None
        send(wait["callback_url"], wait["secret"], body, expect=204)
        assert json.loads(process.stdout.readline())["phase"] == "failed"
        assert process.wait(timeout=PATIENCE_SECONDS) == 1
    finally:
        process.kill()


def send(url, secret, body, expect):
    from datetime import datetime, timezone

    now, webhook_id = datetime.now(tz=timezone.utc), f"msg_{time.monotonic_ns()}"
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": standardwebhooks.Webhook(secret).sign(webhook_id, now, body),
        "content-type": "application/json",
    }
    assert call("POST", url, body.encode(), headers)[0] == expect


def test_wait_replay_and_jobs_work_together(local):
    command = [SAGEBELL, "wait", TRAINING, "--api", local.base, "--output", "json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert json.loads(process.stdout.readline())["phase"] == "unknown"
        files = [EVENTS / f"training-{word}.json" for word in ("training", "completed")]
        replayed = local.run("replay", *files, "--output", "json")
        assert replayed.returncode == 0, replayed.stderr
        assert all(json.loads(line)["EventId"] for line in replayed.stdout.splitlines())
        told = [json.loads(line)["phase"] for line in process.stdout]
        assert told[-1] == "succeeded" and process.wait(timeout=PATIENCE_SECONDS) == 0
    finally:
        process.kill()
    jobs = [json.loads(line) for line in local.run("jobs", "--output", "json").stdout.splitlines()]
    assert [(job["arn"], job["phase"]) for job in jobs] == [(TRAINING, "succeeded")]
    assert "mnist-train-2026-11-02" in local.run("jobs", "--phase", "succeeded").stdout
    assert local.run("jobs", "--phase", "running", "--output", "json").stdout == ""


def test_the_whole_folder_of_samples_can_be_replayed_in_any_order(local):
    files = sorted(EVENTS.glob("*.json"), reverse=True)
    replayed = local.run("replay", *files)
    assert replayed.returncode == 0, replayed.stdout
    phases = {}
    for line in local.run("jobs", "--limit", "200", "--output", "json").stdout.splitlines():
        job = json.loads(line)
        phases[job["name"]] = job["phase"]
    assert phases["mnist-train-2026-11-02"] == "succeeded"
    assert phases["mnist-train-2026-11-02-timed-out"] == "timed_out"
    assert phases["mnist-prep-2026-11-02-failed"] == "failed"


def test_no_monitor_no_wait():
    command = [SAGEBELL, "wait", TRAINING, "--api", f"http://127.0.0.1:{free_port()}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 2 and "is the monitor running" in done.stderr


def test_the_served_schema_is_valid_and_the_page_is_safe(local, bus):
    openapi_spec_validator.validate(call("GET", f"{local.base}/openapi.json")[1])
    hostile = entry("training-completed")
    hostile["Detail"] = hostile["Detail"].replace("mnist-train-2026-11-02\"", "<script>alert(1)</script>\"", 1)
    bus.put_events(Entries=[hostile])
    status, page = call("GET", local.base)
    assert status == 200 and "training" in page and "<script>" not in page


def test_it_stops_when_told_and_goes_on_where_it_was(local, bus, waiter):
    waiter.register(local.base, TRAINING, "w")
    assert local.terminate() == 0
    local.start()
    status, answer = call("GET", wait_url(local.base, TRAINING, "w"))
    assert (status, answer["wait"]["state"]) == (200, "waiting")
    bus.put_events(Entries=[entry("training-completed")])
    assert waiter.hear()[1]["type"] == "sagemaker.training_job.succeeded"
