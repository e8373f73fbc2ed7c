"""What others wrote is printed and never obeyed: names, statuses, reasons and log lines
that hold a terminal's orders, marks of direction, invisible characters, or lines of ours."""

import json
import os
import re
import subprocess
import time
import unicodedata

import pytest
import yaml

from conftest import PATIENCE_SECONDS, SAGEBELL, Local, call, until
from steps import STEP
from terminals import on_a_terminal

ARN = "arn:aws:sagemaker:us-east-1:111122223333:training-job/evil"
# Of Unicode's category Cf, these are seen: signs that stand around or over others.
SEEN = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13460)}
ACTING = "".join(
    chr(point) for point in range(0x110000)
    if unicodedata.category(chr(point)) in ("Cc", "Cf", "Zl", "Zp") and point not in SEEN
)
FAKE_LINE = "training done: succeeded"
TEXTS = {
    "orders": "\x1b]0;title\x07\x1b[2J\x1b[31mCompleted\x1b[0m\x9b31m",
    "lines": f"one\r\n{FAKE_LINE}\r{FAKE_LINE}\n{FAKE_LINE}\x85{FAKE_LINE}\u2028{FAKE_LINE}\v{FAKE_LINE}",
    "direction": "ab\u202edetelpmoC\u2066\u200f\u061c",
    "all": ACTING,
}


def acting(text, but=""):
    """What is left in a text that acts on whoever shows it."""
    return {character for character in text if character in ACTING and character not in but}


def publish(local, text):
    detail = {
        "TrainingJobName": text[:40], "TrainingJobArn": ARN, "TrainingJobStatus": "Failed",
        "SecondaryStatus": text[:40], "FailureReason": text,
        "CreationTime": 1_700_000_000_000, "LastModifiedTime": 1_700_000_100_000,
    }
    entry = {
        "Source": "aws.sagemaker", "DetailType": "SageMaker Training Job State Change",
        "Detail": json.dumps(detail), "Resources": [ARN],
    }
    headers = {"x-amz-target": "AWSEvents.PutEvents", "content-type": "application/x-amz-json-1.1"}
    status, answer = call("POST", local.base, {"Entries": [entry]}, headers)
    assert (status, answer["FailedEntryCount"]) == (200, 0), answer


def no_line_is_theirs(printed):
    assert FAKE_LINE not in [line.strip("\r") for line in printed.split("\n")], printed


READS = (["jobs"], ["job", ARN], ["timeline", ARN], ["wait", ARN, "--max-wait", "5s"])


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_command_line_prints_it_inert(local, text):
    publish(local, text)
    for words in READS:
        done = local.run(*words)
        assert "failed" in done.stdout, done.stderr
        assert not acting(done.stdout + done.stderr, but="\n\t")
        no_line_is_theirs(done.stdout)
    listed = local.run("jobs").stdout
    assert len(listed.splitlines()) == 2, listed


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_documents_escape_it_and_mean_the_same(local, text):
    publish(local, text)
    for words in (["jobs"], ["job", ARN], ["wait", ARN, "--max-wait", "5s"]):
        for form, read in (("json", json.loads), ("yaml", yaml.safe_load)):
            done = local.run(*words, "--output", form)
            assert not acting(done.stdout, but="\n")
            assert read(done.stdout)["failure_reason"] == json.loads(json.dumps(text)).strip()


def test_on_a_terminal_only_our_own_colours_are_left(local):
    publish(local, TEXTS["orders"])
    for command in ("jobs", "timeline", "job"):
        words = [] if command == "jobs" else [ARN]
        printed, code = on_a_terminal(command, *words, "--api", local.base)
        assert code == 0
        ours = re.sub("\x1b\\[(1|31)m([^\x1b]*)\x1b\\[0m", r"\2", printed)
        assert ours != printed
        assert not acting(ours, but="\r\n")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_local_stack_logs_it_inert(tmp_path, text):
    stack = Local(tmp_path / "local.db")
    with open(tmp_path / "log", "wb") as log:
        command = [SAGEBELL, "local", "--listen", f"127.0.0.1:{stack.port}", "--store", stack.store]
        environment = {**os.environ, "RUST_LOG": "debug"}
        stack.process = subprocess.Popen(command, stderr=log, stdout=log, env=environment)
    try:
        until(stack.up, "sagebell local answers")
        publish(stack, text)
        call("GET", f"{stack.base}/v1/jobs/x%1b%5b31m%0aFAKE")
    finally:
        stack.terminate()
    assert not acting((tmp_path / "log").read_text(), but="\n")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_step_prints_reasons_and_log_lines_inert_and_hands_them_on_whole(scene, logs, text):
    group, name = "/aws/sagemaker/TrainingJobs", "evil"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=f"{name}/algo-1")
    event = {"timestamp": int(time.time() * 1000), "message": f"begins {text}"}
    logs.put_log_events(logGroupName=group, logStreamName=f"{name}/algo-1", logEvents=[event])
    scene.sagemaker.life(
        {"status": "InProgress", "secondary": "Training"},
        {"status": "Failed", "reason": f"begins {text} ends", "after_millis": 300},
    )
    environment = {"AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": logs.meta.endpoint_url}
    step = scene.train("--logs", "tail", inputs={"job_name": name}, environment=environment)
    assert step.ends() == 1
    printed = step.log.read_bytes().decode()
    assert "  | begins" in printed
    assert not acting(printed, but="\n\t")
    no_line_is_theirs(printed)
    assert text in (step.folder / "outputs/failure_reason/data").read_bytes().decode()


def test_a_step_names_a_wrong_input_inert(tmp_path):
    done = subprocess.run(
        [STEP, "train", "--region", "\x1b[31m\n" + FAKE_LINE, "--instance_count", "\u202e1"],
        capture_output=True, text=True, timeout=PATIENCE_SECONDS, cwd=tmp_path,
    )
    assert done.returncode == 2
    assert not acting(done.stdout + done.stderr, but="\n\t")
    no_line_is_theirs(done.stderr)
