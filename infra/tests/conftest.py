"""Puts the translation of the template, which the linters share, and the packing of releases within reach."""

import pathlib
import sys

INFRA = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(INFRA / "lint"), str(INFRA / "release")]
