"""Connections to a local stack: told, lost, found again; by a WebSocket library of others."""

import json
import signal
import socket
import subprocess

import pytest
import websocket

from conftest import SAGEBELL, Local, call, until, wait_url
from gate import Gate
from held import Held
from test_faults import bus_of
from test_local import TRAINING, entry


def connected(base):
    """A waiter that holds a connection to a local stack."""
    return Held(base.replace("http", "ws", 1) + "/v1/connect")


@pytest.fixture
def gate(local):
    gate = Gate(local.base)
    yield gate
    gate.close()


class Waiting:
    """`sagebell wait` through a gate."""

    def __init__(self, local, gate, *words):
        command = [SAGEBELL, "wait", TRAINING, "--id", "w", "--output", "json", "--api", gate.url, *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        until(lambda: gate.count("/waits/w") or gate.count("FRAME wait"), "it registers")
        until(lambda: state(local), "it is registered")

    def ends(self):
        """How the job ended, as it prints it, and what it said beside."""
        lines, said = self.process.communicate(timeout=120)
        assert self.process.returncode == 0, said
        return json.loads(lines.splitlines()[-1])["phase"], said


def settle(local):
    assert bus_of(local).put_events(Entries=[entry("training-completed")])["FailedEntryCount"] == 0


def state(local, wait_id="w"):
    return call("GET", wait_url(local.base, TRAINING, wait_id))[1].get("wait")


def test_a_waiter_is_told_down_its_connection(local):
    waiter = connected(local.base)
    answer = waiter.register(TRAINING)
    assert (answer["wait"]["channel"], answer["wait"]["state"]) == ("connection", "waiting")
    settle(local)
    told = waiter.receive()
    assert (told["type"], told["data"]["wait_id"]) == ("sagemaker.training_job.succeeded", "w")
    until(lambda: state(local)["state"] == "signalled", "signalled")


def test_the_address_is_told_to_who_asks_without_an_upgrade(local):
    assert call("GET", f"{local.base}/v1/connect") == (200, {"url": local.base.replace("http", "ws") + "/v1/connect"})


def test_a_killed_waiter_is_missed_at_once_and_its_successor_is_told(local):
    first = connected(local.base)
    first.register(TRAINING)
    # As a killed process leaves it: no goodbye.
    first.socket.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    first.socket.sock.close()
    until(lambda: state(local).get("gone_since"), "the loss is noted")
    settle(local)
    answer = connected(local.base).register(TRAINING)
    assert (answer["wait"]["state"], answer["job"]["phase"]) == ("signalled", "succeeded")


def test_a_stack_that_is_killed_knows_at_its_next_start_whom_it_lost(local):
    waiter = connected(local.base)
    waiter.register(TRAINING)
    local.kill()
    assert waiter.is_closed()
    local.start()
    assert state(local)["gone_since"]
    again = connected(local.base)
    assert again.register(TRAINING)["wait"].get("gone_since") is None
    settle(local)
    assert again.receive()["data"]["wait_id"] == "w"


def test_a_stack_that_stops_says_goodbye(local):
    waiter = connected(local.base)
    waiter.register(TRAINING)
    local.process.send_signal(signal.SIGTERM)
    opcode, data = waiter.socket.recv_data()
    assert (opcode, int.from_bytes(data[:2], "big")) == (websocket.ABNF.OPCODE_CLOSE, 1001), data
    assert local.process.wait(timeout=60) == 0


def test_the_limits_of_a_gateway(tmp_path):
    for number, words in enumerate((("--connection-seconds", "1"), ("--connection-idle-seconds", "1"))):
        stack = Local(tmp_path / f"{number}.db", words=words).start()
        try:
            waiter = connected(stack.base)
            waiter.register(TRAINING)
            assert waiter.is_closed()
            until(lambda stack=stack: state(stack).get("gone_since"), "the end is noted")
        finally:
            stack.kill()


def test_a_half_dead_connection_costs_no_more_than_one_keep_alive_interval(local, gate):
    """What is pushed into it counts as told, and never arrives. The waiter misses its pong within a
    minute (crates/client/src/connection/keep_alive.rs), opens another connection, and reads the
    state in the answer."""
    waiting = Waiting(local, gate)
    gate.tunnels[0].freeze()
    settle(local)
    until(lambda: state(local)["state"] == "signalled", "pushed")
    assert waiting.ends()[0] == "succeeded"
    assert len(gate.tunnels) == 2


def test_a_waiter_whose_connection_is_cut_opens_the_next_one_at_once(local, gate):
    waiting = Waiting(local, gate)
    gate.tunnels[0].cut()
    until(lambda: gate.count("FRAME wait") == 2, "it registers again")
    settle(local)
    assert waiting.ends()[0] == "succeeded"


def test_an_end_while_there_is_no_connection_is_read_in_the_next_answer(local, gate):
    waiting = Waiting(local, gate)
    held = gate.hold("GET /v1/connect")
    gate.tunnels[0].cut()
    held.await_arrival()
    settle(local)
    gate.open()
    assert waiting.ends()[0] == "succeeded"


def test_a_waiter_that_gets_no_connection_says_so_and_asks(local, gate):
    gate.refuse("GET /v1/connect", status=403, body=b"no WebSockets here")
    waiting = Waiting(local, gate)
    until(lambda: state(local)["channel"] == "none", "it renews")
    settle(local)
    phase, said = waiting.ends()
    assert phase == "succeeded"
    assert "connection" in said, said


def test_each_channel_is_there_for_who_wants_it(local, gate):
    for channel in ("connection", "callback", "none"):
        waiting = Waiting(local, gate, "--channel", channel)
        until(lambda channel=channel: state(local)["channel"] == channel, channel)
        waiting.process.kill()
        waiting.process.communicate()


def test_two_waiters_hold_what_is_theirs(local):
    one, other = connected(local.base), connected(local.base)
    one.register(TRAINING, "one")
    other.register(TRAINING, "other")
    settle(local)
    assert one.receive()["data"]["wait_id"] == "one"
    assert other.receive()["data"]["wait_id"] == "other"


def test_a_late_goodbye_of_an_old_connection_changes_nothing(local):
    old = connected(local.base)
    old.register(TRAINING)
    new = connected(local.base)
    new.register(TRAINING)
    old.socket.close()
    until(lambda: call("GET", f"{local.base}/metrics")[1].find("sagebell_connections 1") > 0, "one is left")
    assert state(local).get("gone_since") is None
    settle(local)
    assert new.receive()["data"]["wait_id"] == "w"


def test_frames_that_fail_are_answered_one_by_one(local):
    waiter = connected(local.base)
    assert waiter.ask("wait", arn="arn:aws:s3:::x", wait_id="w")["code"] == "invalid_field"
    assert waiter.ask("cancel", arn=TRAINING, wait_id="none")["code"] == "wait_not_found"
    assert waiter.ping()
    waiter.socket.send("no JSON")
    assert waiter.receive()["code"] == "invalid_body"
    assert waiter.register(TRAINING)["wait"]["state"] == "waiting"
