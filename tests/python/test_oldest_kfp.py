"""Every function makes its task with the oldest kfp that the package takes as well."""

import os
import subprocess

import yaml
from conftest import PACKAGE, ROOT
from machine import BUNDLE, fake
from test_functions import FUNCTIONS

PATIENCE_SECONDS = 300
# scripts/test makes it of oldest.txt.
PYTHON = ROOT / "target" / "venv-oldest-kfp" / "bin" / "python"


def run(script, *words):
    assert PYTHON.exists(), "first run: scripts/venv target/venv-oldest-kfp tests/python/oldest.txt"
    done = subprocess.run(
        [PYTHON, ROOT / "tests" / "python" / script, *words], capture_output=True, text=True,
        timeout=PATIENCE_SECONDS, env=os.environ | {"PYTHONPATH": str(PACKAGE.parent)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_function_compiles_with_the_oldest_kfp(tmp_path):
    file = tmp_path / "everything.yaml"
    run("compile_all.py", file)
    ir = yaml.safe_load(file.read_text())
    tasks = ir["root"]["dag"]["tasks"].values()
    assert {task["taskInfo"]["name"] for task in tasks} == {function.__name__ for function in FUNCTIONS.values()}
    assert all(task["retryPolicy"]["maxRetryCount"] == 1 for task in tasks)
    containers = [executor["container"] for executor in ir["deploymentSpec"]["executors"].values()]
    assert {container["command"][1] for container in containers} == {name for _, name in FUNCTIONS}
    assert ir["sdkVersion"] == "kfp-2.11.0"


def test_a_pipeline_runs_on_this_machine_with_the_oldest_kfp(tmp_path):
    with fake() as sagemaker:
        said = run("run_one.py", BUNDLE, sagemaker.url, tmp_path)
    assert said.splitlines()[-1] == str(["succeeded"] * 4)
