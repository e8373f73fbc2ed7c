"""The permission proof: what each role may do, and what it may not, a row a call.

Every role is as the templates deploy it, and calls with keys of its own. Where the
emulator has the service, the call is made (`permissions.CALLS`). It has no
SageMaker, and what others tell IAM of a call (`iam:PassedToService`, say) it does not
tell: there its own evaluator judges the documents that the deployed role has.
"""

import json
import time

import botocore.exceptions
import pytest
import websocket
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from cloud import ACCOUNT, ASSUMABLE, REGION, TEAM
from permissions import CALLERS, CALLS, LOG, PODS, QUESTIONS

pytestmark = pytest.mark.deployed

DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


@pytest.fixture(scope="module")
def roles(deployed):
    """The ARN of each role."""
    schedule = deployed.cloud.client("iam").get_paginator("list_roles").paginate().search("Roles[].Arn")
    (schedule,) = [arn for arn in schedule if "ScheduleRole" in arn]
    return {
        "job-events": deployed.role("JobEvents"),
        "signals": deployed.role("Signals"),
        "callbacks": deployed.role("Callbacks"),
        "api": deployed.role("Api"),
        "sweep": deployed.role("Sweep"),
        "schedule": schedule,
        "pod": deployed.pod_role,
        "team": deployed.team_role,
        "execution": deployed.execution_role,
        "wide": deployed.wide_role,
    }


@pytest.fixture(scope="module")
def keys(cloud, deployed, roles):
    """Credentials of each role; the pods' by their tokens."""
    pods = {"pod": deployed.pod(), "team": deployed.team_pod()}
    return pods | {role: cloud.assume(arn) for role, arn in roles.items() if role not in pods}


@pytest.fixture(scope="module")
def names(cloud, deployed, roles):
    """What the rows call by a name in braces."""
    outputs = deployed.outputs
    stage = outputs["ConnectArn"].removesuffix("/$connect")
    return {
        "{api_function}": outputs["ApiFunctionArn"],
        "{api_role}": roles["api"],
        "{api_role_name}": roles["api"].rsplit("/", 1)[-1],
        "{bus}": outputs["BusName"],
        "{ask}": f"{stage}/GET/@connections/x",
        "{callbacks}": outputs["CallbacksQueueUrl"],
        "{callbacks_dead_letters}": outputs["CallbacksDeadLettersUrl"],
        "{callbacks_function}": function_arn(outputs["CallbacksFunctionName"]),
        "{close}": f"{stage}/DELETE/@connections/x",
        "{connect}": outputs["ConnectArn"],
        "{push}": f"{stage}/POST/@connections/x",
        "{events}": outputs["EventsQueueUrl"],
        "{events_dead_letters}": outputs["EventsDeadLettersUrl"],
        "{execution_role}": roles["execution"],
        "{now}": int(time.time() * 1000),
        "{other_queue}": cloud.client("sqs").create_queue(QueueName="other")["QueueUrl"],
        "{pod_role}": roles["pod"],
        "{signals}": outputs["SignalsQueueUrl"],
        "{signals_dead_letters}": outputs["SignalsDeadLettersUrl"],
        "{wide_role}": roles["wide"],
        "{sweep_dead_letters}": outputs["SweepDeadLettersUrl"],
        "{sweep_function}": function_arn(outputs["SweepFunctionName"]),
        "{table}": outputs["TableName"],
    }


@pytest.fixture(scope="module")
def account(cloud, roles, names):
    """What else the calls touch, where it has to be there."""
    log = {"logGroupName": LOG["logGroupName"]}
    cloud.client("logs").create_log_group(**log)
    for job in (f"{TEAM}x", "team-b-x"):
        cloud.client("logs").create_log_stream(**log, logStreamName=f"{job}/algo-1")
    for bucket in ("inputs", "outputs", "pipelines"):
        cloud.client("s3").create_bucket(Bucket=bucket)
    cloud.client("s3").put_object(Bucket="inputs", Key="data")
    for root in ("kfp/team-a", "kfp/team-b"):
        cloud.client("s3").put_object(Bucket="pipelines", Key=f"{root}/made")
    cloud.client("iam").create_role(
        RoleName=ASSUMABLE.rsplit("/", 1)[-1], AssumeRolePolicyDocument=json.dumps(trust_in(roles.values()))
    )


@pytest.fixture(scope="module")
def policies(cloud, roles):
    """The documents of each role, as deployed."""
    return {role: list(documents(cloud.client("iam"), arn.rsplit("/", 1)[-1])) for role, arn in roles.items()}


def trust_in(roles):
    """A role's trust in all of these: what they may do decides."""
    trusted = {"Effect": "Allow", "Principal": {"AWS": list(roles)}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [trusted]}


def function_arn(name):
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def documents(iam, role):
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        yield iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        arn = attached["PolicyArn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        yield iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


def filled(value, names):
    """A row's value with the names filled in."""
    if isinstance(value, dict):
        return {filled(key, names): filled(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else value


def outcome(client, call, names):
    """`done`, `denied`, or whatever else came of a call."""
    try:
        getattr(client, call.operation)(**filled(call.input, names))
    except botocore.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        return "denied" if code in DENIED else code
    return "done"


def allows(role, documents, question, names):
    """Whether a role's documents allow what a question is about."""
    action = question.action if ":" in question.action else f"sagemaker:{question.action}"
    context = EvalContext(
        principal_arn=role,
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=filled(question.resource, names),
        region=REGION,
        service_context={key.lower(): value for key, value in filled(question.context, names).items()},
    )
    return evaluate(context, [parse_policy_document(document) for document in documents]).decision == "Allow"


def rows(table):
    return [pytest.param(row, id=row.name) for row in table]


@pytest.mark.parametrize("call", rows(CALLS))
def test_roles_make_their_calls_and_no_others(cloud, keys, names, account, call):
    outcomes = {role: outcome(cloud.client(call.service, keys[role]), call, names) for role in keys}
    assert outcomes == {role: "done" if role in call.may else "denied" for role in keys}


@pytest.mark.parametrize("question", rows(QUESTIONS))
def test_policies_allow_what_roles_need_and_no_more(roles, policies, names, question):
    assert {role for role in roles if allows(roles[role], policies[role], question, names)} == set(question.may)


def test_only_pods_and_the_sweep_call_the_api_by_its_url(deployed, keys):
    statuses = {role: deployed.call("GET", "/v1/jobs?limit=1", credentials=keys[role])[0] for role in keys}
    assert statuses == {role: 200 if role in CALLERS else 403 for role in keys}


def test_only_pods_open_connections(deployed, keys):
    def status(role):
        try:
            deployed.connect(keys[role]).close()
        except websocket.WebSocketBadStatusException as refused:
            return refused.status_code
        return 101

    assert {role: status(role) for role in keys} == {role: 101 if role in PODS else 403 for role in keys}


@pytest.mark.parametrize("subject", [
    "system:serviceaccount:kubeflow:default",
    "system:serviceaccount:default:pipeline-runner",
    "system:serviceaccount:kubeflow:pipeline-runner-2",
])
def test_only_the_steps_service_account_has_the_pod_s_role(cloud, deployed, subject):
    with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
        cloud.web_identity(deployed.pod_role, subject, "pod")
