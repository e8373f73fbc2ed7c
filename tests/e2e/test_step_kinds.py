"""Every kind of job, made by its own component from a document, waited for, and found by its ARN."""

import json
import subprocess

import boto3
import pytest
from botocore import xform_name
from conftest import PATIENCE_SECONDS, ROOT
from kfp_cluster.pod import STEP
from test_fake_sagemaker import running
from test_request_model import MODEL

ROLE = "arn:aws:iam::123456789012:role/sagemaker"
OPERATIONS = {name.lower(): name for name in MODEL.operation_names}
ROWS = json.loads((ROOT / "crates/step/table/sagemaker.json").read_text())
MAKERS = {row["name"]: OPERATIONS[row["name"].replace("-", "")] for row in ROWS if row["name"] != "sagemaker-wait"}
# What a request may name has to be there. In this order: each may name those before.
THERE = {
    "CreateModel": {"ModelName": "x", "ExecutionRoleArn": ROLE},
    "CreateEndpointConfig": {
        "EndpointConfigName": "x",
        "ProductionVariants": [{"VariantName": "x", "ModelName": "x", "InitialInstanceCount": 1,
                                "InstanceType": "ml.m5.large"}],
    },
    "CreateEndpoint": {"EndpointName": "x", "EndpointConfigName": "x"},
    "CreatePipeline": {"PipelineName": "x", "PipelineDefinition": "{}", "RoleArn": ROLE, "ClientRequestToken": "x" * 32},
    "CreateImage": {"ImageName": "x", "RoleArn": ROLE},
}


def least(shape):
    """The least value of this shape that SageMaker takes."""
    if shape.type_name == "structure":
        members = list(shape.members)[:1] if shape.is_tagged_union else shape.required_members
        return {key: least(shape.members[key]) for key in members}
    if shape.type_name == "list":
        return [least(shape.member) for _ in range(max(1, shape.metadata.get("min", 1)))]
    if shape.type_name == "string":
        return (shape.enum or ["x" * max(1, shape.metadata.get("min", 1))])[0]
    return {"map": {}, "boolean": True, "timestamp": 0}.get(shape.type_name, shape.metadata.get("min", 1))


@pytest.fixture(scope="module")
def fake():
    with running("--step-millis", "20") as fake:
        yield fake


@pytest.fixture
def step(fake, tmp_path, aws_environment):
    environment = {
        **aws_environment,
        "AWS_ENDPOINT_URL_SAGEMAKER": fake.url,
        "SAGEBELL_LOGS": "none",
        # No event tells of many kinds, and `sagebell local` does not look.
        "SAGEBELL_WAIT": "poll",
        "SAGEBELL_POLL_SECONDS": "0.05",
    }

    def run(name, **given):
        flags = [word for key, value in given.items() for word in (f"--{key}", value)]
        paths = {name: tmp_path / name for name in ("job_arn", "status", "failure_reason", "name", "description")}
        outputs = [word for key, path in paths.items() for word in (f"--{key}_output_path", str(path))]
        done = subprocess.run(
            [STEP, name, "--region", "us-east-1", *flags, *outputs],
            env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS,
        )
        assert done.returncode == 0, done.stderr
        return {key: path.read_text() for key, path in paths.items()}

    return run


@pytest.mark.parametrize("name", MAKERS)
def test_a_kind_is_made_described_and_found_again_by_its_arn(name, fake, step):
    fake.control("POST", "reset")
    operation = MAKERS[name]
    sagemaker = boto3.client("sagemaker", region_name="us-east-1", endpoint_url=fake.url,
                             aws_access_key_id="x", aws_secret_access_key="x")
    for create, request in THERE.items():
        if create == operation:
            break
        getattr(sagemaker, xform_name(create))(**request)
    made = step(name, request=json.dumps(least(MODEL.operation_model(operation).input_shape)))
    assert made["job_arn"].startswith("arn:aws:sagemaker:us-east-1:123456789012:")
    assert made["failure_reason"] == ""
    found = step("sagemaker-wait", arn=made["job_arn"])
    assert (found["job_arn"], found["status"]) == (made["job_arn"], made["status"])
    assert json.loads(found["description"]) == json.loads(made["description"])
