"""What a job costs by how long it runs: its calls of AWS and dollars, a minute of its life at a time.

The functions run against AWS and SageMaker of this machine. Their clock is put on by a minute, then the sweep runs, as its
schedule would have it. A waiter holds a connection, and opens the next one in time."""

import collections

import cloud
import cost_tables
import functions_on_aws
import test_calls_per_job as parts
import world
from clocks import SetClock
from cost import PRICES, Bill

LENGTHS = {1: "1 minute", 10: "10 minutes", 60: "1 hour", 480: "8 hours", 1440: "1 day"}
SERVICES = ("SageMaker", "DynamoDB", "SQS")
# Of a pod, which is billed by its part of a machine's memory.
MACHINE_MIB, HOUR = 8 * 1024, PRICES["m5.large hour"]
# Resident memory of a pod that waits, where the section `step` did not measure it: as in docs/cost.md.
POLLING_MIB = cost_tables.POD_MB[0]


def run(folder, smoke):
    minutes = [one for one in LENGTHS if one <= 10] if smoke else list(LENGTHS)
    here, jobs = cloud.Cloud(folder), functions_on_aws.TalkativeSageMaker()
    try:
        clock = SetClock(folder)
        with functions_on_aws.running_on_aws(folder, here, jobs, "lives", **clock.environment) as functions:
            life = Life(functions, jobs, clock)
            seen = {minute: (calls, bill) for minute, calls, bill in life.until(minutes)}
            calls_of_end, bill_of_end = life.ends()
        polled = {minute: polls(jobs, minute) for minute in minutes}
    finally:
        jobs.stop()
        here.stop()
    rows, figures = [], {}
    for minute, (calls, bill) in seen.items():
        calls, dollars = calls + calls_of_end, bill.plus(bill_of_end).dollars()
        pod = minute / 60 * HOUR * POLLING_MIB / MACHINE_MIB
        rows.append([
            LENGTHS[minute], *(calls[service] for service in SERVICES), f"${dollars * 1000:.2f}",
            f"{polled[minute]:,}", f"${pod * 1000:.2f}",
        ])
        figures[minute] = {"calls": calls, "dollars": dollars, "polls": polled[minute], "dollars_of_the_polling_pod": pod}
    head = [
        "a job runs", *(f"{service} calls" for service in SERVICES), "1,000 jobs", "Describes, polled", "1,000 pods that poll",
    ]
    notes = [
        "Calls of the functions for one job that is alone, from its registration to its signal, beyond those of the sweeps of"
        " an idle stack. Dollars add what AWS bills beside calls: invocations, messages and minutes of the connection, the"
        " queue, logs ([cost.md](../cost.md)).",
        "The minutes are simulated: the functions' clock is put on by one, and the sweep runs. One job alone pays for all that"
        " many share (a list of SageMaker's, for one).",
        f"Polling asks every {world.POLL_SECONDS} s. Its calls are free; its pod has {POLLING_MIB} MiB of an m5.large. The pod"
        " of a step that waits is in no column.",
    ]
    return [world.table("Calls and dollars of a job by how long it runs", head, rows, notes, figures)]


class Life:
    """One job, its waiter, and the sweeps meanwhile."""

    def __init__(self, functions, jobs, clock):
        self.functions, self.jobs, self.clock = functions, jobs, clock
        self.counted = parts.Counted(functions)
        self.minute, self.connections = 0, 0
        # The first sweep begins, the second has nothing to do.
        self.sweep()
        self.taken()
        self.sweep()
        self.idle = self.taken(invocations=1)
        self.calls, self.spent = collections.Counter(), Bill()

    def sweep(self):
        self.minute += 1
        self.clock.set(f"+{self.minute * 60}s")
        self.functions.answer("sweep", {})

    def taken(self, invocations=0, messages=0, queue=0):
        """The calls since the last time and what they cost, with what others did for them."""
        made = [one for proxy in self.functions.proxies.values() for one in proxy.calls()]
        self.counted.forget()
        bill = self.counted.bill(made)
        bill.update({"Lambda request": invocations, "message": messages, "SQS request": queue})
        return collections.Counter(one.service for one in made), cost_tables.with_lambda(bill)

    def add(self, **more):
        calls, bill = self.taken(**more)
        self.calls.update(calls)
        self.spent.update(bill)

    def until(self, minutes):
        began = self.minute
        self.opens()
        self.arn = self.jobs.create_training(parts.NAME, [{"status": "InProgress", "secondary": "Pending"}])
        self.registers()
        for secondary in parts.ON_THE_WAY:
            self.functions.send(self.jobs.tell(self.arn, "InProgress", secondary))
            self.drains()
        for _ in range(max(minutes)):
            self.sweep()
            self.drains()
            self.add(invocations=1)
            lived = self.minute - began
            self.holds(lived)
            if lived in minutes:
                idle_calls, idle_bill = self.idle
                calls = self.calls - collections.Counter({name: count * lived for name, count in idle_calls.items()})
                yield lived, calls, self.spent.plus(idle_bill.times(-lived))

    def drains(self):
        """Lambda's poller takes what is in the events queue: into it, out of it, and deleted."""
        while self.functions.poll_events(most=1)[0]:
            self.add(invocations=1, queue=parts.TAKEN)

    def holds(self, lived):
        """The connection, for another minute."""
        self.spent["connection minute"] += 1
        pings = lived * 60 // cost_tables.PING_SECONDS - (lived - 1) * 60 // cost_tables.PING_SECONDS
        self.spent["message"] += parts.ASKED * pings
        if lived * 60 // cost_tables.CONNECTION_SECONDS > self.connections - 1:
            self.opens()
            self.registers()
            self.gateway("DISCONNECT", self.connection(self.connections - 2))
            self.add(invocations=1)

    def opens(self):
        self.connections += 1
        self.gateway("CONNECT", self.connection(self.connections - 1))
        self.add(invocations=1, messages=parts.ASKED)

    def registers(self):
        frame = {"action": "wait", "arn": self.arn, **parts.WAIT}
        answer = self.gateway("MESSAGE", self.connection(self.connections - 1), frame)
        assert answer["wait"]["state"] == "waiting", answer
        self.add(invocations=1, messages=parts.ASKED)

    def connection(self, number):
        """API Gateway's ids look like this."""
        return f"L0S{number:04}cOFvHcCIhw="

    def gateway(self, kind, connection, frame=None):
        return self.functions.gateway(kind, connection, frame, ahead=self.minute * 60)

    def ends(self):
        """The event of the end and the signal."""
        self.calls, self.spent = collections.Counter(), Bill()
        self.functions.send(self.jobs.tell(self.arn, "Completed"))
        self.drains()
        assert self.functions.poll_signals() == (1, 1)
        pushed = self.functions.proxies["signals"].pushed[-1]
        assert pushed[0] == self.connection(self.connections - 1)
        assert pushed[1]["type"] == "sagemaker.training_job.succeeded"
        self.add(invocations=1, queue=parts.RUNG)
        self.gateway("DISCONNECT", pushed[0])
        self.add(invocations=1)
        return self.calls, self.spent


def polls(jobs, minutes):
    """How often a poller asks for a job that runs for so long: it is run, and only its pauses are not."""
    name = f"polled-{minutes}"
    jobs.create_training(name, [{"status": "InProgress"}])
    asked, at = 0, 0
    while at < minutes * 60:
        at += world.POLL_SECONDS
        assert jobs.boto.describe_training_job(TrainingJobName=name)["TrainingJobStatus"] == "InProgress"
        asked += 1
    return asked
