"""CHANGELOG.md is as Keep a Changelog 1.1.0 has it (https://keepachangelog.com/en/1.1.0/)."""

import datetime
import re
import tomllib

from conftest import ROOT

TEXT = (ROOT / "CHANGELOG.md").read_text()
VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_headings_are_versions_with_dates_the_latest_first():
    unreleased, *released = re.findall(r"^## (.+)$", TEXT, re.M)
    assert unreleased == "[Unreleased]"
    versions = []
    for heading in released:
        version, date = re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)", heading).groups()
        datetime.date.fromisoformat(date)
        versions.append(tuple(map(int, version.split("."))))
    assert versions == sorted(set(versions), reverse=True)
    assert all(version <= tuple(map(int, VERSION.split("."))) for version in versions)


def test_changes_are_grouped_by_their_kind():
    for section in re.split(r"^## ", TEXT, flags=re.M)[1:]:
        kinds = re.findall(r"^### (.+)$", section, re.M)
        assert kinds and kinds == [kind for kind in KINDS if kind in kinds]
