"""The one table, as Markdown and JSON."""

import datetime
import json
import os
import pathlib
import platform
import re
import subprocess

import world

FOLDER = world.ROOT / "docs" / "benchmarks"


def machine():
    model = re.search(r"^model name\s*: (.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    name = model[1] if model else platform.machine()
    return f"{os.cpu_count()} × {name}, {memory:.0f} GiB, Linux {platform.release()}"


def commit():
    words = ["git", "-C", str(world.ROOT)]
    head = subprocess.run([*words, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    changed = subprocess.run([*words, "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
    return f"{head}, changed" if changed else head


def document(sections, load):
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": commit(),
        "machine": machine(),
        "load": load,
        "sections": sections,
    }


def markdown(found):
    lines = [
        "# Benchmarks", "",
        "Written by `scripts/bench`. Everything beside Sagebell ran in the same run on the same machine. The ratios in",
        "brackets are to Sagebell's figure in the same row.", "",
        f"Date: {found['date']}. Commit: {found['commit']}. Machine: {found['machine']}. Load before: {found['load']}.",
    ]
    for one in found["sections"]:
        lines += ["", f"## {one['title']}", ""]
        lines += ["| " + " | ".join(map(str, row)) + " |" for row in (one["head"], ["---"] * len(one["head"]), *one["rows"])]
        lines += ["", *(f"- {note}" for note in one["notes"])]
    return "\n".join(lines) + "\n"


def write(found):
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "README.md").write_text(markdown(found))
    (FOLDER / "results.json").write_text(json.dumps(found, indent=2) + "\n")
