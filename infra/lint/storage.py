"""The part of the template that keeps things: the table, the queues, the bus and
the rules that lead to the queues, without the functions. On standard output, in a
form that an emulator of AWS can deploy: for functions that run elsewhere, on a
laptop or in a test.
"""

import json

from emulated import emulated
from translate import TEMPLATE, load

KEPT = (
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
)
OUTPUTS = ("TableName", "BusName", "EventsQueueUrl", "EventsDeadLettersUrl", "SignalsQueueUrl", "SignalsDeadLettersUrl")


def storage():
    """The template of it. What is left needs no parameter that has no default."""
    template = emulated(load(TEMPLATE))
    kept = {
        name: one for name, one in template["Resources"].items() if one["Type"] in KEPT and "Condition" not in one
    }
    return {
        "AWSTemplateFormatVersion": template["AWSTemplateFormatVersion"],
        "Parameters": {name: one for name, one in template["Parameters"].items() if "Default" in one},
        "Conditions": template["Conditions"],
        "Resources": kept,
        "Outputs": {name: template["Outputs"][name] for name in OUTPUTS},
    }


if __name__ == "__main__":
    print(json.dumps(storage(), indent=2))
