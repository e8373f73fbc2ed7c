"""Signals across a real network that fails: a pod in a network namespace."""

import itertools
import json
import os
import subprocess
import sys

import pytest

from conftest import PATIENCE_SECONDS, ROOT, SAGEBELL, Local, call, until, wait_url
from test_faults import bus_of
from test_local import TRAINING, entry

NUMBERS = itertools.count()
HOST, POD = "10.213.77.1", "10.213.77.2"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


class Pod:
    """A waiter behind a link of its own."""

    def __init__(self):
        self.process = None
        # A name of its own: a namespace that was deleted may linger for a moment.
        number = next(NUMBERS)
        self.namespace = f"sagebell-{os.getpid()}-{number}"
        self.link = f"sb{os.getpid()}x{number}"

    def connect(self):
        for words in (
            f"netns add {self.namespace}",
            f"link add {self.link} type veth peer name pod0 netns {self.namespace}",
            f"addr add {HOST}/30 dev {self.link}",
            f"link set {self.link} up",
            f"-n {self.namespace} addr add {POD}/30 dev pod0",
            f"-n {self.namespace} link set pod0 up",
            f"-n {self.namespace} link set lo up",
        ):
            self.ip(words)
        return self

    def run(self, *command):
        """Starts a program in the pod."""
        inside = ["ip", "netns", "exec", self.namespace, *command]
        self.process = subprocess.Popen(inside, stdout=subprocess.PIPE, text=True)

    def listen(self):
        """Starts a waiter that is called back."""
        self.run(sys.executable, ROOT / "tests/e2e/pod.py", POD)
        self.where = self.line()

    def ip(self, words):
        subprocess.run(["ip", *words.split()], check=True)

    def line(self):
        return json.loads(self.process.stdout.readline())

    def sockets(self):
        """Its connections, with the timers of TCP (ss(8), `-o`)."""
        inside = ["ip", "netns", "exec", self.namespace, "ss", "-tno", "state", "established"]
        return subprocess.run(inside, capture_output=True, text=True, check=True).stdout

    def cut(self):
        self.ip(f"-n {self.namespace} link set pod0 down")

    def heal(self):
        self.ip(f"-n {self.namespace} link set pod0 up")

    def slow(self, rate):
        words = f"qdisc add dev {self.link} root tbf rate {rate} burst 1600 latency 2s"
        subprocess.run(["tc", *words.split()], check=True)

    def refuse(self):
        """The host has no way to the pod: connections fail at once."""
        self.ip(f"route add unreachable {POD}/32")

    def admit(self):
        self.ip(f"route del unreachable {POD}/32")

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        # The link goes with its namespace.
        subprocess.run(["ip", "netns", "del", self.namespace], check=False)
        subprocess.run(["ip", "route", "del", "unreachable", f"{POD}/32"], check=False, stderr=subprocess.DEVNULL)


@pytest.fixture
def pod():
    pod = Pod()
    try:
        yield pod.connect()
    finally:
        pod.stop()


@pytest.fixture
def reachable(pod, tmp_path):
    """A stack that listens on the host's end of the link."""
    stack = Local(tmp_path / "local.db", host=HOST).start()
    yield stack
    stack.kill()


def register(local, pod):
    pod.listen()
    body = {"callback_url": pod.where["url"], "secret": pod.where["secret"]}
    assert call("PUT", wait_url(local.base, TRAINING, "w"), body)[0] == 200


def settle(local):
    assert bus_of(local).put_events(Entries=[entry("training-completed")])["FailedEntryCount"] == 0


def failed_attempt(local):
    delivery = call("GET", wait_url(local.base, TRAINING, "w"))[1]["wait"]["delivery"]
    return delivery["attempts"] > 0 and delivery["last_error"]


def assert_told(local, pod):
    assert pod.line()["type"] == "sagemaker.training_job.succeeded"
    until(lambda: call("GET", wait_url(local.base, TRAINING, "w"))[1]["wait"]["state"] == "signalled", "signalled")


def test_a_pod_cut_off_is_told_when_the_network_heals(local, pod):
    register(local, pod)
    pod.cut()
    settle(local)
    until(lambda: failed_attempt(local), "an attempt has failed")
    pod.heal()
    assert_told(local, pod)


def test_a_pod_out_of_reach_is_told_when_there_is_a_way(local, pod):
    register(local, pod)
    pod.refuse()
    settle(local)
    assert "no route to host" in until(lambda: failed_attempt(local), "an attempt has failed").lower()
    pod.admit()
    assert_told(local, pod)


def test_a_slow_link_is_no_failure(local, pod):
    register(local, pod)
    pod.slow("16kbit")
    settle(local)
    assert_told(local, pod)
    assert not failed_attempt(local)


def hold(local, pod):
    """Has the pod wait by a connection. Returns how to look at its wait."""
    pod.run(SAGEBELL, "wait", TRAINING, "--id", "w", "--output", "json", "--api", local.base)

    def wait():
        return call("GET", wait_url(local.base, TRAINING, "w"))[1].get("wait")

    until(lambda: wait() and wait()["channel"] == "connection", "it holds a connection")
    return wait


def test_tcp_asks_a_silent_connection_for_life(reachable, pod):
    """A gateway may leave ping frames unanswered."""
    hold(reachable, pod)
    until(lambda: "timer:(keepalive,1" in pod.sockets(), "within twenty seconds of silence")


def test_a_waiter_whose_connection_is_cut_off_is_told_when_the_network_heals(reachable, pod):
    wait = hold(reachable, pod)
    pod.cut()
    settle(reachable)
    # Into the socket, which tells nobody that the link is down.
    until(lambda: wait()["state"] == "signalled", "pushed")
    pod.heal()
    assert pod.process.wait(timeout=PATIENCE_SECONDS) == 0
    assert json.loads(pod.process.stdout.read().splitlines()[-1])["phase"] == "succeeded"
