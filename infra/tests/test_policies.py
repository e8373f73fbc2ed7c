"""Every policy of the templates: real actions, narrow resources, and enough."""

import fnmatch
import itertools
import json

import kinds
import parliament
import pytest
import steps
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from policy_sentry.querying.actions import get_action_data
from policies import ALL, PARAMETERS, SOURCES, TEMPLATES, actions, listed, of_role, policies_of, policy
from samcli.lib.config.samconfig import SamConfig
from suppressed import Suppressions
from translate import INFRA

# Without white space: "IAM and AWS STS quotas", IAM guide.
ROLE_INLINE_LIMIT = 10_240
MANAGED_LIMIT = 6_144

LONGEST_PREFIX = "x" * 40

GRANTS = [one for one in ALL if one.kind in ("identity", "boundary")]
each_grant = pytest.mark.parametrize("grant", GRANTS, ids=str)


def rows(action):
    """What AWS's table says of an action: one row per resource type."""
    service, _, name = action.partition(":")
    found = get_action_data(service, name) or {}
    return found.get(service, [])


# Not in AWS's table yet: the suppressions say why. What these make takes tags (botocore 1.43, `Tags` of their
# Create operations).
NEWER_AND_TAGGED = {"sagemaker:StopAIBenchmarkJob", "sagemaker:StopAIRecommendationJob", "sagemaker:StopJob"}


def is_tagged(action):
    """Whether IAM can be asked for a tag of what the action is done to."""
    known = any("ResourceTag" in key for row in rows(action) for key in row["condition_keys"])
    return known or action in NEWER_AND_TAGGED


def length(document):
    return len(json.dumps(document, separators=(",", ":")))


def test_actions_exist():
    suppressions = Suppressions("policy_sentry")
    for grant in GRANTS:
        for action in actions([grant]) | actions([grant], "Deny"):
            if not rows(action):
                suppressions.take(f"unknown {action}", str(grant))
    suppressions.settle()


@each_grant
def test_actions_are_spelled_out(grant):
    for statement in grant.statements():
        assert "NotAction" not in statement and "NotResource" not in statement
        assert not [action for action in listed(statement["Action"]) if "*" in action]


def test_all_resources_only_where_nothing_narrower_exists():
    """Or where AWS's documents want it so, which the suppressions name."""
    suppressions = Suppressions("all-resources")
    for grant in GRANTS:
        for statement in grant.statements("Allow"):
            if "*" not in listed(statement["Resource"]):
                continue
            for action in listed(statement["Action"]):
                if {row["resource_arn_format"] for row in rows(action)} - {"*"}:
                    suppressions.take(action, str(grant))
    suppressions.settle()


@each_grant
def test_all_resources_are_explained(grant):
    """A statement on everything says in its comment that it has to be."""
    source = SOURCES[grant.template].read_text()
    for statement in grant.statements("Allow"):
        if "*" in listed(statement["Resource"]):
            lines = source.partition(f"Sid: {statement['Sid']}\n")[0].splitlines()[:-1]
            comment = itertools.takewhile(lambda line: line.lstrip().startswith("#"), reversed(lines))
            said = " ".join(reversed([line.strip(" #") for line in comment]))
            assert "no resource-level permissions" in said or "on all resources" in said.lower(), statement["Sid"]


def test_parliament_finds_nothing_new():
    suppressions = Suppressions("parliament")
    for grant in GRANTS:
        for finding in parliament.analyze_policy_string(json.dumps(grant.document)).findings:
            suppressions.take(rule_of(finding), str(grant))
    suppressions.settle()


def rule_of(finding):
    """A finding's id, with the action or key that it is about."""
    if isinstance(finding.detail, list) and isinstance(finding.detail[0], dict):
        return f"{finding.issue} {finding.detail[0]['action']}"
    if finding.issue == "UNKNOWN_ACTION":
        return f"{finding.issue} {finding.detail.split()[-1]}"
    if finding.issue == "UNKNOWN_CONDITION_FOR_ACTION":
        return f"{finding.issue} {finding.detail.split()[2]}"
    return finding.issue


@pytest.mark.parametrize("trust", [one for one in ALL if one.kind == "trust"], ids=str)
def test_trust_is_in_someone_and_not_in_anyone(trust):
    for statement in trust.statements("Allow"):
        principal = statement["Principal"]
        assert principal != "*" and "*" not in principal.values()
        service = principal.get("Service")
        # A function's role is bounded by PassRole: it is given at deployment, once.
        if service and service != "lambda.amazonaws.com":
            keys = {key for block in statement["Condition"].values() for key in block}
            assert {"aws:SourceAccount", "aws:SourceArn"} <= keys, service


@pytest.mark.parametrize("grant", [one for one in ALL if one.kind == "queue"], ids=str)
def test_queues_take_from_rules_and_over_tls_only(grant):
    for statement in grant.statements("Allow"):
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        assert statement["Action"] == "sqs:SendMessage"
        assert statement["Condition"]["ArnEquals"]["aws:SourceArn"]
    (tls,) = grant.statements("Deny")
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_roles_are_passed_to_named_services_only():
    passing = [
        statement
        for grant in GRANTS
        for statement in grant.statements("Allow")
        if "iam:PassRole" in listed(statement["Action"])
    ]
    assert len(passing) == 4
    for statement in passing:
        assert statement["Action"] == "iam:PassRole"
        assert statement["Condition"]["StringEquals"]["iam:PassedToService"]
        assert all(arn.split(":role/")[1].strip("*") for arn in listed(statement["Resource"]))


def test_the_pod_passes_one_role_to_sagemaker():
    jobs = policy("pipeline-pod", "JobsPolicy", "jobs")
    (passing,) = [one for one in jobs.statements() if one["Action"] == "iam:PassRole"]
    assert passing["Resource"] == PARAMETERS["ExecutionRoleArn"]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def test_signals_reaches_the_connections_of_its_own_api_and_closes_none():
    """"Control access to WebSocket APIs with AWS IAM authorization", API Gateway guide: the form of the ARNs."""
    (push,) = [one for one in policy("stack", "SignalsRole", "signals").statements() if one["Sid"] == "Push"]
    assert push["Action"] == "execute-api:ManageConnections"
    api = "arn:aws:execute-api:us-east-1:111122223333:sagebell-Connections/v1"
    assert push["Resource"] == [f"{api}/{method}/@connections/*" for method in ("POST", "GET")]
    others = [one for one in ALL if one.template == "stack" and one.resource != "SignalsRole"]
    assert "execute-api:ManageConnections" not in actions(others)


def test_the_pod_opens_connections_of_the_one_api_and_does_nothing_else_with_it():
    statements = policy("pipeline-pod", "MonitorPolicy", "monitor").statements()
    (connect,) = [one for one in statements if "execute-api" in str(one["Action"])]
    assert (connect["Action"], connect["Resource"]) == ("execute-api:Invoke", PARAMETERS["ConnectArn"])
    assert "Condition" not in connect


@pytest.mark.parametrize("monitor", [
    policy("pipeline-pod", "MonitorPolicy", "monitor"), policy("stack", "SweepRole", "sweep"),
    policy("dashboard", "DashboardRole", "monitor"),
], ids=["pod", "sweep", "dashboard"])
def test_the_api_is_reached_by_its_url_only(monitor):
    calls = [one for one in monitor.statements() if "lambda:" in str(one["Action"])]
    assert {one["Action"]: one["Condition"] for one in calls} == {
        "lambda:InvokeFunctionUrl": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}},
        "lambda:InvokeFunction": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    }
    assert {one["Resource"] for one in calls} == {PARAMETERS["ApiFunctionArn"]}


def test_whatever_the_pod_touches_has_its_prefix():
    """All but clusters, whose ARNs end in an id, and algorithms, which are others'."""
    for grant in of_role("pipeline-pod", "PipelinePodRole"):
        for statement in grant.statements("Allow"):
            for arn in listed(statement["Resource"]):
                if ":sagemaker:" in arn and ":cluster/" not in arn and ":algorithm/" not in arn:
                    assert arn.endswith(("/team-a-*", "/team-a-*/*")), arn


def test_the_pod_may_make_every_call_of_a_step_and_no_other():
    """As the components' source says: a new one without a permission fails here."""
    granted = {one for one in actions(of_role("pipeline-pod", "PipelinePodRole")) if one.startswith("sagemaker:")}
    assert granted == {f"sagemaker:{operation}" for operation in steps.operations()}


def test_the_pod_changes_only_what_a_step_made():
    """Whatever changes or ends what is there asks for the tag, where AWS can ask for it."""
    for grant in of_role("pipeline-pod", "PipelinePodRole"):
        for statement in grant.statements("Allow"):
            for action in listed(statement["Action"]):
                verb = action.partition(":")[2]
                if is_tagged(action) and action.startswith("sagemaker:") and verb.startswith(("Delete", "Stop", "Update")):
                    null = statement["Condition"]["Null"]
                    assert null == {"aws:ResourceTag/sagebell:task": "false"}, action


def test_a_pipeline_root_is_read_and_written_below_itself_only():
    root = policy("pipeline-pod", "PipelineRootPolicy", "managed")
    objects, listing = root.statements()
    assert objects["Resource"] == "arn:aws:s3:::pipelines/kfp/team-a/*"
    assert listing["Resource"] == "arn:aws:s3:::pipelines"
    assert listing["Condition"] == {"StringLike": {"s3:prefix": "kfp*"}}
    whole = {**PARAMETERS, "PipelineRootArn": "arn:aws:s3:::pipelines"}
    (listing,) = [
        statement
        for grant in of_role("pipeline-pod", "PipelinePodRole", whole)
        for statement in grant.statements()
        if statement["Action"] == "s3:ListBucket"
    ]
    assert listing["Resource"] == "arn:aws:s3:::pipelines"
    assert listing["Condition"] == {"StringLike": {"s3:prefix": "*"}}


def test_optional_permissions_are_there_only_when_asked_for():
    template = TEMPLATES["pipeline-pod"]
    optional = {name for name, one in template["Resources"].items() if "Condition" in one}
    assert set(template["Resources"]) - optional == {"JobsPolicy", "MonitorPolicy", "NewerJobsPolicy"}
    off = {name for name, one in template["Parameters"].items() if one.get("Default") in ("", "false")}
    assert off == {
        "AllowOtherKinds", "AllowVpc", "AssumableRoleArns", "ClusterArn", "JobNamePrefix", "KmsKeyArn",
        "OidcProvider", "OrchestratorClusterArn", "PipelineRootArn", "RoleName", "UserPoolArn",
    }


def test_the_execution_role_does_more_only_when_asked_to():
    template = TEMPLATES["execution"]
    assert {name for name, one in template["Resources"].items() if "Condition" not in one} == {"ExecutionRole"}
    always = set(template["Parameters"]) - {"InputBucketArns", "OutputBucketArns", "RepositoryArns"}
    assert {template["Parameters"][name]["Default"] for name in always} == {"", "false"}


@pytest.mark.parametrize("role", ["ApiRole", "SweepRole"])
def test_every_kind_can_be_described_and_stopped(role):
    """As the domain's table of kinds says, and nothing beside."""
    granted = {one for one in actions(of_role("stack", role)) if one.startswith("sagemaker:")}
    called = {operation for _, *others in kinds.operations() for operation in others if operation}
    # Whose it is, which is read before a stop.
    called.add("ListTags")
    if role == "SweepRole":
        called |= kinds.lists_of_changes()
    assert granted == {f"sagemaker:{operation}" for operation in called}


def test_the_monitor_stops_only_what_a_step_made():
    stops = [
        statement
        for statement in policy("stack", "SageMakerPolicy", "sagemaker").statements("Allow")
        if any("Stop" in action for action in listed(statement["Action"]))
    ]
    for statement in stops:
        assert all(arn.endswith("/team-a-*") for arn in statement["Resource"])
        for action in statement["Action"]:
            assert is_tagged(action) == ("Condition" in statement), action
    conditions = [one["Condition"] for one in stops if "Condition" in one]
    assert conditions == [{"Null": {"aws:ResourceTag/sagebell:task": "false"}}]


def test_only_the_sweep_may_send_observations():
    for role in ("JobEventsRole", "ApiRole", "CallbacksRole", "SignalsRole", "SweepRole"):
        sources = [
            source
            for grant in of_role("stack", role)
            for statement in grant.statements("Allow")
            if statement["Action"] == "events:PutEvents"
            for source in statement["Condition"]["ForAllValues:StringEquals"]["events:source"]
        ]
        assert ("sagebell.sweep" in sources) == (role == "SweepRole"), role


def test_the_boundary_holds_what_the_roles_may_do():
    (boundary,) = [one for one in ALL if one.kind == "boundary"]
    stack = [one for one in ALL if one.template == "stack" and one.kind == "identity"]
    assert actions(stack) == actions([boundary])
    bounds = [
        (action, arn)
        for statement in boundary.statements("Allow")
        for action in listed(statement["Action"])
        for arn in listed(statement["Resource"])
    ]
    for grant in stack:
        for statement in grant.statements("Allow"):
            for action in listed(statement["Action"]):
                for arn in listed(statement["Resource"]):
                    inside = any(action == one and fnmatch.fnmatchcase(arn, bound) for one, bound in bounds)
                    assert inside, f"{grant}: {action} on {arn}"


def test_the_stack_role_suffices_and_exceeds_nothing():
    """Measured by what each resource type says that its handlers call."""
    granted = actions(of_role("deployer", "StackRole"))
    suppressions = Suppressions("stack-role")
    # What Lambda itself asks of who names subnets and groups ("Giving Lambda functions access to
    # resources in an Amazon VPC", Lambda guide), beside what the schema lists.
    granted.remove("ec2:GetSecurityGroupsForVpc")
    listed_anywhere = set()
    for resource_type in {one["Type"] for one in TEMPLATES["stack"]["Resources"].values()}:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema
        for handler in ("create", "read", "update", "delete"):
            called = set(schema["handlers"].get(handler, {}).get("permissions", []))
            listed_anywhere |= called
            for action in called - granted:
                suppressions.take(action, resource_type)
    suppressions.settle()
    assert granted <= listed_anywhere


def test_the_deployer_may_tag_the_stack_as_sam_is_told_to():
    """A change set with tags needs a permission of its own ("Service Authorization Reference")."""
    tags = SamConfig(INFRA).get_all(["deploy"], "parameters").get("tags")
    (tagging,) = [
        statement
        for statement in policy("deployer", "DeployerRole", "deploy").statements("Allow")
        if statement["Action"] == "cloudformation:TagResource"
    ]
    assert tags and tagging["Resource"].endswith(":stack/sagebell/*")


def test_cloudformation_may_put_a_function_into_the_vpc():
    """What Lambda asks of who names subnets and groups ("Giving Lambda functions access to resources in
    an Amazon VPC", Lambda guide)."""
    assert actions(of_role("deployer", "StackRole")) >= {
        "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs", "ec2:GetSecurityGroupsForVpc",
    }


def test_lambda_may_handle_interfaces_and_the_functions_code_may_not():
    """On all resources: the same page, and AWSLambdaVPCAccessExecutionRole."""
    callbacks = policy("stack", "CallbacksRole", "callbacks")
    (allowed,) = [one for one in callbacks.statements("Allow") if one["Resource"] == "*"]
    (denied,) = callbacks.statements("Deny")
    assert allowed["Action"] == denied["Action"] and "ec2:DetachNetworkInterface" in allowed["Action"]
    assert list(denied["Condition"]["ArnEquals"]) == ["lambda:SourceFunctionArn"]


def test_roles_stay_under_their_limits():
    """With the longest name prefix that the parameters take."""
    long = {**PARAMETERS, "JobNamePrefix": LONGEST_PREFIX}
    for template in TEMPLATES:
        for one in policies_of(template, long):
            if TEMPLATES[template]["Resources"][one.resource]["Type"] == "AWS::IAM::ManagedPolicy":
                assert length(one.document) <= MANAGED_LIMIT, str(one)
        for name, resource in TEMPLATES[template]["Resources"].items():
            if resource["Type"] == "AWS::IAM::Role":
                inline = [one for one in of_role(template, name, long) if one.name != "managed"]
                assert sum(length(one.document) for one in inline) <= ROLE_INLINE_LIMIT, name
