"""Every policy document of the templates, as IAM would get to see it: functions
of CloudFormation replaced by values of the expected form."""

import json
import re
from dataclasses import dataclass

from translate import INFRA, TEMPLATE, load, translate

LAYERS = {path.stem: path for path in sorted((INFRA / "iam").glob("*.yaml"))}
SOURCES = {"stack": TEMPLATE, **LAYERS}
TEMPLATES = {"stack": translate(load(TEMPLATE))} | {name: load(path) for name, path in LAYERS.items()}

PSEUDO = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "sagebell",
    "AWS::URLSuffix": "amazonaws.com",
}

# Values of the parameters that policies refer to; the others have no say in them.
PARAMETERS = {
    "Accounts": ["444455556666"],
    "ApiFunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:sagebell-api",
    "ArtifactBucket": "artifacts",
    "AssumableRoleArns": ["arn:aws:iam::444455556666:role/training"],
    "CallbackSecurityGroupIds": ["sg-1"],
    "CallbackSubnetIds": ["subnet-1", "subnet-2"],
    "ClusterArn": "arn:aws:eks:us-east-1:111122223333:cluster/pipelines",
    "ConnectArn": "arn:aws:execute-api:us-east-1:111122223333:a1b2c3d4e5/v1/$connect",
    "DeployerArn": "arn:aws:iam::111122223333:role/ci",
    "ExecutionRoleArn": "arn:aws:iam::111122223333:role/execution",
    "InputBucketArns": ["arn:aws:s3:::data", "arn:aws:s3:::code"],
    "JobNamePrefix": "team-a-",
    "KmsKeyArn": "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555",
    "LabelingFunctionArns": ["arn:aws:lambda:us-east-1:111122223333:function:before"],
    "MonitorAccount": "999900001111",
    "MonitorBusArn": "arn:aws:events:us-east-1:999900001111:event-bus/sagebell",
    "MonitorRoleArns": [
        "arn:aws:iam::999900001111:role/sagebell-ApiRole", "arn:aws:iam::999900001111:role/sagebell-SweepRole",
    ],
    "Namespace": "kubeflow",
    "OidcProvider": "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE",
    "OrchestratorClusterArn": "arn:aws:eks:us-east-1:111122223333:cluster/hyperpod",
    "OutputBucketArns": ["arn:aws:s3:::models"],
    "PipelineRootArn": "arn:aws:s3:::pipelines/kfp/team-a",
    "PodRoleArns": ["arn:aws:iam::444455556666:role/pipelines"],
    "RepositoryArns": ["arn:aws:ecr:us-east-1:111122223333:repository/train"],
    "ServiceAccount": "pipeline-runner",
    "StackName": "sagebell",
    "UserPoolArn": "arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_EXAMPLE",
}

ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:us-east-1:111122223333:table/sagebell-{}",
    "AWS::Events::EventBus": "arn:aws:events:us-east-1:111122223333:event-bus/sagebell",
    "AWS::Events::Rule": "arn:aws:events:us-east-1:111122223333:rule/sagebell-{}",
    "AWS::IAM::ManagedPolicy": "arn:aws:iam::111122223333:policy/sagebell-{}",
    "AWS::IAM::Role": "arn:aws:iam::111122223333:role/sagebell-{}",
    "AWS::Lambda::Function": "arn:aws:lambda:us-east-1:111122223333:function:{}",
    "AWS::Logs::LogGroup": "arn:aws:logs:us-east-1:111122223333:log-group:{}:*",
    "AWS::SQS::Queue": "arn:aws:sqs:us-east-1:111122223333:sagebell-{}",
}


@dataclass(frozen=True)
class Policy:
    """One document and where it stands."""

    template: str
    resource: str
    name: str
    kind: str
    """`identity`, `trust`, `queue` or `boundary`."""
    document: dict

    def __str__(self):
        return f"{self.template}/{self.resource}/{self.name}"

    def statements(self, effect=None):
        return [one for one in self.document["Statement"] if effect in (None, one["Effect"])]


class Resolver:
    """Works out one template's functions; every condition holds, or as these parameters say."""

    def __init__(self, template, parameters=PARAMETERS, everything=True):
        self.resources = template["Resources"]
        self.values = PSEUDO | parameters
        self.conditions = template.get("Conditions", {})
        self.everything = everything

    def holds(self, condition):
        """Whether a condition, by its name or spelled out, holds."""
        if self.everything:
            return True
        if isinstance(condition, str):
            return self.holds(self.conditions[condition])
        (function, argument), = condition.items()
        if function == "Condition":
            return self.holds(argument)
        if function == "Fn::Not":
            return not self.holds(argument[0])
        if function == "Fn::And":
            return all(map(self.holds, argument))
        if function == "Fn::Or":
            return any(map(self.holds, argument))
        assert function == "Fn::Equals", function
        return self(argument[0]) == self(argument[1])

    def __call__(self, value):
        if isinstance(value, list):
            worked_out = [self(one) for one in value]
            return [one for one in worked_out if one is not None]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (function, argument), = value.items()
            if function == "Ref":
                return self.ref(argument)
            if function == "Fn::GetAtt":
                return self.attribute(*argument)
            if function == "Fn::Sub":
                return self.sub(argument)
            if function == "Fn::If":
                return self(argument[1] if self.holds(argument[0]) else argument[2])
            if function == "Fn::Join":
                return argument[0].join(self(argument[1]))
            if function == "Fn::Select":
                return self(argument[1])[int(argument[0])]
            if function == "Fn::Split":
                return self(argument[1]).split(argument[0])
        return {key: self(one) for key, one in value.items()}

    def ref(self, name):
        if name == "AWS::NoValue":
            return None
        if name in self.values:
            return self.values[name]
        managed = self.resources[name]["Type"] == "AWS::IAM::ManagedPolicy"
        return self.attribute(name, "Arn") if managed else f"sagebell-{name}"

    def attribute(self, name, attribute):
        assert attribute == "Arn", f"{name}.{attribute}"
        resource = self.resources[name]
        properties = resource["Properties"]
        physical = properties.get("FunctionName") or properties.get("LogGroupName") or name
        return self.here(ARNS[resource["Type"]].format(self(physical)))

    def here(self, arn):
        """The ARN of AWS's first partition and region, in these."""
        arn = arn.replace("arn:aws:", f"arn:{self.values['AWS::Partition']}:")
        return arn.replace(PSEUDO["AWS::Region"], self.values["AWS::Region"])

    def sub(self, argument):
        text, names = argument if isinstance(argument, list) else (argument, {})
        values = {key: self(one) for key, one in names.items()}

        def value_of(match):
            name, _, attribute = match[1].partition(".")
            if name in values:
                return values[name]
            return self.attribute(name, attribute) if attribute else self.ref(name)

        return re.sub(r"\$\{([^}]+)\}", value_of, text)


def documents(properties, resource_type):
    """(name, kind, document) of one resource."""
    if resource_type == "AWS::IAM::Role":
        yield "trust", "trust", properties["AssumeRolePolicyDocument"]
        for policy in properties.get("Policies", []):
            yield policy["PolicyName"], "identity", policy["PolicyDocument"]
    elif resource_type == "AWS::IAM::Policy":
        yield properties["PolicyName"], "identity", properties["PolicyDocument"]
    elif resource_type == "AWS::IAM::ManagedPolicy":
        kind = "identity" if "Roles" in properties else "boundary"
        yield "managed", kind, properties["PolicyDocument"]
    elif resource_type == "AWS::SQS::QueuePolicy":
        yield "queue", "queue", properties["PolicyDocument"]


def policies_of(name, parameters=PARAMETERS):
    """Every policy of one template."""
    template = TEMPLATES[name]
    resolve = Resolver(template, parameters)
    for logical_id, resource in template["Resources"].items():
        for policy, kind, document in documents(resource["Properties"], resource["Type"]):
            resolved = resolve(document)
            resolved = json.loads(resolved) if isinstance(resolved, str) else resolved
            yield Policy(name, logical_id, policy, kind, resolved)


ALL = [policy for name in TEMPLATES for policy in policies_of(name)]


def policy(template, resource, name):
    """The one policy of this place."""
    (found,) = [one for one in ALL if (one.template, one.resource, one.name) == (template, resource, name)]
    return found


def of_role(template, role, parameters=PARAMETERS):
    """Every identity policy that a role has, shared ones included."""
    shared = {
        logical_id
        for logical_id, resource in TEMPLATES[template]["Resources"].items()
        if role in attached(resource["Properties"].get("Roles", []))
    }
    here = [one for one in policies_of(template, parameters) if one.kind == "identity"]
    return [one for one in here if one.resource == role or one.resource in shared]


def attached(roles):
    """The roles of this template that a list of roles may name, whatever conditions hold."""
    if isinstance(roles, list):
        return {role for one in roles for role in attached(one)}
    if not isinstance(roles, dict):
        return set()
    return {roles["Ref"]} if "Ref" in roles else attached(roles.get("Fn::If", [])[1:])


def listed(value):
    """IAM takes one value for a list of one."""
    return value if isinstance(value, list) else [value]


def actions(policies, effect="Allow"):
    """Every action of some policies."""
    return {
        action
        for one in policies
        for statement in one.statements(effect)
        for action in listed(statement["Action"])
    }
