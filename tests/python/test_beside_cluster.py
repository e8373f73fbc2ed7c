"""`run_local` gives a step what KFP's driver and launcher give it."""

import importlib
import json
import os
import subprocess
import sys

import pytest
from conftest import PACKAGE, ROOT
from kfp import compiler, dsl
from machine import PATIENCE_SECONDS
from test_run_local import TRAINING

import sagebell as sm

EXAMPLES = ROOT / "examples" / "pipelines"


@dsl.pipeline(name="parts")
def parts(name: str, size: int = 3, rate: float = 0.5, more: dict = {"a": 1}, many: list = ["x"], none: str = None):
    """Parameters as a whole and in parts, of every type, and one that nobody gives."""
    first = sm.train(**TRAINING | {
        "hyperparameters": {"name": f"{name}-{size}", "rate": f"{rate}"}, "volume_size": size,
        "output_encryption_key": none, "debug_rule_config": many, "tags": more,
    })
    with dsl.If(first.outputs["status"] == "made"):
        sm.train(**TRAINING | {"job_name": f"{name}-{first.outputs['job_name']}"})
    with dsl.If(rate > 0.3):
        sm.train(**TRAINING)
    with dsl.ParallelFor([10, 20]) as number:
        sm.train(**TRAINING | {"volume_size": number})
    with dsl.ParallelFor([0.5, 2.0]) as number:
        sm.train(**TRAINING | {"job_name": f"{number}-{dsl.PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER}"})


def pipelines():
    sys.path.insert(0, str(EXAMPLES))
    for file in sorted(EXAMPLES.glob("*.py")):
        module = importlib.import_module(file.stem)
        yield from getattr(module, "PIPELINES", None) or [module.pipeline]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compiled")
    files = []
    for pipeline in (parts, *pipelines()):
        files.append(folder / f"{pipeline.name}.yaml")
        compiler.Compiler().compile(pipeline, str(files[-1]))
    paths = os.pathsep.join([str(ROOT / "tests" / "e2e"), str(PACKAGE.parent)])
    done = subprocess.run(
        [sys.executable, "-P", ROOT / "tests" / "python" / "beside_cluster.py", folder, *files],
        capture_output=True, text=True, timeout=PATIENCE_SECONDS, env=os.environ | {"PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_step_is_given_the_same(found):
    assert len(found) > 10
    for name, cluster, here in found:
        assert cluster and cluster == here, name
