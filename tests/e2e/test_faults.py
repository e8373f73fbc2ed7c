"""Faults that real programs meet: a full disk, a waiter that is away, a second process."""

import contextlib
import resource
import signal
import sqlite3
import subprocess

import boto3
import pytest

from conftest import SAGEBELL, Local, Waiter, call, free_port, until, wait_url
from test_local import TRAINING, entry

ROOM = 400 * 1024
JOBS = 60


class Cramped(Local):
    """A local stack whose files may not grow beyond some size."""

    def start(self):
        def cramp():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, resource.RLIM_INFINITY))

        command = [SAGEBELL, "local", "--listen", f"127.0.0.1:{self.port}", "--store", self.store]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL, preexec_fn=cramp)
        until(self.up, "sagebell local answers")
        return self

    def make_room(self):
        free = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, free)


def bus_of(stack):
    # Retries are the test's own business.
    config = boto3.session.Config(retries={"total_max_attempts": 1})
    return boto3.client(
        "events", endpoint_url=stack.base, region_name="us-east-1", config=config,
        aws_access_key_id="local", aws_secret_access_key="local",
    )


def job(number):
    arn = f"{TRAINING}-{number}"
    sample = entry("training-completed")
    sample["Resources"] = [arn]
    sample["Detail"] = sample["Detail"].replace(TRAINING, arn)
    return arn, sample


@pytest.fixture
def cramped(tmp_path):
    stack = Cramped(tmp_path / "cramped.db").start()
    yield stack
    stack.kill()


def test_a_full_disk_loses_nothing_that_was_acknowledged(cramped, waiter):
    body = {"callback_url": waiter.url, "secret": waiter.secret, "labels": {"padding": "x" * 250}}
    statuses = {}
    for number in range(JOBS):
        arn, _ = job(number)
        statuses[number] = call("PUT", wait_url(cramped.base, arn, f"w{number}"), body)[0]
    refused = [number for number, status in statuses.items() if status != 200]
    assert refused, "the disk never filled up: make ROOM smaller"
    assert {statuses[number] for number in refused} == {503}, "a full disk may pass: try again"

    cramped.make_room()
    for number in refused:
        arn, _ = job(number)
        assert call("PUT", wait_url(cramped.base, arn, f"w{number}"), body)[0] == 200
    for number in range(JOBS):
        assert bus_of(cramped).put_events(Entries=[job(number)[1]])["FailedEntryCount"] == 0
    heard = {waiter.hear()[1]["data"]["wait_id"] for _ in range(JOBS)}
    assert heard == {f"w{number}" for number in range(JOBS)}


def test_a_store_that_is_locked_refuses_and_loses_nothing(local, waiter):
    waiter.register(local.base, TRAINING, "before")
    body = {"callback_url": waiter.url, "secret": waiter.secret}
    with contextlib.closing(sqlite3.connect(local.store, isolation_level=None)) as other:
        other.execute("begin immediate")
        status, problem = call("PUT", wait_url(local.base, TRAINING, "during"), body)
        assert (status, problem["code"]) == (503, "try_again")
        refused = bus_of(local).put_events(Entries=[entry("training-completed")])
        assert refused["Entries"][0]["ErrorCode"] == "InternalFailure"
        other.execute("rollback")
    assert call("PUT", wait_url(local.base, TRAINING, "during"), body)[0] == 200
    assert bus_of(local).put_events(Entries=[entry("training-completed")])["FailedEntryCount"] == 0
    assert {waiter.hear()[1]["data"]["wait_id"] for _ in range(2)} == {"before", "during"}


def test_a_waiter_that_was_away_is_told_when_it_is_back(local):
    port = free_port()
    waiter = Waiter()
    waiter.close()
    waiter.url = f"http://127.0.0.1:{port}/callback"
    waiter.register(local.base, TRAINING, "w")
    assert bus_of(local).put_events(Entries=[entry("training-completed")])["FailedEntryCount"] == 0

    def failed():
        delivery = call("GET", wait_url(local.base, TRAINING, "w"))[1]["wait"]["delivery"]
        return delivery["attempts"] > 0 and delivery["last_error"]

    until(failed, "an attempt has failed")
    back = Waiter(port=port, secret=waiter.secret)
    try:
        assert back.hear()[1]["type"] == "sagemaker.training_job.succeeded"
    finally:
        back.close()


def test_an_answer_after_the_timeout_is_followed_by_the_same_signal(local, waiter):
    waiter.delays = [8]
    waiter.register(local.base, TRAINING, "w")
    bus_of(local).put_events(Entries=[entry("training-completed")])
    first, second = waiter.hear(), waiter.hear()
    assert first == second, "a waiter that knows the id hears it once"


def test_two_processes_on_one_store_tell_each_waiter_once(local, waiter):
    second = Local(local.store).start()
    try:
        for number in range(JOBS):
            waiter.register((local if number % 2 else second).base, job(number)[0], f"w{number}")
        for number in range(JOBS):
            stack = second if number % 3 else local
            assert bus_of(stack).put_events(Entries=[job(number)[1]])["FailedEntryCount"] == 0
        heard = [waiter.hear()[1]["data"]["wait_id"] for _ in range(JOBS)]
        assert sorted(heard) == sorted(f"w{number}" for number in range(JOBS))
        for number in range(JOBS):
            def signalled(arn=job(number)[0], wait_id=f"w{number}"):
                return call("GET", wait_url(local.base, arn, wait_id))[1]["wait"]["state"] == "signalled"
            until(signalled, f"w{number} is signalled")
        assert waiter.heard.empty()
    finally:
        second.kill()
