"""Names and addresses of people's reports: SageMaker's own spelling of a name, whatever
the case of its ARN, and the console of the job's partition.

The case of SageMaker's ARNs is not reliable (boto3 issue 4606), and log groups have the
name's own (yet-another-cloudwatch-exporter issue 1163). Consoles of other partitions:
alfred-aws-console-services-workflow issue 43, aws-vault PR 285."""

import re
import time

import pytest

from steps import REGION, ROLE

ENDPOINT = "Digits-Prod"
CONSOLES = {
    "eu-west-1": "eu-west-1.console.aws.amazon.com",
    "cn-north-1": "cn-north-1.console.amazonaws.cn",
    "us-gov-west-1": "us-gov-west-1.console.amazonaws-us-gov.com",
    "eusc-de-east-1": "eusc-de-east-1.console.amazonaws-eusc.eu",
    "us-isob-east-1": "us-isob-east-1.console.sc2shome.sgov.gov",
}


def write_log(logs, group, stream):
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    event = {"timestamp": int(time.time() * 1000), "message": f"log of {group}"}
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])
    return {"AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": logs.meta.endpoint_url}


def make_endpoint(scene):
    boto = scene.sagemaker.boto
    boto.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "i"})
    variant = {"VariantName": "all", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    boto.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])


@pytest.mark.parametrize("component", ["deploy", "sagemaker-wait"])
def test_an_endpoints_log_and_links_have_its_name_where_its_arn_has_small_letters(scene, logs, component):
    group = f"/aws/sagemaker/Endpoints/{ENDPOINT}"
    environment = write_log(logs, group, "all/i-0a")
    failed = {"status": "Failed", "reason": "variant all did not pass the ping health check", "after_millis": 300}
    scene.sagemaker.life({"status": "Creating"}, failed)
    make_endpoint(scene)
    common = {"region": REGION, "endpoint_url": scene.aws.url}
    if component == "deploy":
        inputs = {"endpoint_name": ENDPOINT, "model_name_1": "m", "variant_name_1": "all"}
    else:
        arn = scene.sagemaker.boto.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName="c")["EndpointArn"]
        assert arn.endswith("endpoint/digits-prod"), "as SageMaker spells it"
        inputs = {"arn": arn}
    step = scene.start(component, "--logs", "tail", environment=environment, **common, **inputs)
    assert step.ends() == 1
    assert f"  | log of {group}" in step.said().splitlines()
    *_, header, advice, _took, arn, console, link = step.said().splitlines()
    assert header.startswith(f"sagebell-step: {ENDPOINT} is Failed: variant all"), step.said()
    assert advice.startswith("  to do    the container did not answer GET /ping")
    assert arn.endswith("endpoint/digits-prod")
    assert console.endswith(f"#/endpoints/{ENDPOINT}") and f"group={group};" in link
    page = (step.folder / "timeline.html").read_text()
    assert f"<bdi>{ENDPOINT}</bdi>" in page and group in page


def test_a_job_that_is_found_by_an_arn_in_small_letters_is_called_by_its_name(scene, logs):
    """List answers ARNs in lower case; the description has the name."""
    scene.sagemaker.life({"status": "Failed", "reason": "AlgorithmError: 1"})
    environment = write_log(logs, "/aws/sagemaker/TrainingJobs", "Iris-1/algo-1")
    made = scene.train(inputs={"job_name": "Iris-1"}, environment=environment)
    assert made.ends() == 1
    assert "  | log of /aws/sagemaker/TrainingJobs" in made.said().splitlines()
    assert "sagebell-step: Iris-1 is Failed" in made.said()
    assert made.output("job_name") == "Iris-1"


@pytest.mark.parametrize("region", CONSOLES)
def test_links_lead_to_the_partitions_console(scene, region):
    scene.sagemaker.life({"status": "InProgress"}, {"status": "Completed", "after_millis": 200})
    # The monitor knows of one region alone.
    words = ("--wait", "poll", "--poll-seconds", "0.2", "--logs", "none")
    step = scene.train(*words, inputs={"region": region})
    assert step.ends() == 0, step.said()
    shown = [step.said(), (step.folder / "timeline.html").read_text(), (step.folder / "summary.md").read_text()]
    for text in shown:
        hosts = set(re.findall(r"https://([^/\s)]+)", text)) - {scene.aws.url}
        assert {host for host in hosts if "console" in host} == {CONSOLES[region]}
