"""Steps of a deployed monitor whose pods die without a word.

The monitor needs minutes to tell a pod that is gone from one that comes back. So these steps are
started at once, and looked at when other tests have passed the time.
"""

import datetime
import json
import threading
import types
import urllib.parse

from cloud import REGION
from conftest import until
from steps import CHANNEL, Step

# Within the grace after a loss, and after the next sweep (`Policy::reconnect_grace`).
BACK_AFTER_SECONDS = 75


class Killed:
    """Two steps that were killed as their jobs ran: one is back within the grace, one is not."""

    def __init__(self, folder, deployed, sagemaker):
        self.folder, self.deployed, self.sagemaker = folder, deployed, sagemaker
        # What a step is given: the address of SageMaker.
        self.scene = types.SimpleNamespace(aws=types.SimpleNamespace(url=sagemaker.url))
        self.starts, self.killed_at = 0, {}
        self.terminated_arn = self.dies("terminated")
        self.preempted_arn = self.dies("preempted")
        self.back = None
        self.timer = threading.Timer(BACK_AFTER_SECONDS, self.comes_back)
        self.timer.start()

    def dies(self, task):
        """Kills a step once the monitor knows its wait. Returns its job's ARN."""
        step = self.start(task)
        arn = step.arn()
        path = f"/v1/jobs/{urllib.parse.quote(arn, safe='')}"
        until(lambda: self.deployed.call("GET", path, credentials=self.deployed.pod())[0] == 200, "it waits")
        step.kill()
        self.killed_at[arn] = datetime.datetime.now(datetime.UTC)
        return arn

    def start(self, task):
        self.starts += 1
        inputs = {
            "region": REGION, "endpoint_url": self.sagemaker.url, "role": self.deployed.execution_role, "image": "image",
            "channels": json.dumps([CHANNEL]), "instance_type": "ml.m5.large", "instance_count": "1", "volume_size": "1",
            "model_artifact_path": "s3://outputs/",
        }
        environment = {
            **self.deployed.environment(self.deployed.pod(f"pod-{self.starts}")),
            "AWS_ENDPOINT_URL_SAGEMAKER": self.sagemaker.url,
        }
        api = types.SimpleNamespace(url=self.deployed.api)
        return Step(self.scene, self.folder / str(self.starts), "train", (), task, environment, inputs, api)

    def comes_back(self):
        self.back = self.start("preempted")

    def stopped_at(self, arn):
        """When the job was asked to stop, if it was."""
        job = self.sagemaker.boto.describe_training_job(TrainingJobName=arn.rsplit("/", 1)[-1])
        times = [one["StartTime"] for one in job["SecondaryStatusTransitions"] if one["Status"] == "Stopping"]
        return times[0] if times else None

    def close(self):
        self.timer.cancel()
        self.timer.join()
        if self.back:
            self.back.kill()
