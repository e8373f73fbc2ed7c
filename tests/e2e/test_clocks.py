"""A clock that is set by an hour, either way, while its process runs: no signal is late by
more than two minutes, and no job is stopped."""

import datetime
import json

import pytest

from clocks import SetClock
from conftest import Local, Waiter, call, event, until, wait_url
from steps import Scene

# The promise: what is awaited longer than that came too late.
LATEST_SECONDS = 120
JUMPS = ["+1h", "-1h"]
ARN = "arn:aws:sagemaker:us-east-1:111122223333:training-job/clocks"
TRAINS_FOR_EVER = [{"status": "InProgress", "secondary": "Training"}]


def now():
    return datetime.datetime.now(datetime.UTC)


def settles(base):
    """The event of the job's end, dated by SageMaker's clock, which is right."""
    done, millis = event("training-completed"), int(now().timestamp() * 1000)
    times = {"CreationTime": millis - 60_000, "LastModifiedTime": millis, "TrainingEndTime": millis}
    detail = {**done["detail"], **times, "TrainingJobName": "clocks", "TrainingJobArn": ARN}
    entry = {
        "Source": done["source"], "DetailType": done["detail-type"], "Time": millis // 1000, "Detail": json.dumps(detail),
    }
    headers = {"x-amz-target": "AWSEvents.PutEvents", "content-type": "application/x-amz-json-1.1"}
    status, answer = call("POST", f"{base}/", {"Entries": [entry]}, headers)
    assert (status, answer["FailedEntryCount"]) == (200, 0), answer


def metrics(monitor):
    return call("GET", f"{monitor.base}/metrics")[1]


def looked_at(monitor):
    """How many waits its sweeps have looked at."""
    lines = [line for line in metrics(monitor).splitlines() if line.startswith("sagebell_sweep_due_total")]
    return float(lines[0].split()[-1])


def succeeds(step):
    """Within the time that a clock may cost."""
    assert step.process.wait(timeout=LATEST_SECONDS) == 0, step.said()
    assert step.output("status") == "Completed"


@pytest.fixture
def clock(tmp_path):
    return SetClock(tmp_path)


@pytest.fixture
def monitor(tmp_path, clock):
    """A local monitor whose clock a test sets, and that sweeps every second."""
    local = Local(tmp_path / "set.db", environment=clock.environment, words=("--sweep-seconds", "1")).start()
    yield local
    local.kill()


@pytest.fixture
def beside(monitor, tmp_path):
    """Steps beside that monitor; their clocks are right."""
    folder = tmp_path / "beside"
    folder.mkdir()
    scene = Scene(monitor, folder)
    yield scene
    scene.close()


@pytest.mark.parametrize("jump", JUMPS)
def test_a_monitor_whose_clock_is_set_tells_its_waiters(monitor, clock, jump):
    """The waiter takes nothing that is signed for another time than its own."""
    waiter = Waiter()
    soon = {"deadline": (now() + datetime.timedelta(minutes=30)).isoformat()}
    terms = {"not_before": (now() - datetime.timedelta(seconds=60)).isoformat(), "on_abandon": "stop", **soon}
    try:
        waiter.register(monitor.base, ARN, "w", **terms)
        until(lambda: "sagebell_sweep_due_total" in metrics(monitor), "it sweeps by its clock as it was")
        due = looked_at(monitor)
        clock.set(jump)
        # Its deadline seems to have passed, or all that is due to be an hour away.
        until(lambda: looked_at(monitor) > due, "the sweep looks at it", LATEST_SECONDS)
        # It may renew, with the words of before.
        assert waiter.register(monitor.base, ARN, "w", **terms)["wait"]["state"] == "waiting"
        settles(monitor.base)
        _, body = waiter.heard.get(timeout=LATEST_SECONDS)
        assert body["data"]["job"]["arn"] == ARN and body["data"]["job"]["phase"] == "succeeded"
        told = lambda: call("GET", wait_url(monitor.base, ARN, "w"))[1]["wait"]["state"]  # noqa: E731
        until(lambda: told() == "signalled", "it counts as told")
    finally:
        waiter.close()


@pytest.mark.parametrize("jump", JUMPS)
def test_a_step_hears_of_a_monitor_whose_clock_is_set(beside, clock, jump):
    beside.sagemaker.life(*TRAINS_FOR_EVER)
    step = beside.train("--max-wait", "30m", "--on-abandon", "stop")
    step.waits()
    clock.set(jump)
    beside.sagemaker.move(step.arn(), "Completed")
    succeeds(step)
    assert beside.sagemaker.calls("StopTrainingJob") == 0
    assert "the step calls SageMaker itself instead" not in step.said()


@pytest.mark.parametrize("jump", JUMPS)
def test_a_step_begins_beside_a_monitor_whose_clock_was_set(beside, clock, jump):
    """What it asks of the monitor may be refused as another time's: it does without."""
    beside.sagemaker.life(*TRAINS_FOR_EVER)
    clock.set(jump)
    step = beside.train("--max-wait", "30m", "--on-abandon", "stop")
    beside.sagemaker.move(step.arn(), "Completed")
    succeeds(step)
    assert beside.sagemaker.calls("StopTrainingJob") == 0


@pytest.mark.parametrize("jump", JUMPS)
def test_a_step_whose_clock_is_set_hears_and_reads_the_end(scene, clock, jump):
    """What it signs by a clock that is wrong SageMaker refuses, until it signs by
    SageMaker's."""
    scene.sagemaker.life(*TRAINS_FOR_EVER)
    scene.aws.timely = True
    step = scene.train("--max-wait", "30m", "--on-abandon", "stop", environment=clock.environment)
    step.waits()
    clock.set(jump)
    scene.sagemaker.move(step.arn(), "Completed")
    succeeds(step)
    assert scene.sagemaker.calls("StopTrainingJob") == 0


@pytest.mark.parametrize("jump", JUMPS)
def test_a_step_whose_clock_is_set_goes_on_asking(scene, clock, jump):
    scene.sagemaker.life(*TRAINS_FOR_EVER)
    scene.aws.timely = True
    step = scene.train("--wait", "poll", "--max-wait", "30m", environment=clock.environment)
    arn = step.arn()
    clock.set(jump)
    asked = scene.aws.count("DescribeTrainingJob")
    until(lambda: scene.aws.passed[-1:] and scene.aws.count("DescribeTrainingJob") > asked + 1, "it asks on", LATEST_SECONDS)
    scene.sagemaker.move(arn, "Completed")
    succeeds(step)
    assert scene.sagemaker.calls("StopTrainingJob") == 0
