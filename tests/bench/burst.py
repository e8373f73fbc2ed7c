"""Thousands of jobs that settle at once, on the local stack: what tests/burst measures."""

import json
import subprocess

import world

SIZES = [1_000, 10_000, 100_000]
CHANNELS = ["connection", "callback"]


def run(folder, _smoke):
    out = folder / "burst.json"
    words = ["--jobs", ",".join(map(str, SIZES)), "--channel", ",".join(CHANNELS), "--json", out]
    subprocess.run([world.optimized() / "burst", *words], check=True, stdout=subprocess.DEVNULL)
    found = json.loads(out.read_text())
    rows = [row(one, found["exponent_of_time_over_size"][one["channel"]]) for one in found["runs"]]
    head = [
        "jobs", "channel", "connections", "signals a second", "p50, s", "p99, s", "p99 of a 30 s poll", "peak memory of the stack, MiB",
        "exponent of time over size",
    ]
    notes = [
        "Every waiter was told, and none twice. An exponent of 1 means that twice the jobs take twice the time.",
        f"The poll of {world.POLL_SECONDS} s is calculated: it takes as long for one job as for all, if SageMaker takes that many calls.",
    ]
    return [world.table("A burst", head, rows, notes, found)]


def row(one, exponent):
    p50, p99 = (one["latency_ms"][name] / 1000 for name in ("p50", "p99"))
    polled = world.beside(one["poll_30s_ms"]["p99"] / 1000, p99)
    held = one["connections"]
    connections = f"{held['number']:,}, {held['waits_each']} waits each" if held else "–"
    return [
        f"{one['jobs']:,}", one["channel"], connections, f"{one['signals_per_second']:,.0f}", f"{p50:.2f}", f"{p99:.2f}", polled,
        one["stack_memory_mib"]["peak"], exponent,
    ]
