"""The roles around the stack, made in other partitions than AWS's first.

The emulator has one partition, so its pseudo parameters are filled in beforehand. That every
document of every template is of the partition is shown by infra/tests/test_partitions.py.
"""

import json

import pytest

from conftest import ROOT

pytestmark = pytest.mark.deployed

# Partition, a region of it, the suffix of its hosts (botocore's partitions.json).
PLACES = [("aws-cn", "cn-north-1", "amazonaws.com.cn"), ("aws-us-gov", "us-gov-west-1", "amazonaws.com")]
ACCOUNT = "111122223333"


def parameters(partition, region, suffix):
    """Of each layer, what a person there gives it."""
    arn = f"arn:{partition}"
    return {
        "deployer": {"DeployerArn": f"{arn}:iam::{ACCOUNT}:role/ci", "ArtifactBucket": "artifacts"},
        "execution": {
            "InputBucketArns": f"{arn}:s3:::inputs",
            "OutputBucketArns": f"{arn}:s3:::outputs",
            "RepositoryArns": f"{arn}:ecr:{region}:{ACCOUNT}:repository/images",
            "KmsKeyArn": f"{arn}:kms:{region}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555",
            "AllowVpc": "true",
        },
        "pipeline-pod": {
            "OidcProvider": f"oidc.eks.{region}.{suffix}/id/EXAMPLE",
            "ApiFunctionArn": f"{arn}:lambda:{region}:{ACCOUNT}:function:sagebell-api",
            "ConnectArn": f"{arn}:execute-api:{region}:{ACCOUNT}:a1b2c3d4e5/v1/$connect",
            "ExecutionRoleArn": f"{arn}:iam::{ACCOUNT}:role/execution",
            "AllowOtherKinds": "true",
            "PipelineRootArn": f"{arn}:s3:::pipelines/kfp",
        },
    }


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
@pytest.mark.parametrize("layer", ["deployer", "execution", "pipeline-pod"])
def test_layers_are_made_in_every_partition(cloud, place, layer):
    partition, region, suffix = place
    template = (ROOT / "infra" / "iam" / f"{layer}.yaml").read_text()
    template = template.replace("${AWS::Partition}", partition).replace("${AWS::URLSuffix}", suffix)
    stack = f"{layer}-in-{partition}"
    cloud.deploy(stack, template.replace("${AWS::Region}", region), parameters(*place)[layer])
    iam = cloud.client("iam")
    roles = [one for one in iam.get_paginator("list_roles").paginate().search("Roles[]") if stack in one["RoleName"]]
    assert roles
    for role in roles:
        documents = [role["AssumeRolePolicyDocument"]]
        for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            documents.append(iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"])
        text = json.dumps(documents)
        assert f"arn:{partition}:" in text
