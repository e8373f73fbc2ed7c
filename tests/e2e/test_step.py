"""The KFP step as a process: it makes a job, sleeps until it is called, and hands over
the results, whatever dies, is lost, or lies on the way.

The monitor is `sagebell local`, SageMaker our fake; a test stands at a gate before each.
"""

import datetime
import json
import re
import socket
import subprocess
import urllib.request

import pytest
import standardwebhooks
from moto.server import ThreadedMotoServer

from clocks import faketime
from conftest import BIN, PATIENCE_SECONDS, call, until
from gate import Gate
from steps import ACCOUNT, REGION

IN_PROGRESS = {"status": "InProgress", "secondary": "Training"}
TRAINS_FOR_EVER = [IN_PROGRESS]
# Each channel, and what is in the words of its registrations.
CHANNELS = [("connection", "FRAME wait"), ("callback", "PUT "), ("none", "PUT ")]


def lives(scene, *stages, **more):
    scene.sagemaker.life(*(stages or TRAINS_FOR_EVER), **more)


def succeeds(step):
    assert step.ends() == 0, step.said()
    assert step.output("status") == "Completed"
    assert step.output("failure_reason") == ""


def only_one_job(scene):
    assert len(scene.sagemaker.boto.list_training_jobs()["TrainingJobSummaries"]) == 1


def test_it_wakes_when_its_job_is_done_and_has_asked_nothing_meanwhile(scene):
    lives(scene)
    step = scene.train()
    arn = step.arn()
    waiting = step.waits()
    assert waiting["wait"]["signal_on"] == "progress" and waiting["wait"]["labels"] == {"run": "run-1"}
    scene.sagemaker.move(arn, "InProgress", secondary="Uploading")
    step.says("Uploading")
    # The monitor's Describes do not come through the gate: those that do are the step's.
    assert scene.aws.count("Describe") == 0
    scene.sagemaker.move(arn, "Completed")
    succeeds(step)
    assert scene.aws.words.count("SageMaker.DescribeTrainingJob") == 1
    name = arn.rsplit("/", 1)[-1]
    assert (step.output("job_name"), step.output("job_arn")) == (name, arn)
    assert step.output("model_artifact_url").startswith("s3://outputs/")
    page = (step.folder / "timeline.html").read_text()
    assert "Uploading" in page and arn in page
    assert json.loads((step.folder / "metrics.json").read_text()) == {}


def test_boto3_and_the_aws_command_line_see_the_job_and_the_tags_that_it_made(scene, aws_environment):
    def command_line(*words):
        done = subprocess.run(
            [BIN / "aws", "sagemaker", *words, "--endpoint-url", scene.sagemaker.url],
            env=aws_environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    lives(scene)
    step = scene.train(inputs={"tags": '{"team": "vision"}'})
    arn = step.arn()
    name = arn.rsplit("/", 1)[-1]
    boto = scene.sagemaker.boto
    for job, tags in (
        (boto.describe_training_job(TrainingJobName=name), boto.list_tags(ResourceArn=arn)),
        (
            command_line("describe-training-job", "--training-job-name", name),
            command_line("list-tags", "--resource-arn", arn),
        ),
    ):
        assert (job["TrainingJobArn"], job["TrainingJobStatus"]) == (arn, "InProgress")
        assert {"Key": "team", "Value": "vision"} in tags["Tags"]
        assert {"Key": "sagebell:task", "Value": "run-1/task-1"} in tags["Tags"]


def test_a_failure_is_told_in_sagemakers_words_with_what_to_do(scene):
    lives(scene, IN_PROGRESS, {"status": "Failed", "reason": "AlgorithmError: exit code 1", "after_millis": 300})
    step = scene.train("--logs", "none")
    assert step.ends() == 1
    *_, header, advice, took, arn, console, logs, output, page = step.said().splitlines()
    name = step.output("job_name")
    assert header == f"sagebell-step: {name} is Failed: AlgorithmError: exit code 1"
    assert advice == "  to do    the container failed. Its log shows why"
    assert took.startswith("  took ") and arn == f"  arn      {step.output('job_arn')}"
    assert console.startswith("  console  https://") and console.endswith(f"#/jobs/{name}")
    assert logs.startswith("  logs     https://") and f"prefix={name}/" in logs
    assert output == "  output   s3://outputs/" and page.startswith("           https://")
    summary = (step.folder / "summary.md").read_text()
    assert all(line.split()[-1] in summary for line in (arn, console, logs, page))
    assert step.output("status") == "Failed" and "exit code 1" in step.output("failure_reason")
    assert step.output("job_name") and step.output("job_arn").startswith("arn:aws:sagemaker:")
    assert step.output("model_artifact_url") == ""


# --- death at any moment: the pod that comes next finds the job


def test_killed_before_create(scene):
    lives(scene)
    held = scene.api.hold("GET /v1/principal")
    step = scene.train()
    held.await_arrival()
    step.kill()
    scene.api.open()
    assert scene.sagemaker.calls("CreateTrainingJob") == 0
    again = scene.train()
    scene.sagemaker.move(again.waits()["job"]["arn"], "Completed")
    succeeds(again)
    only_one_job(scene)


@pytest.mark.parametrize(("channel", "registers"), CHANNELS)
def test_killed_between_create_and_register(scene, channel, registers):
    lives(scene)
    held = scene.api.hold(registers)
    step = scene.train("--channel", channel)
    held.await_arrival()
    step.kill()
    scene.api.open()
    again = scene.train()
    again.says("created earlier by this task")
    assert again.arn() == step.arn()
    again.waits()
    scene.sagemaker.move(again.arn(), "Completed")
    succeeds(again)
    only_one_job(scene)


def test_killed_while_the_answer_to_create_is_on_its_way(scene):
    """SageMaker made the job; who asked for it never heard."""
    lives(scene)
    scene.sagemaker.fault(operation="CreateTrainingJob", fault="lost_answer")
    step = scene.train()
    scene.sagemaker.move(step.waits()["job"]["arn"], "Completed")
    succeeds(step)
    only_one_job(scene)


@pytest.mark.parametrize(("channel", "registers"), CHANNELS)
def test_killed_while_waiting(scene, channel, registers):
    lives(scene)
    step = scene.train("--channel", channel)
    first = step.waits()["wait"]
    step.kill()
    registered = scene.api.count(registers)
    again = scene.train("--channel", channel)
    again.says("created earlier by this task")
    until(lambda: scene.api.count(registers) > registered, "the wait is taken up again")
    # The same wait, told another way.
    second = until(lambda: (found := again.waits()["wait"]) != first and found, "the wait is the new pod's")
    assert (second["id"], second["channel"]) == (first["id"], channel)
    scene.sagemaker.move(again.arn(), "Completed")
    succeeds(again)
    only_one_job(scene)


def test_killed_after_it_was_called_and_before_its_outputs(scene):
    lives(scene)
    held = scene.aws.hold("DescribeTrainingJob")
    step = scene.train()
    step.waits()
    scene.sagemaker.move(step.arn(), "Completed")
    held.await_arrival()
    step.kill()
    scene.aws.open()
    assert not (step.folder / "outputs").exists()
    again = scene.train()
    succeeds(again)
    assert again.output("job_arn") == step.arn()
    only_one_job(scene)


def test_terminated_it_ends_at_once_and_the_job_goes_on_for_the_pod_that_comes_next(scene):
    lives(scene)
    step = scene.train()
    step.waits()
    step.terminate()
    assert step.ends() == 143
    assert "the monitor keeps the wait" in step.said()
    assert scene.sagemaker.calls("StopTrainingJob") == 0
    again = scene.train()
    again.waits()
    scene.sagemaker.move(again.arn(), "Completed")
    succeeds(again)
    only_one_job(scene)


def test_another_task_of_the_same_run_makes_a_job_of_its_own(scene):
    lives(scene)
    one, other = scene.train(), scene.train(task="task-2")
    assert one.waits()["job"]["arn"] != other.waits()["job"]["arn"]


def test_a_job_of_someone_else_is_refused_and_left_alone(scene):
    lives(scene)
    mine = scene.train(inputs={"job_name": "shared"})
    mine.waits()
    other = scene.train(task="task-2", inputs={"job_name": "shared"})
    assert other.ends() == 1
    assert "`shared` already exists and does not belong to this step" in other.said()
    assert "sagebell:task=run-1/task-2" in other.said()
    scene.sagemaker.move(mine.arn(), "Completed")
    succeeds(mine)


def test_two_steps_wait_on_one_job(scene):
    lives(scene)
    one = scene.train()
    arn = one.waits()["job"]["arn"]
    other = scene.start("sagemaker-wait", task="task-2", region=REGION, endpoint_url=scene.aws.url, arn=arn)
    other.waits()
    scene.sagemaker.move(arn, "Completed")
    succeeds(one)
    assert other.ends() == 0, other.said()


# --- connections


def test_the_step_says_which_channel_it_has_and_registers_on_its_connection(scene):
    lives(scene)
    step = scene.train()
    wait = step.waits()["wait"]
    assert (wait["channel"], wait["lease_seconds"]) == ("connection", 10_800)
    assert "sagebell-step: connected to the monitor" in step.said()
    scene.sagemaker.move(step.arn(), "Completed")
    succeeds(step)
    # It renews nothing.
    assert (scene.api.count("FRAME wait"), scene.api.count("PUT ")) == (1, 0)


@pytest.mark.parametrize("loss", ["the connection is cut", "the monitor starts again"])
def test_a_lost_connection_is_replaced_and_the_end_is_told_on_the_next(scene, loss):
    lives(scene)
    step = scene.train()
    step.waits()
    if loss == "the connection is cut":
        scene.api.tunnels[0].cut()
    else:
        scene.local.kill()
        scene.local.start()
    scene.sagemaker.move(step.arn(), "Completed")
    succeeds(step)
    assert (scene.api.count("FRAME wait"), scene.api.count("PUT ")) == (2, 0)
    assert "no connection" not in step.said()


def test_where_no_websocket_gets_through_the_step_says_so_and_asks(scene):
    lives(scene)
    scene.api.refuse("GET /v1/connect", status=403, body=b"blocked by policy")
    step = scene.train()
    assert step.waits()["wait"]["channel"] == "none"
    said = step.said()
    assert "no connection to the monitor" in said and "blocked by policy" in said
    scene.sagemaker.move(step.arn(), "Completed")
    succeeds(step)
    only_one_job(scene)


def test_without_a_channel_the_answers_to_renewals_tell_the_end(scene):
    lives(scene)
    step = scene.train("--channel", "none")
    assert step.waits()["wait"]["channel"] == "none"
    scene.sagemaker.move(step.arn(), "Completed")
    succeeds(step)
    assert scene.api.count("GET /v1/connect") == 0


def test_a_terminated_step_says_goodbye_so_that_the_monitor_knows_it_is_gone(scene):
    lives(scene)
    step = scene.train()
    step.waits()
    step.terminate()
    assert step.ends() == 143
    until(lambda: step.waits()["wait"].get("gone_since"), "the monitor knows")


# --- callbacks that do not come, or should not


def test_a_lost_callback_costs_one_renewal(scene, tmp_path):
    """The port on which it listens is cut off: only renewals tell."""
    lives(scene)
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        # It is told to call an address that takes connections and answers none.
        step = scene.train("--channel", "callback", "--lease-seconds", "6")
        wait = step.waits()["wait"]
        dead = {"callback_url": f"http://127.0.0.1:{nobody.getsockname()[1]}/callback"}
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        path = next(word.split()[1] for word in scene.api.words if "/waits/" in word)
        status, answer = call("PUT", scene.local.base + path, {**dead, "secret": secret, "signal_on": wait["signal_on"]})
        assert status == 200, answer
        scene.sagemaker.move(step.arn(), "Completed")
        succeeds(step)


def post(url, body, headers):
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answered:
            return answered.status
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return None


class Forger:
    """Signs callbacks for a step's wait: with its own secret, overheard on the way to
    the monitor, or with another."""

    def __init__(self, scene, step):
        self.known = step.waits()
        word = next(word for word in scene.api.bodies if word.startswith("PUT ") and "/waits/" in word)
        self.asked = json.loads(scene.api.bodies[word])

    def post(self, name, phase="running", status="InProgress", age=0, secret=None):
        job = {**self.known["job"], "phase": phase, "status": status, "secondary_status": name}
        body = json.dumps({
            "type": f"sagemaker.training_job.{phase}", "timestamp": "2026-11-02T09:42:33Z",
            "data": {"wait_id": self.known["wait"]["id"], "seq": 9, "job": job},
        })
        at = datetime.datetime.now(tz=datetime.timezone.utc) - datetime.timedelta(seconds=age)
        signature = standardwebhooks.Webhook(secret or self.asked["secret"]).sign(name, at, body)
        headers = {
            "webhook-id": name, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature,
        }
        return post(self.asked["callback_url"], body.encode(), headers)


def test_forged_stale_replayed_and_oversized_callbacks_are_refused_and_counted(scene):
    lives(scene)
    step = scene.train("--channel", "callback")
    forger = Forger(scene, step)
    stranger = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert forger.post("forged", "succeeded", "Completed", secret=stranger) in (400, 401, 403)
    assert forger.post("stale", "succeeded", "Completed", age=360) in (400, 401, 403)
    assert post(forger.asked["callback_url"], b"x" * 30_000, {}) in (400, 413, None)
    assert forger.post("real") < 300
    step.says("(real)")
    assert forger.post("real") < 300
    assert step.process.poll() is None
    scene.sagemaker.move(step.arn(), "Completed")
    succeeds(step)
    for reason in ("signature", "timestamp", "too_large", "duplicates: 1"):
        assert reason in step.said(), step.said()
    assert step.said().count("(real)") == 1


def test_a_callback_is_a_bell_and_no_proof(scene):
    """Even one that is signed as it must be is believed only as far as SageMaker agrees."""
    lives(scene)
    step = scene.train("--channel", "callback")
    assert Forger(scene, step).post("lie", "succeeded", "Completed") < 300
    step.says("lie")
    until(lambda: scene.aws.count("DescribeTrainingJob") > 1, "it asks SageMaker")
    assert step.process.poll() is None
    scene.sagemaker.move(step.arn(), "Completed")
    succeeds(step)


# --- logs


GROUP = "/aws/sagemaker/TrainingJobs"
# More than one page of GetLogEvents.
LINES = 10_050


def write_logs(logs, name):
    logs.create_log_group(logGroupName=GROUP)
    now = int(datetime.datetime.now(tz=datetime.timezone.utc).timestamp() * 1000)
    for stream in (f"{name}/algo-1", f"{name}/algo-2", f"{name}-other/algo-1"):
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
        lines = LINES if stream == f"{name}/algo-1" else 3
        events = [{"timestamp": now + n, "message": f"{stream} line {n}"} for n in range(lines)]
        for start in range(0, lines, 10_000):
            logs.put_log_events(
                logGroupName=GROUP, logStreamName=stream, logEvents=events[start : start + 10_000]
            )


def logged(step, stream):
    prefix = f"  | {stream.split('/')[1]}: {stream} line "
    lines = [line for line in step.said().splitlines() if line.startswith(prefix)]
    return [int(line.removeprefix(prefix)) for line in lines]


def test_all_logs_are_printed_in_order_page_by_page(scene, logs):
    lives(scene, IN_PROGRESS, {"status": "Completed", "after_millis": 300})
    write_logs(logs, "loud")
    endpoint = {"AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": logs.meta.endpoint_url}
    step = scene.train("--logs", "all", inputs={"job_name": "loud"}, environment=endpoint)
    succeeds(step)
    assert logged(step, "loud/algo-1") == list(range(LINES))
    assert logged(step, "loud/algo-2") == [0, 1, 2]
    first = [line for line in step.said().splitlines() if line.startswith("  | algo")][:6]
    assert [line.split()[-1] for line in first] == ["0", "0", "1", "1", "2", "2"], "in order of time"
    assert "loud-other" not in step.said()


def test_the_tail_of_the_logs_is_printed_when_the_job_failed(scene, logs):
    lives(scene, IN_PROGRESS, {"status": "Failed", "reason": "AlgorithmError: 1", "after_millis": 300})
    write_logs(logs, "loud")
    endpoint = {"AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": logs.meta.endpoint_url}
    step = scene.train(inputs={"job_name": "loud"}, environment=endpoint)
    assert step.ends() == 1
    assert logged(step, "loud/algo-1") == list(range(LINES - 100, LINES))


# --- the monitor is down


def test_without_a_monitor_there_is_no_job(scene):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    step = scene.train("--api", f"http://127.0.0.1:{port}")
    step.says("no answer from")
    step.kill()
    assert scene.sagemaker.calls("CreateTrainingJob") == 0


def test_a_monitor_that_comes_up_late_is_found(scene):
    lives(scene)
    scene.local.kill()
    step = scene.train()
    step.says("answer")
    scene.local.start()
    step.waits()
    scene.sagemaker.move(step.arn(), "Completed")
    succeeds(step)


def test_a_monitor_that_is_down_for_a_while_loses_nothing(scene):
    lives(scene)
    step = scene.train("--channel", "callback", "--lease-seconds", "6")
    step.waits()
    scene.local.kill()
    step.says("no answer from")
    scene.local.start()
    scene.sagemaker.move(step.arn(), "Completed")
    succeeds(step)


@pytest.mark.parametrize("channel", ["callback", "none"])
def test_a_wait_that_the_monitor_refuses_is_done_without_it(scene, channel):
    lives(scene)
    problem = {"content-type": "application/problem+json"}
    body = json.dumps({"code": "not_owner", "detail": "another principal's"}).encode()
    scene.api.refuse("/waits/", status=403, headers=problem, body=body)
    step = scene.train("--channel", channel)
    step.says("the step calls SageMaker itself instead")
    scene.sagemaker.move(step.arn(), "Completed")
    succeeds(step)


# --- what SageMaker answers


def test_throttled_calls_are_made_again(scene):
    lives(scene, IN_PROGRESS, {"status": "Completed", "after_millis": 300})
    scene.sagemaker.fault(operation="CreateTrainingJob", fault="throttle", times=2)
    scene.sagemaker.fault(operation="DescribeTrainingJob", fault="throttle", times=2)
    succeeds(scene.train())
    only_one_job(scene)


def test_a_refusal_says_which_permission_is_missing(scene):
    scene.sagemaker.fault(
        operation="CreateTrainingJob", fault="error", code="AccessDeniedException",
        message="User: pod is not authorized to perform: sagemaker:CreateTrainingJob",
    )
    step = scene.train()
    assert step.ends() == 1
    assert "not authorized to perform: sagemaker:CreateTrainingJob" in step.said()
    assert "infra/iam/pipeline-pod.yaml" in step.said()


def test_a_wrong_request_is_not_sent_and_the_field_is_named(scene):
    step = scene.train(inputs={"tags": '{"": "nameless"}'})
    assert step.ends() == 1
    assert "Tags[0].Key" in step.said()
    assert scene.sagemaker.calls("CreateTrainingJob") == 0


def test_a_clock_that_is_wrong_by_hours_does_not_keep_it_asleep(scene):
    """What the wait asks of the monitor is dated by AWS's clock, not by the pod's. Callbacks
    are taken for old ones then; renewals tell."""
    lives(scene)
    step = scene.train("--lease-seconds", "6", "--max-wait", "1h", environment=faketime("+3h"))
    step.waits()
    scene.sagemaker.move(step.arn(), "Completed")
    succeeds(step)


# --- endpoints


def deploy(scene, *words, task="task-1", **inputs):
    return scene.start(
        "deploy", *words, task=task, region=REGION, endpoint_url=scene.aws.url, model_name_1="model",
        **inputs,
    )


@pytest.fixture
def model(scene):
    scene.sagemaker.boto.create_model(ModelName="model", ExecutionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/r")


@pytest.mark.usefixtures("model")
def test_an_update_waits_for_its_own_end_and_not_for_an_older_one(scene):
    scene.sagemaker.life(
        {"status": "Creating"}, {"status": "InService", "after_millis": 100}, kind="endpoint",
        on_update=[{"status": "Updating"}],
    )
    first = deploy(scene, endpoint_name="e")
    assert first.ends() == 0, first.said()
    second = deploy(scene, task="task-2", endpoint_name="e", update_endpoint="True")
    second.waits()
    arn = second.arn()
    assert second.process.poll() is None
    scene.sagemaker.move(arn, "InService")
    assert second.ends() == 0, second.said()
    assert scene.sagemaker.calls("DeleteEndpointConfig") == 0


@pytest.mark.usefixtures("model")
def test_an_update_that_is_rolled_back_is_a_failure_that_says_so(scene):
    scene.sagemaker.life(
        {"status": "Creating"}, {"status": "InService", "after_millis": 100}, kind="endpoint",
        on_update=[{"status": "Updating"}, {"status": "RollingBack", "after_millis": 100},
                   {"status": "InService", "after_millis": 300}],
    )
    first = deploy(scene, endpoint_name="e")
    assert first.ends() == 0, first.said()
    update = {"update_endpoint": "True", "delete_old_endpoint_config": "True"}
    second = deploy(scene, task="task-2", endpoint_name="e", **update)
    assert second.ends() == 1
    assert "rolled back" in second.said() and "rolled back" in second.output("failure_reason")
    assert not scene.sagemaker.requests("DeleteEndpointConfig"), "the old configuration is in use again"


# --- without a monitor


def test_polling_is_there_to_try_it_out_and_says_so(scene):
    lives(scene, IN_PROGRESS, {"status": "Completed", "after_millis": 300})
    step = scene.train("--wait", "poll", "--poll-seconds", "0.05")
    succeeds(step)
    assert scene.api.words == []


def test_terminated_while_it_polls_it_stops_its_job(scene):
    lives(scene, IN_PROGRESS, on_stop=[{"status": "Stopping"}, {"status": "Stopped", "after_millis": 100}])
    step = scene.train("--wait", "poll", "--poll-seconds", "0.05")
    step.arn()
    step.says("InProgress")
    step.terminate()
    assert step.ends() != 0
    assert scene.sagemaker.calls("StopTrainingJob") == 1
    assert step.output("status") == "Stopped"


def test_it_gives_up_after_max_wait_and_stops_the_job_unless_told_to_keep_it(scene):
    lives(scene, IN_PROGRESS)
    kept = scene.train("--max-wait", "2s", "--on-abandon", "keep")
    assert kept.ends() == 1 and "--max-wait" in kept.said()
    assert scene.sagemaker.calls("StopTrainingJob") == 0
    stopped = scene.train("--max-wait", "2s", task="task-2")
    assert stopped.ends() == 1
    assert scene.sagemaker.calls("StopTrainingJob") == 1


@pytest.fixture
def sts():
    """Moto's, behind a gate."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    gate = Gate(f"http://127.0.0.1:{server._server.server_port}")
    yield gate
    gate.close()
    server.stop()


def train_as_team(scene, sts):
    lives(scene, IN_PROGRESS, {"status": "Completed", "after_millis": 300})
    role = f"arn:aws:iam::{ACCOUNT}:role/team"
    step = scene.train(inputs={"assume_role": role}, environment={"AWS_ENDPOINT_URL_STS": sts.url})
    succeeds(step)
    assert scene.aws.signers and all(key.startswith("ASIA") for key in scene.aws.signers)


def test_the_assumed_role_is_the_one_that_calls(scene, sts):
    train_as_team(scene, sts)
    assert len(set(scene.aws.signers)) == len(sts.words) == 1


def test_a_role_whose_session_ends_is_assumed_anew(scene, sts):
    def ends_soon(answer):
        ending = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)
        return re.sub(rb"(?<=<Expiration>)[^<]+", ending.strftime("%FT%TZ").encode(), answer)

    sts.edit = ends_soon
    train_as_team(scene, sts)
    # One session made the job, another read it in the end.
    assert scene.aws.signers[0] != scene.aws.signers[-1]
