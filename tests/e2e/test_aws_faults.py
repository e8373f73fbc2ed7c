"""Every AWS call that a function makes, broken in every way: the invocation fails
or it does not, and what SQS, the schedule and the caller do then brings it right.
No observation and no wait is lost, and no call is made more often than it may be.

A proxy between each function and AWS breaks the calls. Rows run side by side, each
on a set of functions and queues that no other row uses meanwhile, since a silent
AWS takes its time.
"""

import concurrent.futures
import contextlib
import dataclasses
import datetime
import queue
import urllib.parse
from time import sleep

import pytest

from aws_proxy import Broken, Fault
from conftest import Waiter, call, wait_url
from functions import NAMES, watching
from functions_on_aws import OnAws, storage

SETS = 20
GRACE_SECONDS = 1
# Unanswered, they are enough.
PROBES = 3
QUICK = {
    "SAGEBELL_CHECK_FIRST_SECONDS": "1", "SAGEBELL_GRACE_SECONDS": str(GRACE_SECONDS), "SAGEBELL_PROBE_SECONDS": "1",
    "SAGEBELL_DESCRIBES_PER_SECOND": "50",
}
# One that meets the fault, one that rings, one for what came in between.
SWEEPS = 3
# The SDK's attempts at one call, the first included, in all adapters.
ATTEMPTS = 3
# How often a lasting fault is met, if less: a silent AWS may take the time of the
# third attempt, and what is refused for good is not for the SDK to repeat.
FEWEST = {Fault.SILENCE: 2, Fault.REFUSED_WITHIN: 1, Fault.GONE: 1, Fault.FORBIDDEN: 1}
# Of one push that fails, a signal request makes another one after a pause, so many in all
# (`Policy::ATTEMPTS_AT_ONCE`), as it does with callbacks.
PUSHES = 4
# How often a caller whose call failed makes it again.
CALLS_AGAIN = 3


# A sweep says that it runs before it looks at anything.
BEAT = ["GetItem heartbeat", "PutItem heartbeat"]
# A call of SageMaker comes out of the budget of all functions, a new wait out of its principal's.
COUNT = "UpdateItem count"
# A list shows the jobs of all rows that are of the kind.
LIST = "ListProcessingJobs"


class Scenario:
    """One invocation of a function, with all that comes before and after it."""

    function = ""
    # The AWS calls of that invocation, when nothing breaks.
    calls = []
    # How many sweeps it takes, at most, to bring it right; without them, that is
    # the queue's or the caller's next try alone.
    sweeps = 0
    # How often the invocation may go through all of its calls, if this one of them fails.
    rounds = {}

    def __init__(self, functions, jobs, waiter, row, name):
        self.functions, self.jobs, self.waiter, self.row, self.name = functions, jobs, waiter, row, name
        self.arn = None

    def before(self):
        """Brings it about that the invocation is next."""

    def invoke(self):
        """The invocation, in which calls break; true if it did what it should."""

    def after(self):
        """What happens then without anybody's doing, until all is well."""

    def signalled(self):
        """Polls, and sweeps when the wait is due, until it is signalled."""
        self.functions.drain()
        for _ in range(self.sweeps):
            if self.state() == "signalled":
                break
            self.past(due)
            self.functions.invoke("sweep", {})
            self.functions.drain()
        assert self.state() == "signalled"

    def told(self):
        """The waiter has heard the end."""
        self.signalled()
        heard = [self.waiter.heard.get_nowait() for _ in range(self.waiter.heard.qsize())]
        assert not self.waiter.problems
        assert {body["data"]["job"]["phase"] for _, body in heard} == {"succeeded"}
        # At least once, and under one id, so that the waiter can tell.
        assert len({webhook_id for webhook_id, _ in heard}) == 1
        self.settled_once()

    def swept_out(self):
        """Sweeps until the wait's life is over."""
        for _ in range(self.sweeps):
            if "DueSK" not in self.stored():
                return
            self.past(due)
            self.functions.invoke("sweep", {})
        assert "DueSK" not in self.stored(), self.stored()

    def settled_once(self):
        statuses = [entry["status"] for entry in self.functions.timeline(self.arn)]
        assert statuses.count("Completed") == 1, statuses

    def state(self):
        return self.functions.state(self.arn, "w")

    def register(self, **more):
        self.waiter.register(self.functions.api, self.arn, "w", **more)

    def start_job(self):
        """One that is known: else the sweep would look for it."""
        self.arn = self.jobs.create_training(self.name, [{"status": "InProgress"}])
        assert self.functions.invoke("job-events", self.jobs.tell(self.arn, "InProgress", "Training"))[0] == 200

    def end_job(self):
        """SageMaker's event of the end, into the queue."""
        self.functions.send(self.jobs.tell(self.arn, "Completed"))

    def past(self, time_of, seconds=0):
        """Lets the time pass until one that the stored wait names, and so long after it."""
        time = datetime.datetime.fromisoformat(time_of(self.stored())).timestamp() + seconds
        sleep(max(0, time - now().timestamp()))

    def stored(self):
        key = {"PK": {"S": f"JOB#{self.arn}"}, "SK": {"S": "WAIT#w#anyone"}}
        table = self.functions.names["TableName"]
        return self.functions.dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]

    def again(self, method, path, body=None):
        """A caller's call of the API, made again while it fails."""
        for _ in range(CALLS_AGAIN):
            status, answer = call(method, self.functions.api + path, body)
            if status == 200:
                return answer
        raise AssertionError(f"{self.name}: {status}: {answer}")


class Settles(Scenario):
    """The event of a job's end, from the queue."""

    function = "job-events"
    calls = ["GetItem job", "PutItem job", "Query waits", "SendMessageBatch", "PutEvents Job Settled"]

    def before(self):
        self.start_job()
        self.register()
        self.end_job()

    def invoke(self):
        # A message may have come twice; an invocation is of one.
        return self.functions.poll_events(most=1) == (1, 1)

    def after(self):
        self.told()


class Delivers(Settles):
    """A signal request: claim, callback, mark."""

    # The claim of a callback that could not be marked ends for the sweep to see.
    function, sweeps = "signals", SWEEPS
    calls = ["GetItem wait", "GetItem job", "PutItem wait", "PutItem wait"]

    def before(self):
        super().before()
        assert super().invoke()

    def invoke(self):
        return self.functions.poll_signals(most=1) == (1, 1)


class Connected(Scenario):
    """A waiter that holds a connection."""

    sweeps = SWEEPS

    def before(self):
        self.connections = []
        self.start_job()
        self.connect()

    def connect(self, **more):
        """Opens the next connection, and registers on it; the answer."""
        self.connections.append(f"{self.name}-{len(self.connections)}=")
        self.functions.gateway("CONNECT", self.connections[-1])
        frame = {"action": "wait", "arn": self.arn, "wait_id": "w", **more}
        return self.functions.gateway("MESSAGE", self.connections[-1], frame)

    def is_lost(self):
        """Whether the monitor holds the connection for closed. Only API Gateway's word says so."""
        lost = "gone_since" in self.stored()
        assert lost == (self.row.fault is Fault.GONE), self.row
        return lost

    def told(self):
        """The end was pushed down the latest connection."""
        self.signalled()
        proxy, connection = self.functions.proxies["signals"], self.connections[-1]
        told = [frame for to, frame in list(proxy.pushed) if to == connection]
        assert {(frame["data"]["wait_id"], frame["data"]["job"]["phase"]) for frame in told} == {("w", "succeeded")}
        # Under one number, so that the waiter can tell; and once, unless the monitor could not know that it was.
        assert len({frame["data"]["seq"] for frame in told}) == 1
        assert len(told) == 1 or not self.row.is_of_connections() or self.row.fault is Fault.LOST_ANSWER, told
        self.settled_once()


class Pushes(Connected):
    """A signal request, of a waiter that holds a connection: claim, push, mark."""

    function = "signals"
    calls = ["GetItem wait", "GetItem job", "PutItem wait", "PostToConnection", "PutItem wait"]
    rounds = {"PostToConnection": PUSHES}

    def before(self):
        super().before()
        self.end_job()
        assert self.functions.poll_events(most=1) == (1, 1)

    def invoke(self):
        return self.functions.poll_signals(most=1) == (1, 1)

    def after(self):
        if not self.is_lost():
            return self.told()
        # The waiter opens the next one, and its registration is answered with the end.
        answer = self.connect()
        assert (answer["job"]["phase"], self.state()) == ("succeeded", "signalled")
        return self.settled_once()


class AsksTheGateway(Connected):
    """A signal request, when a lease has ended: is the connection open?"""

    function = "signals"
    calls = ["GetItem wait", "GetConnection", "PutItem wait"]

    def before(self):
        # A break of the sweep since the lease began would have it begin again.
        self.functions.invoke("sweep", {})
        super().before()
        self.past(lambda wait: wait["lease_until"]["S"], GRACE_SECONDS)
        while not swept(self.functions, "probed"):
            # It may have looked at the job.
            self.functions.poll_events()
            self.past(due)

    def connect(self):
        return super().connect(lease_seconds=5)

    def invoke(self):
        return self.functions.poll_signals(most=1) == (1, 1)

    def after(self):
        if self.is_lost():
            answer = self.connect()
            assert (answer["wait"]["state"], "gone_since" in answer["wait"]) == ("waiting", False)
        else:
            self.asked_again()
        self.end_job()
        self.told()

    def asked_again(self):
        """Sweeps, when the wait is due, until the gateway's answer has renewed the lease."""
        self.functions.drain()
        for _ in range(self.sweeps):
            if self.stored()["search"]["M"]["asked"]["N"] == "0":
                break
            self.past(due)
            self.functions.invoke("sweep", {})
            self.functions.drain()
        wait = self.stored()
        assert (wait["state"]["S"], "gone_since" in wait) == ("waiting", False)
        assert wait["search"]["M"]["asked"]["N"] == "0", wait


class Registers(Scenario):
    """A first registration, of a job that is over before any event came."""

    function = "api"
    calls = [
        "GetItem wait", COUNT, COUNT, "PutItem wait", "GetItem job", "PutItem job", COUNT,
    ]

    def before(self):
        self.arn = self.jobs.create_training(self.name, [{"status": "InProgress"}])
        self.event = self.jobs.tell(self.arn, "Completed")
        self.body = {"callback_url": self.waiter.url, "secret": self.waiter.secret}

    def invoke(self):
        return call("PUT", wait_url(self.functions.api, self.arn, "w"), self.body)[0] in (200, 201)

    def after(self):
        self.again("PUT", wait_url("", self.arn, "w"), self.body)
        self.functions.send(self.event)
        self.told()


class Cancels(Scenario):
    """A cancellation that stops the job."""

    function = "api"
    calls = [
        "GetItem wait", "GetItem job", COUNT, "DescribeTrainingJob", COUNT, "ListTags", "Query waits", COUNT,
        "DescribeTrainingJob", COUNT, "StopTrainingJob", "PutItem wait",
    ]

    def before(self):
        self.start_job()
        self.register()

    def invoke(self):
        return call("DELETE", wait_url(self.functions.api, self.arn, "w") + "?stop=true")[0] == 200

    def after(self):
        answer = self.again("DELETE", wait_url("", self.arn, "w") + "?stop=true")
        assert answer["wait"]["state"] == "cancelled"
        assert is_stopped(self.jobs, self.name)


class Refreshes(Scenario):
    """A look at a job, on demand, that has ended unheard."""

    function = "api"
    calls = [
        "GetItem job", COUNT, "DescribeTrainingJob", "GetItem job", "PutItem job", "Query waits", "SendMessageBatch",
        "PutEvents Job Settled", "GetItem job",
    ]

    def before(self):
        self.start_job()
        self.register()
        self.jobs.move(self.arn, "Completed")
        self.path = f"/v1/jobs/{urllib.parse.quote(self.arn, safe='')}/refresh"

    def invoke(self):
        return call("POST", self.functions.api + self.path)[0] == 200

    def after(self):
        self.again("POST", self.path)
        self.told()


class Lists(Scenario):
    """A list of jobs, from every shard of its index."""

    function = "api"
    calls = ["Query listing"] * 8

    def invoke(self):
        return call("GET", f"{self.functions.api}/v1/jobs")[0] == 200

    def after(self):
        self.again("GET", "/v1/jobs")


class RingsAgain(Settles):
    """A sweep, when a callback is to be tried again."""

    function, sweeps = "sweep", SWEEPS
    calls = BEAT + ["Query due"] * 8 + ["GetItem wait", "GetItem job", "SendMessageBatch", "PutItem wait"]

    def before(self):
        super().before()
        self.waiter.answers, self.waiter.retry_after = [503], 1
        self.functions.drain()
        assert self.waiter.heard.empty()
        self.past(due)

    def invoke(self):
        return swept(self.functions, "signal_requests")


class Looks(Scenario):
    """A sweep, when a job has ended and no event told."""

    function, sweeps = "sweep", SWEEPS
    calls = BEAT + ["Query due"] * 8 + [
        "GetItem wait", "GetItem job", "PutItem heartbeat", "PutItem wait", COUNT, LIST, "GetItem job",
        "PutEvents Job Observation", "PutItem heartbeat",
    ]

    def before(self):
        self.arn = self.jobs.create_processing(self.name)
        self.register()
        self.jobs.move(self.arn, "Completed")
        self.past(due)

    def invoke(self):
        return swept(self.functions, "found")

    def after(self):
        self.told()
        # Reads what of the list is still to be read: no other row is to meet it.
        self.functions.answer("sweep", {})


class Abandons(Scenario):
    """A sweep, when a waiter is gone for good and its job is to be stopped."""

    function, sweeps = "sweep", SWEEPS
    calls = BEAT + ["Query due"] * 8 + [
        "GetItem wait", "GetItem job", "Query waits", "PutItem wait", "PutEvents Wait Abandoned",
        COUNT, "DescribeTrainingJob", COUNT, "ListTags", COUNT, "DescribeTrainingJob", COUNT, "StopTrainingJob", "PutItem wait",
        "PutItem heartbeat",
    ]

    def before(self):
        self.start_job()
        self.register(lease_seconds=5, on_abandon="stop")
        self.waiter.lives = False
        self.past(lambda wait: wait["lease_until"]["S"], GRACE_SECONDS)
        while self.stored()["search"]["M"]["unanswered"]["N"] != str(PROBES):
            self.past(due)
            self.functions.invoke("sweep", {})
            self.functions.drain()
        # Not until the wait is due: that may be earlier, for a look at its job.
        self.past(lambda wait: wait["search"]["M"]["next_at"]["S"])

    def invoke(self):
        return swept(self.functions, "abandoned")

    def after(self):
        self.swept_out()
        assert self.state() == "abandoned"
        assert is_stopped(self.jobs, self.name)


class GivesUp(Settles):
    """A sweep, when a waiter could not be told before its deadline."""

    function, sweeps = "sweep", SWEEPS
    calls = BEAT + ["Query due"] * 8 + [
        "GetItem wait", "GetItem job", "PutItem wait", "PutEvents Wait Undeliverable", "PutItem heartbeat",
    ]

    def before(self):
        # A break of the sweep since the wait was registered would put its deadline off.
        self.functions.invoke("sweep", {})
        self.start_job()
        deadline = now() + datetime.timedelta(seconds=3)
        self.register(deadline=deadline.isoformat())
        self.end_job()
        self.waiter.answers, self.waiter.retry_after = [503], 60
        self.functions.drain()
        self.past(lambda wait: wait["deadline"]["S"])

    def invoke(self):
        return swept(self.functions, "undeliverable")

    def after(self):
        self.swept_out()
        assert self.state() == "undeliverable"
        assert self.waiter.heard.empty()
        self.settled_once()


# Whose answer can be 200 for entries that were not taken.
BATCHES = ["SendMessageBatch", "PutEvents Job Settled", "PutEvents Job Observation"]
# About one connection: API Gateway may say that it is closed, or refuse to say.
OF_CONNECTIONS = ["PostToConnection", "GetConnection"]
# Those that take longest first.
SCENARIOS = [AsksTheGateway, Pushes, Looks, Abandons, GivesUp, Delivers, RingsAgain, Registers, Settles, Cancels, Refreshes, Lists]


def now():
    return datetime.datetime.now(datetime.UTC)


def due(wait):
    return wait["DueSK"]["S"].split("#")[0]


def swept(functions, what):
    status, report = functions.invoke("sweep", {})
    return status == 200 and report[what] == 1 and report["failed"] == 0


def essential(calls):
    """The calls without what a list brings for the jobs of other rows: of each such call the first, and none
    for those that ended minutes ago."""
    if LIST not in calls:
        return calls
    at = calls.index(LIST)
    return [*calls[:at], *(name for name in dict.fromkeys(calls[at:]) if name != "Query waits")]


def is_stopped(jobs, name):
    status = jobs.boto.describe_training_job(TrainingJobName=name)["TrainingJobStatus"]
    return status in ("Stopping", "Stopped")


@dataclasses.dataclass(frozen=True)
class Row:
    """A scenario, and which of its calls breaks how; none of them in a clean run."""

    scenario: type
    name: str = ""
    place: int = 0
    fault: Fault | None = None
    lasting: bool = False

    def is_of_connections(self):
        return self.name in OF_CONNECTIONS

    def __str__(self):
        if self.fault is None:
            return self.scenario.__name__.lower()
        words = [self.scenario.function, self.scenario.__name__, self.name, str(self.place), self.fault.name]
        return "-".join([*words, "always" if self.lasting else "once"]).lower().replace(" ", "-")


def places(calls):
    """Each call by its name and its place among those of that name. The index's
    shards are asked all at once: they are one place."""
    found = {(name, calls[:at].count(name)) for at, name in enumerate(calls)}
    return sorted((name, place) for name, place in found if place == 0 or name not in ("Query due", "Query listing"))


CLEAN = [Row(scenario) for scenario in SCENARIOS]
def faults(name):
    """How a call can break, and whether for good. What is done and not answered also
    meets its own effect, when it is tried again."""
    some = {Fault.REFUSED_WITHIN: BATCHES, Fault.GONE: OF_CONNECTIONS, Fault.FORBIDDEN: OF_CONNECTIONS}
    lasting = [fault for fault in Fault if fault not in some or name in some[fault]]
    return [*((fault, True) for fault in lasting), (Fault.LOST_ANSWER, False)]


BROKEN = [
    Row(scenario, name, place, fault, lasting)
    for scenario in SCENARIOS
    for name, place in places(scenario.calls)
    for fault, lasting in faults(name)
]


@pytest.fixture(scope="module")
def sets(tmp_path_factory, cloud, jobs):
    """The sets of functions, each taken by one row at a time."""
    folder = tmp_path_factory.mktemp("faults")
    template = storage(sagemakers_rule=False)
    free, running = queue.SimpleQueue(), []
    with watching(folder, [f"{name}-{place}" for name in NAMES for place in range(SETS)]) as emulator:
        try:
            for place in range(SETS):
                names = cloud.deploy(f"faults-{place}", template)
                functions = OnAws(emulator, folder, cloud, jobs, names, f"-{place}", **QUICK)
                running.append(functions)
                free.put(functions.start())
            yield free
        finally:
            with concurrent.futures.ThreadPoolExecutor(SETS) as pool:
                list(pool.map(OnAws.stop, running))


@pytest.fixture(scope="module")
def outcomes(request, jobs, sets):
    """Runs all rows that were collected, side by side."""
    rows = [item.callspec.params["row"] for item in request.session.items if item.fspath == request.fspath]
    with concurrent.futures.ThreadPoolExecutor(SETS) as pool:
        started = {row: pool.submit(run, row, f"row-{at}", sets, jobs) for at, row in enumerate(rows)}
        yield started
        pool.shutdown(cancel_futures=True)


def run(row, name, sets, jobs):
    functions = sets.get()
    waiter = Waiter()
    try:
        return play(row, row.scenario(functions, jobs, waiter, row, name))
    finally:
        waiter.close()
        sets.put(functions)


def play(row, scenario):
    """What the function called, how often each call was tried, and how often the fault was met."""
    proxy = scenario.functions.proxies[scenario.function]
    scenario.before()
    broken = Broken(row.name, row.place, row.fault, row.lasting)
    proxy.mark()
    with proxy.breaking(broken) if row.fault else contextlib.nullcontext():
        well = scenario.invoke()
    calls, attempts = [one.name for one in proxy.calls()], [one.call for one in proxy.attempts]
    scenario.after()
    assert scenario.functions.dead() == 0
    return well, calls, attempts, broken.met


@pytest.mark.parametrize("row", CLEAN, ids=str)
def test_these_are_the_calls_of_a_function(outcomes, row):
    well, calls, _, _ = outcomes[row].result()
    assert well and essential(calls) == row.scenario.calls


@pytest.mark.parametrize("row", BROKEN, ids=str)
def test_a_broken_call_loses_nobody_and_is_not_repeated_for_ever(outcomes, row):
    well, calls, attempts, met = outcomes[row].result()
    tried = {call: attempts.count(call) for call in attempts}
    assert max(tried.values()) <= ATTEMPTS
    # Nor is a call that failed made again by other means; each of SageMaker is counted first.
    made, planned = ([name for name in essential(names) if name != COUNT] for names in (calls, row.scenario.calls))
    assert len(made) <= len(planned) * row.scenario.rounds.get(row.name, 1) + 1, calls
    if row.lasting:
        assert met >= FEWEST.get(row.fault, ATTEMPTS)
    else:
        assert well and met == 1
