"""The template, or another one that is named, as an emulator of AWS can deploy it: the same resources, but

- no alarms by metric math (ministack 1.5 knows none), and so no dashboard of all alarms,
- the concurrency limits of event sources in figures (it takes a number parameter for text),
- no demand for TLS by the queues (it listens without),
- no responses of routes and of integrations, and no policies of buses (its CloudFormation has no such resources; it
  answers by every route, and takes the answers of integrations and the policies by its API).

Nothing else that decides who may do what is touched.
"""

import json
import pathlib
import sys

from translate import TEMPLATE, load


UNKNOWN = (
    "AWS::CloudWatch::Dashboard",
    "AWS::Events::EventBusPolicy",
    "AWS::ApiGatewayV2::IntegrationResponse",
    "AWS::ApiGatewayV2::RouteResponse",
)


def is_unknown(resource):
    """Whether the emulator can't make it."""
    return resource["Type"] in UNKNOWN or resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]


def emulated(template):
    """A loaded template, in SAM's dialect or translated. It is changed in place."""
    resources = template["Resources"]
    template["Resources"] = kept = {
        name: resource for name, resource in resources.items() if not is_unknown(resource)
    }
    for resource in kept.values():
        if "DependsOn" in resource:
            resource["DependsOn"] = [one for one in resource["DependsOn"] if one in kept]
        if resource["Type"] == "AWS::Lambda::EventSourceMapping":
            scaling = resource["Properties"]["ScalingConfig"]
            scaling["MaximumConcurrency"] = template["Parameters"][scaling["MaximumConcurrency"]["Ref"]]["Default"]
        if resource["Type"] == "AWS::SQS::QueuePolicy":
            document = resource["Properties"]["PolicyDocument"]
            document["Statement"] = [one for one in document["Statement"] if one["Sid"] != "TlsOnly"]
    # Some had nothing else to say.
    template["Resources"] = {name: one for name, one in kept.items() if not says_nothing(one)}
    return template


def says_nothing(resource):
    """Whether it is a policy without statements."""
    return resource["Type"] == "AWS::SQS::QueuePolicy" and not resource["Properties"]["PolicyDocument"]["Statement"]


if __name__ == "__main__":
    print(json.dumps(emulated(load(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else TEMPLATE))))
