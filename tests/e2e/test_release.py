"""The files of a release: they deploy the monitor and wait for a job, and nothing else is there: no cargo, no SAM, no
checkout.

Run by `scripts/test-deployed`, which has made them with `scripts/release`.
"""

import base64
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import tomllib
import urllib.parse

import pytest

from cloud import ACCOUNT, REGION, name_loopback, put
from conftest import BIN, ROOT, event, until

pytestmark = pytest.mark.deployed

DIST = pathlib.Path(os.environ.get("SAGEBELL_TEST_DIST", ROOT / "target" / "dist-built"))
VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
BUCKET, RELEASED = "my-bucket", "released"
# What a person needs who deploys: the AWS command line, and what its system has anyway.
TOOLS = {"aws": BIN / "aws"} | {name: shutil.which(name) for name in ("bash", "cat", "dirname", "env", "sha256sum")}
# What this machine runs, and what the first stack of the emulator does not have yet.
CHOSEN = ("Architecture=x86_64", "PublishApi=false")


class Person:
    """Somebody in an empty folder, with these tools and no others."""

    def __init__(self, cloud, folder):
        self.cloud, self.folder = cloud, folder
        tools = folder / "bin"
        tools.mkdir()
        for name, path in TOOLS.items():
            (tools / name).symlink_to(path)
        self.environment = {
            "PATH": str(tools),
            "HOME": str(folder),
            "AWS_ENDPOINT_URL": cloud.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def has(self, program):
        return shutil.which(program, path=self.environment["PATH"])

    def unpacks(self, name):
        with tarfile.open(self.folder / name) as archive:
            # Each has its own name: nothing else of the folder changes, not even its mode.
            assert all(entry.name.startswith("sagebell") or entry.name == "LICENSE" for entry in archive)
        subprocess.run(["tar", "-xzf", name], cwd=self.folder, check=True)

    def runs(self, *words, where="."):
        done = subprocess.run(
            words, cwd=self.folder / where, env=self.environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def begins(self, *words):
        return subprocess.Popen(
            words, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )


@pytest.fixture(scope="module")
def person(cloud, tmp_path_factory):
    """Has downloaded the files."""
    person = Person(cloud, tmp_path_factory.mktemp("person"))
    for path in DIST.iterdir():
        shutil.copy(path, person.folder)
    return person


@pytest.fixture(scope="module")
def released(cloud, person):
    """The outputs of the stack, deployed as the archive's README says, with the emulator's changes of the template."""
    person.unpacks(f"sagebell-aws-{VERSION}.tar.gz")
    there = f"sagebell-aws-{VERSION}"
    cloud.client("s3").create_bucket(Bucket=BUCKET)
    told = person.runs("./upload", BUCKET, RELEASED, where=there)
    command = told[told.index("aws cloudformation deploy"):].replace("\\\n", " ").split()
    template = person.folder / there / "template.json"
    template.write_text(json.dumps(cloud.emulated(template)))
    person.runs(*command, *CHOSEN, where=there)
    stack, = cloud.client("cloudformation").describe_stacks(StackName=RELEASED)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    name_loopback(urllib.parse.urlsplit(outputs["ApiUrl"]).hostname)
    yield outputs
    # The other tests need no second stack that hears their events.
    person.runs("aws", "cloudformation", "delete-stack", "--stack-name", RELEASED)
    person.runs("aws", "cloudformation", "wait", "stack-delete-complete", "--stack-name", RELEASED)


def test_nothing_is_there_that_builds(person):
    assert person.has("aws")
    for program in ("cargo", "rustc", "sam", "zig", "python3", "git"):
        assert not person.has(program), program


def test_the_files_are_what_their_checksums_say(person):
    listed = person.runs("sha256sum", "--check", "SHA256SUMS")
    assert {line.split(":")[0] for line in listed.splitlines()} == {path.name for path in DIST.iterdir()} - {"SHA256SUMS"}


def test_every_function_runs_what_was_uploaded(cloud, person, released):
    """And nothing else is in the bucket but the template, which `aws` puts there because it is long."""
    archives = list((person.folder / f"sagebell-aws-{VERSION}" / "functions").iterdir())
    keys = {one["Key"] for one in cloud.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert {key for key in keys if not key.endswith(".template")} == {f"{RELEASED}/{path.name}" for path in archives}
    digests = {hashlib.sha256(path.read_bytes()).digest(): path.name for path in archives}
    for function in ("api", "job-events", "signals", "sweep"):
        name = f"{RELEASED}-{function}"
        digest = cloud.client("lambda").get_function_configuration(FunctionName=name)["CodeSha256"]
        assert digests[base64.b64decode(digest)].endswith(f"-{function}-x86_64.zip")


def test_the_command_line_is_of_this_version(person):
    archive, = DIST.glob("sagebell-cli-*.tar.gz")
    person.unpacks(archive.name)
    assert person.runs("./sagebell", "--version").split() == ["sagebell", VERSION]


def test_a_job_that_ends_wakes_who_waits_for_it(cloud, person, released):
    person.unpacks(next(DIST.glob("sagebell-cli-*.tar.gz")).name)
    ended = event("training-completed")
    ended = json.loads(json.dumps(ended).replace(ended["account"], ACCOUNT).replace("mnist-train", "released"))
    arn = ended["detail"]["TrainingJobArn"]
    host = urllib.parse.urlsplit(released["ApiUrl"]).hostname
    api = f"http://{host}:{cloud.port}"
    waiting = person.begins("./sagebell", "wait", arn, "--api", api)
    try:
        table = cloud.client("dynamodb")
        until(
            lambda: "WAIT" in json.dumps(table.scan(TableName=released["TableName"])["Items"]),
            "the wait is registered",
        )
        put(cloud, ended)
        told, _ = waiting.communicate(timeout=120)
    finally:
        waiting.kill()
    assert waiting.returncode == 0, told
    assert "Completed" in told, told
