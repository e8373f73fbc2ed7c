"""The real function binaries, when the store, the disk, the process or the waiter fails.

`cargo lambda watch` plays Lambda. The functions run as processes of their own,
so that a test can kill one and cramp another; SQS's redelivery, which comes
after an error, a timeout or `batchItemFailures`, is the test's to play.
"""

import concurrent.futures
import contextlib
import json
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import urllib.parse

import pytest

from conftest import BIN, PATIENCE_SECONDS, ROOT, call, event, free_port, until, wait_url
from faulty_proxy import Fault, FaultyProxy

JOB = "arn:aws:sagemaker:us-east-1:111122223333:training-job/mnist-train-2026-11-02"
EVENT_DRIVEN = ["job-events", "signals", "sweep"]
NAMES = [*EVENT_DRIVEN, "api"]
BURST = 40
# Longer than a function waits for a lock: then the invocation counts as lost.
UNANSWERED_SECONDS = 7
# By so much may a file of the store still grow: for some events, not for all.
ROOM = 64 * 1024


def survive_a_full_disk():
    """Beyond the limit a write fails, as on a full disk, instead of killing the process."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def limit_files(process, size):
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def stand_ins(folder):
    """A package whose binaries have the functions' names: all that the emulator asks of it."""
    (folder / "main.rs").write_text("fn main() {}")
    bins = "".join(f'[[bin]]\nname = "{name}"\npath = "main.rs"\n' for name in NAMES)
    (folder / "Cargo.toml").write_text(f'[package]\nname = "functions"\nversion = "0.0.0"\n{bins}')
    return folder


class Emulator:
    """`cargo lambda watch`, which starts no function itself."""

    def __init__(self, folder, log):
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        command = ["cargo", "lambda", "watch", "--only-lambda-apis", "--ignore-changes"]
        command += ["-A", "127.0.0.1", "-P", str(self.port)]
        environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
        self.process = subprocess.Popen(
            command, cwd=stand_ins(folder), env=environment, stdout=log, stderr=log, start_new_session=True
        )

    def up(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            return True

    def stop(self):
        # A polite end would wait for functions that were killed.
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def emulator(tmp_path):
    """One per test: it would hand an invocation to a function of the test before."""
    with open(tmp_path / "watch.log", "w") as log:
        emulator = Emulator(tmp_path, log)
        try:
            until(emulator.up, "cargo lambda watch answers")
            yield emulator
        finally:
            emulator.stop()


class Functions:
    """The functions behind the emulator, over one SQLite file."""

    def __init__(self, emulator, folder):
        self.store, self.processes = folder / "store.db", {}
        self.log = open(folder / "functions.log", "w")
        self.port, self.base = emulator.port, emulator.base
        self.api = f"{self.base}/lambda-url/api"

    def start(self):
        for name in NAMES:
            self.run(name)
        # Each has opened the store when it answers, whatever it says to this.
        for name in EVENT_DRIVEN:
            self.invoke(name, batch([]))
        call("GET", f"{self.api}/healthz")
        return self

    def run(self, name):
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_RUNTIME_API": f"{self.base}/.rt/{name}",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "SAGEBELL_STORE": f"sqlite:{self.store}",
            "SAGEBELL_AUTH": "none",
            "SAGEBELL_CALLBACK_LOOPBACK": "allow",
        }
        binary = ROOT / "target" / "debug" / name
        self.processes[name] = subprocess.Popen(
            [binary], env=environment, stdout=self.log, stderr=self.log, preexec_fn=survive_a_full_disk
        )

    def kill(self, name):
        self.processes[name].kill()
        self.processes[name].wait()

    def invoke(self, name, payload, seconds=PATIENCE_SECONDS):
        """(status, answer); an error of the function has a status of 500."""
        return call("POST", f"{self.base}/2015-03-31/functions/{name}/invocations", payload, seconds=seconds)

    def answer(self, name, payload):
        status, answer = self.invoke(name, payload)
        assert status == 200, answer
        return answer

    def take(self, bodies):
        """A batch to `job-events`; the places of those that are to come again."""
        return failed(self.answer("job-events", batch(bodies)))

    def ring(self, *keys):
        bells = [{"arn": arn, "wait_id": wait_id} for arn, wait_id in keys]
        return failed(self.answer("signals", batch(bells)))

    def state(self, arn, wait_id):
        return call("GET", wait_url(self.api, arn, wait_id))[1]["wait"]["state"]

    def timeline(self, arn):
        return call("GET", f"{self.api}/v1/jobs/{urllib.parse.quote(arn, safe='')}/timeline")[1]["items"]

    def stop(self):
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.log.close()


@pytest.fixture
def functions(emulator, tmp_path):
    functions = Functions(emulator, tmp_path)
    try:
        yield functions.start()
    finally:
        functions.stop()


def batch(bodies):
    records = [
        {"messageId": str(place), "eventSource": "aws:sqs", "body": json.dumps(body)}
        for place, body in enumerate(bodies)
    ]
    return {"Records": records}


def failed(answer):
    return [int(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]


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
    bell = {"arn": job(0), "wait_id": "w0"}
    with contextlib.closing(sqlite3.connect(functions.store, isolation_level=None)) as other:
        other.execute("begin immediate")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            put = pool.submit(call, "PUT", wait_url(functions.api, job(1), "w1"), wait)
            taken = pool.submit(functions.take, [completed(JOB), completed(job(1))])
            rung = pool.submit(functions.invoke, "signals", batch([bell]))
        other.execute("rollback")
    status, problem = put.result()
    assert (status, problem["code"]) == (503, "try_again")
    assert sorted(taken.result()) == [0, 1]
    assert rung.result()[0] == 200 and failed(rung.result()[1]) == [0]

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
    until(lambda: functions.answer("sweep", {})["rung"] == 1, "the sweep rings again")
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
            bell = batch([{"arn": JOB, "wait_id": "w"}])
            rung = pool.submit(functions.invoke, "signals", bell, UNANSWERED_SECONDS)
            until(proxy.all_faults_met, "the callback is under way")
            functions.kill("signals")
            functions.run("signals")
            assert answered(rung) != 200
        # The claim of the one that died holds others off for a while.
        until(lambda: functions.answer("sweep", {})["rung"] == 1, "the sweep rings again")
        assert functions.ring((JOB, "w")) == []
        assert waiter.hear()[1]["type"] == "sagemaker.training_job.succeeded"
    finally:
        proxy.close()
