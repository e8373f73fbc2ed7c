"""`sagebell preflight` against a local stack: its connection, what is on the way to it, and a callback.
Where AWS itself is asked, moto answers. `test_preflight.py` has the whole deployment."""

import json
import os
import subprocess

import pytest
from moto.server import ThreadedMotoServer

from conftest import SAGEBELL, free_port, until
from gate import Gate

ON_CONNECTION = {"connection", "ping", "signal"}


@pytest.fixture(scope="module")
def aws():
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    yield f"http://127.0.0.1:{server._server.server_port}"
    server.stop()


@pytest.fixture
def gate(local):
    gate = Gate(local.base)
    yield gate
    gate.close()


@pytest.fixture
def preflight(aws, local, gate):
    """The exit code of the command, with its API behind the gate, and each check by its name."""

    def run(*words, patience="20s", **more):
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "AWS_ENDPOINT_URL": aws, "AWS_ENDPOINT_URL_EVENTBRIDGE": local.base, "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true", **more,
        }
        command = [SAGEBELL, "preflight", "--api", gate.url, "--output", "json", "--patience", patience, *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.stdout, done.stderr
        return {check["name"]: check for check in json.loads(done.stdout)["checks"]}

    return run


def places(check):
    return {place["statement"] for place in check.get("granted_by", [])}


def test_a_connection_opens_is_answered_and_a_signal_comes_down_it(gate, preflight):
    checks = preflight("--no-callback")
    assert {checks[name]["outcome"] for name in ON_CONNECTION} == {"ok"}, checks
    assert "callback" not in checks
    # The address, and the connection.
    assert gate.count("GET /v1/connect") == 2
    assert (gate.count("FRAME ping"), gate.count("FRAME wait")) == (1, 1)
    until(gate.tunnels[0].ended.is_set, "the connection is closed")


def test_a_callback_comes_as_well_from_a_monitor_that_has_them(preflight):
    checks = preflight("--callback", "--listen", f"127.0.0.1:{free_port()}")
    assert {checks[name]["outcome"] for name in (*ON_CONNECTION, "callback")} == {"ok"}, checks


def test_without_the_test_wait_nothing_is_registered(gate, preflight):
    checks = preflight("--no-signal")
    assert {checks[name]["outcome"] for name in ("connection", "ping")} == {"ok"}
    assert not {"signal", "callback"} & checks.keys()
    assert gate.count("FRAME wait") == gate.count("PUT ") == 0


def refuse_upgrades(gate, **refusal):
    """And not the question where connections are opened."""
    gate.edit = lambda body: body.replace(b"/v1/connect", b"/v1/connect?upgrade")
    gate.refuse("GET /v1/connect?upgrade", **refusal)


def test_whom_iam_does_not_let_connect_is_told_what_the_role_needs(gate, preflight):
    refuse_upgrades(gate, status=403, body=b'{"message": "Forbidden"}')
    checks = preflight("--no-callback")
    check = checks["connection"]
    assert (check["outcome"], places(check)) == ("missing", {"Connect", "PreflightConnect"})
    assert "Forbidden" in check["seen"] and "execute-api:Invoke on the stack's output ConnectArn" in check["seen"]
    assert {checks[name]["outcome"] for name in ("ping", "signal")} == {"unknown"}
    assert gate.count("FRAME") == gate.count("PUT ") == 0


def test_a_proxy_that_strips_the_upgrade_is_told_from_a_refusal(gate, preflight):
    refuse_upgrades(gate, status=200, body=b"{}")
    check = preflight("--no-callback")["connection"]
    assert (check["outcome"], places(check)) == ("missing", set())
    assert "takes the `Upgrade` out of the request" in check["seen"]
    assert "steps renew their waits instead" in check["seen"]


def test_where_nothing_gets_to_the_connections_their_host_is_named(gate, preflight):
    nowhere = json.dumps({"url": "ws://127.0.0.1:1/v1/connect"}).encode()
    gate.edit = lambda body: nowhere if body.startswith(b'{"url"') else body
    check = preflight("--no-callback")["connection"]
    assert (check["outcome"], places(check)) == ("missing", {"NetworkPolicy"})
    assert "must let HTTPS to 127.0.0.1 out" in check["seen"]


def test_a_connection_on_which_no_ping_is_answered_is_not_one(gate, preflight):
    gate.refuse("FRAME ping")
    checks = preflight("--no-callback")
    assert checks["connection"]["outcome"] == "ok"
    check = checks["ping"]
    assert (check["outcome"], places(check)) == ("missing", {"PingsRoute", "PingsAnswer", "Pong"})
    assert "a ping on it was not answered" in check["seen"]
    assert (checks["signal"]["outcome"], gate.count("FRAME wait")) == ("unknown", 0)


def test_an_api_that_answers_no_frames_is_told_from_a_gateway_that_answers_pings(gate, preflight):
    gate.refuse("FRAME wait")
    checks = preflight("--no-callback")
    assert checks["ping"]["outcome"] == "ok"
    check = checks["signal"]
    assert (check["outcome"], places(check)) == ("missing", {"FramesRoute", "FramesAnswer", "ConnectionsPermission"})
    assert "Read the log of `api`" in check["seen"]


def test_the_test_wait_is_taken_back_if_no_signal_comes(aws, local, gate, preflight):
    """The bus is another one, so that the monitor hears of nothing."""
    checks = preflight("--no-callback", patience="1s", AWS_ENDPOINT_URL_EVENTBRIDGE=aws)
    assert checks["signal"]["outcome"] == "unknown"
    assert [word.split()[0] for word in gate.words if "/waits/" in word] == ["GET", "DELETE"]
