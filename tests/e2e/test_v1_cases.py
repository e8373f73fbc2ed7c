"""The recorded cases of the old components, played by the real step.

`tests/v1-cases/check` plays each against a scripted SageMaker and compares requests, exit code and outputs.
"""

import json
import subprocess
import sys

from conftest import ROOT

CASES = ROOT / "tests" / "v1-cases"
STEP = ROOT / "target" / "debug" / "sagebell-step"


def test_every_case_is_as_it_was_recorded_or_differs_on_purpose():
    command = [
        sys.executable,
        CASES / "check",
        "--cmd",
        f"{STEP} {{component}}",
        "--differences",
        CASES / "differences.json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_difference_is_a_case_that_there_is():
    named = set(json.loads((CASES / "differences.json").read_text()))
    assert named <= {case.stem for case in CASES.glob("*.json")}
