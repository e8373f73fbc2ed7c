"""The functions beside a bare hello world: what scripts/measure-functions prints, and its bounds."""

import subprocess

import world


def run(_folder, _smoke):
    done = subprocess.run([world.ROOT / "scripts" / "measure-functions"], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    lines = [line for line in done.stdout.splitlines() if line.startswith("|")]
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    notes = ["From [footprint.md](../footprint.md), where a function that grew beyond its bound fails CI."]
    return [world.table("The functions beside a hello world", head, rows, notes, {row[0]: row[1:] for row in rows})]
