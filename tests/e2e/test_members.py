"""A member: another account, and another region, whose jobs the monitor watches by the templates of docs/accounts.md."""

import http.server
import json
import os
import subprocess
import threading
import urllib.parse
import urllib.request

import botocore.exceptions
import pytest

from cloud import ACCOUNT, MEMBER, OTHER_REGION, REGION, SAGEBELL, Bridge, FakeSageMaker, put
from conftest import ROOT, until, wait_url
from held import Listening
from test_deployed import sample

pytestmark = pytest.mark.deployed

# An account that nobody named to the monitor.
STRANGER = "333333333333"
RUNS = [{"status": "InProgress", "secondary": "Training"}]


class Accounts:
    """One address for the SageMaker of every account: whose keys signed a call tells which is meant, as on AWS."""

    def __init__(self, cloud, sagemakers):
        sts = cloud.client("sts")

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                key = self.headers["authorization"].split("Credential=")[1].split("/")[0]
                url = sagemakers[sts.get_access_key_info(AccessKeyId=key)["Account"]].url
                asked = urllib.request.Request(url, body, dict(self.headers.items()))
                try:
                    answer = urllib.request.urlopen(asked, timeout=20)
                except urllib.error.HTTPError as refused:
                    answer = refused
                with answer:
                    told = answer.read()
                self.send_response(answer.status)
                self.send_header("content-type", "application/x-amz-json-1.1")
                self.send_header("content-length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Member:
    """The other account, with what docs/accounts.md has it deploy."""

    def __init__(self, deployed, sagemaker):
        self.deployed, self.sagemaker = deployed, sagemaker
        self.cloud = deployed.cloud.seen_from(MEMBER)
        self.pods = self.role_of_pods()
        self.access = deployed.deploy_layer("member-access", {
            "PodRoleArns": self.pods,
            "ApiFunctionArn": deployed.outputs["ApiFunctionArn"],
            "ConnectArn": deployed.outputs["ConnectArn"],
        })["AccessRoleArn"]
        self.outputs = self.cloud.deploy("member", template(), {**by_the_monitor(deployed), "AccessRoleArn": self.access})

    def role_of_pods(self):
        iam = self.cloud.client("iam")
        trust = {"Effect": "Allow", "Principal": {"AWS": MEMBER}, "Action": "sts:AssumeRole"}
        made = iam.create_role(RoleName="pods", AssumeRolePolicyDocument=document(trust))
        may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": f"arn:aws:iam::{ACCOUNT}:role/*"}
        iam.put_role_policy(RoleName="pods", PolicyName="monitor", PolicyDocument=document(may))
        return made["Role"]["Arn"]

    def pod(self):
        return self.cloud.client("sts").assume_role(RoleArn=self.pods, RoleSessionName="pod")["Credentials"]

    def waiter(self):
        """The credentials with which a pod there calls the monitor."""
        sts = self.cloud.client("sts", self.pod())
        return sts.assume_role(RoleArn=self.access, RoleSessionName="waiter")["Credentials"]

    def call(self, method, path, body=None):
        return self.deployed.call(method, path, body, self.waiter())


def document(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def template():
    return (ROOT / "infra" / "iam" / "member.yaml").read_text()


def by_the_monitor(deployed):
    """What the monitor's stack tells a member."""
    outputs = deployed.outputs
    return {
        "MonitorAccount": ACCOUNT,
        "MonitorBusArn": outputs["BusArn"], "MonitorRoleArns": outputs["FunctionRoleArns"], "ApiUrl": outputs["ApiUrl"],
    }


def in_account(event, account, region=REGION):
    """A sample event, as if of this account and region."""
    return json.loads(json.dumps(event).replace(f"{REGION}:{ACCOUNT}", f"{region}:{account}"))


def job_path(arn):
    return f"/v1/jobs/{urllib.parse.quote(arn, safe='')}"


@pytest.fixture(scope="module")
def bridge_there():
    bridge = Bridge()
    yield bridge
    bridge.close()


@pytest.fixture(scope="module")
def member(cloud, deployed, sagemaker, bridge_there):
    theirs = FakeSageMaker(bridge_there.url, account=MEMBER)
    accounts = Accounts(cloud, {ACCOUNT: sagemaker, MEMBER: theirs})
    deployed.asks(accounts.url)
    yield Member(deployed, theirs)
    deployed.asks(sagemaker.url)
    accounts.close()
    theirs.stop()


def test_a_pod_of_a_member_hears_of_its_job(deployed, member, bridge_there):
    bridge_there.hand_on = lambda event: put(member.cloud, event)
    arn = member.sagemaker.create_training("told", RUNS)
    held = deployed.connect(member.waiter(), kind=Listening)
    assert held.register(arn)["wait"]["channel"] == "connection"
    member.sagemaker.move(arn, "Completed")
    assert held.hear()["data"]["job"]["arn"] == arn
    held.close()


def test_the_monitor_describes_and_stops_a_member_s_job_by_the_role_there(member, bridge_there):
    bridge_there.hand_on = None
    arn = member.sagemaker.create_training("unseen", RUNS)
    status, answer = member.call("PUT", wait_url("", arn, "w"), {"on_abandon": "stop"})
    assert status in (200, 201), answer
    status, job = member.call("POST", f"{job_path(arn)}/refresh")
    assert (status, job.get("phase")) == (200, "running"), job
    status, answer = member.call("DELETE", f"{wait_url('', arn, 'w')}?stop=true")
    assert status == 200, answer
    described = member.sagemaker.boto.describe_training_job(TrainingJobName="unseen")
    assert described["TrainingJobStatus"] in ("Stopping", "Stopped")


def test_the_sweep_reads_a_member_s_lists(cloud, deployed, member, bridge_there):
    """No event comes: the end is found in the member's own list."""
    bridge_there.hand_on = None
    arn = member.sagemaker.create_training("listed", RUNS)
    held = deployed.connect(member.waiter(), kind=Listening)
    held.register(arn)
    member.sagemaker.move(arn, "Failed")

    def swept():
        done = cloud.client("lambda").invoke(FunctionName=deployed.outputs["SweepFunctionName"], Payload=b"{}")
        assert "FunctionError" not in done
        return member.call("GET", job_path(arn))[1].get("phase") == "failed"

    until(swept, "the sweep finds the end", 90)
    assert held.hear()["data"]["job"]["phase"] == "failed"
    held.close()


def test_events_come_from_members_and_from_nobody_else(deployed, member):
    stranger = deployed.cloud.seen_from(STRANGER)
    stranger.deploy("member", template(), by_the_monitor(deployed))
    event, name = sample("training-completed"), "only-a-member-s"
    event = json.loads(json.dumps(event).replace(event["detail"]["TrainingJobName"], name))
    for cloud, account in ((stranger, STRANGER), (member.cloud, MEMBER)):
        put(cloud, in_account(event, account))
    arns = [in_account(event, account)["detail"]["TrainingJobArn"] for account in (MEMBER, STRANGER)]
    # They take the same way: the later one's arrival tells that the earlier one did not arrive.
    until(lambda: member.call("GET", job_path(arns[0]))[0] == 200, "the member's event is recorded")
    assert member.call("GET", job_path(arns[1]))[0] in (403, 404)


def test_another_region_of_the_own_account_sends_its_events(cloud, deployed):
    there = cloud.seen_from(ACCOUNT, OTHER_REGION)
    there.deploy("other-region", template(), by_the_monitor(deployed))
    event = in_account(sample("training-failed"), ACCOUNT, OTHER_REGION)
    put(there, event)
    path = job_path(event["detail"]["TrainingJobArn"])
    told = until(lambda: found(deployed.call("GET", path, credentials=deployed.pod())), "the event is recorded")
    assert told["phase"] == "failed"


def found(answered):
    status, job = answered
    return job if status == 200 else None


def test_only_the_monitor_s_functions_may_assume_the_role_there(cloud, deployed, member):
    role = member.outputs["MonitorRoleArn"]
    for credentials in (None, deployed.pod(), member.pod()):
        with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
            cloud.client("sts", credentials).assume_role(RoleArn=role, RoleSessionName="test")
    sweep = cloud.client("sts", cloud.assume(deployed.role("Sweep")))
    assert sweep.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]


def test_what_steps_find_names_the_role_to_call_the_monitor_with(deployed, member):
    found = member.cloud.client("ssm").get_parameter(Name="/sagebell/api")["Parameter"]["Value"]
    assert found == f"{deployed.outputs['ApiUrl']}#role={member.access}"
    api = f"{deployed.api}#role={member.access}"
    environment = {**os.environ, **deployed.environment(member.pod())}
    command = [SAGEBELL, "jobs", "--api", api, "--output", "json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    without = [SAGEBELL, "jobs", "--api", deployed.api]
    refused = subprocess.run(without, env=environment, capture_output=True, text=True, timeout=60)
    assert refused.returncode != 0 and "403" in refused.stderr, refused.stderr
