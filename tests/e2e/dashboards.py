"""What the tests of the dashboard share: jobs to look at, and a deployment's API for browsers."""

import base64
import contextlib
import datetime
import json
import re
import sqlite3
import subprocess
import threading
import time

from conftest import PATIENCE_SECONDS, SAGEBELL, call, wait_url
from served import Quiet, Site

ACCOUNT, REGION = "111122223333", "us-east-1"
ROLE = "pipeline"
HOSTILE = (
    'AlgorithmError: <script>document.title = "owned"</script><img src=x onerror=alert(1)>\n'
    "Traceback (most recent call last):\n"
    '  File "train.py", line 3, in <module>\n'
    "KeyError: 'größe' \u202e\x1b[31m" + " long" * 60 + "w" * 200
)
LONG_NAME = "a-very-long-name-that-people-give-to-their-training-jobs-2026x"
# Jobs have one time of creation each, however long the tests take.
NOW = time.time()
HEADERS = {"x-amz-target": "AWSEvents.PutEvents", "content-type": "application/x-amz-json-1.1"}


def arn_of(name, region=REGION):
    return f"arn:aws:sagemaker:{region}:{ACCOUNT}:training-job/{name.lower()}"


def publish(base, name, status, secondary, age=60, began=None, reason=None, arn=None, **more):
    """An event of a training job, `age` seconds into its life, which began so many seconds ago."""
    created = NOW - (age if began is None else began)
    arn = arn or arn_of(name)
    detail = {
        "TrainingJobName": name, "TrainingJobArn": arn, "TrainingJobStatus": status, "SecondaryStatus": secondary,
        "FailureReason": reason, "CreationTime": int(created * 1000), "LastModifiedTime": int((created + age) * 1000), **more,
    }
    seen = datetime.datetime.fromtimestamp(created + age, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    entry = {
        "Source": "aws.sagemaker", "DetailType": "SageMaker Training Job State Change", "Time": seen,
        "Detail": json.dumps(detail), "Resources": [arn],
    }
    status, answer = call("POST", base, {"Entries": [entry]}, HEADERS)
    assert (status, answer["FailedEntryCount"]) == (200, 0), answer


USED = {
    "ResourceConfig": {"InstanceType": "ml.g5.12xlarge", "InstanceCount": 2},
    "TrainingTimeInSeconds": 3_100, "BillableTimeInSeconds": 1_147,
    "ModelArtifacts": {"S3ModelArtifacts": "s3://models/forecast/output/model.tar.gz"},
    "FinalMetricDataList": [
        {"MetricName": "validation:rmse", "Value": 0.1827, "Timestamp": int(NOW) - 88_000},
        {"MetricName": "train:rmse", "Value": 0.1534, "Timestamp": int(NOW) - 88_000},
    ],
}


def wait_for(base, name, run=None, wait_id="step-1", arn=None):
    """Registers a wait by renewals on a job."""
    body = {"labels": {"run": run} if run else {}}
    status, answer = call("PUT", wait_url(base, arn or arn_of(name), wait_id), body)
    assert status == 200, answer


def fill(base, bad=LONG_NAME, reason=HOSTILE):
    """Gives a local stack jobs of every sort, one of which failed for this reason."""
    for number in range(3):
        publish(base, f"forecast-2026-11-{number + 10}", "Completed", "Completed", 1_800 + number * 700, 90_000, **USED)
    publish(base, "images-large", "Stopped", "Stopped", 400, 9_000)
    publish(base, bad, "InProgress", "Starting", 20, 7_000)
    publish(base, bad, "InProgress", "Downloading", 95, 7_000)
    publish(base, bad, "InProgress", "Training", 230, 7_000)
    publish(base, bad, "Failed", "Failed", 2_400, 7_000, reason)
    publish(base, "capacity", "Failed", "Failed", 60, 4_000, "CapacityError: no ml.p4d.24xlarge")
    for name, began, stages in [
        ("prepare", 3_600, [("Starting", 10), ("Training", 90), ("Completed", 600)]),
        ("train-a", 2_900, [("Starting", 15), ("Downloading", 60), ("Training", 140)]),
        ("train-b", 2_880, [("Starting", 15), ("Completed", 1_100)]),
        ("evaluate", 1_500, [("Starting", 12)]),
    ]:
        wait_for(base, name, run="nightly-2026-11-27")
        for secondary, age in stages:
            status = "Completed" if secondary == "Completed" else "InProgress"
            publish(base, name, status, secondary, age, began)


def multiply(store, count):
    """Copies the one job of a store of the local stack, each with another name and time of record."""
    with sqlite3.connect(store) as database:
        columns = [column for _, column, *_ in database.execute("PRAGMA table_info(jobs)")]
        row = dict(zip(columns, database.execute("SELECT * FROM jobs").fetchone()))
        name = row["arn"].rsplit("/", 1)[-1]
        rows = []
        for number in range(count):
            other = f"{name}-{number:05}"
            changed = {
                "arn": row["arn"].replace(name, other), "document": row["document"].replace(name, other),
                "recorded_at": row["recorded_at"] - 1_000_000 * (number + 1),
            }
            rows.append(tuple({**row, **changed}.values()))
        database.executemany(f"INSERT INTO jobs VALUES ({', '.join('?' * len(columns))})", rows)


PAGES = {
    "jobs": "/",
    "filtered": "/?phase=failed%2Ctimed_out&kind=training&region=us-east-1",
    "job-failed": f"/job?arn={arn_of(LONG_NAME)}",
    "job-running": f"/job?arn={arn_of('train-a')}",
    "job-used": f"/job?arn={arn_of('forecast-2026-11-12')}",
    "run": "/run?id=nightly-2026-11-27",
    "health": "/health",
    "nothing": "/?q=no-such-job",
    "error": "/job?arn=bogus",
}


class Front(Site):
    """A function URL for a browser: hands each request to the function, signed by a role."""

    def __init__(self, function, role=ROLE):
        self.posts = []
        front, lock = self, threading.Lock()

        class Handler(Quiet):
            def do_GET(self):
                length = int(self.headers.get("content-length", 0))
                body = self.rfile.read(length).decode() or None
                if self.command == "POST":
                    front.posts.append(body)
                path, _, query = self.path.partition("?")
                headers = {name.lower(): value for name, value in self.headers.items()}
                with lock:
                    answer = function.ask(role, self.command, path, body, query, headers)
                text = answer.get("body") or ""
                text = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
                self.send_response(answer["statusCode"])
                for name, value in answer["headers"].items():
                    if name.lower() != "content-length":
                        self.send_header(name, value)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_GET

        super().__init__(Handler)


@contextlib.contextmanager
def proxied(api, *words):
    """`sagebell dashboard` before this API; its address."""
    command = [SAGEBELL, "dashboard", "--api", api, "--listen", "127.0.0.1:0", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield re.search(r"http://\S+(?=/ )", process.stdout.readline()).group()
    finally:
        process.terminate()
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
