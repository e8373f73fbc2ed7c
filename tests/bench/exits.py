"""From a job that settles to the step that ends: beside one that polls."""

import concurrent.futures
import random
import subprocess
import time

import conftest
import step
import steps
import world

# So many jobs, of steps and of a poller, and how many of each are under way at once.
JOBS, AT_ONCE, POLLED_AT_ONCE = 300, 10, 50
# A trigger has a client of its own, which takes long to make.
PATIENCE_SECONDS = 300
# The pollers ask this many times as often as they would, and wait a part of the time.
SCALE = 10


def run(folder, smoke):
    jobs = 10 if smoke else JOBS
    local = conftest.Local(folder / "exits.db").start()
    scene = steps.Scene(local, folder)
    scene.sagemaker.life({"status": "InProgress"})
    try:
        told = [late for number in range(0, jobs, AT_ONCE) for late in exits(scene, number)]
        at_once = min(jobs, POLLED_AT_ONCE)
        polled = [late for number in range(0, jobs, at_once) for late in polls(scene.sagemaker, number, at_once)]
    finally:
        scene.close()
        local.kill()
    figures = {"sagebell-step": world.percentiles(told), "polled": world.percentiles(polled)}
    (p50, p99), (polled50, polled99) = figures.values()
    rows = [
        ["p50, s", f"{p50:.3f}", world.beside(polled50, p50)],
        ["p99, s", f"{p99:.3f}", world.beside(polled99, p99)],
    ]
    notes = [
        f"From the call that settles the job in fake SageMaker to the end of the process, of {jobs} steps, {AT_ONCE} at a time. AWS's"
        " own part, from SageMaker to EventBridge and from there to a function, is not in it.",
        f"The poller is Airflow's trigger with {jobs} jobs, {at_once} at a time, that settle at random times: it asked every"
        f" {world.POLL_SECONDS / SCALE:g} s instead of every {world.POLL_SECONDS} s. Its times are multiplied by {SCALE}, except for"
        " what is beyond the pause: that is its own work.",
        "Step Functions' guide gives no figure for the delay of `.sync` with SageMaker (\"Create and manage Amazon SageMaker AI"
        " jobs with Step Functions\").",
    ]
    head = ["job settled → process over", "sagebell-step", f"a poll every {world.POLL_SECONDS} s"]
    return [world.table("From the job's end to the step's", head, rows, notes, figures)]


def exits(scene, number):
    """So many steps, which wait; then each job's end, and how long its step goes on."""
    scene.api.words.clear()
    running = [scene.train(task=f"exit-{number + place}") for place in range(AT_ONCE)]
    arns = [one.waits()["job"]["arn"] for one in running]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for one, arn in zip(running, arns, strict=True):
            over = pool.submit(ended, one.process)
            settled = time.monotonic()
            scene.sagemaker.move(arn, "Completed")
            yield over.result() - settled
            assert one.process.returncode == 0, one.said()


def ended(process):
    process.wait()
    return time.monotonic()


def polls(sagemaker, number, count):
    """The same of triggers, in the time of a poll that is not shortened."""
    arns = {}
    for place in range(count):
        name = f"polled-{number + place}"
        arns[name] = sagemaker.boto.create_training_job(**step.job(name))["TrainingJobArn"]
    every = world.POLL_SECONDS / SCALE
    process = world.peer("airflow_waits.py", every, *arns, url=sagemaker.url, output=subprocess.PIPE)
    described = sagemaker.calls(step.DESCRIBE)
    conftest.until(lambda: sagemaker.calls(step.DESCRIBE) - described >= 2 * count, "the triggers ask", PATIENCE_SECONDS)
    settled, chance = {}, random.Random(number)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        heard = pool.submit(lambda: {line.strip(): time.monotonic() for line in process.stdout})
        for name in chance.sample(sorted(arns), count):
            # At any time between two polls: some intervals for all of them.
            time.sleep(chance.random() * 6 * every / count)
            settled[name] = time.monotonic()
            sagemaker.move(arns[name], "Completed")
        fired = heard.result(timeout=PATIENCE_SECONDS)
    process.wait()
    return [scaled(fired[name] - at, every) for name, at in settled.items()]


def scaled(late, every):
    return SCALE * min(late, every) + max(0, late - every)
