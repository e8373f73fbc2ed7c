"""`sam build` and `sam deploy` by one file: what is built is what is deployed."""

import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys

import pytest
from policies import TEMPLATES
from samcli.cli.types import CfnParameterOverridesType
from samcli.lib.config.samconfig import SamConfig
from translate import INFRA

SAM = pathlib.Path(sys.executable).with_name("sam")
FUNCTIONS = ("api", "job-events", "signals", "sweep")

TARGETS = [{"kind": ["bin"], "name": name} for name in FUNCTIONS]
METADATA = {"packages": [{"name": "all", "targets": TARGETS}], "target_directory": "HERE/target", "resolve": None}
# Notes how it is called, and leaves what cargo-lambda would leave.
CARGO_LAMBDA = f"""#!/bin/sh
if [ "$1" = metadata ]; then
    echo '{json.dumps(METADATA)}' | sed "s|HERE|$PWD|"
    exit
fi
echo "$*" >> calls
while [ $# -gt 0 ]; do
    if [ "$1" = --bin ]; then mkdir -p "target/lambda/$2"; echo built > "target/lambda/$2/bootstrap"; fi
    shift
done
"""


@pytest.fixture
def checkout(tmp_path):
    """The template and its configuration, where a `cargo` that builds nothing is on the path."""
    (tmp_path / "infra").mkdir()
    for name in ("template.yaml", "samconfig.toml"):
        shutil.copy(INFRA / name, tmp_path / "infra")
    (tmp_path / "bin").mkdir()
    for name in ("cargo", "cargo-lambda"):
        path = tmp_path / "bin" / name
        path.write_text(CARGO_LAMBDA)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "Cargo.toml").touch()
    return tmp_path


def overrides(folder, command):
    """The parameters that a command of SAM's is given by the file."""
    given = SamConfig(folder).get_all([command], "parameters")["parameter_overrides"]
    return CfnParameterOverridesType().convert(given, None, None)


@pytest.mark.parametrize("architecture", TEMPLATES["stack"]["Parameters"]["Architecture"]["AllowedValues"])
def test_one_line_says_what_is_built_for_and_deployed(checkout, architecture):
    file = checkout / "infra" / "samconfig.toml"
    file.write_text(file.read_text().replace('"Architecture=arm64"', f'"Architecture={architecture}"'))
    environment = {**os.environ, "PATH": f"{checkout / 'bin'}:{os.environ['PATH']}", "AWS_DEFAULT_REGION": "us-east-1"}
    subprocess.run([SAM, "build"], cwd=checkout / "infra", env=environment, check=True, capture_output=True, timeout=120)
    calls = (checkout / "calls").read_text().splitlines()
    built_for = {
        call.split("--bin ")[1].split()[0]: "arm64" if "--arm64" in call else "x86_64" for call in calls
    }
    assert built_for == dict.fromkeys(FUNCTIONS, architecture)
    assert overrides(checkout / "infra", "deploy")["Architecture"] == architecture


def test_lists_in_the_file_reach_both_commands_whole(checkout):
    file = checkout / "infra" / "samconfig.toml"
    file.write_text(file.read_text().replace('# "CallbackSubnetIds=subnet-…,subnet-…"', '"CallbackSubnetIds=subnet-1,subnet-2"'))
    for command in ("build", "deploy"):
        assert overrides(checkout / "infra", command)["CallbackSubnetIds"] == "subnet-1,subnet-2"
