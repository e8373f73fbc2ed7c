"""What the tests of the Python package share."""

import json
import pathlib

import pytest
import yaml
from kfp import compiler

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "python" / "src" / "sagebell"
TABLES = ROOT / "crates" / "step" / "table"
FAMILIES = ("v1", "v2", "sagemaker")


def definitions():
    """The tables that everything is generated from: (family, row) of each component."""
    for family in FAMILIES:
        for row in json.loads((TABLES / f"{family}.json").read_text()):
            yield family, row


def compiled(pipeline, folder):
    """What KFP's compiler makes of a pipeline."""
    file = folder / "pipeline.yaml"
    compiler.Compiler().compile(pipeline, str(file))
    return next(iter(yaml.safe_load_all(file.read_text())))


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch, tmp_path):
    """Each test begins without settings: none of the environment, of a file, or of an earlier test."""
    from sagebell import _settings

    for name in _settings._NAMES:
        monkeypatch.delenv(f"SAGEBELL_{name.upper()}", raising=False)
    monkeypatch.setattr(_settings, "_configured", {})
    monkeypatch.setattr(_settings.sys, "prefix", str(tmp_path / "prefix"))
