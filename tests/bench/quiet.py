"""What a sweep costs beside many waits that nothing happens to: on the local stack, and in calls of DynamoDB."""

import concurrent.futures
import http.client
import json
import re
import time
import urllib.parse

import cloud
import conftest
import functions_on_aws
import test_calls_per_job as parts
import world

FEW = 10
# The emulated DynamoDB takes a hundred items a second, and looks at every one for a query, for which the functions give
# it two seconds. So the calls of a sweep are counted beside fewer.
ON_THIS_MACHINE, IN_DYNAMODB = 100_000, 2_000
CALLERS = 8
# The longest that a waiter may ask for (docs/openapi.json): no lease ends while it is looked.
LEASE_SECONDS = 86_400
ARN = "arn:aws:sagemaker:us-east-1:111122223333:training-job/quiet-{:06}"
# A job that nothing tells of is checked one and two minutes after its registration, then after ten. While some are, the
# others are not what is measured.
QUIET_WITHIN_SECONDS = 600
# As many as DynamoDB takes at once (`BatchWriteItem`).
BATCH = 25


def run(folder, smoke):
    return [local_table(folder, smoke), aws_table(folder, smoke)]


def local_table(folder, smoke):
    numbers, seconds = ((0, FEW, 200), 5) if smoke else ((0, FEW, ON_THIS_MACHINE), 30)
    found = {number: on_the_local_stack(folder / f"quiet-{number}.db", number, seconds) for number in numbers}
    least = found[0]["cpu_ms"]
    rows = [
        [f"{number:,}", f"{one['cpu_ms']:.2f} ({ratio(one['cpu_ms'], least)})", one["stored_mib"]] for number, one in found.items()
    ]
    notes = [
        f"Jobs with one wait each that run, of waiters that renew late. Looked at for {seconds} s in which none was due, with a"
        " sweep each second; the stack asks no SageMaker.",
    ]
    head = ["waits", "CPU time of a second with its sweep, ms", "the stack's file, MiB"]
    return world.table(f"The local stack with {numbers[-1]:,} waits that nothing happens to", head, rows, notes, found)


def aws_table(folder, smoke):
    numbers = (0, FEW, 200 if smoke else IN_DYNAMODB)
    found = in_dynamodb(folder, numbers)
    rows = [[f"{number:,}", one["DynamoDB"], one["SageMaker"], f"{one['units']:g}"] for number, one in found.items()]
    notes = [
        "One call of `sweep` against an emulated DynamoDB that holds so many waits, right after they were registered: none is due.",
    ]
    head = ["waits", "a sweep's DynamoDB calls", "its SageMaker calls", "its read and write units"]
    return world.table(f"A sweep on AWS beside {numbers[-1]:,} waits that nothing happens to", head, rows, notes, found)


def ratio(value, least):
    return f"{value / least:.1f}×" if least else "–"


def on_the_local_stack(store, number, seconds):
    local = conftest.Local(store, words=("--sweep-seconds", "1")).start()
    try:
        register(local, number)
        spent = while_quiet(local, seconds)
        kept = sum(one.stat().st_size for one in store.parent.glob(f"{store.name}*"))
        return {"cpu_ms": spent, "stored_mib": round(kept / 2**20, 1)}
    finally:
        local.kill()


def while_quiet(local, seconds):
    """CPU time of a second, of so many in which no wait was due."""
    end = time.monotonic() + QUIET_WITHIN_SECONDS
    while time.monotonic() < end:
        handled, spent = due_so_far(local), world.cpu_ms(local.process.pid)
        time.sleep(seconds)  # the time that is looked at
        spent = world.cpu_ms(local.process.pid) - spent
        if due_so_far(local) == handled:
            return spent / seconds
    raise AssertionError(f"some waits were due all the time, for {QUIET_WITHIN_SECONDS} s")


def due_so_far(local):
    """How many waits the sweeps of a stack have handled."""
    _, text = conftest.call("GET", f"{local.base}/metrics")
    counted = re.search(r"^sagebell_sweep_due_total (\d+)$", text, re.M)
    return int(counted[1]) if counted else 0


def register(local, number):
    def some(first):
        connection = http.client.HTTPConnection("127.0.0.1", local.port, timeout=conftest.PATIENCE_SECONDS)
        for place in range(first, number, CALLERS):
            path = f"/v1/jobs/{urllib.parse.quote(ARN.format(place), safe='')}/waits/w"
            connection.request("PUT", path, json.dumps({"lease_seconds": LEASE_SECONDS}), {"content-type": "application/json"})
            answer = connection.getresponse()
            said = answer.read()
            assert answer.status in (200, 201), said
        connection.close()

    with concurrent.futures.ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(some, range(CALLERS)))


def in_dynamodb(folder, numbers):
    """The calls and units of a sweep beside so many waits: of copies of one that `api` registered."""
    here, jobs = cloud.Cloud(folder), functions_on_aws.TalkativeSageMaker()
    try:
        with functions_on_aws.running_on_aws(folder, here, jobs, "quiet") as functions:
            counted = parts.Counted(functions)
            # The first one says that it begins.
            functions.answer("sweep", {})
            found, made = {}, 0
            for number in numbers:
                made = fill(functions, jobs, made, number)
                counted.forget()
                functions.answer("sweep", {})
                found[number] = taken(functions, counted)
            return found
    finally:
        jobs.stop()
        here.stop()


def taken(functions, counted):
    calls = functions.proxies["sweep"].calls()
    bill = counted.bill(calls)
    services = [one.service for one in calls]
    return {
        "DynamoDB": services.count("DynamoDB"), "SageMaker": services.count("SageMaker"),
        "units": bill["read unit"] + bill["write unit"],
    }


def fill(functions, jobs, made, number):
    """Makes of so many waits as there are already this many."""
    if number == 0:
        return 0
    if made == 0:
        arn = jobs.create_training(ARN.format(0).rsplit("/", 1)[-1], [{"status": "InProgress"}])
        path = conftest.wait_url(functions.api, arn, "w")
        status, answer = conftest.call("PUT", path, {"lease_seconds": LEASE_SECONDS})
        assert status in (200, 201), answer
        made = 1
    table = functions.names["TableName"]
    items = functions.dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]
    first = "quiet-000000"
    models = [item for item in items if first in item["PK"]["S"]][:2]
    assert len(models) == 2, models
    copies = (copied(model, first, f"quiet-{place:06}") for place in range(made, number) for model in models)
    for batch in batches(copies):
        left = functions.dynamodb.batch_write_item(RequestItems={table: batch})["UnprocessedItems"]
        assert not left, left
    return number


def copied(item, was, name):
    return {"PutRequest": {"Item": json.loads(json.dumps(item).replace(was, name))}}


def batches(things):
    batch = []
    for thing in things:
        batch.append(thing)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
