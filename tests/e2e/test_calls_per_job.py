"""How many AWS calls a job's life takes, counted between the functions and AWS, and
what they cost: the tables of docs/cost.md are made of what is counted here.

    UPDATE_COST=1 pytest tests/e2e/test_calls_per_job.py    writes them
"""

import collections
import os

import pytest

from conftest import ROOT, Waiter, until
from cost import Bill, Table
from cost_stack import logged, metrics_in
from cost_tables import IDLE, called_back, idle_table, tables, with_lambda, written
from functions import NAMES
from functions_on_aws import running_on_aws

PAGE = ROOT / "docs" / "cost.md"
# What a training job comes to before its end, by SageMaker's events.
ON_THE_WAY = ["Starting", "Preparing", "Downloading", "Training", "Uploading"]
RENEWALS = 2
# Of an event: into the queue, out of it, and deleted. A signal request's way in is the
# function's own call. Each is alone in its batch, as where jobs are few.
TAKEN, RUNG = 3, 2
# As long as names and labels of a pipeline are.
NAME = "kfp-mnist-train-7c1f0a52b6d94e0f8a35"
WAIT = {
    "wait_id": "kfp-3f0c6f6e-8a1b-4d53-9c1e-5a7b2f0d9e44-train",
    "labels": {"run": "3f0c6f6e-8a1b-4d53-9c1e-5a7b2f0d9e44", "task": "train", "namespace": "team-vision"},
    "on_abandon": "stop",
}
# So early that no test waits for the first check.
QUICK = {"SAGEBELL_CHECK_FIRST_SECONDS": "1"}

# Two connections, one after the other: API Gateway's ids look like this.
FIRST, SECOND = "L0SM9cOFvHcCIhw=", "L0SNqfOFPHcCIsA="

# Of each part of a job's life: the AWS calls, by the function that makes them.
REGISTERED = {"GetItem wait": 1, "UpdateItem count": 3, "PutItem wait": 1, "GetItem job": 1, "PutItem job": 1}
CALLS = {
    "a connection that is opened": {"api": {"PutItem connection": 1}},
    "a registration": {
        "api": {**REGISTERED, "GetItem connection": 3, "PutItem connection": 1},
    },
    "an event on the way": {"job-events": {"GetItem job": 1, "PutItem job": 1}},
    "a ping": {},
    "a registration on the next connection": {
        "api": {"GetItem wait": 1, "GetItem connection": 3, "PutItem connection": 1, "PutItem wait": 1, "GetItem job": 1},
    },
    "a connection that is closed": {"api": {"GetItem connection": 1, "PutItem connection": 1, "GetItem wait": 1}},
    "the event of the end": {
        "job-events": {
            "GetItem job": 1, "PutItem job": 1, "Query waits": 1, "SendMessageBatch": 1, "PutEvents Job Settled": 1,
        },
    },
    "the signal": {"signals": {"GetItem wait": 1, "GetItem job": 1, "PutItem wait": 2, "PostToConnection": 1}},
    "a registration with a callback": {"api": REGISTERED},
    "the callback": {"signals": {"GetItem wait": 1, "GetItem job": 1, "PutItem wait": 2}},
    "a renewal": {"api": {"GetItem wait": 1, "PutItem wait": 1, "GetItem job": 1}},
    "the first check of a kind": {
        "sweep": {"GetItem wait": 1, "GetItem job": 1, "PutItem wait": 1, "PutItem heartbeat": 1},
    },
    "a check of a silent job": {"sweep": {"GetItem wait": 1, "GetItem job": 1, "PutItem wait": 1}},
    "a sweep with nothing to do": {"sweep": {"GetItem heartbeat": 1, "PutItem heartbeat": 1, "Query due": 8}},
}


class Counted:
    """A life, part by part: the calls of each, and what AWS bills for them."""

    def __init__(self, functions):
        self.functions, self.table = functions, Table()
        self.journal, self.calls, self.bills = [], {}, {}
        # What they log, and which of it becomes metrics; not what they say when they start.
        self.log, self.sent = open(functions.log.name), {}
        self.log.read()

    def part(self, name, queue=0, messages=0, invocations=1, besides=None):
        """What was called since the part before, by its invocations. `queue`: SQS requests that others
        made. `messages`: what went over the connection besides. The first calls that are `besides`, in
        their numbers, are not of this part."""
        calls = {}
        for function, proxy in self.functions.proxies.items():
            made, left = [], collections.Counter(besides)
            for one in proxy.calls():
                left[one.name] -= 1
                made += [one] if left[one.name] < 0 else []
            calls |= {function: made} if made else {}
            proxy.mark()
        counts = {function: dict(collections.Counter(one.name for one in made)) for function, made in calls.items()}
        made = [one for made in calls.values() for one in made]
        bill = self.bill(made)
        bill["Lambda request"] += invocations
        bill["SQS request"] += queue
        bill["message"] += messages
        said = self.log.read()
        bill["GB of logs"] += logged(said, invocations) / 1e9
        self.sent[name] = self.sent.get(name, set()) | metrics_in(said)
        self.journal += made
        # The same part again, as of the next event, is the same; of what it costs,
        # the most counts: items grow.
        assert self.calls.setdefault(name, counts) == counts
        self.bills[name] = max(bill, self.bills.get(name, bill), key=Bill.dollars)

    def forget(self):
        """What was done since the part before is of no part."""
        for proxy in self.functions.proxies.values():
            proxy.mark()
        self.log.read()

    def bill(self, calls):
        bill = Bill()
        for one in calls:
            if one.service == "DynamoDB":
                reads, writes = self.table.units(one)
                bill.update({"read unit": reads, "write unit": writes})
            elif one.service == "SQS":
                bill["SQS request"] += 1
            elif one.service == "API Gateway":
                bill["message"] += 1
            elif one.service == "EventBridge":
                bill["custom event"] += len(one.request["Entries"])
            else:
                bill["SageMaker call"] += 1
        return bill


def live(functions, jobs, waiter):
    """Two training jobs, from their registration to their signal: by a connection, and by a callback."""
    counted = Counted(functions)
    # The first one says that it begins.
    functions.answer("sweep", {})
    counted.forget()
    functions.answer("sweep", {})
    counted.part(IDLE)
    live_by_connection(functions, jobs, counted)
    live_by_callback(functions, jobs, waiter, counted)
    return counted


# A frame, and its answer.
ASKED = 2


def live_by_connection(functions, jobs, counted):
    functions.gateway("CONNECT", FIRST)
    counted.part("a connection that is opened")
    arn = jobs.create_training(NAME, [{"status": "InProgress", "secondary": "Pending"}])
    frame = {"action": "wait", "arn": arn, **WAIT}
    assert functions.gateway("MESSAGE", FIRST, frame)["wait"]["channel"] == "connection"
    counted.part("a registration", messages=ASKED)
    for secondary in ON_THE_WAY:
        take(functions, jobs.tell(arn, "InProgress", secondary))
        counted.part("an event on the way", queue=TAKEN)
    # API Gateway answers it (infra/tests/test_template.py).
    counted.part("a ping", messages=ASKED, invocations=0)
    functions.gateway("CONNECT", SECOND)
    counted.part("a connection that is opened")
    assert functions.gateway("MESSAGE", SECOND, frame)["wait"]["state"] == "waiting"
    counted.part("a registration on the next connection", messages=ASKED)
    functions.gateway("DISCONNECT", FIRST)
    counted.part("a connection that is closed")
    for part in ("the first check of a kind", "a check of a silent job"):
        until(lambda: has_looked(functions, counted), "the sweep checks the job")
        # The sweep itself is there for all jobs.
        counted.part(part, invocations=0, besides=CALLS[IDLE]["sweep"])
    take(functions, jobs.tell(arn, "Completed"))
    counted.part("the event of the end", queue=TAKEN)
    assert functions.poll_signals() == (1, 1)
    (pushed,) = [one for one in functions.proxies["signals"].calls() if one.name == "PostToConnection"]
    assert pushed.request["type"] == "sagemaker.training_job.succeeded"
    counted.part("the signal", queue=RUNG)


def live_by_callback(functions, jobs, waiter, counted):
    arn = jobs.create_training(f"{NAME}-2", [{"status": "InProgress", "secondary": "Pending"}])
    waiter.register(functions.api, arn, **WAIT)
    counted.part("a registration with a callback")
    for _ in range(RENEWALS):
        waiter.register(functions.api, arn, **WAIT)
        counted.part("a renewal")
    take(functions, jobs.tell(arn, "Completed"))
    counted.part("the event of the end", queue=TAKEN)
    assert functions.poll_signals() == (1, 1)
    counted.part("the callback", queue=RUNG)
    assert waiter.hear()[1]["type"] == "sagemaker.training_job.succeeded"


def take(functions, event):
    functions.send(event)
    assert functions.poll_events() == (1, 1)


def has_looked(functions, counted):
    """Whether the job was due; if not, the sweep did what an idle one does."""
    looked = functions.answer("sweep", {})["checked"] == 1
    if not looked:
        counted.forget()
    return looked


@pytest.fixture(scope="module")
def counted(tmp_path_factory, cloud, jobs):
    waiter = Waiter()
    with running_on_aws(tmp_path_factory.mktemp("calls"), cloud, jobs, "calls", **QUICK) as functions:
        yield live(functions, jobs, waiter)
    waiter.close()


@pytest.mark.parametrize("part", CALLS)
def test_a_part_of_a_job_s_life_takes_these_calls(counted, part):
    assert counted.calls[part] == CALLS[part]


def test_nothing_else_was_called_but_once_by_each_function_to_connect(counted):
    assert counted.calls.keys() == CALLS.keys()
    assert {name: proxy.connections for name, proxy in counted.functions.proxies.items()} == dict.fromkeys(NAMES, 1)


def test_an_observation_is_at_most_one_write_and_a_settled_job_one_query(counted):
    def of(part, name):
        return counted.calls[part]["job-events"].get(name, 0)

    observations = ("an event on the way", "the event of the end")
    assert max(of(part, "PutItem job") for part in observations) == 1
    assert [of(part, "Query waits") for part in observations] == [0, 1]


def test_the_monitor_describes_nothing_in_a_job_s_life(counted):
    called = {one.name for one in counted.journal}
    assert not [name for name in called if name.startswith("Describe")], called


def test_every_write_has_its_condition_and_every_read_of_a_job_is_consistent(counted):
    for one in counted.journal:
        if one.name.startswith("PutItem"):
            assert one.request["ConditionExpression"]
        if one.name.startswith("GetItem") or one.name == "Query waits":
            assert one.request["ConsistentRead"] is True


def test_the_page_says_what_was_counted(counted):
    page = PAGE.read_text()
    told = written(page, tables(counted.calls, counted.bills, counted.sent))
    if os.environ.get("UPDATE_COST"):
        PAGE.write_text(told)
    assert page == told or os.environ.get("UPDATE_COST"), "write it anew: UPDATE_COST=1"


def test_a_job_of_a_week_costs_at_most_twice_one_of_an_hour_with_callbacks(counted):
    bills = {part: with_lambda(bill) for part, bill in counted.bills.items()}
    hour, week = (called_back(bills, hours * 3600).dollars() for hours in (1, 7 * 24))
    assert week <= 2 * hour


def test_an_idle_stack_costs_less_than_two_dollars_a_month(counted):
    table = idle_table(with_lambda(counted.bills[IDLE]), counted.sent)
    [total] = [line.split(" | ")[2] for line in table.splitlines() if line.startswith("| all |")]
    assert float(total.strip("$")) < 2


def test_only_what_alarms_read_is_a_metric_and_an_idle_stack_sends_none(counted):
    assert counted.sent[IDLE] == set()
    sent = {name for metrics in counted.sent.values() for name, _ in metrics}
    assert sent == {"sagebell_events_total"}, counted.sent
