"""What linters of workflows do not ask for, and this project does."""

import re

import pytest
import yaml

from conftest import ROOT, tracked

WORKFLOWS = tracked(".github/workflows/*.yml")
each_workflow = pytest.mark.parametrize("name", WORKFLOWS)


def read(name):
    # YAML 1.1 takes the key `on` for true.
    return yaml.safe_load((ROOT / name).read_text())


@each_workflow
def test_nothing_is_allowed_unless_a_job_says_so(name):
    assert read(name)["permissions"] == {}
    for job in read(name)["jobs"].values():
        assert isinstance(job["permissions"], dict)


@each_workflow
def test_actions_are_commits_of_a_version(name):
    """A tag can be moved, a commit cannot. Dependabot reads the comment."""
    uses = re.findall(r"uses: *(.*)", (ROOT / name).read_text())
    assert uses
    for action in uses:
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


@each_workflow
def test_scripts_that_are_called_are_there(name):
    called = re.findall(r"(?:scripts|\.ci)/[\w/-]+", (ROOT / name).read_text())
    for script in called:
        assert (ROOT / script).is_file(), script
