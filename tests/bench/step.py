"""A step beside a script of boto3: until its job is created, and while it waits. Beside both, Airflow's triggers."""

import itertools
import statistics
import time

import conftest
import steps
import world

# Of a step that waits: more than this is a failure.
MOST_MEMORY_MIB, MOST_OWN_MIB = 16, 4
# So often the tools ask while they are looked at; the figures are scaled to what they do by themselves.
LOOKED_EVERY_SECONDS = 1
MANY = 100
CREATE, DESCRIBE = "CreateTrainingJob", "DescribeTrainingJob"


def run(folder, smoke):
    rounds, seconds, many = (2, 3, 5) if smoke else (15, 20, MANY)
    local = conftest.Local(folder / "step.db").start()
    scene = steps.Scene(local, folder)
    scene.sagemaker.life({"status": "InProgress"})
    try:
        created = until_created(scene, rounds)
        waiting = while_waiting(scene, seconds, many)
    finally:
        scene.close()
        local.kill()
    ours = waiting["sagebell-step"]
    # An unoptimized binary, as a small run has, is larger.
    if not smoke:
        assert ours["rss_mib"] <= MOST_MEMORY_MIB and ours["own_mib"] <= MOST_OWN_MIB, f"the step takes too much memory: {ours}"
    return [created_section(created, rounds), waiting_section(waiting, seconds, many)]


def until_created(scene, rounds):
    """Of each round: time, CPU and memory up to the call that creates the job, in turns."""
    names = (f"by-boto3-{number}" for number in itertools.count())
    how = {
        "sagebell-step": lambda task: scene.train(task=task).process,
        "boto3": lambda _: world.peer("boto3_job.py", next(names), world.POLL_SECONDS, url=scene.aws.url),
    }
    taken = {name: [] for name in how}
    for number in range(rounds):
        for name, start in how.items():
            taken[name].append(created(scene.aws, lambda: start(f"task-{number}")))  # noqa: B023 called at once
    return taken


def created(gate, start):
    """The process is looked at while its call is held at the gate."""
    held = gate.hold(CREATE)
    began = time.monotonic()
    process = start()
    held.await_arrival()
    took = (time.monotonic() - began) * 1000
    figures = {"ms": took, "cpu_ms": world.cpu_ms(process.pid), "peak_mib": world.memory_mib(process.pid, "VmHWM")}
    world.end(process)
    gate.open()
    return figures


def while_waiting(scene, seconds, many):
    """Of each tool: CPU of the time, memory, and calls of SageMaker."""
    step = scene.train(task="waits")
    step.waits()
    names = [f"waited-for-{number}" for number in range(many)]
    for name in names:
        scene.sagemaker.boto.create_training_job(**job(name))
    found = {"sagebell-step": looked_at(step.process, scene.aws, seconds)}
    step.kill()
    every = LOOKED_EVERY_SECONDS
    for tool, script, words in (
        ("boto3", "boto3_job.py", [names[0], every, "wait"]),
        ("airflow", "airflow_waits.py", [every, names[0]]),
        ("airflow, many", "airflow_waits.py", [every, *names]),
    ):
        process = world.peer(script, *words, url=scene.aws.url)
        before = scene.aws.count(DESCRIBE)
        asked = 2 * (len(words) - 1 if tool == "airflow, many" else 1)
        conftest.until(lambda: scene.aws.count(DESCRIBE) - before >= asked, f"{tool} asks")  # noqa: B023 called at once
        found[tool] = looked_at(process, scene.aws, seconds)
        world.end(process)
    return found


def job(name):
    return {
        "TrainingJobName": name, "RoleArn": steps.ROLE,
        "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
        "OutputDataConfig": {"S3OutputPath": "s3://outputs/"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
    }


def looked_at(process, gate, seconds):
    asked, spent = gate.count("Describe"), world.cpu_ms(process.pid)
    time.sleep(seconds)  # the time that is looked at
    spent, asked = world.cpu_ms(process.pid) - spent, gate.count("Describe") - asked
    rss, own = (world.memory_mib(process.pid, field) for field in ("VmRSS", "RssAnon"))
    return {"cpu_ms": spent, "describes": asked, "rss_mib": rss, "own_mib": own}


def created_section(taken, rounds):
    middle = {tool: {what: statistics.median(one[what] for one in all_) for what in all_[0]} for tool, all_ in taken.items()}
    ours = middle["sagebell-step"]
    titles = {"ms": "time, ms", "cpu_ms": "CPU time, ms", "peak_mib": "peak memory, MiB"}
    rows = [[title, f"{ours[what]:,.1f}", world.beside(middle["boto3"][what], ours[what])] for what, title in titles.items()]
    notes = [
        f"From the start of the process to the arrival of `CreateTrainingJob`: the medians of {rounds} runs, in turns.",
        "The step has opened its connection to the monitor by then. The script of boto3 has no monitor.",
    ]
    return world.table("A step until its job is created", ["", "sagebell-step", "boto3"], rows, notes, middle)


def waiting_section(found, seconds, many):
    hours_cpu = {tool: an_hour(one, seconds) for tool, one in found.items()}
    ours, boto3, airflow, lots = (found[tool] for tool in ("sagebell-step", "boto3", "airflow", "airflow, many"))
    each = {what: lots[what] / many for what in ("rss_mib", "own_mib")}
    rows = [
        ["memory, MiB", f"{ours['rss_mib']:.1f}", *(world.beside(one["rss_mib"], ours["rss_mib"]) for one in (boto3, airflow, each))],
        ["of it its own, not pages of files", f"{ours['own_mib']:.1f}",
         *(world.beside(one["own_mib"], ours["own_mib"]) for one in (boto3, airflow, each))],
        ["CPU time of an hour, s", f"{hours_cpu['sagebell-step'] / 1e3:.2f}",
         *(f"{hours / 1e3:.2f}" for hours in (hours_cpu["boto3"], hours_cpu["airflow"], hours_cpu["airflow, many"]))],
        ["Describes of an hour", "0", *["120"] * 3],
    ]
    notes = [
        f"Looked at for {seconds} s. By itself, boto3's waiter asks every 120 s and Airflow's operator every 30 s; here both asked every {LOOKED_EVERY_SECONDS} s. Their CPU time is that of"
        f" one poll, times the 120 polls of an hour with a pause of {world.POLL_SECONDS} s.",
        f"Airflow: its trigger of SageMaker jobs in a process of its own, and an equal part of one process with {many} triggers."
        " The rest of a triggerer (scheduler, database, heartbeats) is not there.",
    ]
    assert ours["describes"] == 0, "a step that waits asks SageMaker nothing"
    head = ["", "sagebell-step", "boto3's waiter", "Airflow's trigger", f"one of {many} Airflow triggers"]
    return world.table("A step that waits", head, rows, notes, {**found, "triggers": many, "seconds": seconds})


def an_hour(one, seconds):
    """CPU time of an hour: of one poll and so many of them, or of a waiter that does not poll."""
    if one["describes"]:
        return one["cpu_ms"] / one["describes"] * 3600 / world.POLL_SECONDS
    return one["cpu_ms"] * 3600 / seconds
