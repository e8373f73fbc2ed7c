"""The short names of the justfile stand for commands of CONTRIBUTING.md."""

import json
import os
import re
import subprocess
import sys

from conftest import ROOT

JUST = os.path.join(os.path.dirname(sys.executable), "just")
PAGE = (ROOT / "CONTRIBUTING.md").read_text()


def just(*words):
    return subprocess.run([JUST, *words], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout


def recipes():
    found = json.loads(just("--dump", "--dump-format", "json"))["recipes"]
    return {name: recipe for name, recipe in found.items() if not recipe["private"]}


def lines(recipe):
    """The commands of a recipe, without what is given to it."""
    for line in recipe["body"]:
        words = [part for part in line if isinstance(part, str)]
        yield words[0].strip()


def test_every_command_is_one_of_the_page():
    for name, recipe in recipes().items():
        for command in lines(recipe):
            assert re.search(rf"(?<![\w/]){re.escape(command)}(?![\w-])", PAGE), f"{name}: {command}"
            script = command.removeprefix("./")
            assert not script.startswith("scripts/") or os.access(ROOT / script, os.X_OK), command


def test_every_script_of_the_page_has_a_name():
    scripts = set(re.findall(r"^\./scripts/[\w-]+", PAGE, re.M))
    named = {command for recipe in recipes().values() for command in lines(recipe)}
    # What other scripts start themselves.
    assert scripts - named == {"./scripts/browser"}


def test_every_name_says_what_it_does():
    assert all(recipe["doc"] for recipe in recipes().values())
    assert just("--fmt", "--check", "--unstable") == ""


def test_arguments_are_handed_on():
    told = subprocess.run(
        [JUST, "--dry-run", "fuzz", "7"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert told.stderr.strip() == "./scripts/fuzz 7"
