"""What it takes to wait for one job: a step that is called, beside a boto3 poller as the
old components were.

    python tests/footprint/waiting.py [SECONDS]

Both wait for the same job of a fake SageMaker, on the same machine, at the same time. Memory
is what is resident (VmRSS), and what of that is the process's own (RssAnon: the rest are pages
of files, which the kernel can drop); system calls and SageMaker calls are those of the time
looked at. Bounds that the step must keep are below: beyond them this fails.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import conftest  # noqa: E402
import steps  # noqa: E402

# What the step must keep to.
MOST_MEMORY_KIB = 16 * 1024
MOST_OWN_KIB = 4 * 1024
MOST_SYSCALLS_PER_SECOND = 5

POLLER = """
import sys, time, boto3
client = boto3.client("sagemaker", region_name="us-east-1", endpoint_url=sys.argv[1])
print("polling", flush=True)
while client.describe_training_job(TrainingJobName=sys.argv[2])["TrainingJobStatus"] == "InProgress":
    time.sleep(30)
"""


def status(pid, field):
    """A figure of /proc/PID/status, in KiB."""
    found = re.search(rf"^{field}:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)
    return int(found[1])


def syscalls(pids, seconds):
    """System calls of each process meanwhile."""
    tracers = [
        subprocess.Popen(["strace", "-f", "-c", "-o", f"{folder}/{pid}", "-p", str(pid)], stderr=subprocess.DEVNULL)
        for pid in pids
    ]
    time.sleep(seconds)  # the time that is looked at
    for tracer in tracers:
        tracer.send_signal(2)
        tracer.wait(timeout=60)
    return [total(pathlib.Path(f"{folder}/{pid}").read_text()) for pid in pids]


def total(summary):
    found = re.search(r"^\S+\s+\S+\s+\S*\s+(\d+).* total$", summary, re.M)
    return int(found[1]) if found else 0


def row(name, *cells):
    print(f"| {name} | " + " | ".join(str(cell) for cell in cells) + " |")


def main(seconds):
    steps.STEP = ROOT / "target" / "image" / "root" / "sagebell-step"
    local = conftest.Local(pathlib.Path(folder) / "local.db").start()
    scene = steps.Scene(local, pathlib.Path(folder))
    try:
        scene.sagemaker.life({"status": "InProgress"})
        step = scene.train()
        name = step.waits()["job"]["name"]
        polled = steps.Gate(scene.sagemaker.url)
        poller = subprocess.Popen(
            [sys.executable, "-c", POLLER, polled.url, name],
            env={"PATH": os.environ["PATH"], **steps.KEYS}, stdout=subprocess.PIPE,
        )
        poller.stdout.readline()
        conftest.until(lambda: polled.words, "the poller asks")
        pids = [step.process.pid, poller.pid]
        mine, theirs = syscalls(pids, seconds)
        memory = [status(pid, "VmRSS") for pid in pids]
        own = [status(pid, "RssAnon") for pid in pids]
        asked = [scene.aws.count("Describe"), polled.count("Describe")]
        poller.kill()
    finally:
        scene.close()
        local.kill()
    row(f"waiting, {seconds} s", "sagebell-step", "boto3 poller", "ratio")
    row("---", "---", "---", "---")
    row("memory, KiB", *memory, f"{memory[1] / memory[0]:.1f}")
    row("of that its own, KiB", *own, f"{own[1] / own[0]:.1f}")
    row("system calls", mine, theirs, "")
    row("Describe calls", *asked, "")
    row("binary, bytes", steps.STEP.stat().st_size, "", "")
    assert asked[0] == 0, "a step that waits asks SageMaker nothing"
    assert memory[0] <= MOST_MEMORY_KIB, f"more than {MOST_MEMORY_KIB} KiB"
    assert own[0] <= MOST_OWN_KIB, f"more than {MOST_OWN_KIB} KiB of its own"
    assert mine <= MOST_SYSCALLS_PER_SECOND * seconds, "it does not sleep"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 60)
