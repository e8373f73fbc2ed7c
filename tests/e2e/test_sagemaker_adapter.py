"""The SageMaker adapter against moto, and against boto3 asking the same.

moto plays SageMaker with its own error messages and timestamps; a server of our own
checks that the SDK's signature covers what is really sent.
"""

import datetime
import http.server
import json
import os
import subprocess
import threading

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.session
import pytest
from moto.sagemaker.models import sagemaker_backends
from moto.server import ThreadedMotoServer

from conftest import EXAMPLES, PATIENCE_SECONDS, kinds

ACCOUNT, REGION = "123456789012", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
IMAGE, BUCKET = "image", "s3://bucket/key"
CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
MODEL = botocore.session.get_session().get_service_model("sagemaker")

# One of each kind that moto has: what creates it.
CREATED = {
    "training": ("create_training_job", {
        "TrainingJobName": "Train-1", "RoleArn": ROLE, "ResourceConfig": CLUSTER,
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "OutputDataConfig": {"S3OutputPath": BUCKET}, "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }),
    "tuning": ("create_hyper_parameter_tuning_job", {
        "HyperParameterTuningJobName": "Tune-1",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random", "ResourceLimits": {"MaxParallelTrainingJobs": 1},
        },
    }),
    "processing": ("create_processing_job", {
        "ProcessingJobName": "Process-1", "RoleArn": ROLE, "AppSpecification": {"ImageUri": IMAGE},
        "ProcessingResources": {"ClusterConfig": CLUSTER},
    }),
    "transform": ("create_transform_job", {
        "TransformJobName": "Transform-1", "ModelName": "m",
        "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": BUCKET}}},
        "TransformOutput": {"S3OutputPath": BUCKET},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }),
    "model": ("create_model", {
        "ModelName": "Model-1", "ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": IMAGE},
    }),
    "endpoint_config": ("create_endpoint_config", {
        "EndpointConfigName": "Config-1",
        "ProductionVariants": [{
            "VariantName": "v", "ModelName": "Model-1", "InitialInstanceCount": 1,
            "InstanceType": "ml.m5.large", "InitialVariantWeight": 1,
        }],
    }),
    "endpoint": ("create_endpoint", {"EndpointName": "endpoint-1", "EndpointConfigName": "Config-1"}),
    "model_package": ("create_model_package", {
        "ModelPackageName": "package-1", "ModelPackageDescription": "d",
    }),
    "feature_group": ("create_feature_group", {
        "FeatureGroupName": "features-1", "RecordIdentifierFeatureName": "id",
        "EventTimeFeatureName": "t", "RoleArn": ROLE,
        "FeatureDefinitions": [{"FeatureName": "id", "FeatureType": "String"}],
        "OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": BUCKET}},
    }),
    "notebook_instance": ("create_notebook_instance", {
        "NotebookInstanceName": "Notebook-1", "InstanceType": "ml.t2.medium", "RoleArn": ROLE,
    }),
    "auto_ml": ("create_auto_ml_job_v2", {
        "AutoMLJobName": "Auto-1", "RoleArn": ROLE, "OutputDataConfig": {"S3OutputPath": BUCKET},
        "AutoMLJobInputDataConfig": [{"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": BUCKET}}}], "AutoMLProblemTypeConfig": {
            "ImageClassificationJobConfig": {"CompletionCriteria": {"MaxCandidates": 1}},
        },
    }),
    "compilation": ("create_compilation_job", {
        "CompilationJobName": "Compile-1", "RoleArn": ROLE, "StoppingCondition": {},
        "InputConfig": {"S3Uri": BUCKET, "DataInputConfig": "{}", "Framework": "KERAS"},
        "OutputConfig": {"S3OutputLocation": BUCKET},
    }),
}


KINDS = kinds()


@pytest.fixture(scope="module")
def moto():
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def client(url, region=REGION):
    return boto3.client(
        "sagemaker", endpoint_url=url, region_name=region,
        aws_access_key_id="AKID", aws_secret_access_key="secret",
    )


@pytest.fixture(scope="module")
def arns(moto):
    """Creates one of each kind; their ARNs."""
    boto, made = client(moto), {}
    for kind, (create, request) in CREATED.items():
        answer = getattr(boto, create)(**request)
        made[kind] = next(value for key, value in answer.items() if key.endswith("Arn"))
    boto.create_pipeline(PipelineName="Pipe-1", RoleArn=ROLE, PipelineDefinition="{}")
    run = boto.start_pipeline_execution(PipelineName="Pipe-1", ClientRequestToken="t" * 32)
    made["pipeline_execution"] = run["PipelineExecutionArn"]
    return made


def run(url, example, *words):
    """An example's exit code and what it printed."""
    environment = {
        "PATH": os.environ["PATH"], "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL_SAGEMAKER": url,
        "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    command = [EXAMPLES / example, *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def call(url, operation, request, *items):
    code, printed = run(url, "call", operation, json.dumps(request), *items)
    return code, json.loads(printed)


def observe(url, arn):
    code, printed = run(url, "job", "describe", arn)
    assert code == 0, printed
    return json.loads(printed)


def method(operation):
    return botocore.xform_name(operation)


def wire(value):
    """What boto3 parsed, as it was on the wire."""
    if isinstance(value, datetime.datetime):
        return pytest.approx(value.timestamp(), abs=0.001)
    if isinstance(value, dict):
        return {key: wire(part) for key, part in value.items() if key != "ResponseMetadata"}
    return [wire(part) for part in value] if isinstance(value, list) else value


def within(part, whole):
    """Everything that boto3 knows of the answer is in ours; ours may hold more."""
    if isinstance(part, dict):
        return all(key in whole and within(value, whole[key]) for key, value in part.items())
    if isinstance(part, list):
        return len(part) == len(whole) and all(map(within, part, whole))
    if isinstance(whole, str) and not isinstance(part, str):
        # moto writes some times as text.
        whole = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc).timestamp()
    return part == whole


def request_for(kind, arn):
    operations = KINDS[kind]["operations"]
    return {operations["key"]: arn if operations["key_is_arn"] else arn.split("/", 1)[1]}


def described(boto, kind, arn):
    return getattr(boto, method(KINDS[kind]["operations"]["describe"]))(**request_for(kind, arn))


def first(answer, pointers):
    return next((answer[p[1:]] for p in pointers if p[1:] in answer), None)


@pytest.mark.parametrize("kind", [*CREATED, "pipeline_execution"])
def test_an_answer_is_what_boto3_reads(moto, arns, kind):
    code, answer = call(moto, KINDS[kind]["operations"]["describe"], request_for(kind, arns[kind]))
    assert code == 0, answer
    theirs = wire(described(client(moto), kind, arns[kind]))
    assert within(theirs, answer), (theirs, answer)


@pytest.mark.parametrize("kind", [*CREATED, "pipeline_execution"])
def test_an_observation_says_what_boto3_reads(moto, arns, kind):
    seen = observe(moto, arns[kind])
    theirs, fields = described(client(moto), kind, arns[kind]), KINDS[kind]["fields"]
    assert (seen["arn"], seen["kind"]) == (arns[kind], kind)
    assert seen["status"] == (first(theirs, fields["status"]) or "Created")
    phases = {word.lower(): phase for word, phase in KINDS[kind]["statuses"].items()}
    assert seen["phase"] == phases[seen["status"].lower()]
    assert seen["name"] == first(theirs, fields["name"]), "a name is never cut out of an ARN"
    created = datetime.datetime.fromisoformat(seen["created_at"])
    assert abs((created - theirs["CreationTime"]).total_seconds()) < 1


@pytest.mark.parametrize("status, secondary, phase", [
    ("InProgress", "Training", "running"), ("Stopping", "Stopping", "stopping"),
    ("Stopped", "Stopped", "stopped"), ("Stopped", "MaxRuntimeExceeded", "timed_out"),
    ("Failed", "Failed", "failed"),
])
def test_a_job_is_seen_through_its_life(moto, arns, status, secondary, phase):
    job = sagemaker_backends[ACCOUNT][REGION].training_jobs["Train-1"]
    job.training_job_status, job.secondary_status, job.failure_reason = status, secondary, "why"
    seen = observe(moto, arns["training"])
    assert (seen["phase"], seen["status"], seen["secondary_status"]) == (phase, status, secondary)
    assert seen["failure_reason"] == "why"


# moto answers a missing feature group with an internal error.
@pytest.mark.parametrize("kind", sorted({*CREATED, "pipeline_execution"} - {"feature_group"}))
def test_what_is_missing_is_not_found(moto, arns, kind):
    nothing = arns[kind].rsplit("/", 1)[0] + "/no-such-thing"
    code, error = call(moto, KINDS[kind]["operations"]["describe"], request_for(kind, nothing))
    assert (code, error["class"]) == (1, "NotFound"), error
    with pytest.raises(client(moto).exceptions.ClientError) as theirs:
        described(client(moto), kind, nothing)
    assert error["code"] == theirs.value.response["Error"]["Code"]
    assert error["message"] == theirs.value.response["Error"]["Message"]
    assert run(moto, "job", "describe", nothing) == (1, "NotFound\n")


def test_what_exists_already_is_told(moto, arns):
    for kind in ("auto_ml", "compilation", "feature_group"):
        create = next(name for name in MODEL.operation_names if method(name) == CREATED[kind][0])
        code, error = call(moto, create, CREATED[kind][1])
        assert (code, error["class"], error["code"]) == (1, "AlreadyExists", "ResourceInUse"), error
    pipeline = {"PipelineName": "Pipe-1", "RoleArn": ROLE, "PipelineDefinition": "{}",
                "ClientRequestToken": "t" * 32}
    code, error = call(moto, "CreatePipeline", pipeline)
    assert (code, error["class"], error["code"]) == (1, "AlreadyExists", "ValidationException"), error


def test_a_list_comes_whole(moto, arns):
    boto = client(moto)
    for number in range(7):
        name = f"Listed-{number}"
        boto.create_training_job(**{**CREATED["training"][1], "TrainingJobName": name})
    request = {"NameContains": "Listed", "MaxResults": 3}
    code, listed = call(moto, "ListTrainingJobs", request, "TrainingJobSummaries")
    assert code == 0 and {job["TrainingJobName"] for job in listed} == {f"Listed-{n}" for n in range(7)}


@pytest.mark.parametrize("kind, job, status", [
    ("processing", "processing_jobs", "ProcessingJobStatus"),
    ("notebook_instance", "notebook_instances", "NotebookInstanceStatus"),
])
def test_a_job_is_stopped(moto, arns, kind, job, status):
    if kind == "processing":
        jobs = sagemaker_backends[ACCOUNT][REGION].processing_jobs
        jobs["Process-1"].processing_job_status = "InProgress"
    for _ in range(2):
        assert run(moto, "job", "stop", arns[kind]) == (0, "{}\n"), "a second time, too"
        assert described(client(moto), kind, arns[kind])[status] == "Stopped"


def test_a_job_is_looked_for_in_its_own_region(moto):
    there = client(moto, "eu-west-1").create_model(**CREATED["model"][1])["ModelArn"]
    assert observe(moto, there)["status"] == "Created"
    elsewhere = there.replace("eu-west-1", "eu-west-2")
    assert run(moto, "job", "describe", elsewhere) == (1, "NotFound\n")


def test_a_job_of_another_account_is_refused(moto, arns):
    foreign = arns["training"].replace(ACCOUNT, "111122223333")
    code, printed = run(moto, "job", "describe", foreign)
    assert code == 1 and printed.startswith("Refused") and ACCOUNT in printed


class Recorder(http.server.BaseHTTPRequestHandler):
    """Keeps the last request."""

    def do_POST(self):
        self.server.body = self.rfile.read(int(self.headers["content-length"]))
        self.server.headers, self.server.path = dict(self.headers.items()), self.path
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@pytest.fixture
def recorder():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_the_signature_is_of_what_was_sent(recorder):
    """botocore signs the request that arrived, and comes to the same signature."""
    url = f"http://127.0.0.1:{recorder.server_port}"
    request = {"TrainingJobName": "ä", "Environment": {"A": "b\n"}}
    assert call(url, "CreateTrainingJob", request) == (0, {})
    assert json.loads(recorder.body) == request
    headers = {name.lower(): value for name, value in recorder.headers.items()}
    assert headers["x-amz-target"] == "SageMaker.CreateTrainingJob"
    said = dict(part.split("=", 1) for part in headers["authorization"].split(" ", 1)[1].split(", "))
    signed = said["SignedHeaders"].split(";")
    assert {"x-amz-target", "host", "x-amz-date"} <= set(signed)
    sent = botocore.awsrequest.AWSRequest(
        "POST", url + recorder.path, {name: headers[name] for name in signed}, recorder.body
    )
    sent.context["timestamp"] = headers["x-amz-date"]
    keys = botocore.credentials.Credentials("AKID", "secret")
    auth = botocore.auth.SigV4Auth(keys, "sagemaker", REGION)
    auth_text = auth.string_to_sign(sent, auth.canonical_request(sent))
    assert said["Signature"] == auth.signature(auth_text, sent)
