"""What an attack on the monitor tried against identity, ownership and bounds, and more of the same kinds."""

import datetime
import json
import sqlite3
import subprocess
import time

import pytest

from conftest import SAGEBELL, call, until, wait_url
from lambda_runtime import ACCOUNT, running, wait_path

PREFIX = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
WAIT = {"callback_url": "http://10.1.2.3:8080/callback", "secret": "whsec_" + "BwcH" * 10 + "Bwc="}
YEARS_MILLIS = 5 * 365 * 86_400_000


@pytest.fixture
def environment(tmp_path, jobs):
    return {
        "SAGEBELL_STORE": f"sqlite:{tmp_path}/s.db", "SAGEBELL_SAGEMAKER": "aws",
        "SAGEBELL_REGIONS": "us-east-1", "SAGEBELL_GRACE_SECONDS": "1", "AWS_ENDPOINT_URL": jobs.url,
        "SAGEBELL_VIEWERS": "*:role/dashboard",
    }


@pytest.fixture
def api(tmp_path, environment):
    with running("api", environment, tmp_path) as function:
        yield function


def status_of(jobs, name):
    return jobs.boto.describe_training_job(TrainingJobName=name)["TrainingJobStatus"]


def test_a_principal_that_registers_without_end_uses_up_its_own_share_only(tmp_path, environment):
    limited = {**environment, "SAGEBELL_SAGEMAKER": "none", "SAGEBELL_REGISTRATIONS_PER_MINUTE": "0",
               "SAGEBELL_UNSEEN_WAITS_PER_HOUR": "3"}
    with running("api", limited, tmp_path) as api:
        def register(who, place):
            return api.call(who, "PUT", wait_path(f"{PREFIX}:training-job/guess-{place}", "w"), WAIT)

        # More than two windows' worth, should an hour begin meanwhile.
        answers = [register("team-a", place) for place in range(8)]
        assert answers[0][0] == 200
        assert {body["code"] for status, body in answers if status != 200} == {"too_many_waits"}
        assert register("team-b", 0)[0] == 200, "its share is untouched"
        assert register("team-a", 0)[0] == 200, "a renewal is never refused"


def test_nobody_stops_anothers_job(api, jobs):
    """Attack 03: a wait of one's own was enough."""
    arn = jobs.create_training("team-a-train", [{"status": "InProgress"}])
    path = wait_path(arn, "w")
    assert api.call("team-a", "PUT", path, {**WAIT, "on_abandon": "stop"})[0] == 200
    assert api.call("team-b", "PUT", path, WAIT)[0] == 200, "the id is each one's own"
    for query in ("stop=true", "stop=true&force=true"):
        status, problem = api.call("team-b", "DELETE", path, query=query)
        assert (status, problem["code"]) == (403, "not_owner"), query
    assert api.call("team-b", "DELETE", path)[0] == 200
    status, problem = api.call("team-b", "DELETE", path, query="stop=true")
    assert (status, problem["code"]) == (403, "not_owner"), "a wait whose life is over gives no more"
    status, problem = api.call("team-b", "PUT", wait_path(arn, "other"), {**WAIT, "on_abandon": "stop"})
    assert (status, problem["code"]) == (403, "not_owner")
    assert status_of(jobs, "team-a-train") == "InProgress"
    assert api.call("team-a", "DELETE", path, query="stop=true")[0] == 200
    assert status_of(jobs, "team-a-train") in ("Stopping", "Stopped")


def test_the_owner_tag_goes_before_who_came_first(api, jobs):
    arn = jobs.create_training("team-a-guessed", [{"status": "InProgress"}])
    owner = api.call("team-a", "GET", "/v1/principal")[1]["principal"]
    jobs.boto.add_tags(ResourceArn=arn, Tags=[{"Key": "sagebell:owner", "Value": owner}])
    path = wait_path(arn, "w")
    assert api.call("team-b", "PUT", path, WAIT)[0] == 200
    status, problem = api.call("team-b", "DELETE", path, query="stop=true")
    assert (status, problem["code"]) == (403, "not_owner")
    assert api.call("team-a", "PUT", path, {**WAIT, "on_abandon": "stop"})[0] == 200
    status, problem = api.call("team-a", "DELETE", path, query="stop=true")
    assert (status, problem["code"]) == (409, "others_waiting")
    assert status_of(jobs, "team-a-guessed") == "InProgress"
    assert api.call("team-a", "DELETE", path, query="stop=true&force=true")[0] == 200
    assert status_of(jobs, "team-a-guessed") in ("Stopping", "Stopped")


def test_a_viewer_reads_and_no_more(api, jobs):
    arn = jobs.create_training("watched", [{"status": "InProgress"}])
    assert api.call("team-a", "PUT", wait_path(arn, "w"), WAIT)[0] == 200
    status, listed = api.call("dashboard", "GET", "/v1/jobs")
    assert status == 200 and [job["arn"] for job in listed["items"]] == [arn]
    for method in ("PUT", "DELETE"):
        status, problem = api.call("dashboard", method, wait_path(arn, "w"), WAIT)
        assert (status, problem["code"]) == (403, "read_only"), method


@pytest.mark.parametrize("alias", [
    "arn:evil:sagemaker:us-east-1:{account}:training-job/{name}",
    "arn:aws-cn:sagemaker:us-east-1:{account}:training-job/{name}",
    "arn:aws:sagemaker:us-east-1:{account}:training-job/{name}/",
    "arn:aws:sagemaker:us-east-1:{account}:training-job/%2e/{name}",
])
def test_no_alias_names_a_job_under_another_key(api, alias):
    """Attack 31."""
    status, problem = api.call("team-b", "PUT", wait_path(alias.format(account=ACCOUNT, name="x"), "b"), WAIT)
    assert (status, problem["code"], problem["field"]) == (400, "invalid_field", "arn")


def test_a_wait_that_ends_under_another_spelling_stops_nothing(api, environment, tmp_path, jobs):
    arn = jobs.create_training("Team-A-Two", [{"status": "InProgress"}])
    assert api.call("team-a", "PUT", wait_path(arn, "a"), {**WAIT, "lease_seconds": 86_400})[0] == 200
    for spelt in (arn.lower(), arn.upper()):
        status, problem = api.call("team-b", "PUT", wait_path(spelt, "b"), {**WAIT, "on_abandon": "stop"})
        assert (status, problem["code"]) == (403, "not_owner"), spelt
        # Counted from here: the refusal may have waited for its turn to read the tag.
        deadline = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=5)
        asked = {**WAIT, "on_abandon": "keep", "deadline": deadline.isoformat()}
        assert api.call("team-b", "PUT", wait_path(spelt, "b"), asked)[0] == 200
        assert api.call("team-b", "GET", wait_path(arn, "b"))[1]["job"]["name"] == "Team-A-Two"
    with running("sweep", environment, tmp_path) as sweep:
        until(lambda: sweep.invoke({})["expired"] > 0, "the stranger's wait is over")
    assert status_of(jobs, "Team-A-Two") == "InProgress"


# --- what events say


def training(name, status="Completed", **members):
    now = int(time.time() * 1000)
    return {
        "TrainingJobName": name, "TrainingJobArn": f"{PREFIX}:training-job/{name}", "TrainingJobStatus": status,
        "SecondaryStatus": status, "CreationTime": now - 60_000, "LastModifiedTime": now, **members,
    }


def event(detail, detail_type="SageMaker Training Job State Change", source="aws.sagemaker"):
    return {"source": source, "detail-type": detail_type, "detail": detail}


def put_events(local, events):
    entries = [
        {"Source": one["source"], "DetailType": one["detail-type"], "Detail": json.dumps(one["detail"])}
        for one in events
    ]
    headers = {"x-amz-target": "AWSEvents.PutEvents", "content-type": "application/x-amz-json-1.1"}
    status, answer = call("POST", f"{local.base}/", {"Entries": entries}, headers)
    assert status == 200, answer
    return answer


@pytest.mark.parametrize("member", ["CreationTime", "LastModifiedTime", "TrainingEndTime"])
def test_a_time_in_the_future_makes_no_true_end_late(local, waiter, member):
    """Attack 10."""
    name = f"travel-{member}"
    waiter.register(local.base, f"{PREFIX}:training-job/{name}", "w")
    later = int(time.time() * 1000) + YEARS_MILLIS
    put_events(local, [event(training(name, "InProgress", **{member: later}))])
    put_events(local, [event(training(name))])
    assert waiter.hear()[1]["type"] == "sagemaker.training_job.succeeded"


def test_a_wait_from_the_future_is_refused(local, waiter):
    asked = {"callback_url": waiter.url, "secret": waiter.secret, "not_before": "2099-01-01T00:00:00Z"}
    status, problem = call("PUT", wait_url(local.base, f"{PREFIX}:training-job/deaf", "w"), asked)
    assert (status, problem["code"], problem["field"]) == (400, "invalid_field", "not_before")


def test_ten_events_of_one_job_are_all_taken(local, environment, tmp_path):
    """Attack 13: by PutEvents, and in a batch of SQS."""
    for number in range(10):
        events = [event(training(f"busy-{number}", "InProgress", SecondaryStatus=f"s{step}")) for step in range(9)]
        answer = put_events(local, [*events, event(training(f"busy-{number}"))])
        assert answer["FailedEntryCount"] == 0, answer
        with running("job-events", environment, tmp_path) as function:
            bodies = [json.dumps(one) for one in events]
            records = [
                {"messageId": f"m{place}", "eventSource": "aws:sqs", "body": body} for place, body in enumerate(bodies)
            ]
            assert function.invoke({"Records": records}) == {"batchItemFailures": []}


@pytest.mark.parametrize("members", [
    {"failure_reason": "x" * 200_000}, {"failure_reason": "\u0001" * 30_000}, {"status": "y" * 200_000},
    {"name": "n" * 200_000}, {"secondary_status": "🦀" * 50_000},
    {"created_at": "2099-01-01T00:00:00Z", "modified_at": "2099-01-01T00:00:00Z"},
])
def test_whatever_an_observation_says_its_job_can_be_told(local, waiter, members):
    """Attack 22: reasons and words of any length, from our own bus; then the truth."""
    arn = f"{PREFIX}:training-job/forged"
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    said = {
        "arn": arn, "name": "forged", "phase": "succeeded", "status": "Failed", "secondary_status": None,
        "failure_reason": None, "created_at": None, "modified_at": now, "ended_at": None, "seen_at": now,
        "source": "describe", **members,
    }
    waiter.register(local.base, arn, "w")
    put_events(local, [event(said, "Job Observation", "sagebell.sweep")])
    put_events(local, [event(training("forged", "Failed", FailureReason="truth"))])
    body = waiter.hear()[1]
    assert body["type"] == "sagemaker.training_job.failed"
    assert len(json.dumps(body)) < 20_000


def test_an_item_stays_small_whatever_comes(local):
    for step in range(80):
        detail = training("grows", "InProgress", SecondaryStatus=f"{step}" + "z" * 200_000)
        detail["LastModifiedTime"] += step
        put_events(local, [event(detail)])
    with sqlite3.connect(local.store) as store:
        [(size,)] = store.execute("SELECT length(document) FROM jobs WHERE arn LIKE '%grows'").fetchall()
    assert size < 100_000, "DynamoDB takes 400,000 bytes"


# --- the case of ARNs


@pytest.mark.parametrize(("resource", "detail_type", "member"), [
    ("training-job", "SageMaker Training Job State Change", "TrainingJob"),
    ("hyper-parameter-tuning-job", "SageMaker HyperParameter Tuning Job State Change", "HyperParameterTuningJob"),
    ("processing-job", "SageMaker Processing Job State Change", "ProcessingJob"),
    ("transform-job", "SageMaker Transform Job State Change", "TransformJob"),
])
def test_a_job_is_one_job_in_any_case(local, resource, detail_type, member):
    """Report 01: List answers ARNs in lower case that events give in the name's own case (boto/boto3 issue 4606)."""
    spelt = f"{PREFIX}:{resource}/Tune-Digits-7"
    waiting = subprocess.Popen([SAGEBELL, "wait", spelt.lower(), "--api", local.base], stdout=subprocess.PIPE)
    until(lambda: call("GET", f"{local.base}/v1/jobs")[1]["items"], "the wait is registered")
    now = int(time.time() * 1000)
    put_events(local, [event({
        f"{member}Arn": spelt, f"{member}Name": "Tune-Digits-7", f"{member}Status": "Completed",
        "CreationTime": now - 1000, "LastModifiedTime": now,
    }, detail_type)])
    assert waiting.wait(timeout=60) == 0
    [job] = call("GET", f"{local.base}/v1/jobs")[1]["items"]
    assert (job["name"], job["arn"]) == ("Tune-Digits-7", spelt)
    for arn in (spelt, spelt.lower(), spelt.upper()):
        assert call("GET", wait_url(local.base, arn, "w").removesuffix("/waits/w"))[1]["phase"] == "succeeded"
