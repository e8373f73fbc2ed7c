"""Translates the SAM template to the CloudFormation that AWS would run, on
standard output. Offline: no managed policies, and made-up values for the
parameters without a default, which do not end in the result.

What it gives depends neither on the region nor on the values (infra/tests/test_release.py): releases deploy it.
Linters pass mistakes in a SAM template that they catch in its translation.
"""

import json
import pathlib
import sys
from types import SimpleNamespace

import yaml
from cfnlint.decode.cfn_yaml import load as load_cloudformation
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

INFRA = pathlib.Path(__file__).resolve().parents[1]
TEMPLATE = INFRA / "template.yaml"
REGION = "us-east-1"


def load(path):
    """A CloudFormation template with its short-form functions spelled out."""
    return json.loads(json.dumps(load_cloudformation(str(path)), default=str))


def translate(source, region=REGION):
    """The translation of a loaded SAM template."""
    session = SimpleNamespace(region_name=region)
    translator = Translator({}, Parser(), boto_session=session)
    for resource in source["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # `sam package` puts the archive's address here.
            resource["Properties"]["CodeUri"] = "s3://artifacts/function.zip"
    code = source["Globals"]["Function"]
    code["CodeUri"] = "s3://artifacts/function.zip"
    parameters = {name: value.get("Default", "") for name, value in source["Parameters"].items()}
    translated = translator.translate(source, parameters)
    translated.pop("Transform", None)
    return translated


if __name__ == "__main__":
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else TEMPLATE
    json.dump(translate(load(path)), sys.stdout, indent=2)
    print()
