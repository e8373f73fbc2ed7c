"""The real function binaries under `cargo lambda watch`, as a newcomer runs them."""

import json
import os
import subprocess
import urllib.parse

import pytest

from conftest import BIN, EVENTS, PATIENCE_SECONDS, ROOT, Local, call, event, free_port, until, wait_url

TRAINING = "arn:aws:sagemaker:us-east-1:111122223333:training-job/mnist-train-2026-11-02"
# The first invocation compiles the function.
COMPILE_SECONDS = 900


class Emulator:
    def __init__(self, store, log):
        self.port = free_port()
        environment = {
            **os.environ,
            "SAGEBELL_STORE": f"sqlite:{store}",
            "SAGEBELL_AUTH": "none",
            "SAGEBELL_CALLBACK_LOOPBACK": "allow",
            "PATH": f"{BIN}:{os.environ['PATH']}",
        }
        command = ["cargo", "lambda", "watch", "-A", "127.0.0.1", "-P", str(self.port), "--ignore-changes"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        self.api = f"http://127.0.0.1:{self.port}/lambda-url/api"

    def invoke(self, function, payload_file):
        command = [BIN / "cargo-lambda", "lambda", "invoke", function, "-A", "127.0.0.1", "-P", str(self.port)]
        command += ["--data-file", payload_file, "--output-format", "json"]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=COMPILE_SECONDS)

    def answer(self, function, payload_file):
        done = self.invoke(function, payload_file)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def up(self):
        try:
            call("GET", f"http://127.0.0.1:{self.port}/")
            return True
        except OSError:
            return False

    def stop(self):
        os.killpg(self.process.pid, 15)
        self.process.wait()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("functions")


@pytest.fixture(scope="module")
def emulator(folder):
    with open(folder / "watch.log", "w") as log:
        emulator = Emulator(folder / "functions.db", log)
        until(emulator.up, "cargo lambda watch answers")
        yield emulator
        emulator.stop()
    print((folder / "watch.log").read_text()[-4000:])


def batch(folder, name, bodies):
    """An SQS event with these bodies, in Lambda's form."""
    records = [
        {"messageId": f"m{place}", "eventSource": "aws:sqs", "body": body} for place, body in enumerate(bodies)
    ]
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"Records": records}))
    return path


def test_a_second_invoke_of_the_same_event_is_a_no_op(emulator):
    first = emulator.answer("job-events", EVENTS / "training-failed.json")
    assert (first["outcome"], first["change"]) == ("recorded", "advanced")
    assert first["job"]["phase"] == "failed" and first["job"]["failure_reason"]
    second = emulator.answer("job-events", EVENTS / "training-failed.json")
    assert (second["outcome"], second["change"]) == ("recorded", "duplicate")


def test_what_is_no_job_is_let_go(emulator):
    answer = emulator.answer("job-events", EVENTS / "ignored-node-health.json")
    assert answer == {"outcome": "ignored", "reason": "other_detail_type"}


def test_an_event_that_cannot_be_attributed_names_its_field(emulator, folder):
    bad = event("training-completed")
    bad["detail"]["TrainingJobArn"], bad["resources"] = "nonsense", []
    path = folder / "bad.json"
    path.write_text(json.dumps(bad))
    done = emulator.invoke("job-events", path)
    assert done.returncode != 0
    assert "TrainingJobArn" in done.stderr + done.stdout


def test_of_a_batch_only_what_failed_comes_again(emulator, folder):
    good = json.dumps(event("transform-completed"))
    poison = json.dumps({**event("tuning-completed"), "detail": {}, "resources": []})
    path = batch(folder, "events", [good, "no JSON", poison, good])
    failures = emulator.answer("job-events", path)["batchItemFailures"]
    assert [failure["itemIdentifier"] for failure in failures] == ["m1", "m2"]


def test_a_wait_registered_through_the_function_url_is_called_back(emulator, folder, waiter):
    answer = waiter.register(emulator.api, TRAINING, "step-1", labels={"run": "r1"})
    assert (answer["wait"]["state"], answer["job"]["phase"]) == ("waiting", "unknown")
    assert "secret" not in answer["wait"]

    emulator.answer("job-events", EVENTS / "training-downloading.json")
    recorded = emulator.answer("job-events", EVENTS / "training-completed.json")
    assert recorded["signal_requests"] == 1

    request = json.dumps({"arn": TRAINING, "owner": "anyone", "wait_id": "step-1"})
    waiter.answers = [503]
    path = batch(folder, "requests", [request, "no signal request"])
    failures = emulator.answer("signals", path)["batchItemFailures"]
    assert [failure["itemIdentifier"] for failure in failures] == ["m1"]
    _, body = waiter.hear()
    assert body["type"] == "sagemaker.training_job.succeeded"
    assert body["data"]["job"]["arn"] == TRAINING

    # The same signal request again tells nobody anything.
    assert emulator.answer("signals", batch(folder, "again", [request]))["batchItemFailures"] == []
    assert waiter.heard.empty()

    status, answer = call("GET", wait_url(emulator.api, TRAINING, "step-1"))
    assert (status, answer["wait"]["state"]) == (200, "signalled")
    job = f"{emulator.api}/v1/jobs/{urllib.parse.quote(TRAINING, safe='')}"
    assert [entry["status"] for entry in call("GET", f"{job}/timeline")[1]["items"]] == ["InProgress", "Completed"]
    assert [item["arn"] for item in call("GET", f"{emulator.api}/v1/jobs?run=r1")[1]["items"]] == [TRAINING]


def test_the_sweep_takes_whatever_the_schedule_sends(emulator, folder):
    path = folder / "schedule.json"
    path.write_text(json.dumps({"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": {}}))
    report = emulator.answer("sweep", path)
    assert report["failed"] == 0 and report["more"] is False


def test_what_a_function_queues_a_local_stack_on_the_same_store_delivers(emulator, folder, waiter):
    arn = "arn:aws:sagemaker:us-east-1:111122223333:processing-job/mnist-prep-2026-11-02"
    waiter.register(emulator.api, arn, "step-2")
    stack = Local(folder / "functions.db").start()
    try:
        emulator.answer("job-events", EVENTS / "processing-completed.json")
        assert waiter.hear()[1]["type"] == "sagemaker.processing_job.succeeded"
    finally:
        stack.kill()


def test_the_api_refuses_in_problem_documents(emulator):
    status, problem = call("GET", f"{emulator.api}/v1/jobs/nonsense")
    assert status == 400 and problem["status"] == 400 and problem["code"]
    status, problem = call("PUT", wait_url(emulator.api, TRAINING, "w"), {"callback_url": "http://169.254.169.254/"})
    assert status == 400, problem


@pytest.mark.parametrize("function", ["job-events", "signals", "api", "sweep"])
def test_a_wrong_configuration_is_told_at_once_and_whole(function):
    environment = {"PATH": os.environ["PATH"], "SAGEBELL_AUTH": "maybe", "SAGEBELL_GRACE_SECONDS": "-1"}
    binary = ROOT / "target" / "debug" / function
    done = subprocess.run([binary], env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode != 0
    for name in ("SAGEBELL_STORE", "SAGEBELL_AUTH", "SAGEBELL_GRACE_SECONDS"):
        assert name in done.stderr, done.stderr
