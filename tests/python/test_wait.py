"""`sagebell.wait` against the local stack."""

import contextlib
import datetime
import os
import pty
import signal
import socket
import subprocess
import sys
import termios
import threading

import pytest
import sagebell
from machine import BUNDLE, ROOT, monitor, until
from sagebell import _binaries

JOBS = "arn:aws:sagemaker:us-east-1:111122223333:training-job"
GOOD = f"{JOBS}/mnist-train-2026-11-02"
BAD = f"{JOBS}/mnist-train-2026-11-02-failed"
SCRIPT = """
import sys
import sagebell
from sagebell import _binaries
_binaries._binary = lambda: sys.argv[1]
sagebell.wait(sys.argv[2], api=sys.argv[3])
"""


@pytest.fixture(autouse=True)
def built(monkeypatch):
    monkeypatch.setattr(_binaries, "_binary", lambda: str(BUNDLE))


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with monitor(tmp_path_factory.mktemp("monitor")) as stack:
        yield stack


def test_a_job_that_succeeds_is_the_result(stack, capfd):
    telling = threading.Thread(target=stack.replay, args=["training-training", "training-completed"])
    telling.start()
    job = sagebell.wait(GOOD, api=stack.url)
    telling.join()
    assert (job.arn, job.kind, job.name) == (GOOD, "training", GOOD.split("/")[1])
    assert (job.phase, job.status, job.succeeded, job.failure_reason) == ("succeeded", "Completed", True, None)
    assert job.created_at == datetime.datetime(2026, 11, 2, 9, 14, 2, 318000, datetime.timezone.utc)
    assert job.created_at < job.settled_at
    # No terminal: a line for each state.
    assert f"{job.name}: Completed" in capfd.readouterr().err


def test_the_apis_address_is_that_of_configure(stack):
    sagebell.configure(api=stack.url)
    stack.replay("training-completed")
    assert sagebell.wait(GOOD, progress=False).succeeded


def test_a_job_that_fails_raises_with_its_reason(stack):
    stack.replay("training-failed")
    with pytest.raises(sagebell.JobFailed, match="No such file or directory") as failed:
        sagebell.wait(BAD, api=stack.url)
    assert failed.value.result.phase == "failed"
    assert sagebell.wait(BAD, api=stack.url, check=False) == failed.value.result


def test_nothing_is_shown_if_nothing_is_wanted(stack, capfd):
    stack.replay("training-completed")
    sagebell.wait(GOOD, api=stack.url, progress=False)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("timeout", [0.3, datetime.timedelta(milliseconds=300)])
def test_the_timeout_ends_the_waiting(stack, timeout):
    with pytest.raises(sagebell.WaitTimeout, match="within 0.3 s") as error:
        sagebell.wait(f"{JOBS}/silent", api=stack.url, timeout=timeout)
    assert isinstance(error.value, TimeoutError)


def test_the_timeout_counts_where_a_monitor_says_nothing():
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(sagebell.WaitTimeout):
        sagebell.wait(GOOD, api=f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.3)


def test_where_nobody_listens_the_error_says_what_to_do():
    with pytest.raises(sagebell.SagebellError, match="no answer from .*\n.*is the monitor running there"):
        sagebell.wait(GOOD, api="http://127.0.0.1:9")


@pytest.mark.parametrize("timeout", [0, -1, 36 * 86_400, float("nan")])
def test_a_timeout_that_is_none_is_refused(timeout):
    with pytest.raises(ValueError, match="timeout"):
        sagebell.wait(GOOD, timeout=timeout)


@pytest.mark.parametrize("arn", ["--help", "digits", "arn:aws:s3:::bucket"])
def test_what_is_no_arn_is_refused_with_what_is_wrong(stack, arn):
    with pytest.raises(sagebell.SagebellError, match="give an ARN|not a SageMaker ARN"):
        sagebell.wait(arn, api=stack.url)


def test_a_control_character_in_a_reason_does_not_reach_the_terminal(capfd):
    from sagebell._progress import Progress

    with contextlib.closing(Progress("arn:x/y", shown=True)) as shown:
        shown.job(sagebell.JobResult("arn:x/y", "training", "a\x1b[2Jb", "failed", "Fai\rled"))
    assert "\x1b" not in capfd.readouterr().err


def waits_in_a_terminal(stack, arn):
    """Starts a script that waits, as a shell does: at a terminal, in a process group of its own."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, BUNDLE, arn, stack.url],
        env={**os.environ, "PYTHONPATH": str(ROOT / "python" / "src")},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    os.set_blocking(ours, False)
    return process, ours


def reads(terminal, said, wanted):
    """Reads what is shown until it has the words."""

    def read():
        with contextlib.suppress(OSError):  # nothing yet, or the other end is closed
            said.extend(os.read(terminal, 65536))
        return wanted in said.decode(errors="replace")

    until(read, wanted)


def test_ctrl_c_ends_the_waiting_and_takes_it_back(stack):
    process, terminal = waits_in_a_terminal(stack, f"{JOBS}/never")
    said = bytearray()
    # The time goes on while nothing happens.
    reads(terminal, said, "never: waiting [00:01]")
    # As a terminal sends it: to the group.
    os.killpg(process.pid, signal.SIGINT)
    reads(terminal, said, "interrupted. The job still runs")
    reads(terminal, said, "KeyboardInterrupt")
    process.wait()
    assert "could not be cancelled" not in said.decode()


def test_a_terminal_has_a_bar_that_shows_the_state_and_the_time(stack):
    stack.replay("training-completed")
    process, terminal = waits_in_a_terminal(stack, GOOD)
    said = bytearray()
    reads(terminal, said, "mnist-train-2026-11-02: Completed [00:0")
    assert process.wait() == 0
