"""One that is slow, or many, in a local stack, and everybody else's signals."""

import json
import socket

import pytest

from conftest import Waiter, call, event, until, wait_url

TRAINING = "arn:aws:sagemaker:us-east-1:111122223333:training-job/"
DONE = event("training-completed")
OTHERS = 5
# As many as hang at once in one job, and more than its share of the callbacks.
HANGING = 40
MANY = 400
# `Policy::ATTEMPTS_AT_ONCE`: until then a signal request is being answered.
ATTEMPTS_AT_ONCE = 4


def job(name):
    return TRAINING + name


def settles(local, name):
    """The event of the job's end, over the local bus."""
    detail = {**DONE["detail"], "TrainingJobName": name, "TrainingJobArn": job(name)}
    entry = {"Source": DONE["source"], "DetailType": DONE["detail-type"], "Detail": json.dumps(detail)}
    headers = {"x-amz-target": "AWSEvents.PutEvents", "content-type": "application/x-amz-json-1.1"}
    status, answer = call("POST", f"{local.base}/", {"Entries": [entry]}, headers)
    assert (status, answer["FailedEntryCount"]) == (200, 0), answer


@pytest.fixture
def silent():
    """An address that takes connections and answers none."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/callback"


def test_waiters_that_hang_hold_up_nobody_else(local, waiter, silent):
    for number in range(HANGING):
        body = {"callback_url": silent, "secret": waiter.secret}
        assert call("PUT", wait_url(local.base, job("slow"), f"w{number}"), body)[0] == 200
    settles(local, "slow")
    for number in range(OTHERS):
        waiter.register(local.base, job(f"quick-{number}"), "w")
        settles(local, f"quick-{number}")
        assert waiter.hear()[1]["data"]["job"]["arn"] == job(f"quick-{number}")
    # All of them, before one of those that hang was tried as often as it is at once.
    for number in range(HANGING):
        answer = call("GET", wait_url(local.base, job("slow"), f"w{number}"))[1]
        assert answer["wait"]["delivery"]["attempts"] < ATTEMPTS_AT_ONCE, answer


def test_many_waits_on_one_job_do_not_hold_up_anothers(local):
    crowd, one = Waiter(), Waiter()
    try:
        for number in range(MANY):
            crowd.register(local.base, job("crowded"), f"w{number}")
        one.register(local.base, job("lonely"), "w")
        crowd.delays = [0.05] * MANY
        settles(local, "crowded")
        settles(local, "lonely")
        one.hear()
        assert crowd.heard.qsize() < MANY / 2, "it waited for the crowd"
        until(lambda: crowd.heard.qsize() == MANY, "all of the crowd hear")
    finally:
        crowd.close()
        one.close()
