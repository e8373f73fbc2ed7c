"""The whole system: the real template and the real release binaries, deployed to
an AWS on this machine with IAM enforced, played by real events.

Run by `scripts/test-deployed`.
"""

import datetime
import json
import os
import re
import subprocess
import time
import urllib.parse

import pytest
import websocket

import test_fake_sagemaker
from cloud import ACCOUNT, REGION, SAGEBELL, STACK, name_loopback, put
from conftest import EVENTS, ROOT, until, wait_url
from held import Listening
from killed import Killed

pytestmark = pytest.mark.deployed

SETTLED = ("succeeded", "failed", "stopped", "timed_out")


def settled_samples():
    """For each kind, the first sample event that settles its job."""
    rows = re.findall(r"\| `(\S+)\.json` \| `(\w+)` \| .*? \| `(\w+)` \|", (EVENTS / "README.md").read_text())
    first = {}
    for name, kind, phase in rows:
        if phase in SETTLED:
            first.setdefault(kind, (name, phase))
    return [pytest.param(kind, *found, id=kind) for kind, found in first.items()]


def sample(name):
    """A sample event, as if of this deployment's account."""
    return json.loads(re.sub(r"\b\d{12}\b(?=:)", ACCOUNT, (EVENTS / f"{name}.json").read_text()))


def arn_of(kind, event):
    """The ARN that waits for this event's job are registered on."""
    detail = event["detail"]
    texts = [value for value in detail.values() if isinstance(value, str)] + event.get("resources", [])
    arns = [text for text in texts if text.startswith("arn:aws:sagemaker:")]
    if kind in ("pipeline_execution", "pipeline_step"):
        arn = next(arn for arn in arns if "/execution/" in arn)
        return f"{arn}/step/{detail['stepName']}" if kind == "pipeline_step" else arn
    if kind in ("human_loop", "image_version"):
        return next(arn for arn in arns if f":{kind.replace('_', '-')}/" in arn)
    return arns[0].replace(":tuningJob/", ":hyper-parameter-tuning-job/")


@pytest.fixture(scope="module", autouse=True)
def killed(tmp_path_factory, cloud, deployed, sagemaker, bridge):
    """They need minutes: the other tests pass the time."""
    bridge.hand_on = None
    # A monitor judges by what it saw since its first sweep.
    swept = cloud.client("lambda").invoke(FunctionName=deployed.outputs["SweepFunctionName"], Payload=b"{}")
    assert "FunctionError" not in swept
    sagemaker.lives({"name": "*", "stages": [{"status": "InProgress", "secondary": "Training"}]})
    killed = Killed(tmp_path_factory.mktemp("killed"), deployed, sagemaker)
    sagemaker.lives()
    yield killed
    killed.close()


@pytest.fixture
def connection(deployed):
    """A pod's connection, for all its waits."""
    held = deployed.connect(deployed.pod(), kind=Listening)
    yield held
    held.close()


def register(deployed, arn, wait_id, waiter, **more):
    """A wait on a callback."""
    body = {"callback_url": waiter.url, "secret": waiter.secret, **more}
    status, answer = deployed.call("PUT", wait_url("", arn, wait_id), body, deployed.pod())
    assert status in (200, 201), answer
    return answer


def inspect(deployed, arn, wait_id):
    """(status, answer)."""
    return deployed.call("GET", wait_url("", arn, wait_id), credentials=deployed.pod())


def training(number):
    """The event of a training job of its own that completed."""
    event = sample("training-completed")
    name = event["detail"]["TrainingJobName"]
    return json.loads(json.dumps(event).replace(name, f"{name}-{number}"))


def depth(cloud, url):
    name = "ApproximateNumberOfMessages"
    answer = cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])
    return int(answer["Attributes"][name])


def test_callbacks_takes_what_its_schedule_sends(cloud, deployed):
    """An empty batch, which keeps its interfaces and does nothing."""
    scheduler, function = cloud.client("scheduler"), deployed.outputs["CallbacksFunctionName"]
    schedules = [
        scheduler.get_schedule(Name=one["Name"], GroupName=one["GroupName"])["Target"]
        for one in scheduler.list_schedules()["Schedules"]
    ]
    (target,) = [one for one in schedules if one["Arn"].endswith(f":{function}")]
    done = cloud.client("lambda").invoke(FunctionName=function, Payload=target["Input"])
    assert "FunctionError" not in done
    assert json.loads(done["Payload"].read()) == {"batchItemFailures": []}


@pytest.mark.parametrize(("kind", "name", "phase"), settled_samples())
def test_an_event_of_every_kind_reaches_its_waiter(cloud, deployed, connection, kind, name, phase):
    event = sample(name)
    arn = arn_of(kind, event)
    assert connection.register(arn, "everything")["wait"]["state"] == "waiting"
    put(cloud, event)
    heard = connection.hear()
    job = heard["data"]["job"]
    # The case of SageMaker's ARNs is not reliable; names have SageMaker's own.
    assert (job["arn"].lower(), job["kind"], job["phase"]) == (arn.lower(), kind, phase)


def test_an_event_reaches_its_callback_from_the_vpc(cloud, deployed, waiter):
    """`signals` hands it over to `callbacks`, which alone sends callbacks."""
    event = training("called-back")
    arn = event["detail"]["TrainingJobArn"]
    assert register(deployed, arn, "w", waiter)["wait"]["channel"] == "callback"
    put(cloud, event)
    assert waiter.hear()[1]["data"]["job"]["phase"] == "succeeded"
    until(lambda: inspect(deployed, arn, "w")[1]["wait"]["state"] == "signalled", "the callback is recorded")


def refused(connect):
    """The status that a handshake is refused with."""
    with pytest.raises(websocket.WebSocketBadStatusException) as told:
        connect()
    return told.value.status_code


def test_only_signed_connections_of_who_may_are_opened(cloud, deployed):
    url = deployed.call("GET", "/v1/connect", credentials=deployed.pod())[1]["url"]
    wrong = {**deployed.pod(), "SecretAccessKey": "wrong"}
    stranger = cloud.assume(deployed.execution_role)
    for keys in (False, wrong, stranger):
        assert refused(lambda keys=keys: deployed.connect(keys, url)) == 403
    deployed.connect(deployed.pod(), url).close()


def test_a_wait_is_told_through_a_connection_of_its_own_role_alone(cloud, deployed, connection):
    """Another team's connection has its own wait of that name, and neither cancels nor hears the other's."""
    event = training("of-two-teams")
    arn = event["detail"]["TrainingJobArn"]
    theirs = deployed.connect(deployed.team_pod(), kind=Listening)
    assert connection.register(arn, "ours")["wait"]["state"] == "waiting"
    assert theirs.ask("cancel", arn=arn, wait_id="ours")["code"] == "wait_not_found"
    assert theirs.ask("wait", arn=arn, wait_id="theirs", callback_url="http://10.0.0.1/")["code"] == "invalid_field"
    assert theirs.register(arn, "theirs")["wait"]["state"] == "waiting"
    put(cloud, event)
    assert connection.hear()["data"]["wait_id"] == "ours"
    assert theirs.hear()["data"]["wait_id"] == "theirs"
    assert connection.signals.empty() and theirs.signals.empty()
    theirs.close()


def test_a_connection_that_ends_is_missed_and_the_next_one_is_told(cloud, deployed):
    event = training("reconnected")
    arn = event["detail"]["TrainingJobArn"]
    first = deployed.connect(deployed.pod())
    assert first.ping()
    first.register(arn)
    first.close()
    until(lambda: inspect(deployed, arn, "w")[1]["wait"].get("gone_since"), "the loss is noted")
    put(cloud, event)
    second = deployed.connect(deployed.pod("the-next-pod"), kind=Listening)
    answer = second.register(arn)
    assert answer["wait"].get("gone_since") is None
    # By the answer, or by a signal, as the event was sooner or later.
    job = answer["job"] if answer["wait"]["state"] == "signalled" else second.hear()["data"]["job"]
    assert job["phase"] == "succeeded"
    second.close()


def test_a_stack_with_no_parameter_tells_its_waiters(cloud, deployed):
    """A second one in the region has to be told that it is not the first: nothing else."""
    names = cloud.deploy("bare", deployed.packaged(), {"PublishApi": "false"})
    functions = cloud.client("lambda").list_functions()["Functions"]
    inside = {one["FunctionName"]: one.get("VpcConfig", {}).get("SubnetIds") for one in functions}
    bare = {name: subnets for name, subnets in inside.items() if name.startswith("bare-")}
    assert set(bare) == {f"bare-{name}" for name in ("api", "job-events", "signals", "sweep")}
    assert not any(bare.values())
    assert not [name for name in names if name.startswith("Callbacks")]
    url = f"ws://127.0.0.1:{cloud.port}/_aws/execute-api/{names['ConnectionsApiId']}/v1"
    held = deployed.connect(None, url, kind=Listening)
    event = training("bare")
    arn = event["detail"]["TrainingJobArn"]
    assert held.register(arn)["wait"]["channel"] == "connection"
    put(cloud, event)
    assert held.hear()["data"]["job"]["phase"] == "succeeded"
    held.close()
    deployed.answer_pings(names["ConnectionsApiId"])
    host = urllib.parse.urlsplit(names["ApiUrl"]).hostname
    name_loopback(host)
    check = callback_check(deployed, f"http://{host}:{cloud.port}")
    assert (check["outcome"], check["seen"].split(":")[0]) == ("ok", "callbacks are off in this deployment")
    check = callback_check(deployed, f"http://{host}:{cloud.port}", "--callback")
    assert (check["outcome"], check["granted_by"][0]["statement"]) == ("missing", "CallbackSubnetIds")
    done = redrive(deployed, "callbacks", "bare")
    assert (done.returncode, "a stack without callbacks has no such queue" in done.stderr) == (2, True)
    cloud.client("cloudformation").delete_stack(StackName="bare")


def callback_check(deployed, api, *words):
    """What preflight says of callbacks, if only the API tells it whether there are any."""
    command = [SAGEBELL, "preflight", "--api", api, "--stack", "unknown", "--output", "json", "--patience", "1s"]
    environment = {**os.environ, **deployed.environment()}
    done = subprocess.run(
        [*command, "--listen", "127.0.0.1:0", *words], env=environment, capture_output=True, text=True, timeout=120
    )
    return next(check for check in json.loads(done.stdout)["checks"] if check["name"] == "callback")


def test_announcements_reach_who_subscribed_by_the_example_rule(cloud, deployed):
    topic = cloud.deploy(
        "announcements", (ROOT / "infra" / "examples" / "announcements.yaml").read_text(),
        {"BusName": deployed.outputs["BusName"]},
    )["TopicArn"]
    sqs = cloud.client("sqs")
    queue = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
             "Resource": queue_arn, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    for name in ("training-completed", "training-failed"):
        put(cloud, sample(name))

    def heard():
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(json.loads(one["Body"])["Message"]) for one in found]

    told = until(heard, "a failed job is announced")
    assert {event["detail"]["job"]["phase"] for event in told} == {"failed"}
    assert told[0]["source"] == "sagebell" and told[0]["detail-type"] == "Job Settled"


def test_the_api_takes_signed_calls_only(deployed):
    assert deployed.call("GET", "/v1/jobs", credentials=False)[0] == 403
    wrong = {**deployed.pod(), "SecretAccessKey": "wrong"}
    assert deployed.call("GET", "/v1/jobs", credentials=wrong)[0] == 403
    status, jobs = deployed.call("GET", "/v1/jobs?limit=1", credentials=deployed.pod())
    assert status == 200 and set(jobs) <= {"items", "next"}


@pytest.mark.parametrize("page", ["/", "/health", "/run?id=none"])
def test_the_pages_of_the_dashboard_can_be_read(deployed, page):
    """With what the role of `api` may do."""
    status, told = deployed.call("GET", page, credentials=deployed.pod())
    assert status == 200 and "· Sagebell</title>" in told, told


def tile(page, name):
    """The number of a tile of *Health*, and what the page says about it."""
    found = re.search(rf"<dt>{name}</dt><dd><b>(.*?)</b><small>(.*?)</small></dd>", page)
    assert found, page
    return [re.sub("<[^>]+>", "", part) for part in found.groups()]


def test_health_tells_what_is_open_given_up_dead_and_used(cloud, deployed, connection):
    """From the deployment's own table and queues, with what the role of `api` may do."""
    dead = deployed.outputs["SweepDeadLettersUrl"]
    cloud.client("sqs").purge_queue(QueueUrl=dead)
    assert connection.register(training("healthy")["detail"]["TrainingJobArn"], "w")["wait"]["state"] == "waiting"
    cloud.client("sqs").send_message(QueueUrl=dead, MessageBody="a sweep that failed")
    _, page = deployed.call("GET", "/health", credentials=deployed.pod())
    messages, queues = tile(page, "Dead letters")
    assert messages.isdigit() and f"1 in {STACK}-sweep-dead-letters" in queues.split(", "), (messages, queues)
    assert "There are dead letters." in page
    assert int(tile(page, "Connections")[0]) >= 1
    assert tile(page, "Undeliverable")[0].isdigit() and tile(page, "Abandoned")[0].isdigit()
    used, about = tile(page, "Budget used")
    assert re.fullmatch(r"\d+ %", used) and re.fullmatch(r"\d+ of \d+ \w+ calls in \S+ in the last minute", about), (used, about)
    cloud.client("sqs").purge_queue(QueueUrl=dead)
    for queue in ("Events", "Signals", "Callbacks"):
        url = deployed.outputs[f"{queue}DeadLettersUrl"]
        before = depth(cloud, url)
        cloud.client("sqs").send_message(QueueUrl=url, MessageBody="{}")
        _, page = deployed.call("GET", "/health", credentials=deployed.pod())
        assert f"{before + 1} in {STACK}-{queue.lower()}-dead-letters" in tile(page, "Dead letters")[1]
        cloud.client("sqs").purge_queue(QueueUrl=url)


def test_a_wait_is_its_role_s_whatever_the_session(deployed, waiter):
    """The session of a pod's credentials ends with the pod; the role is the pipeline's."""
    arn = training("owned")["detail"]["TrainingJobArn"]
    register(deployed, arn, "w", waiter)
    url, renewal = wait_url("", arn, "w"), {"callback_url": waiter.url, "secret": waiter.secret}
    for method in ("GET", "DELETE"):
        status, problem = deployed.call(method, url, None, deployed.team_pod())
        assert (status, problem["code"]) == (404, "wait_not_found"), method
    for method, body, state in (("GET", None, "waiting"), ("PUT", renewal, "waiting"), ("DELETE", None, "cancelled")):
        status, answer = deployed.call(method, url, body, deployed.pod("the-next-pod"))
        assert (status, answer["wait"]["state"]) == (200, state), method


def test_the_command_line_waits_with_a_pod_s_keys(cloud, deployed):
    event = training("awaited")
    arn = event["detail"]["TrainingJobArn"]
    words = ["wait", arn, "--id", "w", "--api", deployed.api, "--output", "json", "--max-wait", "2m"]
    environment = {**os.environ, **deployed.environment(deployed.pod())}
    with subprocess.Popen([SAGEBELL, *words], env=environment, stdout=subprocess.PIPE, text=True) as waiting:
        registered = until(lambda: inspect(deployed, arn, "w")[1].get("wait"), "the wait is registered")
        assert registered["channel"] == "connection"
        put(cloud, event)
        told, _ = waiting.communicate(timeout=120)
    assert waiting.returncode == 0
    assert json.loads(told.splitlines()[-1])["phase"] == "succeeded"
    until(lambda: inspect(deployed, arn, "w")[1]["wait"]["state"] == "signalled", "the signal was heard")


def redrive(deployed, queue, stack=STACK):
    command = [SAGEBELL, "redrive", queue, "--stack", stack]
    environment = {**os.environ, **deployed.environment()}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def test_poison_ends_as_a_dead_letter_and_redrive_brings_back_what_is_not(cloud, deployed, waiter):
    sqs = cloud.client("sqs")
    queue, dead = deployed.outputs["EventsQueueUrl"], deployed.outputs["EventsDeadLettersUrl"]
    # Six minutes between tries are for AWS.
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    sqs.send_message(QueueUrl=queue, MessageBody='{"source": "aws.sagemaker", "detail-type": 7}')
    until(lambda: depth(cloud, dead) == 1, "the poison is a dead letter", seconds=120)

    event = training("redriven")
    arn = event["detail"]["TrainingJobArn"]
    register(deployed, arn, "w", waiter)
    sqs.send_message(QueueUrl=dead, MessageBody=json.dumps(event))
    done = redrive(deployed, "events")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 messages moved"), done.stdout
    assert waiter.hear()[1]["data"]["job"]["arn"] == arn
    until(lambda: depth(cloud, dead) == 1, "poison stays poison", seconds=120)


def test_redrive_sends_back_what_was_for_callbacks(cloud, deployed):
    """A signal request whose wait has ended meanwhile: then there is nothing to do."""
    request = {"arn": training("ended")["detail"]["TrainingJobArn"], "owner": "anyone", "wait_id": "w"}
    dead = deployed.outputs["CallbacksDeadLettersUrl"]
    cloud.client("sqs").purge_queue(QueueUrl=dead)
    cloud.client("sqs").send_message(QueueUrl=dead, MessageBody=json.dumps(request))
    done = redrive(deployed, "callbacks")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"1 messages moved from {STACK}-callbacks-dead-letters to {STACK}-callbacks"
    until(lambda: depth(cloud, deployed.outputs["CallbacksQueueUrl"]) == 0, "it is taken")
    assert depth(cloud, dead) == 0


def test_the_sweep_finds_on_its_schedule_what_no_event_told(deployed, connection, sagemaker, bridge):
    """SageMaker's job ends, and all its events are lost: the scheduled sweep finds it on the list,
    its observation goes over the bus, and the waiter is called."""
    bridge.hand_on = None
    arn = sagemaker.create_training("silent", [{"status": "InProgress"}])
    assert connection.register(arn, "w")["job"]["phase"] == "unknown"
    sagemaker.move(arn, "Completed")
    heard = connection.hear(seconds=240)
    assert heard["data"]["job"]["phase"] == "succeeded"


def test_a_job_s_own_events_reach_its_waiter_one_after_the_other(cloud, deployed, connection, sagemaker, bridge):
    bridge.hand_on = lambda event: put(cloud, event)
    stages = [{"status": "InProgress"}, {"status": "Completed", "after_millis": 5000}]
    arn = sagemaker.create_training("lively", stages)
    connection.register(arn, "w", signal_on="progress")
    phases = []
    while "succeeded" not in phases:
        phases.append(connection.hear()["data"]["job"]["phase"])
    assert phases[-1] == "succeeded" and set(phases[:-1]) <= {"pending", "running"}


def test_a_model_that_was_deleted_is_not_told_as_there(cloud, deployed, connection, sagemaker, bridge):
    """The event of its deletion tells no state and is that of its creation: it says "look"."""
    bridge.hand_on = lambda event: put(cloud, event)
    client = test_fake_sagemaker.client(sagemaker.url, region=REGION)
    arn = client.create_model(ModelName="digits")["ModelArn"]
    connection.register(arn, "first")
    assert connection.hear(seconds=240)["data"]["job"]["phase"] == "succeeded", "the sweep has looked"
    # An event within a second of it, and that is cut to the second, may be that of its creation.
    made = client.describe_model(ModelName="digits")["CreationTime"].timestamp()
    until(lambda: time.time() > made + 2, "the creation is over")
    client.delete_model(ModelName="digits")

    def phase():
        return deployed.call("GET", f"/v1/jobs/{urllib.parse.quote(arn, safe='')}", credentials=deployed.pod())[1]["phase"]

    until(lambda: phase() == "unknown", "what is known is in doubt")
    again = connection.register(arn, "second")
    assert (again["wait"]["state"], again["job"]["phase"]) == ("waiting", "unknown")
    assert deployed.call("DELETE", wait_url("", arn, "second"), None, deployed.pod())[0] == 200


def arn_of_new(kind, name):
    """Makes one; its ARN."""
    request = kind.request(name)
    made = kind.answer(kind.create_name, request)
    # CreateEdgePackagingJob answers nothing.
    made = made or {"Arn": kind.describe(request[kind.key])["EdgePackagingJobArn"]}
    return next(value for member, value in made.items() if member.endswith("Arn"))


def test_jobs_of_every_kind_live_and_their_waiters_hear_the_end(cloud, deployed, connection, sagemaker, bridge, monkeypatch):
    """From Create to the good end, each in its own time: over the bus, or found by
    the sweep where SageMaker has no events for the kind."""
    monkeypatch.setattr(test_fake_sagemaker, "REGION", REGION)
    bridge.hand_on = lambda event: put(cloud, event)
    phases = {}
    for number, create in enumerate(test_fake_sagemaker.ROWS):
        kind = test_fake_sagemaker.Kind(sagemaker.url, create)
        job = connection.register(arn_of_new(kind, f"lives-{number}"), "w")["job"]
        phases[job["arn"]] = job["phase"]
    while not set(phases.values()) <= set(SETTLED):
        job = connection.hear(seconds=240)["data"]["job"]
        phases[job["arn"]] = job["phase"]
    assert set(phases.values()) == {"succeeded"}, phases


def test_the_job_of_a_pod_that_is_gone_is_stopped_within_three_minutes(killed):
    """As after a pipeline was terminated: its pods are killed, and cannot help."""
    stopped_at = until(lambda: killed.stopped_at(killed.terminated_arn), "the job is asked to stop", seconds=240)
    assert stopped_at - killed.killed_at[killed.terminated_arn] < datetime.timedelta(minutes=3)


def test_the_job_of_a_preempted_pod_goes_on_for_the_pod_that_comes_back(cloud, bridge, killed, sagemaker):
    until(lambda: killed.stopped_at(killed.terminated_arn), "the sweep had its chance", seconds=240)
    assert killed.stopped_at(killed.preempted_arn) is None
    assert killed.back.arn() == killed.preempted_arn
    bridge.hand_on = lambda event: put(cloud, event)
    sagemaker.move(killed.preempted_arn, "Completed")
    assert killed.back.ends() == 0, killed.back.said()
    assert killed.back.output("status") == "Completed"
