"""The real function binaries, when the store, the disk, the process or the waiter fails.

SQS's redelivery, which comes after an error, a timeout or `batchItemFailures`, is
the test's to play.
"""

import concurrent.futures
import contextlib
import json
import resource
import sqlite3

import pytest

from conftest import call, event, until, wait_url
from faulty_proxy import Fault, FaultyProxy
from functions import EVENT_DRIVEN, Functions, batch, failed, limit_files, watching

JOB = "arn:aws:sagemaker:us-east-1:111122223333:training-job/mnist-train-2026-11-02"
BURST = 40
# Longer than a function waits for a lock: then the invocation counts as lost.
UNANSWERED_SECONDS = 7
# By so much may a file of the store still grow: for some events, not for all.
ROOM = 64 * 1024


@pytest.fixture
def emulator(tmp_path):
    with watching(tmp_path) as emulator:
        yield emulator


class OnSqlite(Functions):
    """The functions over one SQLite file."""

    def __init__(self, emulator, folder):
        super().__init__(emulator, folder)
        self.store = folder / "store.db"

    def environment(self, _name):
        return {"SAGEBELL_STORE": f"sqlite:{self.store}"}

    def start(self):
        super().start()
        # Each has opened the store when it answers, whatever it says to this.
        for name in EVENT_DRIVEN:
            self.invoke(name, batch([]))
        call("GET", f"{self.api}/healthz")
        return self


@pytest.fixture
def functions(emulator, tmp_path):
    functions = OnSqlite(emulator, tmp_path)
    try:
        yield functions.start()
    finally:
        functions.stop()


def job(number):
    return f"{JOB}-{number}"


def completed(arn):
    return json.loads(json.dumps(event("training-completed")).replace(JOB, arn))


def is_busy(invoked):
    status, answer = invoked
    return status == 500 and "try again" in json.dumps(answer)


def test_a_locked_store_is_tried_again_and_nothing_is_lost(functions, waiter):
    """All at once, for each takes as long as a function waits for a lock."""
    waiter.register(functions.api, JOB, "w")
    waiter.register(functions.api, job(0), "w0")
    assert functions.take([completed(job(0))]) == []
    wait = {"callback_url": waiter.url, "secret": waiter.secret}
    request = {"arn": job(0), "owner": "anyone", "wait_id": "w0"}
    with contextlib.closing(sqlite3.connect(functions.store, isolation_level=None)) as other:
        other.execute("begin immediate")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            put = pool.submit(call, "PUT", wait_url(functions.api, job(1), "w1"), wait)
            taken = pool.submit(functions.take, [completed(JOB), completed(job(1))])
            handled = pool.submit(functions.invoke, "signals", batch([request]))
        other.execute("rollback")
    status, problem = put.result()
    assert (status, problem["code"]) == (503, "try_again")
    assert sorted(taken.result()) == [0, 1]
    assert handled.result()[0] == 200 and failed(handled.result()[1]) == [0]

    assert call("PUT", wait_url(functions.api, job(1), "w1"), wait)[0] == 200
    assert functions.take([completed(JOB), completed(job(1))]) == []
    assert functions.ring((JOB, "w"), (job(0), "w0"), (job(1), "w1")) == []
    assert {waiter.hear()[1]["data"]["wait_id"] for _ in range(3)} == {"w", "w0", "w1"}
    assert waiter.heard.empty() and len(functions.timeline(JOB)) == 1


def test_a_bare_event_that_meets_a_locked_store_is_an_error_so_that_lambda_tries_again(functions):
    with contextlib.closing(sqlite3.connect(functions.store, isolation_level=None)) as other:
        other.execute("begin immediate")
        assert is_busy(functions.invoke("job-events", completed(JOB)))
        other.execute("rollback")
    assert functions.answer("job-events", completed(JOB))["change"] == "advanced"
    assert functions.answer("job-events", completed(JOB))["change"] == "duplicate"
    assert len(functions.timeline(JOB)) == 1


def test_a_function_killed_within_a_burst_loses_nobody(functions, waiter):
    for number in range(BURST):
        waiter.register(functions.api, job(number), f"w{number}")
    invoke = functions.invoke
    with concurrent.futures.ThreadPoolExecutor(BURST) as pool:
        first = [pool.submit(invoke, "job-events", completed(job(number))) for number in range(BURST // 2)]
        assert {one.result()[0] for one in first} == {200}
        with contextlib.closing(sqlite3.connect(functions.store, isolation_level=None)) as other:
            # The next ones are held up, so that one of them is under way.
            other.execute("begin immediate")
            rest = [
                pool.submit(invoke, "job-events", completed(job(number)), UNANSWERED_SECONDS)
                for number in range(BURST // 2, BURST)
            ]
            # One was refused for the lock: by now the next is under way.
            until(lambda: any(one.done() for one in rest), "the function waits for the lock")
            functions.kill("job-events")
            other.execute("rollback")
        functions.run("job-events")
        unanswered = [number for number, one in enumerate([*first, *rest]) if answered(one) != 200]
    assert unanswered, "the function was killed too late"
    assert functions.take([completed(job(number)) for number in unanswered]) == []
    for number in range(BURST):
        assert functions.ring((job(number), f"w{number}")) == []
    assert {waiter.hear()[1]["data"]["wait_id"] for _ in range(BURST)} == {f"w{number}" for number in range(BURST)}
    assert waiter.heard.empty()
    assert {len(functions.timeline(job(number))) for number in range(BURST)} == {1}


def answered(invocation):
    with contextlib.suppress(Exception):
        return invocation.result()[0]


def test_a_full_disk_sends_back_what_it_has_no_room_for(functions, waiter):
    waiter.register(functions.api, JOB, "w")
    events = [completed(job(number)) for number in range(BURST)] + [completed(JOB)]
    assert functions.take(events[:1]) == []

    process = functions.processes["job-events"]
    largest = max(file.stat().st_size for file in functions.store.parent.glob("store.db*"))
    limit_files(process, largest + ROOM)
    refused = functions.take(events)
    assert refused, "the disk never filled up: make ROOM smaller"

    limit_files(process, resource.RLIM_INFINITY)
    assert functions.take([events[place] for place in refused]) == []
    assert functions.take(events) == []
    assert functions.ring((JOB, "w")) == []
    assert waiter.hear()[1]["data"]["wait_id"] == "w"
    assert {len(functions.timeline(job(number))) for number in range(BURST)} == {1}


@pytest.mark.parametrize(
    "faults",
    [[Fault.BEFORE_REQUEST, Fault.WITHIN_REQUEST], [Fault.BEFORE_ANSWER, Fault.WITHIN_ANSWER]],
    ids=["before", "after"],
)
def test_a_callback_that_breaks_is_made_again_with_its_id(functions, waiter, faults):
    proxy = FaultyProxy(waiter.server.server_port, faults)
    waiter.url = f"http://127.0.0.1:{proxy.port}/callback"
    try:
        waiter.register(functions.api, JOB, "w")
        assert functions.take([completed(JOB)]) == []
        assert functions.ring((JOB, "w")) == []
        assert proxy.all_faults_met()
    finally:
        proxy.close()
    assert functions.state(JOB, "w") == "signalled"
    heard = [waiter.heard.get_nowait() for _ in range(waiter.heard.qsize())]
    assert heard and len({webhook_id for webhook_id, _ in heard}) == 1


def test_a_waiter_that_is_overloaded_is_told_when_the_sweep_has_rung_again(functions, waiter):
    waiter.register(functions.api, JOB, "w")
    assert functions.take([completed(JOB)]) == []
    waiter.answers, waiter.retry_after = [503], 1
    # Done with: the next try is the due index's.
    assert functions.ring((JOB, "w")) == []
    assert (functions.state(JOB, "w"), waiter.heard.empty()) == ("waiting", True)
    until(lambda: functions.answer("sweep", {})["signal_requests"] == 1, "the sweep rings again")
    assert functions.ring((JOB, "w")) == []
    assert waiter.hear()[1]["type"] == "sagemaker.training_job.succeeded"
    assert functions.state(JOB, "w") == "signalled"


def test_a_signals_function_killed_while_it_sends_leaves_its_waiter_to_the_sweep(functions, waiter):
    proxy = FaultyProxy(waiter.server.server_port, [Fault.SILENCE])
    waiter.url = f"http://127.0.0.1:{proxy.port}/callback"
    try:
        waiter.register(functions.api, JOB, "w")
        assert functions.take([completed(JOB)]) == []
        with concurrent.futures.ThreadPoolExecutor() as pool:
            request = batch([{"arn": JOB, "owner": "anyone", "wait_id": "w"}])
            handled = pool.submit(functions.invoke, "signals", request, UNANSWERED_SECONDS)
            until(proxy.all_faults_met, "the callback is under way")
            functions.kill("signals")
            functions.run("signals")
            assert answered(handled) != 200
        # The claim of the one that died holds others off for a while.
        until(lambda: functions.answer("sweep", {})["signal_requests"] == 1, "the sweep rings again")
        assert functions.ring((JOB, "w")) == []
        assert waiter.hear()[1]["type"] == "sagemaker.training_job.succeeded"
    finally:
        proxy.close()
