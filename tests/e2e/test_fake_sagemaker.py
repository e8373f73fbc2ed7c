"""The fake SageMaker, by boto3: held against the service's own model, and against moto.

A new kind is tested as soon as it is in the table of kinds: its minimal requests are made from
the model.
"""

import contextlib
import http.server
import json
import signal
import subprocess
import sys
import threading
import urllib.parse

import boto3
import botocore.config
import botocore.exceptions
import pytest
from conftest import PATIENCE_SECONDS, ROOT, call, kinds, until
from moto.server import ThreadedMotoServer

FAKE = ROOT / "target" / "debug" / "fake-sagemaker"
MODEL = ROOT / "tests" / "fake-sagemaker" / "model"
REGION = "eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/jobs"

# By what makes one. A step of an execution is made and described by none of its own.
ROWS = {
    row["operations"]["create"]: row
    for row in kinds().values()
    if row["operations"] and row["operations"]["describe"] != row["operations"]["list"]
}
STOPPABLE = [name for name, row in ROWS.items() if row["operations"]["stop"]]
# Their names are the service's to give, so no Create is a duplicate.
GENERATED = {"StartPipelineExecution", "CreateImageVersion"}
# These answer ValidationException to an unknown name though they declare ResourceNotFound.
VALIDATES = {"DescribeTrainingJob", "DescribeProcessingJob", "DescribeTransformJob"}
# What nothing is called, where not any name will do.
UNKNOWN = {
    "PipelineExecutionArn": f"arn:aws:sagemaker:{REGION}:123456789012:pipeline/p/execution/none"
}


class Fake:
    """A `fake-sagemaker` process."""

    def __init__(self, *words):
        command = [FAKE, "--listen", "127.0.0.1:0", *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().removeprefix("listening on ").strip()
        assert self.url.startswith("http://"), "it says where it listens"

    def control(self, method, path, body=None):
        headers = {"content-type": "application/json"}
        status, answer = call(method, f"{self.url}/_fake/{path}", body, headers)
        assert status in (200, 204), answer
        return answer

    def close(self):
        self.process.terminate()
        return self.process.wait(timeout=PATIENCE_SECONDS)


@contextlib.contextmanager
def running(*words):
    fake = Fake(*words)
    try:
        yield fake
    finally:
        assert fake.close() == 0


def client(url, service="sagemaker", region=None, **more):
    config = botocore.config.Config(
        retries={"mode": "standard", "total_max_attempts": 1}, **more
    )
    return boto3.client(
        service,
        region_name=region or REGION,
        endpoint_url=url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=config,
    )


@pytest.fixture(scope="module")
def shared_fake():
    with running("--step-millis", "20") as fake:
        yield fake


@pytest.fixture
def fake(shared_fake):
    shared_fake.control("POST", "reset")
    return shared_fake


@pytest.fixture(scope="module")
def moto():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def clean_moto(moto):
    assert call("POST", f"{moto}/moto-api/reset")[0] == 200
    return moto


# Requests made from the model.


def minimal(shape):
    """The least that the model takes for a shape."""
    if shape.type_name == "structure":
        names = set(shape.required_members)
        if getattr(shape, "is_tagged_union", False):
            names = {next(iter(shape.members))}
        return {name: minimal(shape.members[name]) for name in names}
    if shape.type_name == "list":
        return [minimal(shape.member)] * shape.metadata.get("min", 1)
    if shape.type_name == "map":
        return {}
    if shape.type_name == "string":
        return text(shape)
    return {"boolean": False, "timestamp": 0}.get(
        shape.type_name, shape.metadata.get("min", 1)
    )


def text(shape):
    if shape.enum:
        return shape.enum[0]
    pattern = shape.metadata.get("pattern", "")
    if "arn:" in pattern:
        return ROLE
    if pattern.startswith(("(https|s3)", "^(https|s3)", "^(https?|s3)")):
        return "s3://bucket/key"
    return "a" * max(shape.metadata.get("min", 1), 1)


class Kind:
    """A kind of resource, on one endpoint, through boto3."""

    def __init__(self, url, create, **more):
        operations = ROWS[create]["operations"]
        self.create_name, self.describe_name = create, operations["describe"]
        self.list_name, self.stop_name, self.key = operations["list"], operations["stop"], operations["key"]
        self.named_by = operations["name"]
        self.statuses = [pointer.strip("/") for pointer in ROWS[create]["fields"]["status"]]
        service = "sagemaker-a2i-runtime" if "HumanLoop" in create else "sagemaker"
        self.client = client(url, service, **more)
        self.sagemaker = client(url)
        self.model = self.client.meta.service_model
        self.raw = None
        made = self.model.operation_model(create).input_shape
        self.also = {member: minimal(made.members[member]) for member in operations["also"]}
        self.client.meta.events.register("after-call", self.keep)

    def keep(self, http_response, **_):
        self.raw = http_response.content

    def call(self, operation, request):
        method = botocore.xform_name(operation)
        return getattr(self.client, method)(**request)

    def error(self, operation, request):
        """The error code that a call is refused with; None if it is not."""
        try:
            self.call(operation, request)
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"]
        return None

    def answer(self, operation, request):
        """A call's answer as it was on the wire, held against the model."""
        self.call(operation, request)
        raw = json.loads(self.raw)
        hold(self.model.operation_model(operation).output_shape, raw, operation)
        return raw

    def request(self, name):
        """A minimal request to make one, and what it refers to."""
        request = minimal(self.model.operation_model(self.create_name).input_shape)
        if self.named_by in request:
            request[self.named_by] = name
        for member, make in REFERENCES.get(self.create_name, {}).items():
            request[member] = make(self.sagemaker, f"{name}-of")
        request.pop("ClientRequestToken", None)
        request.pop("ClientToken", None)
        if self.create_name == "CreateModelPackage":
            request["ModelPackageName"] = name
        return request

    def create(self, name):
        """Makes one; says what names it."""
        answer = self.answer(self.create_name, request := self.request(name))
        if self.key not in request:
            return next(value for member, value in answer.items() if member.endswith("Arn"))
        return request[self.key]

    def describe(self, name):
        return self.answer(self.describe_name, {self.key: name, **self.also})

    def status(self, name):
        described = self.describe(name)
        return next((described[word] for word in self.statuses if word in described), None)

    def stop(self, name):
        shape = self.model.operation_model(self.stop_name).input_shape
        request = {**minimal(shape), self.key: name}
        request.pop("ClientRequestToken", None)
        return self.answer(self.stop_name, request)


STOPPED = {"Stopped", "STOPPED", "Cancelled"}
GOOD = {"Completed", "COMPLETED", "Succeeded", "InService", "Created", "CREATED", "Scheduled"}


def hold(shape, value, where):
    """Fails if a value is not of its shape: types, known members, required members."""
    if shape is None:
        assert value in ({}, None), where
    elif shape.type_name == "structure":
        assert isinstance(value, dict), where
        unknown = set(value) - set(shape.members) if shape.members else set()
        assert not unknown, f"{where}: the model has no {unknown}"
        missing = set(shape.required_members) - set(value)
        assert not missing, f"{where}: {missing} is required"
        for member, inner in value.items():
            hold(shape.members[member], inner, f"{where}.{member}")
    elif shape.type_name == "list":
        for inner in value:
            hold(shape.member, inner, f"{where}[]")
    elif shape.type_name == "map":
        assert isinstance(value, dict), where
    else:
        types = {"string": str, "boolean": bool, "timestamp": (int, float)}
        kind = types.get(shape.type_name, (int, float))
        assert isinstance(value, kind), f"{where}: {value!r} is no {shape.type_name}"


def make_model(sagemaker, name):
    sagemaker.create_model(ModelName=name)
    return name


def make_variants(sagemaker, name):
    make_model(sagemaker, name)
    return [
        {
            "VariantName": "AllTraffic",
            "ModelName": name,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
    ]


def make_config(sagemaker, name):
    variants = make_variants(sagemaker, f"{name}-of")
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants)
    return name


def make_endpoint(sagemaker, name):
    config = make_config(sagemaker, f"{name}-of")
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    return name


def make_image(sagemaker, name):
    sagemaker.create_image(ImageName=name, RoleArn=ROLE)
    return name


DEFINITION = {"Version": "2020-12-01", "Steps": [{"Name": "Train", "Type": "Training"}]}


def make_pipeline(sagemaker, name):
    definition = json.dumps(DEFINITION)
    sagemaker.create_pipeline(PipelineName=name, RoleArn=ROLE, PipelineDefinition=definition)
    return name


REFERENCES = {
    "CreateTransformJob": {"ModelName": make_model},
    "CreateEndpointConfig": {"ProductionVariants": make_variants},
    "CreateEndpoint": {"EndpointConfigName": make_config},
    "CreateInferenceComponent": {"EndpointName": make_endpoint},
    "CreateImageVersion": {"ImageName": make_image},
    # The fake has no model cards, and asks for none.
    "CreateModelCardExportJob": {"ModelCardName": lambda _, name: name},
    "StartPipelineExecution": {"PipelineName": make_pipeline},
}


# Every kind, against the service's model.


@pytest.mark.parametrize("create", ROWS)
def test_a_kind_lives_to_its_good_end(fake, create):
    kind = Kind(fake.url, create)
    name = kind.create("one")
    described = kind.describe(name)
    if not kind.statuses:
        return
    status = until(lambda: kind.status(name) in GOOD and kind.status(name), f"{described} ends")
    assert status in GOOD


@pytest.mark.parametrize("create", ROWS)
def test_a_kind_is_listed(fake, create):
    kind = Kind(fake.url, create)
    request = kind.request("one")
    made = kind.answer(create, request)
    required = kind.model.operation_model(kind.list_name).input_shape.required_members
    answer = kind.answer(kind.list_name, {member: request[member] for member in required})
    (items,) = (value for value in answer.values() if isinstance(value, list))
    assert len(items) == 1
    told = {request.get(kind.key), *made.values()}
    assert told & {value for value in items[0].values() if isinstance(value, str)}


@pytest.mark.parametrize("create", STOPPABLE)
def test_a_kind_stops_once(fake, create):
    slow = {"name": "*", "stages": [{"status": "InProgress"}]}
    if create == "StartPipelineExecution":
        slow["stages"][0]["status"] = "Executing"
    kind = Kind(fake.url, create)
    fake.control("PUT", "lives", [slow])
    name = kind.create("one")
    kind.stop(name)
    stopped = until(lambda: ended(kind, name), "it stops")
    assert stopped in STOPPED
    assert kind.error(kind.stop_name, stop_request(kind, name)) == "ValidationException"


def ended(kind, name):
    status = kind.status(name)
    return status if status in GOOD | STOPPED else None


def stop_request(kind, name):
    shape = kind.model.operation_model(kind.stop_name).input_shape
    request = {**minimal(shape), kind.key: name}
    request.pop("ClientRequestToken", None)
    return request


@pytest.mark.parametrize("create", [name for name in ROWS if name not in GENERATED])
def test_a_name_can_be_had_once(fake, create):
    kind = Kind(fake.url, create)
    request = kind.request("one")
    assert kind.error(create, request) is None
    declared = {error.name for error in kind.model.operation_model(create).error_shapes}
    expected = "ResourceInUse" if "ResourceInUse" in declared else "ValidationException"
    assert kind.error(create, request) == expected


@pytest.mark.parametrize("create", ROWS)
def test_what_is_not_there_is_not_found(fake, create):
    kind = Kind(fake.url, create)
    operation = kind.model.operation_model(kind.describe_name)
    declared = [e.name for e in operation.error_shapes if e.name.startswith("ResourceNotFound")]
    if kind.describe_name in VALIDATES or not declared:
        declared = ["ValidationException"]
    unknown = {kind.key: UNKNOWN.get(kind.key, "nothing"), **kind.also}
    assert kind.error(kind.describe_name, unknown) == declared[0]


@pytest.mark.parametrize("create", [name for name in ROWS if name != "CreateModelPackage"])
def test_a_missing_member_is_named(fake, create):
    kind = Kind(fake.url, create, parameter_validation=False)
    required = kind.model.operation_model(create).input_shape.required_members
    request = kind.request("one")
    member = next(name for name in required if not name.startswith("Client"))
    request.pop(member)
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        kind.call(create, request)
    error = refused.value.response["Error"]
    assert error["Code"] == "ValidationException"
    named = member[0].lower() + member[1:]
    assert f"Value null at '{named}' failed to satisfy constraint" in error["Message"]


def test_the_checked_in_model_is_botocores():
    command = [sys.executable, MODEL / "extract.py"]
    fresh = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    written = (MODEL / "operations.json").read_text()
    assert written == fresh, "run tests/fake-sagemaker/model/extract.py"


# The same calls to the fake and to moto.

CONTAINER = {"TrainingImage": "image", "TrainingInputMode": "File"}
CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
OUTPUT = {"S3OutputPath": "s3://bucket/out"}
STOPPING = {"MaxRuntimeInSeconds": 60}
PARTS = {
    "RoleArn": ROLE,
    "AlgorithmSpecification": CONTAINER,
    "ResourceConfig": CLUSTER,
    "OutputDataConfig": OUTPUT,
    "StoppingCondition": STOPPING,
}
TUNING = {
    "Strategy": "Bayesian",
    "ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1},
    "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
}
DATA = {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}}}
# What the minimal requests lack that moto reads without asking.
MORE = {
    "CreateTrainingJob": PARTS,
    "CreateHyperParameterTuningJob": {
        "HyperParameterTuningJobConfig": TUNING,
        "TrainingJobDefinition": PARTS,
    },
    "CreateTransformJob": {"TransformInput": DATA},
    "CreateModel": {"PrimaryContainer": {"Image": "image"}, "ExecutionRoleArn": ROLE},
    "CreateCompilationJob": {
        "InputConfig": {"S3Uri": "s3://bucket/in", "Framework": "KERAS"},
        "OutputConfig": {"S3OutputLocation": "s3://bucket/out", "TargetDevice": "ml_c5"},
    },
    "CreateFeatureGroup": {
        "RoleArn": ROLE,
        "OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": "s3://bucket/features"}},
    },
}
GROUP = {
    "InstanceGroupName": "workers",
    "InstanceType": "ml.m5.large",
    "InstanceCount": 1,
    "LifeCycleConfig": {"SourceS3Uri": "s3://sagemaker-bucket/x", "OnCreate": "create.sh"},
    "ExecutionRole": ROLE,
    "ThreadsPerCore": 1,
}
MORE["CreateCluster"] = {"InstanceGroups": [GROUP]}
# Not here: kinds of which moto lacks an operation (labeling, feature groups, images, …), and AutoML,
# whose jobs never end there.
IN_MOTO = [
    "CreateTrainingJob",
    "CreateProcessingJob",
    "CreateTransformJob",
    "CreateHyperParameterTuningJob",
    "CreateCompilationJob",
    "CreateEndpoint",
    "CreateEndpointConfig",
    "CreateModel",
    "CreateNotebookInstance",
    "CreateCluster",
    "StartPipelineExecution",
]
# Where moto is not followed: what it shows that the fake does not, and why.
SILENT = (None, "moto takes a second Create of a name silently; the service refuses it")
DECLARED = ("ValidationException", "the operation declares ResourceNotFound")
DIFFERENCES = {
    ("CreateTrainingJob", "describe"): ({"FinalMetricDataList"}, "no metrics are asked for"),
    ("CreateTrainingJob", "duplicate"): SILENT,
    ("CreateProcessingJob", "duplicate"): SILENT,
    ("CreateTransformJob", "duplicate"): SILENT,
    ("CreateTransformJob", "describe"): (
        {"FailureReason", "LabelingJobArn"},
        "moto shows an empty reason, and a labeling job that there is not",
    ),
    ("CreateHyperParameterTuningJob", "describe"): (
        {
            "ConsumedResources",
            "FailureReason",
            "OverallBestTrainingJob",
            "TuningJobCompletionDetails",
        },
        "moto makes these up; the service gives the overall best only after a warm start",
    ),
    ("CreateCompilationJob", "describe"): (
        {"DerivedInformation", "InferenceImage", "ModelDigests"},
        "results of a compilation that nothing made",
    ),
    ("CreateCluster", "describe"): ({"FailureMessage"}, "nothing failed"),
    ("CreateCluster", "unknown"): DECLARED,
    ("StartPipelineExecution", "unknown"): DECLARED,
    ("CreateEndpoint", "duplicate"): SILENT,
    ("CreateEndpoint", "describe"): ({"DataCaptureConfig"}, "the configuration has none"),
    ("CreateEndpointConfig", "duplicate"): SILENT,
    ("CreateEndpointConfig", "describe"): ({"DataCaptureConfig"}, "the request has none"),
    ("CreateModel", "duplicate"): SILENT,
    ("CreateModel", "describe"): ({"Containers", "VpcConfig"}, "the request has none"),
    ("StartPipelineExecution", "describe"): (
        {"CreatedBy", "FailureReason", "LastModifiedBy", "PipelineExperimentConfig"},
        "moto makes these up; no user and no failure is known",
    ),
    ("StartPipelineExecution", "item"): ({"PipelineExecutionFailureReason"}, "nothing failed"),
}


def scenario(url, create):
    """What a client sees: members of answers, and error codes."""
    kind = Kind(url, create)
    request = {**kind.request("one"), **MORE.get(create, {})}
    made = kind.call(create, request)
    name = request.get(kind.key) or next(v for m, v in made.items() if m.endswith("Arn"))
    described = until(lambda: settled(kind, name), "it settles")
    required = kind.model.operation_model(kind.list_name).input_shape.required_members
    listed = kind.call(kind.list_name, {member: request[member] for member in required})
    (items,) = (value for value in listed.values() if isinstance(value, list))
    return {
        "create": members(made),
        "describe": members(described),
        "list": members(listed),
        "item": members(items[0]),
        "duplicate": kind.error(create, request),
        "unknown": kind.error(kind.describe_name, {kind.key: UNKNOWN.get(kind.key, "nothing")}),
    }


def settled(kind, name):
    """The Describe answer, once the status is a good end, or if there is none."""
    described = kind.call(kind.describe_name, {kind.key: name})
    words = {described.get(word) for word in kind.statuses} - {None}
    return described if not words or words & GOOD else None


def members(answer):
    """What an answer has, apart from what is about the page or the call."""
    return {member for member in answer if member not in ("ResponseMetadata", "NextToken")}


@pytest.mark.parametrize("create", IN_MOTO)
def test_a_client_sees_what_moto_shows(fake, clean_moto, create):
    ours, theirs = scenario(fake.url, create), scenario(clean_moto, create)
    for what in ("duplicate", "unknown"):
        code = theirs.pop(what)
        if code != ours[what]:
            assert DIFFERENCES[create, what][0] == code, what
    for what, told in theirs.items():
        apart, _why = DIFFERENCES.get((create, what), (set(), ""))
        assert told - ours[what] == apart, what


def test_every_difference_from_moto_is_of_a_kind_held_against_it():
    assert {create for create, _ in DIFFERENCES} <= set(IN_MOTO)


# Scripts, faults and events.


def train(sagemaker, name="one"):
    request = {"TrainingJobName": name, **PARTS}
    return sagemaker.create_training_job(**request)["TrainingJobArn"]


def job_status(sagemaker, name="one"):
    return sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"]


def test_a_scripted_life_is_lived(fake):
    sagemaker = client(fake.url)
    fails = [
        {"status": "InProgress", "secondary": "Training"},
        {"status": "Failed", "after_millis": 50, "reason": "AlgorithmError: of the script"},
    ]
    fake.control("PUT", "lives", [{"name": "bad-*", "kind": "training", "stages": fails}])
    train(sagemaker, "bad-1")
    train(sagemaker, "good-1")
    until(lambda: job_status(sagemaker, "bad-1") == "Failed", "the scripted one fails")
    until(lambda: job_status(sagemaker, "good-1") == "Completed", "the other one completes")
    told = sagemaker.describe_training_job(TrainingJobName="bad-1")
    assert told["FailureReason"] == "AlgorithmError: of the script"
    assert [t["Status"] for t in told["SecondaryStatusTransitions"]] == ["Training", "Failed"]


def test_a_job_is_moved_by_hand_and_lists_are_filtered_and_paged(fake):
    sagemaker = client(fake.url)
    fake.control("PUT", "lives", [{"name": "*", "stages": [{"status": "InProgress"}]}])
    arns = [train(sagemaker, f"job-{n}") for n in range(12)]
    path = f"jobs/{urllib.parse.quote(arns[3], safe='')}/status"
    fake.control("POST", path, {"status": "Stopped", "secondary": "MaxRuntimeExceeded"})
    stopped = sagemaker.list_training_jobs(StatusEquals="Stopped")["TrainingJobSummaries"]
    assert [job["TrainingJobName"] for job in stopped] == ["job-3"]
    assert stopped[0]["SecondaryStatus"] == "MaxRuntimeExceeded"
    found = sagemaker.list_training_jobs(NameContains="OB-1")["TrainingJobSummaries"]
    assert {job["TrainingJobName"] for job in found} == {"job-1", "job-10", "job-11"}
    pages = list(sagemaker.get_paginator("list_training_jobs").paginate(MaxResults=5))
    assert [len(page["TrainingJobSummaries"]) for page in pages] == [5, 5, 2]
    listed = [job["TrainingJobArn"] for page in pages for job in page["TrainingJobSummaries"]]
    assert sorted(listed) == sorted(arns)


def test_faults_are_injected_and_calls_counted(fake):
    sagemaker = client(fake.url)
    train(sagemaker)
    for fault in (
        {"fault": "throttle", "times": 2},
        {"fault": "5xx"},
        {"fault": "error", "code": "AccessDeniedException", "message": "no"},
    ):
        fake.control("POST", "faults", {"operation": "DescribeTrainingJob", **fault})
    codes = []
    for _ in range(4):
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            job_status(sagemaker)
        codes.append(refused.value.response["Error"]["Code"])
    throttled = "ThrottlingException"
    assert codes == [throttled, throttled, "InternalFailure", "AccessDeniedException"]
    assert job_status(sagemaker)
    assert fake.control("GET", "calls") == {"CreateTrainingJob": 1, "DescribeTrainingJob": 5}
    first = fake.control("GET", "requests")["requests"][0]
    assert first["input"]["RoleArn"] == ROLE and first["region"] == REGION


def test_a_lost_answer_is_a_call_that_was_carried_out(fake):
    sagemaker = client(fake.url)
    for fault, code in (("reset", None), ("lost_answer", "ResourceInUse")):
        fake.control("POST", "faults", {"operation": "CreateTrainingJob", "fault": fault})
        with pytest.raises(botocore.exceptions.ConnectionClosedError):
            train(sagemaker, fault.replace("_", "-"))
        again = Kind(fake.url, "CreateTrainingJob")
        request = {"TrainingJobName": fault.replace("_", "-"), **PARTS}
        assert again.error("CreateTrainingJob", request) == code


def test_an_endpoint_is_updated_and_deleted(fake):
    sagemaker = client(fake.url)
    make_endpoint(sagemaker, "End-1")
    sagemaker.get_waiter("endpoint_in_service").wait(
        EndpointName="end-1", WaiterConfig={"Delay": 1}
    )
    make_config(sagemaker, "second")
    sagemaker.update_endpoint(EndpointName="End-1", EndpointConfigName="second")
    told = sagemaker.describe_endpoint(EndpointName="End-1")
    assert told["EndpointConfigName"] == "second"
    assert told["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    until(
        lambda: sagemaker.describe_endpoint(EndpointName="End-1")["EndpointStatus"] == "InService",
        "it is in service again",
    )
    sagemaker.delete_endpoint(EndpointName="End-1")
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName="End-1", WaiterConfig={"Delay": 1})
    sagemaker.delete_endpoint_config(EndpointConfigName="second")
    sagemaker.delete_model(ModelName="second-of")
    unknown = Kind(fake.url, "CreateModel")
    assert unknown.error("DescribeModel", {"ModelName": "second-of"}) == "ValidationException"


def test_a_tuning_job_leaves_a_best_training_job(fake):
    kind = Kind(fake.url, "CreateHyperParameterTuningJob")
    name = {"HyperParameterTuningJobName": "tune"}
    kind.call(kind.create_name, {**name, **MORE[kind.create_name]})
    told = until(lambda: settled(kind, "tune"), "it completes")
    hold(
        kind.model.operation_model(kind.describe_name).output_shape,
        json.loads(kind.raw),
        kind.describe_name,
    )
    best = kind.call(
        "DescribeTrainingJob", {"TrainingJobName": told["BestTrainingJob"]["TrainingJobName"]}
    )
    assert best["TrainingJobStatus"] == "Completed"
    assert best["ModelArtifacts"]["S3ModelArtifacts"].startswith("s3://bucket/out/tune-001-")


def test_a_pipeline_execution_has_its_steps_and_can_be_retried(fake):
    sagemaker = client(fake.url)
    make_pipeline(sagemaker, "pipe")
    fail = {"name": "*", "kind": "pipeline_execution", "stages": [{"status": "Failed"}]}
    fake.control("PUT", "lives", [fail])
    name = sagemaker.start_pipeline_execution(PipelineName="pipe", ClientRequestToken="t" * 32)
    again = sagemaker.start_pipeline_execution(PipelineName="pipe", ClientRequestToken="t" * 32)
    arn = name["PipelineExecutionArn"]
    assert again["PipelineExecutionArn"] == arn, "the token makes it one"
    steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)
    assert [step["StepName"] for step in steps["PipelineExecutionSteps"]] == ["Train"]
    sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn)
    execution = {"PipelineExecutionArn": arn}
    until(
        lambda: sagemaker.describe_pipeline_execution(**execution)["PipelineExecutionStatus"]
        == "Succeeded",
        "the retried one succeeds",
    )


def test_tags_and_workteams(fake):
    sagemaker = client(fake.url)
    team = {
        "WorkteamName": "team",
        "Description": "d",
        "MemberDefinitions": [
            {"CognitoMemberDefinition": {"UserPool": "p", "UserGroup": "g", "ClientId": "c"}}
        ],
    }
    arn = sagemaker.create_workteam(**team, Tags=[{"Key": "a", "Value": "1"}])["WorkteamArn"]
    assert sagemaker.describe_workteam(WorkteamName="team")["Workteam"]["WorkteamArn"] == arn
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]


class Receiver:
    """Takes events by POST."""

    def __init__(self):
        self.events = events = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                events.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def test_events_reach_sagebell_and_a_plain_receiver_in_order(local):
    receiver = Receiver()
    words = ("--events-endpoint", local.base, "--events-post", receiver.url, "--step-millis", "20")
    with running(*words) as fake:
        arn = train(client(fake.url))
        job = f"{local.base}/v1/jobs/{urllib.parse.quote(arn, safe='')}"
        seen = until(
            lambda: (found := call("GET", job)[1]).get("phase") == "succeeded" and found,
            "sagebell sees it succeed",
        )
        assert seen["status"] == "Completed"
        until(lambda: len(receiver.events) == 5, "every change is told")
        finer = [event["detail"]["SecondaryStatus"] for event in receiver.events]
        assert finer == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
        assert receiver.events == fake.control("GET", "events")["events"]
    receiver.server.shutdown()
    receiver.server.server_close()


def test_a_wrong_account_is_refused():
    done = subprocess.run(
        [FAKE, "--account", "1"], capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    assert done.returncode == 2 and "12 digits" in done.stderr


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_well_when_asked_to(asked):
    fake = Fake()
    fake.process.send_signal(asked)
    assert fake.process.wait(timeout=PATIENCE_SECONDS) == 0
