"""Measures the deployed functions beside a bare `lambda_runtime` hello world.

Each binary runs against stand-ins for Lambda's runtime API and for AWS, both on
loopback: natively for its peak memory, under callgrind for its instructions. What
a function may take is bounded (`BOUNDS`); more is a failure.
"""

import collections
import contextlib
import http.server
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARIES = ROOT / "target" / "lambda"
EVENT = (ROOT / "events" / "training-completed.json").read_bytes()
HELLO = "hello"
# What must be in no function, by a text of it, and whose it is.
FOREIGN = {b"SQLite format 3": "a laptop's store", b"169.254.169.254": "the search for credentials of a machine"}
# The most that a function's zip may have, in bytes, and how many times hello world's
# instructions (those for root certificates among them) and memory up to the first poll
# it may take. Each is a little more than what is reached.
BOUNDS = {
    "job-events": {"zipped": 3_050_000, "instructions": 4.2, "memory": 2.6},
    "signals": {"zipped": 3_250_000, "instructions": 4.2, "memory": 2.7},
    "api": {"zipped": 4_200_000, "instructions": 5.1, "memory": 3.1},
    "sweep": {"zipped": 3_350_000, "instructions": 4.2, "memory": 2.8},
}
# Each measurement's title, and what it is counted in.
COLUMNS = {
    "zipped": ("zip, MB", 1e6),
    "unpacked": ("binary, MB", 1e6),
    "instructions": ("instructions to the first poll, M", 1e6),
    "memory": ("peak memory at it, MiB", 2**20),
}
Row = collections.namedtuple("Row", COLUMNS)
# Nothing here measures time; it only must not hang for ever.
PATIENCE_SECONDS = 120
# Events whose instructions are averaged, after the first.
WARM_EVENTS = 10


class Failure(Exception):
    """A measurement that could not be taken, or a bound that does not hold."""


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def log_message(self, *_):
        pass


class Aws(Quiet):
    """DynamoDB with an empty table, and a bus that takes every event."""

    ANSWERS = {
        "GetItem": {},
        "PutItem": {},
        "Query": {"Items": [], "Count": 0, "ScannedCount": 0},
        "PutEvents": {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]},
    }

    def do_POST(self):
        self.body()
        operation = self.headers["x-amz-target"].rsplit(".", 1)[-1]
        answer = self.ANSWERS.get(operation)
        self.server.calls.append(operation)
        headers = {"content-type": self.headers["content-type"]}
        self.answer(400 if answer is None else 200, headers, json.dumps(answer).encode())


class Runtime(Quiet):
    """Lambda's runtime API: hands out so many events, then none.
    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
    """

    def do_GET(self):
        if self.server.events == 0:
            self.server.idle.set()
            self.server.over.wait()
            self.close_connection = True
            return
        self.server.events -= 1
        headers = {
            "content-type": "application/json",
            "lambda-runtime-aws-request-id": f"00000000-0000-4000-8000-{self.server.events:012}",
            "lambda-runtime-deadline-ms": "4102444800000",
            "lambda-runtime-invoked-function-arn": "arn:aws:lambda:us-east-1:111122223333:function:measured",
            "lambda-runtime-trace-id": "Root=1-5e1b4151-5ac6c58f5ac6c58f5ac6c58f;Parent=53995c3f42cd8ad8;Sampled=0",
        }
        self.answer(200, headers, EVENT)

    def do_POST(self):
        body = self.body()
        if not self.path.endswith("/response"):
            self.server.problems.append(f"{self.path}: {body.decode()}")
            self.server.idle.set()
        self.answer(202, {}, b"")


@contextlib.contextmanager
def serve(handler, **state):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    vars(server).update(state)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def environment(runtime, aws):
    """What Lambda and the template set, with AWS at this address."""
    return {
        "PATH": os.environ["PATH"],
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{runtime.server_port}",
        "AWS_LAMBDA_FUNCTION_NAME": "measured",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "measured",
        "AWS_SECRET_ACCESS_KEY": "measured",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{aws.server_port}",
        "SAGEBELL_STORE": "dynamodb:measured",
        "SAGEBELL_QUEUE": "sqs:https://sqs.us-east-1.amazonaws.com/111122223333/measured",
        "SAGEBELL_BUS": "measured",
    }


@contextlib.contextmanager
def idle(command, events=0, calls=None):
    """The process, once it has answered so many events and asks for the next."""
    calls = [] if calls is None else calls
    over = threading.Event()
    state = {"events": events, "idle": threading.Event(), "over": over, "problems": []}
    with tempfile.TemporaryFile() as log, serve(Aws, calls=calls) as aws, serve(Runtime, **state) as runtime:
        process = subprocess.Popen(command, env=environment(runtime, aws), stdout=log, stderr=log)
        try:
            came = runtime.idle.wait(PATIENCE_SECONDS)
            if not came or runtime.problems or process.poll() is not None:
                log.seek(0)
                told = log.read().decode(errors="replace")[-4000:]
                raise Failure(f"{command[-1]} did not ask for its next event: {runtime.problems}\n{told}")
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)
            over.set()


def peak_memory(binary):
    """The most memory resident up to the first poll, in bytes."""
    with idle([binary]) as process:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+) kB$", status, re.M)[1]) * 1024


def instructions(binary, **how):
    """Instructions up to the poll after so many events."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "callgrind"
        command = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}", binary]
        with idle(command, **how):
            pass
        return int(re.search(r"^(?:totals|summary): (\d+)", out.read_text(), re.M)[1])


def zipped(binary):
    """The size of what is uploaded, in bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bootstrap", binary.read_bytes())
    return len(packed.getvalue())


def measured(name):
    """What a binary takes, up to its first poll."""
    binary = BINARIES / name / "bootstrap"
    for text, what in FOREIGN.items():
        if text in binary.read_bytes():
            raise Failure(f"{name} has {what} in it: build with scripts/build-functions")
    return Row(
        zipped(binary),
        binary.stat().st_size,
        instructions(binary),
        peak_memory(binary),
    )


def per_event(name):
    """Instructions of the first event and of a later one, and the calls of each."""
    binary = BINARIES / name / "bootstrap"
    calls = []
    cold, first = instructions(binary), instructions(binary, events=1, calls=calls)
    warm = instructions(binary, events=1 + WARM_EVENTS)
    return first - cold, (warm - first) / WARM_EVENTS, calls


def beyond(name, row, hello):
    """The bounds that a function breaks."""
    most = BOUNDS[name]
    if row.zipped > most["zipped"]:
        yield f"{name}: its zip has {row.zipped} bytes, over {most['zipped']}"
    for what in ("instructions", "memory"):
        ratio = getattr(row, what) / getattr(hello, what)
        if ratio > most[what]:
            yield f"{name}: {what} is {ratio:.1f} times hello world's, over {most[what]}"


def table(rows):
    """The measurements as Markdown, each beside hello world's."""
    hello = rows[HELLO]
    yield "| | " + " | ".join(title for title, _ in COLUMNS.values()) + " |"
    yield "|---" * (1 + len(COLUMNS)) + "|"
    for name, row in rows.items():
        cells = (
            f"{value / scale:.1f} ({value / least:.1f}×)"
            for value, least, (_, scale) in zip(row, hello, COLUMNS.values(), strict=True)
        )
        yield f"| {name} | " + " | ".join(cells) + " |"


def main():
    rows = {name: measured(name) for name in (HELLO, *BOUNDS)}
    print(*table(rows), sep="\n")
    for name in (HELLO, "job-events"):
        first, later, calls = per_event(name)
        print(f"\n{name}, a completed job: {first / 1e6:.1f} M instructions, then {later / 1e6:.1f} M each time;")
        print(f"calls of AWS: {', '.join(calls) or 'none'}")
    problems = [problem for name in BOUNDS for problem in beyond(name, rows[name], rows[HELLO])]
    if problems:
        raise Failure("\n".join(problems))


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
