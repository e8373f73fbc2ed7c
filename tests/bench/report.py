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
# The sections, in the order of the page.
NAMES = ["step", "exits", "lives", "quiet", "burst", "sizes"]


def machine():
    model = re.search(r"^model name\s*: (.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    name = model[1] if model else platform.machine()
    return f"{os.cpu_count()} × {name}, {memory:.0f} GiB, Linux {platform.release()}"


def commit():
    words = ["git", "-C", str(world.ROOT)]
    head = subprocess.run([*words, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    changed = subprocess.run([*words, "status", "--porcelain", "--", ".", ":!docs/benchmarks"], capture_output=True, text=True, check=True).stdout
    return f"{head}, changed" if changed else head


def start():
    """When, of which commit and where something is measured, and what else the machine has to do."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": commit(),
        "machine": machine(),
        "load": ", ".join(f"{one:.1f}" for one in os.getloadavg()),
    }


def markdown(sections):
    lines = [
        "# Benchmarks", "",
        "Written by `scripts/bench`. Everything in one table ran in the same run on the same machine. The ratios in brackets",
        "are to Sagebell's figure in the same row, or to the first row.",
    ]
    for section in sections.values():
        for table in section["tables"]:
            lines += ["", f"## {table['title']}", ""]
            lines += ["| " + " | ".join(map(str, row)) + " |" for row in (table["head"], ["---"] * len(table["head"]), *table["rows"])]
            lines += ["", *(f"- {note}" for note in table["notes"])]
            lines += [f"- {section['date']}, commit {section['commit']}, {section['machine']}, load before {section['load']}."]
    return "\n".join(lines) + "\n"


def write(name, section):
    """Takes the place of what this section found before."""
    FOLDER.mkdir(exist_ok=True)
    results = FOLDER / "results.json"
    sections = json.loads(results.read_text()) if results.exists() else {}
    sections[name] = section
    sections = {one: sections[one] for one in NAMES if one in sections}
    results.write_text(json.dumps(sections, indent=2) + "\n")
    (FOLDER / "README.md").write_text(markdown(sections))
