"""Every kind of answer that what stands between a step and its monitor gives, to each
call that the step makes: none ends the step or the renewing, and the job stays alone.

The answers are those of Lambda function URLs
(https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html), of API gateways,
load balancers and proxies (https://www.rfc-editor.org/rfc/rfc9110#section-15), and of
the API itself when it fails.
"""

import concurrent.futures
import contextlib
import json

import pytest

from conftest import until
from gate import PLAIN, Gate
from steps import Scene
from test_step import TRAINS_FOR_EVER, succeeds

JSON = {"content-type": "application/json"}
PAGE = {"content-type": "text/html"}
PROBLEM = {"content-type": "application/problem+json"}


def problem(code):
    return PROBLEM, json.dumps({"code": code, "detail": "of a test"}).encode()


ANSWERS = {
    "Lambda is throttled": (429, JSON, b'{"Reason":"ConcurrentInvocationLimitExceeded","Type":"User"}'),
    "the function crashed": (502, JSON, b"Internal Server Error"),
    "the gateway timed out": (504, JSON, b'{"message":"Endpoint request timed out"}'),
    "the balancer has no target": (503, PAGE, b"<html>503</html>"),
    "IAM forbids": (403, JSON, b'{"Message":"Forbidden"}'),
    "a proxy blocks": (403, PAGE, b"<html>blocked by policy</html>"),
    "a proxy wants a login": (407, PAGE, b"<html>log in</html>"),
    "a portal takes the call": (200, PAGE, b"<html>welcome</html>"),
    "a redirect": (302, {**PLAIN, "location": "http://127.0.0.1:9/"}, b""),
    "the request took too long": (408, PLAIN, b""),
    "nothing is said": (200, JSON, b""),
    "something else is said": (200, JSON, b'{"wait": "none"}'),
    "too much is said": (200, JSON, b" " * (9 * 1024 * 1024)),
    "the answer breaks off": (200, JSON, None),
    "the API fails": (500, *problem("internal")),
    "the API is busy": (503, *problem("try_again")),
    "the API limits its callers": (429, *problem("too_many_requests")),
    "a route is missing": (404, PLAIN, b"default backend - 404"),
}
LEASE_SECONDS = 6


@pytest.fixture
def scene(local, tmp_path):
    scene = Scene(local, tmp_path)
    scene.sagemaker.life(*TRAINS_FOR_EVER)
    yield scene
    scene.close()


class Row:
    """A step with a gate of its own, which gives the answer to every call once or twice."""

    def __init__(self, scene, place, name):
        self.name, self.gate = name, Gate(scene.local.base)
        self.answer = ANSWERS[name]
        self.refused = [self.refuse("GET /v1/principal", 1), self.refuse("PUT /v1/jobs", 2)]
        words = ("--channel", "callback", "--lease-seconds", str(LEASE_SECONDS))
        self.step = scene.train(*words, task=f"task-{place}", api=self.gate)

    def refuse(self, word, times):
        status, headers, body = self.answer
        return self.gate.refuse(word, times, status, headers, body)

    def renewals(self):
        return sum(word.startswith("PUT ") for word in self.gate.passed)

    def lives(self):
        assert self.step.process.poll() is None, f"{self.name}: {self.step.said()}"
        return True

    def renews_on(self, refused):
        """After these refusals."""
        until(lambda: self.lives() and refused.met == refused.times, f"{self.name}: its renewals are refused")
        before = self.renewals()
        until(lambda: self.lives() and self.renewals() > before, f"{self.name}: it renews on")
        assert "the monitor answers again" in self.step.said(), self.name


def test_every_answer_on_the_way_to_the_monitor_is_outlived(scene):
    rows = [Row(scene, place, name) for place, name in enumerate(ANSWERS)]
    with contextlib.ExitStack() as gates:
        for row in rows:
            gates.callback(row.gate.close)
            assert row.step.waits()["wait"]["on_abandon"] == "stop"
            for refused in row.refused:
                assert refused.met == refused.times, row.name
        renewals = [row.refuse("PUT /v1/jobs", 2) for row in rows]
        # All at once: the older a wait is, the more seldom it is renewed.
        with concurrent.futures.ThreadPoolExecutor(len(rows)) as pool:
            list(pool.map(Row.renews_on, rows, renewals))
        assert scene.sagemaker.calls("StopTrainingJob") == 0
        for row in rows:
            scene.sagemaker.move(row.step.arn(), "Completed")
            succeeds(row.step)
    assert scene.sagemaker.calls("CreateTrainingJob") == len(rows)


def test_while_the_monitor_is_out_of_reach_the_end_is_seen_all_the_same(scene):
    step = scene.train("--channel", "callback", "--lease-seconds", str(LEASE_SECONDS))
    step.waits()
    # Neither renewals nor callbacks come through any more.
    scene.local.kill()
    step.says("no answer from")
    scene.sagemaker.move(step.arn(), "Completed")
    succeeds(step)
    # It was asked for after a lease, and not in a hurry.
    assert scene.aws.count("DescribeTrainingJob") <= 2


def test_a_step_that_could_never_register_sees_its_job_through(scene):
    scene.api.refuse("PUT /v1/jobs", status=502)
    step = scene.train("--channel", "callback", "--lease-seconds", str(LEASE_SECONDS))
    step.says("HTTP 502")
    scene.sagemaker.move(step.arn(), "Completed")
    succeeds(step)
    assert scene.sagemaker.calls("StopTrainingJob") == 0


@pytest.mark.parametrize(("on_abandon", "stops"), [("stop", 1), ("keep", 0)])
def test_terminated_before_the_monitor_knows_of_the_job_it_leaves_nothing_unwatched(scene, on_abandon, stops):
    scene.api.refuse("PUT /v1/jobs", status=429)
    step = scene.train("--channel", "callback", "--on-abandon", on_abandon)
    step.says("HTTP 429")
    step.terminate()
    assert step.ends() == 143
    assert "the monitor does not know the job" in step.said()
    assert scene.sagemaker.calls("StopTrainingJob") == stops


def test_terminated_once_the_monitor_knows_of_the_job_it_leaves_it_to_the_next_pod(scene):
    step = scene.train("--channel", "callback", "--lease-seconds", str(LEASE_SECONDS))
    step.waits()
    scene.local.kill()
    step.says("no answer from")
    step.terminate()
    assert step.ends() == 143
    assert "for the next pod" in step.said()
    assert scene.sagemaker.calls("StopTrainingJob") == 0


def test_a_refusal_before_there_is_a_job_makes_none(scene):
    headers, body = problem("job_out_of_scope")
    scene.api.refuse("GET /v1/principal", status=403, headers=headers, body=body)
    step = scene.train()
    assert step.ends() == 1 and "job_out_of_scope" in step.said()
    assert scene.sagemaker.calls("CreateTrainingJob") == 0
