"""What the sections share: where things are, the processes that are compared, and what these took."""

import os
import pathlib
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import conftest  # noqa: E402
import steps  # noqa: E402

PEERS = ROOT / "tests" / "bench" / "peers"
# Where the tools are that Sagebell is compared with.
VENV = ROOT / "target" / "venv-bench"
# What the tools ask for a job's state with, where nobody says otherwise: the pause of the old components, and of
# Airflow's operators (`check_interval`).
POLL_SECONDS = 30


def use_optimized():
    """Takes what is deployed (scripts/build-image), and optimized builds of what is beside it."""
    binaries = optimized()
    conftest.SAGEBELL, steps.FAKE = binaries / "sagebell", binaries / "fake-sagemaker"
    steps.STEP = ROOT / "target" / "image" / "sagebell-step" / "sagebell-step"


def optimized():
    """Where scripts/bench has its binaries made."""
    return ROOT / os.environ["SAGEBELL_BENCH_BINARIES"]


def peer(script, *words, url, output=None):
    """One of the tools, whose SageMaker is at this URL."""
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(VENV), "AIRFLOW_HOME": str(VENV / "airflow"), "AWS_ENDPOINT_URL": url,
        "AWS_DEFAULT_REGION": steps.REGION, **steps.KEYS,
    }
    command = [VENV / "bin" / "python", PEERS / script, *map(str, words)]
    with open(VENV / "peers.log", "a") as log:
        return subprocess.Popen(command, env=environment, stdout=output or log, stderr=log, text=True)


def end(process):
    process.kill()
    process.wait()


def cpu_ms(pid):
    """CPU time of a process's threads so far, in milliseconds.
    https://docs.kernel.org/scheduler/sched-stats.html"""
    threads = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e6


def memory_mib(pid, field):
    """A figure of /proc/PID/status."""
    found = re.search(rf"^{field}:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)
    return int(found[1]) / 1024


def percentiles(values):
    """p50 and p99."""
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[98]


def beside(value, ours, digits=1):
    """A figure, and how many times ours it is."""
    return f"{value:,.{digits}f} ({value / ours:.1f}×)"


def table(title, head, rows, notes, figures):
    """A table of a section with its notes, and the same figures for programs."""
    return {"title": title, "head": head, "rows": rows, "notes": notes, "figures": figures}
