"""What docs/cost.md says that needs no stack that runs: of the template, and of the prices."""

import pytest
from conftest import ROOT
from cost import FREE, PAGES, PRICES
from cost_stack import BILLED, BY_USE, TEMPLATES, Stack, alarms_metrics, logged, metrics_in

PAGE = (ROOT / "docs" / "cost.md").read_text()
SUBNETS = {"CallbackSubnetIds": ["subnet-1"]}


def test_nothing_in_the_template_costs_what_the_page_does_not_count():
    types = {one["Type"] for one in TEMPLATES["stack"]["Resources"].values()}
    assert types == BILLED | BY_USE and not BILLED & BY_USE


def test_a_price_has_one_page_and_what_is_free_has_a_price():
    assert len(PRICES) == sum(map(len, PAGES.values()))
    assert FREE.keys() <= PRICES.keys()
    assert all(page.startswith("https://aws.amazon.com/") and f"<{page}>" in PAGE for page in PAGES)


def test_what_callbacks_add_is_what_the_page_says():
    without, with_callbacks = Stack(), Stack(**SUBNETS)
    alarms = [alarms_metrics(stack.of_type("AWS::CloudWatch::Alarm")) for stack in (without, with_callbacks)]
    assert alarms[1] - alarms[0] == 2
    assert len(with_callbacks.of_type("AWS::Lambda::EventSourceMapping")) == 3
    assert "Callbacks add two alarms, the polls of a third queue, and an empty batch a day." in " ".join(PAGE.split())


def test_the_dashboard_is_billed_to_those_who_ask_for_it():
    kind = "AWS::CloudWatch::Dashboard"
    assert [len(Stack(**more).of_type(kind)) for more in ({}, {"CreateDashboard": "true"})] == [0, 1]


@pytest.mark.parametrize(("alarm", "metrics"), [
    ({"MetricName": "a"}, 1),
    ({"Metrics": [{"Id": "sum", "Expression": "a + b"}, {"Id": "a", "MetricStat": {}}, {"Id": "b", "MetricStat": {}}]}, 2),
])
def test_an_alarm_is_billed_for_what_it_reads(alarm, metrics):
    assert alarms_metrics([alarm]) == metrics


def test_a_log_is_as_long_whenever_it_is_written():
    early, late = '{"at":"2026-11-27T00:00:00.1Z"}\n', '{"at":"2026-11-27T00:00:00.123456Z"}\n'
    assert logged(early, 1) == logged(late, 1) > logged("", 1) > logged("", 0) == 0


def test_a_metric_is_one_for_each_value_of_its_dimensions():
    line = '{"_aws":{"CloudWatchMetrics":[{"Dimensions":[["Function"]],"Metrics":[{"Name":"n"}]}]},"Function":"%s","n":1}\n'
    assert metrics_in(line % "a" + line % "b" + line % "a" + '{"n":1}\nplain\n') == {("n", ("a",)), ("n", ("b",))}
