"""Connections to a local stack: told, lost, found again; by a WebSocket library of others."""

import itertools
import json
import signal
import socket

import websocket

from conftest import Local, call, until, wait_url
from gate import Gate
from test_faults import bus_of
from test_local import TRAINING, entry


class Held:
    """A waiter that holds a connection."""

    def __init__(self, base):
        self.socket = websocket.create_connection(base.replace("http", "ws", 1) + "/v1/connect", timeout=60)
        self.numbers = itertools.count(1)

    def ask(self, action, **fields):
        request_id = str(next(self.numbers))
        self.socket.send(json.dumps({"action": action, "request_id": request_id, **fields}))
        answer = self.receive()
        assert answer.pop("request_id", None) == request_id, answer
        return answer

    def register(self, arn=TRAINING, wait_id="w", **more):
        return self.ask("wait", arn=arn, wait_id=wait_id, **more)

    def receive(self):
        return json.loads(self.socket.recv())

    def is_closed(self):
        try:
            return self.socket.recv() == ""
        except (websocket.WebSocketException, OSError):
            return True


def settle(local):
    assert bus_of(local).put_events(Entries=[entry("training-completed")])["FailedEntryCount"] == 0


def state(local, wait_id="w"):
    return call("GET", wait_url(local.base, TRAINING, wait_id))[1]["wait"]


def test_a_waiter_is_told_down_its_connection(local):
    waiter = Held(local.base)
    answer = waiter.register()
    assert (answer["wait"]["channel"], answer["wait"]["state"]) == ("connection", "waiting")
    settle(local)
    told = waiter.receive()
    assert (told["type"], told["data"]["wait_id"]) == ("sagemaker.training_job.succeeded", "w")
    until(lambda: state(local)["state"] == "signalled", "signalled")


def test_the_address_is_told_to_who_asks_without_an_upgrade(local):
    assert call("GET", f"{local.base}/v1/connect") == (200, {"url": local.base.replace("http", "ws") + "/v1/connect"})


def test_a_killed_waiter_is_missed_at_once_and_its_successor_is_told(local):
    first = Held(local.base)
    first.register()
    # As a killed process leaves it: no goodbye.
    first.socket.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    first.socket.sock.close()
    until(lambda: state(local).get("gone_since"), "the loss is noted")
    settle(local)
    answer = Held(local.base).register()
    assert (answer["wait"]["state"], answer["job"]["phase"]) == ("signalled", "succeeded")


def test_a_stack_that_is_killed_knows_at_its_next_start_whom_it_lost(local):
    waiter = Held(local.base)
    waiter.register()
    local.kill()
    assert waiter.is_closed()
    local.start()
    assert state(local)["gone_since"]
    again = Held(local.base)
    assert again.register()["wait"].get("gone_since") is None
    settle(local)
    assert again.receive()["data"]["wait_id"] == "w"


def test_a_stack_that_stops_says_goodbye(local):
    waiter = Held(local.base)
    waiter.register()
    local.process.send_signal(signal.SIGTERM)
    opcode, data = waiter.socket.recv_data()
    assert (opcode, int.from_bytes(data[:2], "big")) == (websocket.ABNF.OPCODE_CLOSE, 1001), data
    assert local.process.wait(timeout=60) == 0


def test_the_limits_of_a_gateway(tmp_path):
    for number, words in enumerate((("--connection-seconds", "1"), ("--connection-idle-seconds", "1"))):
        stack = Local(tmp_path / f"{number}.db", words=words).start()
        try:
            waiter = Held(stack.base)
            waiter.register()
            assert waiter.is_closed()
            until(lambda stack=stack: state(stack).get("gone_since"), "the end is noted")
        finally:
            stack.kill()


def test_a_half_dead_connection_loses_a_signal_and_the_next_registration_tells_it(local):
    gate = Gate(local.base)
    try:
        waiter = Held(gate.url)
        waiter.register()
        gate.tunnels[0].freeze()
        settle(local)
        # The bytes went out: nobody can know better, until the waiter misses its pong.
        until(lambda: state(local)["state"] == "signalled", "pushed")
        answer = Held(gate.url).register()
        assert answer["job"]["phase"] == "succeeded"
    finally:
        gate.close()


def test_two_waiters_hold_what_is_theirs(local):
    one, other = Held(local.base), Held(local.base)
    one.register(wait_id="one")
    other.register(wait_id="other")
    settle(local)
    assert one.receive()["data"]["wait_id"] == "one"
    assert other.receive()["data"]["wait_id"] == "other"


def test_a_late_goodbye_of_an_old_connection_changes_nothing(local):
    old = Held(local.base)
    old.register()
    new = Held(local.base)
    new.register()
    old.socket.close()
    until(lambda: call("GET", f"{local.base}/metrics")[1].find("sagebell_connections 1") > 0, "one is left")
    assert state(local).get("gone_since") is None
    settle(local)
    assert new.receive()["data"]["wait_id"] == "w"


def test_frames_that_fail_are_answered_one_by_one(local):
    waiter = Held(local.base)
    assert waiter.ask("wait", arn="arn:aws:s3:::x", wait_id="w")["code"] == "invalid_field"
    assert waiter.ask("cancel", arn=TRAINING, wait_id="none")["code"] == "wait_not_found"
    assert waiter.ask("ping") == {}
    waiter.socket.send("no JSON")
    assert waiter.receive()["code"] == "invalid_body"
    assert waiter.register()["wait"]["state"] == "waiting"
