"""The real function binaries behind `cargo lambda watch`, which plays Lambda.

They run as processes of their own, so that a test can kill one, cramp another
and watch what a third one calls.
"""

import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import urllib.parse

from conftest import BIN, PATIENCE_SECONDS, ROOT, call, free_port, until, wait_url

EVENT_DRIVEN = ["job-events", "signals", "sweep"]
NAMES = [*EVENT_DRIVEN, "api"]


def survive_a_full_disk():
    """Beyond the limit a write fails, as on a full disk, instead of killing the process."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def limit_files(process, size):
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def stand_ins(folder, names):
    """A package whose binaries have the functions' names: all that the emulator asks of it."""
    (folder / "main.rs").write_text("fn main() {}")
    bins = "".join(f'[[bin]]\nname = "{name}"\npath = "main.rs"\n' for name in names)
    (folder / "Cargo.toml").write_text(f'[package]\nname = "functions"\nversion = "0.0.0"\n{bins}')
    return folder


class Emulator:
    """`cargo lambda watch`, which starts no function itself."""

    def __init__(self, folder, log, names=NAMES):
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        command = ["cargo", "lambda", "watch", "--only-lambda-apis", "--ignore-changes"]
        command += ["-A", "127.0.0.1", "-P", str(self.port)]
        environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
        self.process = subprocess.Popen(
            command, cwd=stand_ins(folder, names), env=environment, stdout=log, stderr=log, start_new_session=True
        )

    def up(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            return True

    def stop(self):
        # A polite end would wait for functions that were killed.
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def watching(folder, names=NAMES):
    """An emulator that is up. One per test: it would hand an invocation to a
    function of the test before."""
    with open(folder / "watch.log", "w") as log:
        emulator = Emulator(folder, log, names)
        try:
            until(emulator.up, "cargo lambda watch answers")
            yield emulator
        finally:
            emulator.stop()


class Functions:
    """The four functions behind an emulator. Where there is more than one set of
    them, `suffix` tells the sets apart."""

    def __init__(self, emulator, folder, suffix=""):
        self.suffix, self.processes = suffix, {}
        self.log = open(folder / f"functions{suffix}.log", "w")
        self.port, self.base = emulator.port, emulator.base
        self.api = f"{self.base}/lambda-url/api{suffix}"

    def environment(self, _name):
        """The function's own variables: where its store is, for one."""
        raise NotImplementedError

    def start(self):
        for name in NAMES:
            self.run(name)
        return self

    def run(self, name):
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_RUNTIME_API": f"{self.base}/.rt/{name}{self.suffix}",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "SAGEBELL_AUTH": "none",
            "SAGEBELL_CALLBACK_LOOPBACK": "allow",
            **self.environment(name),
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
        url = f"{self.base}/2015-03-31/functions/{name}{self.suffix}/invocations"
        return call("POST", url, payload, seconds=seconds)

    def answer(self, name, payload):
        status, answer = self.invoke(name, payload)
        assert status == 200, answer
        return answer

    def take(self, bodies):
        """A batch to `job-events`; the places of those that are to come again."""
        return failed(self.answer("job-events", batch(bodies)))

    def ring(self, *keys):
        requests = [{"arn": arn, "owner": "anyone", "wait_id": wait_id} for arn, wait_id in keys]
        return failed(self.answer("signals", batch(requests)))

    def state(self, arn, wait_id):
        return call("GET", wait_url(self.api, arn, wait_id))[1]["wait"]["state"]

    def timeline(self, arn):
        return call("GET", f"{self.api}/v1/jobs/{urllib.parse.quote(arn, safe='')}/timeline")[1]["items"]

    def stop(self):
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.log.close()


def batch(bodies):
    """An SQS event with these bodies as JSON, in Lambda's form."""
    records = [
        {"messageId": str(place), "eventSource": "aws:sqs", "body": json.dumps(body)}
        for place, body in enumerate(bodies)
    ]
    return {"Records": records}


def failed(answer):
    return [int(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]
