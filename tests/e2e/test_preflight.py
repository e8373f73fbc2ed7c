"""`sagebell preflight` against the deployed stack: what is well, what is not, and
what a caller may not see. Run by `scripts/test-deployed`."""

import contextlib
import json
import os
import subprocess
import urllib.parse

import pytest

from cloud import ACCOUNT, REGION, SAGEBELL, STACK
from conftest import until

pytestmark = pytest.mark.deployed

HERE = os.environ.get("SAGEBELL_TEST_WAITERS", "127.0.0.1")
# An address of this machine that the deployment's CallbackCidrs leave out.
ELSEWHERE = "10.78.0.1"
EVERYTHING = {
    "region", "credentials", "stack", "table", "queues", "dead letters", "rule", "sweep's rule",
    "pass role", "API", "SageMaker", "connection", "ping", "signal", "callback",
}


def start(deployed, credentials=None, *words, listen=HERE, **environment):
    command = [SAGEBELL, "preflight", "--api", deployed.api, "--listen", f"{listen}:0", *words]
    ours = {**deployed.environment(credentials), "AWS_EC2_METADATA_DISABLED": "true", **environment}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | ours
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    """The exit code, and each check by its name."""
    out, err = process.communicate(timeout=120)
    assert out, err
    report = json.loads(out)
    checks = {check["name"]: check for check in report["checks"]}
    counted = [sum(c["outcome"] == o for c in checks.values()) for o in ("ok", "missing", "unknown")]
    assert counted == [report["ok"], report["missing"], report["unknown"]]
    return process.returncode, checks


def preflight(deployed, credentials=None, *words, **more):
    return finish(start(deployed, credentials, "--output", "json", *words, **more))


def outcomes(checks, outcome):
    return {name for name, check in checks.items() if check["outcome"] == outcome}


def places(check):
    return {f"{place['file']}: {place['statement']}" for place in check.get("granted_by", [])}


@pytest.fixture
def well(cloud, deployed):
    """The stack without other tests' dead letters."""
    sqs = cloud.client("sqs")
    for queue in ("Events", "Signals", "Callbacks", "Sweep"):
        sqs.purge_queue(QueueUrl=deployed.outputs[f"{queue}DeadLettersUrl"])
    return deployed


@pytest.fixture(scope="module")
def deployer(cloud, deployed):
    """The credentials of whoever deploys."""
    made = deployed.deploy_layer("deployer", {
        "DeployerArn": f"arn:aws:iam::{ACCOUNT}:role/ci", "ArtifactBucket": "artifacts",
    })
    return cloud.assume(made["DeployerRoleArn"])


@contextlib.contextmanager
def disabled(cloud, stack, logical):
    """A rule of the stack, out of order for a while."""
    resource = cloud.client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=logical)
    name = resource["StackResourceDetail"]["PhysicalResourceId"].rsplit("|", 1)[-1]
    bus = STACK if logical == "ObservationsRule" else "default"
    events = cloud.client("events")
    events.disable_rule(Name=name, EventBusName=bus)
    try:
        yield
    finally:
        events.enable_rule(Name=name, EventBusName=bus)


def probes(cloud, deployed):
    """The items of jobs that probes have made up: the job's ARN -> its items."""
    pages = cloud.client("dynamodb").get_paginator("scan").paginate(TableName=deployed.outputs["TableName"])
    found = {}
    for item in (item for page in pages for item in page["Items"]):
        if "compilation-job/sagebell-preflight-" in item["PK"]["S"]:
            found.setdefault(item["PK"]["S"].removeprefix("JOB#"), []).append(item)
    return found


def new_probe(cloud, deployed, before):
    """The one that was not there before, and its items."""
    new = {arn: items for arn, items in probes(cloud, deployed).items() if arn not in before}
    assert len(new) <= 1, new
    return next(iter(new.items()), None)


def test_all_is_well(cloud, well):
    before = probes(cloud, well)
    code, checks = preflight(well)
    assert code == 0, checks
    assert outcomes(checks, "ok") == EVERYTHING
    assert checks["callback"]["seen"].startswith(f"a signed callback came to http://{HERE}:")
    assert checks["signal"]["seen"] == "a signal came down the connection"
    assert f"{STACK}-callbacks (0 waiting)" in checks["queues"]["seen"]
    arn, _ = new_probe(cloud, well, before)
    _, job = well.call("GET", f"/v1/jobs/{urllib.parse.quote(arn, safe='')}")
    assert (job["phase"], job["status"]) == ("stopped", "Deleted")


def test_people_read_lines(well):
    process = start(well, None, "--no-callback")
    out, _ = process.communicate(timeout=60)
    lines = out.splitlines()
    assert process.returncode == 0
    assert lines[0] == f"{'ok':<14}  {'region':<13} {REGION}"
    assert lines[-1] == "14 ok, 0 missing, 0 unknown"


def test_whoever_deploys_may_check_what_was_deployed(well, deployer):
    words = ("--execution-role", well.execution_role, "--pod-role", well.pod_role)
    code, checks = preflight(well, deployer, *words)
    assert code == 0, checks
    assert outcomes(checks, "ok") == EVERYTHING


def test_a_pod_hears_of_what_it_may_see_and_the_probe_waits_for_the_sweep(cloud, deployed):
    before = probes(cloud, deployed)
    process = start(deployed, deployed.pod(), "--output", "json", "--patience", "100s")
    arn, _ = until(lambda: new_probe(cloud, deployed, before), "the probe waits")
    # In the sweep's place, which takes five minutes to believe that a job is gone.
    seen = {
        "arn": arn, "name": arn.rsplit("/", 1)[-1], "phase": "stopped", "status": "Deleted",
        "created_at": "2030-01-01T00:00:00Z", "modified_at": "2030-01-01T00:00:00Z",
        "seen_at": "2030-01-01T00:00:00Z", "source": "describe",
    }
    entry = {"Source": "sagebell.sweep", "DetailType": "Job Observation", "Detail": json.dumps(seen), "EventBusName": STACK}
    assert cloud.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
    code, checks = finish(process)
    assert code == 0, checks
    assert {"region", "credentials", "API", "SageMaker", "connection", "ping", "signal", "callback"} <= outcomes(checks, "ok")
    unseen = {"table", "queues", "dead letters", "rule", "sweep's rule"}
    assert unseen <= outcomes(checks, "unknown"), checks
    assert places(checks["queues"]) == {"infra/iam/deployer.yaml: Preflight"}


def test_rules_out_of_order_are_named_and_no_signal_comes(cloud, well):
    with disabled(cloud, STACK, "JobEventsRule"), disabled(cloud, STACK, "ObservationsRule"):
        code, checks = preflight(well, None, "--patience", "5s")
    assert code == 1
    assert outcomes(checks, "missing") == {"rule", "sweep's rule", "signal", "callback"}
    assert "is disabled" in checks["rule"]["seen"]
    assert "infra/template.yaml: JobEventsRule" in places(checks["rule"])
    for name in ("signal", "callback"):
        assert "put on the bus, but not recorded" in checks[name]["seen"]


def test_the_probe_takes_its_waits_back(cloud, well):
    before = probes(cloud, well)
    with disabled(cloud, STACK, "ObservationsRule"):
        preflight(well, None, "--patience", "1s")
    _, items = new_probe(cloud, well, before)
    waits = [item for item in items if item["SK"]["S"].startswith("WAIT#")]
    assert [wait["state"]["S"] for wait in waits] == ["cancelled", "cancelled"]
    assert not any("DuePK" in wait for wait in waits)


def test_an_address_that_callbacks_may_not_go_to(well):
    subprocess.run(["ip", "address", "replace", f"{ELSEWHERE}/32", "dev", "lo"], check=True)
    code, checks = preflight(well, listen=ELSEWHERE)
    assert code == 1
    assert outcomes(checks, "missing") == {"callback"}
    assert ELSEWHERE in checks["callback"]["seen"]
    assert "infra/template.yaml: CallbackCidrs" in places(checks["callback"])


def test_a_role_that_may_not_connect_is_told_what_it_needs(cloud, well):
    """It may call the API, and nothing else of the stack's."""
    iam, name = cloud.client("iam"), "caller"
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    actions = ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"]
    may = {"Effect": "Allow", "Action": actions, "Resource": well.outputs["ApiFunctionArn"]}
    iam.put_role_policy(
        RoleName=name, PolicyName=name, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [may]})
    )
    code, checks = preflight(well, cloud.assume(role["Role"]["Arn"]), "--no-signal")
    assert (code, outcomes(checks, "missing")) == (1, {"connection"})
    assert "HTTP 403" in checks["connection"]["seen"]
    assert places(checks["connection"]) == {
        "infra/iam/pipeline-pod.yaml: Connect", "infra/iam/deployer.yaml: PreflightConnect",
    }


@pytest.mark.parametrize(("output", "queue"), [("Sweep", "sweep"), ("Callbacks", "callbacks")])
def test_dead_letters_are_counted(cloud, well, output, queue):
    url = well.outputs[f"{output}DeadLettersUrl"]
    cloud.client("sqs").send_message(QueueUrl=url, MessageBody="{}")
    code, checks = preflight(well, None, "--no-signal")
    assert code == 1
    assert checks["dead letters"]["seen"].startswith(f"1 in {STACK}-{queue}-dead-letters: ")


def test_a_half_made_stack_lacks_what_it_lacks(cloud, deployed):
    key = {"AttributeName": "PK", "KeyType": "HASH"}
    table = {"BillingMode": "PAY_PER_REQUEST", "KeySchema": [key],
             "AttributeDefinitions": [{"AttributeName": "PK", "AttributeType": "S"}]}
    target = {"Id": "q", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:other"}
    rule = {"EventPattern": {"source": ["aws.sagemaker"]}, "Targets": [target]}
    cloud.deploy("half", {
        "Resources": {
            "Table": {"Type": "AWS::DynamoDB::Table", "Properties": table},
            "JobEventsRule": {"Type": "AWS::Events::Rule", "Properties": rule},
        },
        "Outputs": {"TableName": {"Value": {"Ref": "Table"}}},
    })
    code, checks = preflight(deployed, None, "--stack", "half", "--no-signal")
    assert code == 1
    said = {name: checks[name]["seen"] for name in outcomes(checks, "missing")}
    assert set(said) == {"table", "queues", "dead letters", "rule", "sweep's rule"}
    assert said["table"].endswith("lacks an active index due and listing")
    assert said["queues"] == "there is no queue half-events"
    assert said["rule"].endswith(f"does not lead to arn:aws:sqs:{REGION}:{ACCOUNT}:half-events")
    assert said["sweep's rule"] == "the stack has no ObservationsRule"
    assert checks["callback"]["seen"].startswith("callbacks are off"), "its outputs name no queue for them"
    assert checks["pass role"]["outcome"] == "unknown"
    assert "--execution-role" in checks["pass role"]["seen"]


def test_a_role_that_may_not_be_passed(well):
    other = f"arn:aws:iam::{ACCOUNT}:role/other"
    code, checks = preflight(well, None, "--no-signal", "--execution-role", other)
    assert (code, outcomes(checks, "missing")) == (1, {"pass role"})
    assert places(checks["pass role"]) == {"infra/iam/pipeline-pod.yaml: PassExecutionRole"}


def test_wrong_credentials_are_what_is_missing(deployed):
    code, checks = preflight(deployed, {**deployed.pod(), "SecretAccessKey": "wrong"})
    assert (code, outcomes(checks, "missing")) == (1, {"credentials"})
    assert outcomes(checks, "ok") == {"region"}
    assert checks.keys() == EVERYTHING


def test_no_region_and_no_answer(deployed):
    code, checks = preflight(deployed, AWS_REGION="")
    assert (code, checks.keys()) == (1, {"region"})
    code, checks = preflight(deployed, None, "--no-signal", AWS_ENDPOINT_URL="http://127.0.0.1:1")
    assert code == 2 and outcomes(checks, "missing") == set()
    assert checks["credentials"]["outcome"] == "unknown"
    assert "no answer from 127.0.0.1" in checks["credentials"]["seen"]


def test_no_such_stack(deployed):
    code, checks = preflight(deployed, None, "--stack", "none", "--no-signal")
    assert code == 1
    assert checks["stack"]["seen"] == f"there is no stack none in {REGION}. Choose another with --stack"
