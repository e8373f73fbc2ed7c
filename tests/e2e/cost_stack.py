"""What AWS bills in a month for a stack that is there, by what its template has."""

import json
import re
import sys

from conftest import ROOT
from cost import Bill

sys.path += [str(ROOT / "infra" / folder) for folder in ("tests", "lint")]

from policies import TEMPLATES, Resolver  # noqa: E402

HOURS_A_MONTH = 730
RATES_A_MONTH = {"rate(1 minute)": HOURS_A_MONTH * 60, "rate(1 day)": HOURS_A_MONTH / 24}
# Lambda holds this many long polls of 20 s on an idle queue ("Using Lambda with Amazon SQS", Lambda guide).
POLLERS, POLL_SECONDS = 5, 20
# A job, its wait, and what the indexes hold of both.
KEPT_GB = 8_000 / 1e9
# The types of resources that have a row of their own below, and those that are billed by their use alone: by calls,
# events, messages and log lines, which are in other rows. So is a parameter of SSM's standard tier
# (https://aws.amazon.com/systems-manager/pricing/).
BILLED = {
    "AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::DynamoDB::Table", "AWS::Lambda::EventSourceMapping",
    "AWS::Logs::LogGroup", "AWS::Scheduler::Schedule",
}
BY_USE = {
    "AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Integration", "AWS::ApiGatewayV2::IntegrationResponse",
    "AWS::ApiGatewayV2::Route", "AWS::ApiGatewayV2::RouteResponse", "AWS::ApiGatewayV2::Stage", "AWS::Events::EventBus",
    "AWS::Events::EventBusPolicy",
    "AWS::Events::Rule", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::Function",
    "AWS::Lambda::Permission", "AWS::Lambda::Url", "AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "AWS::SSM::Parameter",
    "AWS::Scheduler::ScheduleGroup",
}


class Stack:
    """The template's resources, where its parameters have these values or their defaults."""

    def __init__(self, **parameters):
        template = TEMPLATES["stack"]
        values = {name: default(one) for name, one in template["Parameters"].items()} | parameters
        self.values, resolve = values, Resolver(template, values, everything=False)
        self.resources = {
            name: one for name, one in template["Resources"].items()
            if "Condition" not in one or resolve.holds(one["Condition"])
        }

    def of_type(self, kind):
        return [one["Properties"] for one in self.resources.values() if one["Type"] == kind]


def default(parameter):
    listed = parameter["Type"] == "CommaDelimitedList"
    return parameter["Default"].split(",") if listed else parameter["Default"]


def alarms_metrics(alarms):
    """How many metrics these alarms read: CloudWatch bills them by these."""
    return sum(sum("MetricStat" in one for one in alarm["Metrics"]) if "Metrics" in alarm else 1 for alarm in alarms)


def months(sweep, sent_idle, sent, jobs):
    """The rows of a month: what, how much, and the bills of one without jobs and of one with so many. `sweep`: the bill
    of one with nothing to do. `sent_idle`, `sent`: the custom metrics that are sent meanwhile."""
    stack = Stack()
    always = [*swept(stack, sweep), polled(stack), watched(stack), drawn(stack)]
    rows = [[what, how, bill, bill] for what, how, bill in always]
    metrics = [Bill({"custom metric-month": len(names)}) for names in (sent_idle, sent)]
    trouble = set(json.loads((ROOT / "infra" / "facts.json").read_text())["metrics"]) - {name for name, _ in sent}
    rows.append(["custom metrics", f"{len(sent)}, and {len(trouble)} more while something is wrong", *metrics])
    kept = Bill({"GB-month of the table": KEPT_GB, "GB-month of its recovery": KEPT_GB}).times(jobs)
    [table] = stack.of_type("AWS::DynamoDB::Table")
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    rows.append([f"the items of {jobs:,} jobs", "8 kB of table and point-in-time recovery a job", Bill(), kept])
    key = Bill({"customer's key-month": bool(stack.values["KmsKeyArn"])})
    rows.append(["encryption", "keys that AWS owns", key, key])
    return rows


def swept(stack, sweep):
    """What the schedules start: the sweep alone, and what it logs."""
    [schedule] = stack.of_type("AWS::Scheduler::Schedule")
    times = RATES_A_MONTH[schedule["ScheduleExpression"]]
    calls = sweep.plus({"Scheduler invocation": 1})
    logs = Bill({"GB of logs": calls.pop("GB of logs")}).times(times)
    units = f"{sweep['read unit']:g} read units, {sweep['write unit']:g} write unit"
    yield "a sweep each minute", f"{times:,} × (Scheduler, Lambda, {units})", calls.times(times)
    logs["GB-month of logs"] = logs["GB of logs"] * stack.values["LogRetentionDays"] / 30
    yield "its log", f"{logs['GB of logs'] * 1e3:.0f} MB, kept for {stack.values['LogRetentionDays']} days", logs


def polled(stack):
    queues = len(stack.of_type("AWS::Lambda::EventSourceMapping"))
    polls = queues * POLLERS * HOURS_A_MONTH * 3600 // POLL_SECONDS
    return f"Lambda's polls of {queues} queues", f"{polls:,} SQS requests", Bill({"SQS request": polls})


def watched(stack):
    alarms = stack.of_type("AWS::CloudWatch::Alarm")
    metrics = alarms_metrics(alarms)
    return f"{len(alarms)} alarms", f"the {metrics} metrics that they read", Bill({"alarm's metric-month": metrics})


def drawn(stack):
    dashboards = len(stack.of_type("AWS::CloudWatch::Dashboard"))
    how = f"{dashboards or 'none'}, unless `CreateDashboard=true`"
    return "the dashboard", how, Bill({"dashboard-month": dashboards})


# Lambda's own lines of an invocation in its text format, with figures as long as they get.
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html
REQUEST = "00000000-0000-4000-8000-000000000000"
LAMBDAS_LINES = [
    f"START RequestId: {REQUEST} Version: $LATEST\n",
    f"END RequestId: {REQUEST}\n",
    f"REPORT RequestId: {REQUEST}\tDuration: 123.45 ms\tBilled Duration: 124 ms\tMemory Size: 256 MB\tMax Memory Used: 100 MB\t\n",
]


def logged(text, invocations):
    """The bytes of what functions wrote, as long in every run, and of what Lambda adds."""
    text = re.sub(r"\.\d+Z", ".000000Z", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:00000", text)
    return len(text.encode()) + invocations * sum(map(len, LAMBDAS_LINES))


def metrics_in(text):
    """The custom metrics of these lines: name, and values of its dimensions.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html"""
    found = set()
    for line in text.splitlines():
        document = json.loads(line) if line.startswith("{") else {}
        for directive in document.get("_aws", {}).get("CloudWatchMetrics", []):
            for names in directive["Dimensions"]:
                where = tuple(document[name] for name in names)
                found |= {(metric["Name"], where) for metric in directive["Metrics"]}
    return found
