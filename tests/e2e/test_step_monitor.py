"""How a step finds its monitor: the input, else the environment, else the account's parameter."""

import http.server
import json
import subprocess
import threading

import pytest

from conftest import free_port
from steps import KEYS, REGION, ROLE, STEP, Scene

ONCE = {"status": "Completed"}


class Parameters:
    """Systems Manager's GetParameter."""

    def __init__(self):
        self.values, self.asked = {}, []
        parameters = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                parameters.asked.append((self.headers["x-amz-target"], body, self.headers["authorization"]))
                value = parameters.values.get(body["Name"])
                answer = {"Parameter": {"Name": body["Name"], "Type": "String", "Value": value}}
                self.send_response(200 if value else 400)
                self.end_headers()
                self.wfile.write(json.dumps(answer if value else {"__type": "ParameterNotFound"}).encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def parameters():
    parameters = Parameters()
    yield parameters
    parameters.close()


@pytest.fixture
def scene(local, tmp_path):
    scene = Scene(local, tmp_path)
    scene.sagemaker.life(ONCE)
    yield scene
    scene.close()


def train(scene, parameters, api="", **environment):
    """A step that is told no address, unless one is given."""
    environment |= {"AWS_ENDPOINT_URL_SSM": parameters.url}
    # The last flag wins, and an empty one is absent.
    return scene.train("--api", api, environment=environment)


def test_the_accounts_parameter_tells_a_step_that_nobody_told(scene, parameters):
    parameters.values["/sagebell/api"] = scene.api.url
    step = train(scene, parameters)
    step.waits()
    assert step.ends() == 0, step.said()
    (target, body, authorization), = parameters.asked
    assert (target, body) == ("AmazonSSM.GetParameter", {"Name": "/sagebell/api"})
    assert "/us-east-1/ssm/aws4_request" in authorization


@pytest.mark.parametrize("by_input", [True, False])
def test_an_address_that_is_given_comes_first_and_the_account_is_not_asked(by_input, scene, parameters):
    parameters.values["/sagebell/api"] = "http://127.0.0.1:9/"
    told = {"api": scene.api.url} if by_input else {"SAGEBELL_API": scene.api.url}
    step = train(scene, parameters, **told)
    assert step.ends() == 0, step.said()
    assert parameters.asked == []


@pytest.mark.parametrize("value", [None, "the monitor", "ftp://monitor/"])
def test_where_nothing_tells_all_three_places_are_named_and_there_is_no_job(value, scene, parameters):
    parameters.values["/sagebell/api"] = value
    step = train(scene, parameters)
    assert step.ends() == 1
    for place in ("sagebell_api", "SAGEBELL_API", "/sagebell/api", value or "it does not exist"):
        assert place in step.said(), step.said()
    assert scene.sagemaker.calls("CreateTrainingJob") == 0


def test_an_account_that_does_not_answer_is_said_in_bounded_time(scene, parameters):
    nobody = f"http://127.0.0.1:{free_port()}"
    step = scene.train("--api", "", environment={"AWS_ENDPOINT_URL_SSM": nobody})
    assert step.ends() == 1
    assert "no answer from 127.0.0.1" in step.said()


@pytest.mark.parametrize(("component", "inputs"), [
    ("model", {"model_name": "m", "role": ROLE, "image": "i"}),
    ("create-model", {"request": json.dumps(
        {"ModelName": "m", "ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": "i"}})}),
    ("create-endpoint-config", {"request": json.dumps({"EndpointConfigName": "c", "ProductionVariants": [
        {"VariantName": "v", "ModelName": "there", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}]})}),
    ("sagemaker-wait", {"arn": "arn:aws:sagemaker:us-east-1:111122223333:model/there"}),
    ("EndpointConfig", {"endpoint_config_name": "c", "production_variants": json.dumps(
        [{"VariantName": "v", "ModelName": "there", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}])}),
])
def test_a_component_that_waits_for_nothing_needs_no_address(component, inputs, scene, parameters, tmp_path):
    scene.sagemaker.boto.create_model(ModelName="there", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "i"})
    words = [word for name, value in inputs.items() for word in (f"--{name}", value)]
    done = subprocess.run(
        [STEP, component, "--region", REGION, "--endpoint_url", scene.aws.url, *words], cwd=tmp_path,
        env={**KEYS, "AWS_ENDPOINT_URL_SSM": parameters.url}, capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert parameters.asked == []
