"""What the end-to-end tests share: real processes, and a waiter in Python."""

import base64
import datetime
import http.server
import itertools
import json
import os
import pathlib
import queue
import random
import secrets
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
import standardwebhooks

ROOT = pathlib.Path(__file__).resolve().parents[2]
EVENTS = ROOT / "events"
BIN = pathlib.Path(sys.executable).parent
SAGEBELL = ROOT / "target" / "debug" / "sagebell"
# As `cargo test` builds them.
EXAMPLES = ROOT / "target" / "debug" / "examples"

# Generous: nothing here measures time, it only must not hang for ever.
PATIENCE_SECONDS = 60


def kinds():
    """The monitor's table of kinds, a row each."""
    return {row["kind"]: row for row in json.loads((ROOT / "crates" / "monitor" / "kinds.json").read_text())}


# Of each process that runs tests: below the ports that Linux gives to those who do not ask for one (ip(7),
# `ip_local_port_range`). Another checkout may run its tests too, so each begins somewhere else.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS_EACH = 4_000
FIRST_PORT = random.randrange(PORTS_EACH)
PORTS = (10_000 + WORKER * PORTS_EACH + (FIRST_PORT + number) % PORTS_EACH for number in itertools.count())


def free_port():
    """A port that nobody listens on, and that no other process of these tests takes."""
    while True:
        port = next(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue  # somebody else's
        return port


def until(condition, what, seconds=PATIENCE_SECONDS):
    """Polls a condition of another process until it holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


def call(method, url, body=None, headers=None, seconds=PATIENCE_SECONDS):
    """One HTTP call: (status, parsed JSON or text)."""
    data = None if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            status, text = answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read().decode()
    try:
        return status, json.loads(text)
    except json.JSONDecodeError:
        return status, text


def event(name):
    return json.loads((EVENTS / f"{name}.json").read_text())


def wait_url(base, arn, wait_id):
    return f"{base}/v1/jobs/{urllib.parse.quote(arn, safe='')}/waits/{wait_id}"


class Waiter:
    """A pipeline step's end, in Python: verifies with the reference library."""

    def __init__(self, host="127.0.0.1", port=None, secret=None):
        self.secret = secret or "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self.heard = queue.Queue()
        self.problems = []
        self.answers = []  # statuses to give before 204
        self.retry_after = None  # seconds to name with a 503
        self.delays = []  # seconds to think before answering
        self.probes = 0  # probes heard
        self.lives = True  # whether it answers them
        waiter = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                # Probes are answered at once and well: what a test scripts is of signals.
                probe = b'"sagebell.probe"' in body
                time.sleep(waiter.delays.pop(0) if waiter.delays and not probe else 0)
                status = waiter.answers.pop(0) if waiter.answers and not probe else 204
                answer = b""
                try:
                    verified = standardwebhooks.Webhook(waiter.secret).verify(body, dict(self.headers))
                    if verified["type"] == "sagebell.probe":
                        status, answer = waiter.proves(self.headers, body)
                    elif status == 204:
                        waiter.heard.put((self.headers["webhook-id"], verified))
                except Exception as problem:  # noqa: BLE001 whatever it is, the test must see it
                    waiter.problems.append(repr(problem))
                    status = 401
                self.send_response(status)
                if status == 503 and waiter.retry_after:
                    self.send_header("retry-after", str(waiter.retry_after))
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((host, port or 0), Handler)
        self.url = f"http://{host}:{self.server.server_port}/callback"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def proves(self, headers, body):
        """The answer to a probe: signed as a callback whose id is that of the probe's answer."""
        self.probes += 1
        if not self.lives:
            return 204, b""
        signed_at = datetime.datetime.fromtimestamp(int(headers["webhook-timestamp"]), tz=datetime.UTC)
        webhook = standardwebhooks.Webhook(self.secret)
        proof = webhook.sign(f"answer_{headers['webhook-id']}", signed_at, body.decode())
        return 200, json.dumps({"proof": proof}).encode()

    def register(self, base, arn, wait_id, **more):
        body = {"callback_url": self.url, "secret": self.secret, **more}
        status, answer = call("PUT", wait_url(base, arn, wait_id), body)
        assert status in (200, 201), answer
        return answer

    def hear(self, seconds=PATIENCE_SECONDS):
        webhook_id, body = self.heard.get(timeout=seconds)
        assert not self.problems, self.problems
        return webhook_id, body

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def waiter():
    # scripts/test-deployed names an address that a pod could have.
    waiter = Waiter(host=os.environ.get("SAGEBELL_TEST_WAITERS", "127.0.0.1"))
    yield waiter
    waiter.close()


class Local:
    """A `sagebell local` process."""

    def __init__(self, store, port=None, environment=None, words=(), host="127.0.0.1"):
        self.store, self.port = store, port or free_port()
        self.environment, self.words = environment or {}, words
        self.listen = f"{host}:{self.port}"
        self.base = f"http://{self.listen}"
        self.process = None

    def start(self):
        command = [SAGEBELL, "local", "--listen", self.listen, "--store", self.store]
        environment = {**os.environ, **self.environment}
        self.process = subprocess.Popen([*command, *self.words], stderr=subprocess.DEVNULL, env=environment)
        until(self.up, "sagebell local answers")
        return self

    def up(self):
        try:
            return call("GET", f"{self.base}/healthz")[0] == 200
        except OSError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def terminate(self):
        self.process.terminate()
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def run(self, *words):
        """A sagebell command against this stack."""
        command = [SAGEBELL, *words, "--api", self.base]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)


@pytest.fixture
def local(tmp_path):
    stack = Local(tmp_path / "local.db").start()
    yield stack
    stack.kill()


@pytest.fixture
def scene(local, tmp_path):
    """Steps beside a monitor and a SageMaker."""
    from steps import Scene

    scene = Scene(local, tmp_path)
    yield scene
    scene.close()


@pytest.fixture
def logs():
    """A client of a CloudWatch Logs of this machine, which is empty."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    url = f"http://127.0.0.1:{server._server.server_port}"
    # moto keeps what it has for as long as the process lives.
    call("POST", f"{url}/moto-api/reset")
    yield boto3.client(
        "logs", region_name="us-east-1", endpoint_url=url, aws_access_key_id="test", aws_secret_access_key="test"
    )
    server.stop()


@pytest.fixture
def aws_environment():
    return {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    """An AWS on this machine."""
    from cloud import Cloud

    cloud = Cloud(tmp_path_factory.mktemp("cloud"))
    yield cloud
    cloud.stop()


@pytest.fixture(scope="session")
def bridge():
    from cloud import Bridge

    bridge = Bridge()
    yield bridge
    bridge.close()


@pytest.fixture(scope="session")
def sagemaker(bridge):
    """A SageMaker whose events go over the bridge."""
    from cloud import FakeSageMaker

    sagemaker = FakeSageMaker(bridge.url)
    yield sagemaker
    sagemaker.stop()


@pytest.fixture(scope="session")
def jobs():
    """A SageMaker whose events a test hands on, or not."""
    from functions_on_aws import TalkativeSageMaker

    sagemaker = TalkativeSageMaker()
    yield sagemaker
    sagemaker.stop()


@pytest.fixture(scope="session")
def deployed(cloud, sagemaker):
    """The stack, with the fake as its SageMaker."""
    from cloud import Deployment

    deployed = Deployment(cloud)
    deployed.asks(sagemaker.url)
    return deployed
