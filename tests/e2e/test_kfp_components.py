"""Every component runs on every KFP that is played: with what SageMaker needs alone, and with all of its inputs."""

import concurrent.futures
import contextlib
import http.server
import queue
import threading

import boto3
import pytest
from botocore import xform_name
from component_samples import OPERATIONS, OPTIONS, ROWS, every, needed
from kfp import compiler, components, dsl
from kfp_cluster import VERSIONS, Run
from test_fake_sagemaker import running
from test_kfp_compile import COMPONENTS, name_of
from test_step_kinds import MODEL, THERE, least

FILES = {file.parent.name: file for file in COMPONENTS}
AT_ONCE = 4
ASSUMED = b"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><AssumedRoleId>x:y</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>k</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""
# Inputs of the step itself, each with something in it.
STEPS_OWN = {
    "wait": "poll", "sagebell_api": "http://127.0.0.1:9/", "max_wait": "10m", "on_abandon": "keep", "on_failure": "report",
    "lease_seconds": "60", "name_prefix": "team-", "sagebell_channel": "none", "poll_seconds": "0.05", "logs": "none",
}


class Roles(http.server.BaseHTTPRequestHandler):
    """Security Token Service: who asks for a role gets it."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/xml")
        self.send_header("content-length", str(len(ASSUMED)))
        self.end_headers()
        self.wfile.write(ASSUMED)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def roles():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Roles)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def fakes():
    """SageMakers of millisecond lives, one for each run that goes on at the same time."""
    free = queue.Queue()
    with contextlib.ExitStack() as stack:
        for _ in range(AT_ONCE):
            free.put(stack.enter_context(running("--step-millis", "5")))
        yield free


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Each component in a pipeline of its own, twice, in the format that KFP takes."""
    folder = tmp_path_factory.mktemp("components")
    files = {}
    for name, file in FILES.items():
        for how, given in (("needed", needed(name)), ("every", every(name, STEPS_OWN))):
            load = components.load_component_from_file(str(file))
            files[name, how] = target = folder / f"{name}-{how}.yaml"
            compiler.Compiler().compile(pipeline_of(name, load, given), str(target))
    return files


def pipeline_of(name, component, given):
    """Where SageMaker is and what to wait for, is said when it runs."""
    also = {"arn"} if name == "sagemaker-wait" else set()

    @dsl.pipeline(name="one")
    def one(endpoint_url: str, assume_role: str, arn: str):
        parameters = {"endpoint_url": endpoint_url, "assume_role": assume_role, "arn": arn}
        component(**{**given, **{key: value for key, value in parameters.items() if key in given.keys() | also}})

    return one


def prepared(fake, name):
    """What a request may name; gives the ARN of what there is to wait for."""
    fake.control("POST", "reset")
    sagemaker = boto3.client(
        "sagemaker", region_name="us-east-1", endpoint_url=fake.url, aws_access_key_id="x", aws_secret_access_key="x"
    )
    for create, request in THERE.items():
        if create == OPERATIONS.get(name):
            break
        getattr(sagemaker, xform_name(create))(**request)
    if name != "sagemaker-wait":
        return ""
    request = least(MODEL.operation_model("CreateProcessingJob").input_shape)
    return sagemaker.create_processing_job(**request)["ProcessingJobArn"]


def outcome(case, version, compiled, fakes, folder, environment):
    """What is wrong with a run; nothing, if it is as it should be."""
    fake = fakes.get()
    try:
        arn = prepared(fake, case[0])
        run = Run(
            compiled[case], folder, environment | {"AWS_ENDPOINT_URL_SAGEMAKER": fake.url}, VERSIONS[version],
            endpoint_url=fake.url, assume_role="arn:aws:iam::123456789012:role/assumed", arn=arn,
        )
        values, = run.go().values()
        wanted = {of["name"] for of in ROWS[case[0]]["outputs"]} | {"job_arn", "status", "failure_reason"}
        assert set(values) == wanted, values
        assert values["failure_reason"] == "" and values["job_arn"].startswith("arn:aws:sagemaker:"), values
    except Exception as error:  # noqa: BLE001 all of them are told at once
        return f"{case}: {error!r}"[:1500]
    finally:
        fakes.put(fake)


def test_every_component_and_every_input_has_a_sample():
    assert {name_of(file).split("/")[1] for file in COMPONENTS} == set(ROWS) == {*OPERATIONS, "sagemaker-wait"}
    assert {option["name"] for option in OPTIONS} == set(STEPS_OWN)
    for name, row in ROWS.items():
        assert {of["name"].strip("_") for of in row["inputs"]} | set(STEPS_OWN) == every(name, STEPS_OWN).keys()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_component_succeeds_with_what_it_needs_and_with_all_of_its_inputs(
    version, compiled, fakes, roles, tmp_path, aws_environment
):
    environment = aws_environment | {
        "AWS_ENDPOINT_URL_STS": roles, "SAGEBELL_WAIT": "poll", "SAGEBELL_POLL_SECONDS": "0.05", "SAGEBELL_LOGS": "none",
    }
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [pool.submit(outcome, case, version, compiled, fakes, tmp_path, environment) for case in compiled]
        wrong = [found for run in runs if (found := run.result())]
    assert not wrong, "\n".join(wrong)
