"""The commands of the pages that deploy something beside the monitor, and those that take all of it away: they run as
they stand, with the real command line of AWS, and values where a page leaves them to the reader.

Run by `scripts/test-deployed`.
"""

import os
import re
import subprocess

import pytest

from cloud import ACCOUNT, REGION, STACK, Cloud
from conftest import BIN, ROOT
from test_page_commands import lines

pytestmark = pytest.mark.deployed

DOCS, INFRA = ROOT / "docs", ROOT / "infra"
# What readers put where a page has `…`.
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pods"
VALUES = {
    "AccessRoleArn": ROLE,
    "ApiFunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{STACK}-api",
    "ApiUrl": f"https://abc.lambda-url.{REGION}.on.aws/",
    "ClusterArn": f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/pipelines",
    "ConnectArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:a1b2/v1/$connect",
    "ExecutionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/sagebell-execution",
    "InputBucketArns": "arn:aws:s3:::inputs",
    "MonitorBusArn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{STACK}",
    "MonitorRoleArns": f"arn:aws:iam::{ACCOUNT}:role/api,arn:aws:iam::{ACCOUNT}:role/sweep",
    "OutputBucketArns": "arn:aws:s3:::outputs",
    "PodRoleArns": ROLE,
    "RepositoryArns": f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/training",
}


def commands(page, word):
    """Those of a page that begin with this."""
    return [line for line in lines((DOCS / page).read_text()) if line.startswith(word)]


def deployments():
    for page in sorted(DOCS.glob("*.md")):
        for command in commands(page.name, "aws cloudformation deploy"):
            # tests/e2e/test_release.py deploys the monitor itself, from the archive.
            if "template.json" not in command:
                yield page.name, command


DEPLOYMENTS = list(deployments())


def filled(command):
    """With a value for each parameter that has none."""
    return re.sub(r"('?)(\w+)=[^\s']*…[^\s']*('?)", lambda found: f"'{found[2]}={VALUES[found[2]]}'", command)


class Reader:
    """Somebody at a shell in a folder, in an account with nothing but what they deploy."""

    def __init__(self, folder):
        self.cloud = Cloud(folder)
        self.environment = {
            **os.environ,
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": self.cloud.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def runs(self, command, where=ROOT, **more):
        environment = {**self.environment, **more}
        done = subprocess.run(
            ["bash", "-euc", command], cwd=where, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def stack(self, name, region=REGION):
        """Its state, or nothing if there is none."""
        client = self.cloud.seen_from("test", region).client("cloudformation")
        states = {one["StackName"]: one["StackStatus"] for one in client.list_stacks()["StackSummaries"]}
        return states.get(name)

    def gone(self, name):
        self.runs(f"aws cloudformation wait stack-delete-complete --stack-name {name}")
        return self.stack(name) in (None, "DELETE_COMPLETE")


# What the pages build on: the monitor's stack, as far as they read it.
MONITOR = f"""
Resources:
  Bus: {{Type: AWS::Events::EventBus, Properties: {{Name: {STACK}}}}}
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      BillingMode: PAY_PER_REQUEST
      DeletionProtectionEnabled: true
      KeySchema: [{{AttributeName: PK, KeyType: HASH}}]
      AttributeDefinitions: [{{AttributeName: PK, AttributeType: S}}]
Outputs:
  BusName: {{Value: !Ref Bus}}
  TableName: {{Value: !Ref Table}}
"""


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    reader = Reader(tmp_path_factory.mktemp("reader"))
    reader.table = reader.cloud.deploy(STACK, MONITOR)["TableName"]
    reader.cloud.client("iam").create_role(RoleName="pods", AssumeRolePolicyDocument="{}")
    yield reader
    reader.cloud.stop()


def test_there_are_deployments():
    assert len(DEPLOYMENTS) >= 5


@pytest.mark.parametrize(("page", "command"), DEPLOYMENTS)
def test_a_deployment_of_a_page_makes_its_stack(reader, page, command):
    """From the root of the repository, or from the folder of the files that a release has."""
    file = re.search(r"--template-file (\S+)", command)[1]
    reader.runs(filled(command), ROOT if (ROOT / file).exists() else INFRA)
    name, region = (re.search(rf"--{option} (\S+)", command) for option in ("stack-name", "region"))
    assert reader.stack(name[1], region[1] if region else REGION) in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), page


def test_what_a_page_takes_away_is_gone(reader):
    """Last: the stacks of the pages, then the table that outlives its stack."""
    stacks = [command.partition("#")[0].strip() for command in commands("deploy.md", "aws cloudformation delete-stack")]
    assert len(stacks) == 3
    for command in stacks:
        name = command.split()[-1]
        assert reader.stack(name).endswith("_COMPLETE"), name
        reader.runs(command)
        assert reader.gone(name), name
    tables = reader.cloud.client("dynamodb").list_tables
    assert tables()["TableNames"] == [reader.table]
    for command in commands("deploy.md", "aws dynamodb"):
        reader.runs(command, TABLE=reader.table)
    assert tables()["TableNames"] == []
