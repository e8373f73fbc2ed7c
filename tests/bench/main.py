"""Runs the sections, and prints or writes their table. Start it by scripts/bench."""

import argparse
import importlib
import os
import pathlib
import tempfile

import report
import world

SECTIONS = ["step", "exits", "lives", "quiet", "burst", "sizes"]
# Those that take no more than seconds when they are small.
SMALL = ["step", "exits", "lives", "quiet"]


def main():
    words = argparse.ArgumentParser(prog="scripts/bench")
    words.add_argument("sections", nargs="*", choices=[[], *SECTIONS], help="only these; then nothing is written")
    words.add_argument("--smoke", action="store_true", help="every small section, as small as it gets; nothing is written")
    chosen = words.parse_args()
    if not chosen.smoke:
        world.use_release()
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    found = []
    for name in chosen.sections or (SMALL if chosen.smoke else SECTIONS):
        print(f"== {name}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            found += importlib.import_module(name).run(pathlib.Path(folder), chosen.smoke)
    document = report.document(found, load)
    print(report.markdown(document))
    if not chosen.smoke and not chosen.sections:
        report.write(document)


if __name__ == "__main__":
    main()
