"""The template as an emulator of AWS can deploy it: the same resources, but

- no alarms and no dashboard (ministack 1.5 knows no metric math), and
- no concurrency limit on event sources (it takes a number parameter for text),
- no demand for TLS by the queues (it listens without).

Nothing else that decides who may do what is touched.
"""

import json
import pathlib
import sys

from translate import TEMPLATE, load

UNKNOWN = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard")


def emulated(code_uris):
    """The SAM template, with the archive of each function: logical id -> s3:// address."""
    template = load(TEMPLATE)
    resources = template["Resources"]
    template["Resources"] = kept = {
        name: resource for name, resource in resources.items() if resource["Type"] not in UNKNOWN
    }
    for name, resource in kept.items():
        if resource["Type"] == "AWS::Lambda::EventSourceMapping":
            del resource["Properties"]["ScalingConfig"]
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = code_uris[name]
        if resource["Type"] == "AWS::SQS::QueuePolicy":
            document = resource["Properties"]["PolicyDocument"]
            document["Statement"] = [one for one in document["Statement"] if one["Sid"] != "TlsOnly"]
    # It had nothing else to say.
    del kept["TlsOnlyPolicy"]
    return template


if __name__ == "__main__":
    archive = sys.argv[1]
    functions = ("Api", "JobEvents", "Signals", "Sweep")
    print(json.dumps(emulated(dict.fromkeys(functions, archive))))
