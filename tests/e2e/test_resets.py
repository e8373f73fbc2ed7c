"""Connections that break on the way to the local stack, and on its way to the waiter."""

import contextlib
import sqlite3
import subprocess

import pytest

from conftest import PATIENCE_SECONDS, SAGEBELL, call, until, wait_url
from faulty_proxy import Fault, FaultyProxy
from test_faults import bus_of
from test_local import TRAINING, entry

RESETS = [Fault.BEFORE_REQUEST, Fault.WITHIN_REQUEST, Fault.BEFORE_ANSWER, Fault.WITHIN_ANSWER]


@contextlib.contextmanager
def proxy_to(port, *faults):
    proxy = FaultyProxy(port, faults)
    try:
        yield proxy
    finally:
        proxy.close()


def settle(local):
    assert bus_of(local).put_events(Entries=[entry("training-completed")])["FailedEntryCount"] == 0


def state(local, wait_id):
    status, answer = call("GET", wait_url(local.base, TRAINING, wait_id))
    return answer["wait"]["state"] if status == 200 else None


@contextlib.contextmanager
def sagebell_wait(api, wait_id):
    """A `sagebell wait` on the job."""
    command = [SAGEBELL, "wait", TRAINING, "--id", wait_id, "--api", api, "--channel", "callback"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("fault", RESETS, ids=lambda fault: fault.name.lower())
def test_a_registration_that_is_reset_is_made_again(local, fault):
    with proxy_to(local.port, fault) as proxy:
        with sagebell_wait(f"http://127.0.0.1:{proxy.port}", "w") as process:
            until(lambda: proxy.all_faults_met() and state(local, "w") == "waiting", "registered")
            settle(local)
            out, errors = process.communicate(timeout=PATIENCE_SECONDS)
            assert process.returncode == 0, errors
            assert "succeeded" in out


def test_a_registration_at_a_busy_monitor_is_made_again(local):
    with contextlib.closing(sqlite3.connect(local.store, isolation_level=None)) as other:
        other.execute("begin immediate")
        with sagebell_wait(local.base, "w") as process:
            assert "try_again" in process.stderr.readline()
            other.execute("rollback")
            until(lambda: state(local, "w") == "waiting", "registered")
            settle(local)
            out, errors = process.communicate(timeout=PATIENCE_SECONDS)
            assert process.returncode == 0, errors
            assert "succeeded" in out


def test_curl_gets_through_resets(local, waiter, tmp_path):
    body = tmp_path / "wait.json"
    body.write_text(f'{{"callback_url": "{waiter.url}", "secret": "{waiter.secret}"}}')
    with proxy_to(local.port, *RESETS) as proxy:
        url = wait_url(f"http://127.0.0.1:{proxy.port}", TRAINING, "w")
        command = ["curl", "-sS", "--fail", "--retry", "6", "--retry-all-errors", "--retry-delay", "1"]
        command += ["-X", "PUT", "-H", "content-type: application/json", "--data-binary", f"@{body}", url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        assert done.returncode == 0, done.stderr
        assert proxy.all_faults_met()
    settle(local)
    assert waiter.hear()[1]["type"] == "sagemaker.training_job.succeeded"


@pytest.mark.parametrize("fault", RESETS, ids=lambda fault: fault.name.lower())
def test_a_probe_that_is_reset_is_sent_again(local, waiter, fault):
    with proxy_to(waiter.server.server_port, fault) as proxy:
        waiter.url = f"http://127.0.0.1:{proxy.port}/callback"
        waiter.register(local.base, TRAINING, "w")
        settle(local)
        until(lambda: state(local, "w") == "signalled", "the wait is signalled")
        assert proxy.all_faults_met()
    assert waiter.hear()[1]["type"] == "sagemaker.training_job.succeeded"


@pytest.mark.parametrize("fault", RESETS, ids=lambda fault: fault.name.lower())
def test_a_callback_that_is_reset_is_made_again_with_its_id(local, waiter, fault):
    # The first connection is the probe's.
    with proxy_to(waiter.server.server_port, None, fault) as proxy:
        waiter.url = f"http://127.0.0.1:{proxy.port}/callback"
        waiter.register(local.base, TRAINING, "w")
        settle(local)
        until(lambda: state(local, "w") == "signalled", "the wait is signalled")
        assert proxy.all_faults_met()
    heard = [waiter.hear()]
    if fault in (Fault.BEFORE_ANSWER, Fault.WITHIN_ANSWER):
        # What was heard and answered in vain is told again, as the same signal.
        heard.append(waiter.hear())
    assert len({webhook_id for webhook_id, _ in heard}) == 1
    assert heard[-1][1]["type"] == "sagemaker.training_job.succeeded"


def test_a_waiter_that_swallows_a_callback_is_told_again(local, waiter):
    with proxy_to(waiter.server.server_port, None, Fault.SILENCE) as proxy:
        waiter.url = f"http://127.0.0.1:{proxy.port}/callback"
        waiter.register(local.base, TRAINING, "w")
        settle(local)
        assert waiter.hear()[1]["type"] == "sagemaker.training_job.succeeded"
        assert proxy.all_faults_met()
