"""The command line's signatures: held against botocore's, and accepted by a verifier."""

import http.server
import json
import os
import subprocess
import threading
from typing import NamedTuple

import botocore.auth
import botocore.awsrequest
import pytest

from clocks import faketime
from cloud import ACCOUNT, REGION, SAGEBELL, name_loopback, signer
from gate import signed_late

pytestmark = pytest.mark.deployed

# As a function URL's is.
HOST = f"recorded.lambda-url.{REGION}.on.aws"
# As a WebSocket API's is.
GATEWAY = f"a1b2c3.execute-api.{REGION}.amazonaws.com"
ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/signed"
JOB = {"arn": ARN, "kind": "training", "name": "signed", "phase": "succeeded"}
KEYS = {"AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
SESSION = {**KEYS, "SessionToken": "AQoDYXdzEPT//////////wEXAMPLE/tc+6Vm=="}


class Request(NamedTuple):
    """A request as it came over the wire."""

    method: str
    target: str
    headers: dict
    body: bytes


class Recorder:
    """Keeps what it is asked, and answers all of it alike."""

    def __init__(self):
        self.requests, self.answer = [], {}
        self.timely = False  # whether it refuses what is signed for another time than its own
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                recorder.requests.append(Request(self.command, self.path, headers, body))
                refused = recorder.timely and signed_late(self.headers)
                answer = json.dumps({"Message": "Forbidden"} if refused else recorder.answer).encode()
                self.send_response(403 if refused else 200)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_PUT = do_DELETE = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://{HOST}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def named():
    name_loopback(HOST)
    name_loopback(GATEWAY)


@pytest.fixture
def recorder(named):
    recorder = Recorder()
    yield recorder
    recorder.close()


def sagebell(api, keys, *words, environment=None):
    """A finished run of the command, by whoever has these keys."""
    environment = {
        **os.environ,
        **(environment or {}),
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys.get("SessionToken", ""),
    }
    command = [SAGEBELL, *words, "--api", api]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def parts(authorization):
    """The parts of an Authorization header."""
    algorithm, _, fields = authorization.partition(" ")
    return {"algorithm": algorithm, **dict(field.strip().split("=", 1) for field in fields.split(","))}


def by_botocore(request, keys, service="lambda"):
    """What botocore would have signed this request with, at the same time."""
    signed = parts(request.headers["authorization"])["SignedHeaders"].split(";")
    same = botocore.awsrequest.AWSRequest(
        method=request.method,
        url=f"http://{request.headers['host']}{request.target}",
        data=request.body,
        headers={name: request.headers[name] for name in signed},
    )
    same.context["timestamp"] = request.headers["x-amz-date"]
    auth = botocore.auth.SigV4Auth(signer(keys), service, REGION)
    canonical = auth.canonical_request(same)
    signature = auth.signature(auth.string_to_sign(same, canonical), same)
    auth._inject_signature_to_request(same, signature)
    return parts(same.headers["Authorization"])


# `wait` asks first who it is to the monitor.
WAIT = ["wait", ARN, "--id", "a:b.c_d-1", "--channel", "callback"]
JOBS = ["jobs", "--run", "nightly/3 of #7 + ü & k=v*~?", "--phase", "succeeded", "--limit", "7"]
WAITS = {
    "id": "a:b.c_d-1", "callback_url": "http://10.0.0.7:8080/callback", "signal_on": "settled", "lease_seconds": 600,
    "lease_until": "2026-01-01T00:10:00Z", "deadline": "2026-01-02T00:00:00Z", "on_abandon": "keep", "labels": {},
    "state": "waiting", "created_at": "2026-01-01T00:00:00Z", "delivery": {"seq": 0, "attempts": 0},
}
COMMANDS = {
    "a query": (JOBS, ["GET"]),
    "an ARN in the path and a body": (WAIT, ["GET", "PUT"]),
    "a call without a body": ([*WAIT, "--max-wait", "1s"], ["GET", "PUT", "DELETE"]),
}


@pytest.mark.parametrize("keys", [pytest.param(KEYS, id="a user's keys"), pytest.param(SESSION, id="a session's keys")])
@pytest.mark.parametrize("command", COMMANDS)
def test_requests_are_signed_as_botocore_signs_them(recorder, keys, command):
    words, methods = COMMANDS[command]
    phase = "running" if "--max-wait" in words else "succeeded"
    recorder.answer = {
        "principal": "somebody", "wait": WAITS, "job": {**JOB, "phase": phase}, "items": [], "next": None,
    }
    done = sagebell(recorder.url, keys, *words)
    assert done.returncode == (3 if phase == "running" else 0), done.stderr
    assert [request.method for request in recorder.requests] == methods
    for request in recorder.requests:
        ours = parts(request.headers["authorization"])
        assert ours == by_botocore(request, keys)
        must = {"host", "x-amz-date"}
        must |= {"content-type"} if request.body else set()
        must |= {"x-amz-security-token"} if "SessionToken" in keys else set()
        assert must <= set(ours["SignedHeaders"].split(";"))


def test_the_request_that_opens_a_connection_is_signed_for_the_gateway(recorder):
    """The headers of the upgrade are for the next hop, and are not signed."""
    address = f"ws://{GATEWAY}:{recorder.server.server_port}/v1"
    recorder.answer = {"principal": "somebody", "url": address, "wait": WAITS, "job": JOB}
    done = sagebell(recorder.url, SESSION, "wait", ARN)
    assert done.returncode == 0 and "HTTP 200" in done.stderr, done.stderr
    opening = [request for request in recorder.requests if request.headers["host"].startswith(GATEWAY)]
    # It tries some times, and then goes on without a connection.
    assert len(opening) == 3
    for request in opening:
        ours = parts(request.headers["authorization"])
        assert ours == by_botocore(request, SESSION, "execute-api")
        assert set(ours["SignedHeaders"].split(";")) == {"host", "x-amz-date", "x-amz-security-token"}
        assert (request.target, request.headers["upgrade"]) == ("/v1", "websocket")


@pytest.mark.parametrize("offset", ["+1h", "-1h"])
def test_a_call_that_is_signed_for_another_time_is_signed_anew_for_the_function_urls(recorder, offset):
    recorder.answer, recorder.timely = {"items": [], "next": None}, True
    done = sagebell(recorder.url, KEYS, "jobs", environment=faketime(offset))
    assert (done.returncode, len(recorder.requests)) == (0, 2), done.stderr
    first, second = [request.headers["x-amz-date"] for request in recorder.requests]
    assert (first > second) == (offset == "+1h")


@pytest.mark.parametrize("session", ["one", "two"])
def test_the_function_url_takes_the_signatures_of_a_pod(deployed, session):
    done = sagebell(deployed.api, deployed.pod(session), *JOBS, "--output", "json")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("wrong", ["AccessKeyId", "SecretAccessKey", "SessionToken"])
def test_the_function_url_refuses_wrong_keys(deployed, wrong):
    keys = {**deployed.pod(), wrong: "ASIAWRONGWRONGWRONG0"}
    done = sagebell(deployed.api, keys, "jobs")
    assert done.returncode == 2 and "HTTP 403" in done.stderr, done.stderr
