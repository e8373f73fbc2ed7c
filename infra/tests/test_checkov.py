"""checkov over the translation and the IAM templates; what it says is fixed or has a reason."""

import json
import pathlib
import subprocess
import sys

import pytest
from policies import LAYERS, TEMPLATES
from suppressed import Suppressions

CHECKOV = pathlib.Path(sys.executable).with_name("checkov")


@pytest.fixture(scope="module")
def translated(tmp_path_factory):
    path = tmp_path_factory.mktemp("checkov") / "translated.json"
    path.write_text(json.dumps(TEMPLATES["stack"]))
    return path


def test_checkov_finds_nothing_new(translated):
    files = [part for path in (translated, *LAYERS.values()) for part in ("-f", str(path))]
    command = [CHECKOV, "--framework", "cloudformation", "--output", "json", "--skip-download", *files]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    report = json.loads(answer.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] >= len(TEMPLATES["stack"]["Resources"])
    suppressions = Suppressions("checkov")
    for finding in report["results"]["failed_checks"]:
        suppressions.take(finding["check_id"], finding["resource"])
    suppressions.settle()
