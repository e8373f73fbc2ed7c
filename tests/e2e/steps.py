"""A step as its pod runs it, beside a monitor and a SageMaker of this machine."""

import json
import os
import signal
import subprocess

import boto3

from conftest import PATIENCE_SECONDS, ROOT, call, until, wait_url
from gate import Gate

STEP = ROOT / "target" / "debug" / "sagebell-step"
FAKE = ROOT / "target" / "debug" / "fake-sagemaker"
ACCOUNT = "111122223333"
REGION = "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/execution"
CHANNEL = {
    "ChannelName": "train",
    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://inputs/"}},
}
OUTPUTS = ("job_arn", "status", "failure_reason")
OWN_OUTPUTS = {"train": ("job_name", "model_artifact_url"), "deploy": ("endpoint_name",), "sagemaker-wait": (), "process": ("job_name",)}
JSON = {"content-type": "application/json"}
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}


class SageMaker:
    """Our fake; its events go to a monitor."""

    def __init__(self, monitor):
        command = [FAKE, "--account", ACCOUNT, "--events-endpoint", monitor]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]
        self.boto = boto3.client(
            "sagemaker", region_name=REGION, endpoint_url=self.url,
            aws_access_key_id="test", aws_secret_access_key="test",
        )

    def life(self, *stages, **more):
        life = {"name": "*", "stages": list(stages), **more}
        assert call("PUT", f"{self.url}/_fake/lives", [life], JSON)[0] == 204

    def move(self, arn, status, **more):
        path = f"{self.url}/_fake/jobs/{arn.replace('/', '%2F')}/status"
        status, answer = call("POST", path, {"status": status, **more}, JSON)
        assert status == 204, answer

    def fault(self, **rule):
        assert call("POST", f"{self.url}/_fake/faults", rule, JSON)[0] == 204

    def calls(self, operation):
        return call("GET", f"{self.url}/_fake/calls")[1].get(operation, 0)

    def requests(self, operation):
        found = call("GET", f"{self.url}/_fake/requests")[1]["requests"]
        return [one["input"] for one in found if one["operation"] == operation]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE_SECONDS)


class Scene:
    """A monitor and a SageMaker, each behind a gate, and the steps that were started."""

    def __init__(self, local, folder):
        self.local, self.folder = local, folder
        self.sagemaker = SageMaker(local.base)
        self.api, self.aws = Gate(local.base), Gate(self.sagemaker.url)
        self.steps = []

    def start(self, component, *words, task="task-1", environment=None, api=None, **inputs):
        """The step of a task of the one run that there is; `api`: a gate of its own."""
        folder = self.folder / f"step-{len(self.steps)}"
        step = Step(self, folder, component, words, task, environment or {}, inputs, api or self.api)
        self.steps.append(step)
        return step

    def train(self, *words, **more):
        inputs = {
            "region": REGION, "endpoint_url": self.aws.url, "role": ROLE, "image": "image", "channels": json.dumps([CHANNEL]),
            "instance_type": "ml.m5.large", "instance_count": "1", "volume_size": "1",
            "model_artifact_path": "s3://outputs/", **more.pop("inputs", {}),
        }
        return self.start("train", *words, **more, **inputs)

    def close(self):
        self.api.close()
        self.aws.close()
        for step in self.steps:
            step.kill()
        self.sagemaker.stop()


class Step:
    def __init__(self, scene, folder, component, words, task, environment, inputs, api):
        folder.mkdir()
        self.folder, self.scene, self.api = folder, scene, api
        command = [STEP, component, "--run", "run-1", "--task", task, "--api", api.url]
        command += ["--timeline-path", folder / "timeline.html", "--metrics-path", folder / "metrics.json"]
        command += ["--summary-path", folder / "summary.md"]
        for name, value in inputs.items():
            command += [f"--{name}", value]
        for name in (*OUTPUTS, *OWN_OUTPUTS.get(component, ())):
            command += [f"--{name}_output_path", folder / "outputs" / name / "data"]
        self.log = folder / "log"
        self.environment = {"PATH": os.environ["PATH"], **KEYS, "AWS_ENDPOINT_URL": scene.aws.url, **environment}
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [str(word) for word in [*command, *words]],
                env=self.environment, stdout=log, stderr=log, cwd=folder,
            )

    def said(self):
        return self.log.read_text()

    def says(self, words):
        until(lambda: words in self.said() or self.process.poll() is not None, words)
        assert words in self.said(), self.said()

    def arn(self):
        """Of what it made or found and waits for, once it says so."""

        def told():
            lines = [line for line in self.said().splitlines() if ": arn:aws:sagemaker:" in line]
            made = [line.split(": ")[-1] for line in lines if ":endpoint-config/" not in line]
            return made and made[-1] or self.process.poll() is not None

        arn = until(told, "it says what it made")
        assert arn is not True, self.said()
        return arn

    def ends(self):
        code = self.process.wait(timeout=PATIENCE_SECONDS)
        return code

    def output(self, name):
        return (self.folder / "outputs" / name / "data").read_text()

    def waits(self):
        """Until its wait is registered; what the monitor says of it."""
        arn = self.arn()

        def registered():
            for url in (self.wait_url(word) for word in self.api.words):
                status, answer = call("GET", url) if url else (None, None)
                if status == 200 and answer["job"]["arn"] == arn:
                    return answer
            return None

        return until(registered, "the wait is registered")

    def wait_url(self, word):
        """Of the wait that this call or frame registers, if it does."""
        if word.startswith("PUT ") and "/waits/" in word:
            return self.scene.local.base + word.split()[1]
        if word.startswith("FRAME wait "):
            return wait_url(self.scene.local.base, *word.split()[2:])
        return None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)
