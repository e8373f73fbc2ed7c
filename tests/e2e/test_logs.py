"""`sagebell logs`: against moto's CloudWatch Logs and STS, which none of us wrote."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time
import urllib.request

import pytest

from conftest import PATIENCE_SECONDS, SAGEBELL, call, free_port, until
from served import Quiet, Site
from terminals import SIZES, on_a_terminal, plain

# moto's own account.
ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012"
GROUP = "/aws/sagemaker/TrainingJobs"
NAME = "Mnist-1"
ARN = f"{ACCOUNT}:training-job/{NAME}"
# An hour ago, so that no line is in the future.
BEGIN = int(time.time() * 1000) - 3_600_000


def put(local, status="InProgress", modified=1_700_000_000_000):
    detail = {
        "TrainingJobName": NAME, "TrainingJobArn": ARN, "TrainingJobStatus": status, "SecondaryStatus": status,
        "CreationTime": 1_700_000_000_000, "LastModifiedTime": modified,
    }
    entry = {"Source": "aws.sagemaker", "DetailType": "SageMaker Training Job State Change",
             "Detail": json.dumps(detail), "Resources": [ARN]}
    headers = {"x-amz-target": "AWSEvents.PutEvents", "content-type": "application/x-amz-json-1.1"}
    status, answer = call("POST", local.base, {"Entries": [entry]}, headers)
    assert (status, answer["FailedEntryCount"]) == (200, 0), answer


def write(logs, stream, *messages, group=GROUP):
    """Writes lines, of which the times are given with them or one millisecond apart."""
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        logs.create_log_group(logGroupName=group)
    if not logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=stream)["logStreams"]:
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    timed = [m if isinstance(m, tuple) else (BEGIN + n, m) for n, m in enumerate(messages)]
    events = [{"timestamp": at, "message": message} for at, message in timed]
    for start in range(0, len(events), 10_000):
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events[start : start + 10_000])


class Logs:
    """The command, with this machine's AWS."""

    def __init__(self, local, endpoint, environment):
        self.words = ["--api", local.base]
        self.environment = {**environment, "AWS_ENDPOINT_URL": endpoint, "AWS_MAX_ATTEMPTS": "1"}

    def run(self, *words, job=ARN, **environment):
        command = [SAGEBELL, "logs", job, *words, *self.words]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, env={**self.environment, **environment}
        )

    def start(self, *words, job=ARN):
        command = [SAGEBELL, "logs", job, *words, *self.words]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment
        )

    def lines(self, *words, **more):
        done = self.run(*words, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()


@pytest.fixture
def command(local, logs, aws_environment):
    return Logs(local, logs.meta.endpoint_url, aws_environment)


def test_all_pages_are_printed_in_order(command, logs):
    wanted = [f"line {n}" for n in range(20_050)]
    write(logs, f"{NAME}/algo-1", *wanted)
    write(logs, f"{NAME}-2/algo-1", "another job's")
    assert command.lines() == wanted
    assert command.lines("--tail", "3") == wanted[-3:]


def test_lines_of_several_instances_are_in_order_of_time(command, logs):
    for instance in (1, 2, 3):
        lines = [(BEGIN + 10 * n + instance, f"{n}.{instance}") for n in range(40)]
        write(logs, f"{NAME}/algo-{instance}-1700000000", *lines)
    wanted = [f"algo-{i}-1700000000 | {n}.{i}" for n in range(40) for i in (1, 2, 3)]
    assert command.lines() == wanted
    assert command.lines("--tail", "2") == wanted[-6:]


def test_since_is_measured_from_now(command, logs):
    now = int(time.time() * 1000)
    write(logs, f"{NAME}/algo-1", (now - 900_000, "old"), (now - 300_000, "new"), (now - 200_000, "newest"))
    assert command.lines("--since", "10m") == ["new", "newest"]
    assert command.lines("--since", "10m", "--tail", "1") == ["newest"]
    assert command.lines("--since", "1h") == ["old", "new", "newest"]


def test_scripts_get_a_document_for_each_line(command, logs):
    write(logs, f"{NAME}/algo-1", "one\ntwo", "\x1b[31mred")
    first, second = map(json.loads, command.lines("--output", "json"))
    assert first["message"] == "one\ntwo" and second["message"] == "\x1b[31mred"
    assert first["stream"] == f"{NAME}/algo-1" and re.fullmatch(r"\d{4}-\d\d-\d\dT.+Z", first["at"])
    assert "\x1b" not in command.run("--output", "json").stdout
    stamped = command.lines("--timestamps")
    assert len(stamped) == 3 and all(re.match(r"\d{4}-\d\d-\d\dT\S+\.\d{3}Z \S", line) for line in stamped)


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_on_a_terminal_lines_are_marked_and_inert(command, logs, rows, columns):
    write(logs, f"{NAME}/algo-1-a-name-that-is-long-1700000000", "\x1b[2Jcleared\x1b]0;title\x07", "sagebell: lies\nmore")
    words = ["logs", ARN, *command.words]
    printed, code = on_a_terminal(*words, rows=rows, columns=columns, environment=command.environment)
    assert code == 0 and "\x1b[2J" not in printed and "\x07" not in printed
    lines = plain(printed).splitlines()
    assert lines == ["  | \\u{1b}[2Jcleared\\u{1b}]0;title\\u{7}", "  | sagebell: lies", "  | more"]
    write(logs, f"{NAME}/algo-2-a-name-that-is-long-1700000000", "two")
    printed, code = on_a_terminal(*words, rows=rows, columns=columns, environment=command.environment)
    heads = {line.split(" | ")[0] for line in plain(printed).splitlines()}
    assert code == 0 and heads == {"algo-1-a-n…700000000", "algo-2-a-n…700000000"}


def test_the_monitor_knows_how_the_name_is_spelled(command, logs, local):
    write(logs, f"{NAME}/algo-1", "found")
    small = ARN.lower()
    assert command.lines(job=small) == []
    put(local)
    assert command.lines(job=small) == command.lines(job=f"training/{NAME}") == ["found"]


def test_no_monitor_is_needed_for_an_arn(logs, command):
    write(logs, f"{NAME}/algo-1", "found")
    command.words = ["--api", f"http://127.0.0.1:{free_port()}"]
    assert command.lines() == ["found"]


def test_a_job_that_wrote_nothing_is_no_failure(command, logs):
    def says_so():
        done = command.run()
        assert (done.returncode, done.stdout) == (0, "")
        assert f"has written nothing to {GROUP}" in done.stderr

    says_so()
    logs.create_log_group(logGroupName=GROUP)
    says_so()


def test_it_ends_when_nobody_reads_on(command, logs):
    write(logs, f"{NAME}/algo-1", *[f"line {n}" for n in range(20_050)])
    process = command.start()
    try:
        assert process.stdout.readline() == "line 0\n"
        process.stdout.close()
        assert process.wait(timeout=PATIENCE_SECONDS) == 0 and process.stderr.read() == ""
    finally:
        process.kill()
        process.stderr.close()


@contextlib.contextmanager
def follows(command, *words):
    """The command, which follows the job's logs."""
    process = command.start("--follow", *words)
    try:
        yield process
    finally:
        process.kill()
        process.stdout.close()
        process.stderr.close()


def waits_of(local):
    status, answer = call("GET", f"{local.base}/v1/jobs/{ARN.replace('/', '%2F')}/waits")
    return [item["wait"] for item in answer["items"]] if status == 200 else []


def test_following_ends_with_the_job_after_its_last_lines(command, logs, local):
    put(local)
    write(logs, f"{NAME}/algo-1", "old", "one")
    with follows(command, "--tail", "1") as process:
        assert process.stdout.readline() == "one\n"
        write(logs, f"{NAME}/algo-1", (BEGIN + 10, "two"))
        assert process.stdout.readline() == "two\n"
        write(logs, f"{NAME}/algo-2", (BEGIN + 20, "all"), (BEGIN + 30, "of a new instance"))
        assert process.stdout.readline() == "algo-2 | all\n"
        assert process.stdout.readline() == "algo-2 | of a new instance\n"
        put(local, "Failed", 1_700_000_100_000)
        assert process.stderr.readline() == "The job has ended: failed Failed\n"
        write(logs, f"{NAME}/algo-1", (BEGIN + 40, "last words"))
        assert process.stdout.readline() == "algo-1 | last words\n"
        assert process.wait(timeout=PATIENCE_SECONDS) == 0 and process.stdout.read() == ""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_following_ends_when_asked_and_leaves_no_wait(command, logs, local, how):
    put(local)
    write(logs, f"{NAME}/algo-1", "one")
    with follows(command) as process:
        assert process.stdout.readline() == "one\n"
        until(lambda: [wait["state"] for wait in waits_of(local)] == ["waiting"], "the command waits")
        process.send_signal(how)
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
        assert (process.stdout.read(), process.stderr.read()) == ("", "")
        assert [wait["state"] for wait in waits_of(local)] == ["cancelled"]


class Between(Site):
    """An endpoint that passes calls on, except those of an operation that it refuses."""

    def __init__(self, behind):
        self.refusals = {}
        between = self

        class Handler(Quiet):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                operation = self.headers.get("x-amz-target", "").split(".")[-1]
                status, answer = between.refusals.get(operation) or passed_on(behind, self.headers, body)
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        super().__init__(Handler)


@pytest.fixture
def between(command, logs):
    between = Between(logs.meta.endpoint_url)
    command.environment["AWS_ENDPOINT_URL"] = between.base
    yield between
    between.close()


def passed_on(behind, headers, body):
    with urllib.request.urlopen(urllib.request.Request(behind, body, dict(headers))) as answer:
        return answer.status, answer.read()


def test_following_outlives_an_outage_of_cloudwatch(command, logs, local, between):
    put(local)
    write(logs, f"{NAME}/algo-1", "one")
    with follows(command) as process:
        assert process.stdout.readline() == "one\n"
        between.refusals["GetLogEvents"] = (503, b"{}")
        assert "The command tries again" in process.stderr.readline()
        between.refusals.clear()
        write(logs, f"{NAME}/algo-1", (BEGIN + 10, "two"))
        assert process.stdout.readline() == "two\n"
        process.terminate()
        assert process.wait(timeout=PATIENCE_SECONDS) == 0


def test_following_a_job_that_has_ended_ends(command, logs, local):
    put(local, "Completed")
    write(logs, f"{NAME}/algo-1", "one")
    printed, code = on_a_terminal("logs", ARN, "--follow", *command.words, environment=command.environment)
    assert code == 0
    assert sorted(plain(printed).splitlines()) == ["  | one", "The job has ended: succeeded Completed"]


@pytest.mark.parametrize(
    ("words", "environment", "step"),
    [
        ([], {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": "http://127.0.0.1:9"},
         "AWS_ENDPOINT_URL if it is set"),
        ([], {"AWS_ACCESS_KEY_ID": "", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull},
         "for example with AWS_PROFILE"),
        (["--follow", "--api", "http://127.0.0.1:9"], {}, "`sagebell local` starts one"),
    ],
)
def test_an_error_says_the_next_step(command, logs, words, environment, step):
    if "--api" in words:
        command.words = []
    done = command.run(*words, **environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert step in done.stderr, done.stderr


@pytest.mark.parametrize("operation", ["DescribeLogStreams", "GetLogEvents"])
@pytest.mark.parametrize("words", [[], ["--follow"]])
def test_who_lacks_a_permission_is_told_which(command, logs, local, between, operation, words):
    put(local)
    write(logs, f"{NAME}/algo-1", "one")
    # As AWS refuses in its JSON protocol ("Common errors", CloudWatch Logs API reference).
    refusal = {"__type": "AccessDeniedException", "Message": f"User is not authorized to perform: logs:{operation}"}
    between.refusals[operation] = (400, json.dumps(refusal).encode())
    done = command.run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"logs:{operation} is denied" in done.stderr and "allow this action" in done.stderr, done.stderr
    assert not [wait for wait in waits_of(local) if wait["state"] == "waiting"]


def test_what_has_no_logs_or_is_anothers_is_refused(command, logs):
    done = command.run(job=f"{ACCOUNT}:model/m")
    assert done.returncode == 2 and "writes no logs of the kind model" in done.stderr
    done = command.run(job=ARN.replace("123456789012", "111122223333"))
    assert done.returncode == 2 and "use credentials of 111122223333" in done.stderr
