"""Checks a wheel: what is in it, for which machines it is, how large it is, and that nothing in it says
where it was built.

    python python/check_wheel.py WHEEL [--debug]

A wheel for tests has a binary that was not made small: of that one, what is inside is not checked.
"""

from __future__ import annotations

import os
import pathlib
import re
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
HOME = pathlib.Path.home()
# Where this machine has the sources: of Sagebell, of what it depends on, of the standard library.
PLACES = [
    str(ROOT),
    os.environ.get("CARGO_HOME", str(HOME / ".cargo")),
    os.environ.get("RUSTUP_HOME", str(HOME / ".rustup")),
]
PROGRAMS = {"sagebell", "sagebell-step", "fake-sagemaker"}
BINARY = "sagebell-bundle"
# A little more than what is reached.
LARGEST = 7_500_000


def problems(wheel: pathlib.Path, *, debug: bool = False) -> list[str]:
    """What is wrong with the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        found = (
            [f"it is for {wheel.stem}"]
            if not re.search(r"-py3-none-\w+(\.\w+)*$", wheel.stem)
            else []
        )
        folders = {name.split("/")[0] for name in names}
        stem = "-".join(wheel.stem.split("-")[:2])
        if folders != {"sagebell", f"{stem}.data", f"{stem}.dist-info"}:
            found.append(f"it has the folders {sorted(folders)}")
        scripts = {name.split("/")[-1] for name in names if ".data/scripts/" in name}
        if scripts != {BINARY, *PROGRAMS}:
            found.append(f"it has the programs {sorted(scripts)}")
        if "sagebell/py.typed" not in names:
            found.append("it is not marked as typed")
        found += [f"{name} does not belong into it" for name in names if "__pycache__" in name]
        for name in names:
            if not (debug and name.endswith(BINARY)):
                content = archive.read(name)
                found += [f"{name} names {place}" for place in PLACES if place.encode() in content]
    if not debug and wheel.stat().st_size > LARGEST:
        found.append(f"it has {wheel.stat().st_size} bytes, more than {LARGEST}")
    return found


def main(words: list[str]) -> int:
    wheel, *rest = words
    found = problems(pathlib.Path(wheel), debug="--debug" in rest)
    for problem in found:
        print(f"{wheel}: {problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
