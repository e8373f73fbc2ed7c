"""Runs the sections, and prints or writes their tables. Start it by scripts/bench."""

import argparse
import importlib
import pathlib
import tempfile

import report
import world

# Those that take no more than seconds when they are small.
SMALL = ["step", "exits", "lives", "quiet"]


def main():
    words = argparse.ArgumentParser(prog="scripts/bench")
    words.add_argument("sections", nargs="*", choices=[[], *report.NAMES], help="only these")
    words.add_argument("--smoke", action="store_true", help="as small as it gets; nothing is written")
    chosen = words.parse_args()
    if not chosen.smoke:
        world.use_optimized()
    for name in chosen.sections or (SMALL if chosen.smoke else report.NAMES):
        print(f"== {name}", flush=True)
        section = report.start()
        with tempfile.TemporaryDirectory() as folder:
            section["tables"] = importlib.import_module(name).run(pathlib.Path(folder), chosen.smoke)
        print(report.markdown({name: section}))
        if not chosen.smoke:
            report.write(name, section)


if __name__ == "__main__":
    main()
