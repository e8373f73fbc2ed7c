"""Every manifest of the repository is kept up to date."""

import pathlib

import yaml

from conftest import ROOT, tracked

UPDATES = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
MANIFESTS = {
    "cargo": ["*Cargo.lock"],
    "pip": ["*requirements*.txt"],
    "npm": ["*package-lock.json"],
    "github-actions": [".github/workflows/*.yml"],
}


def test_every_manifest_is_in_a_folder_that_is_looked_at():
    by_kind = {update["package-ecosystem"]: update for update in UPDATES}
    assert set(by_kind) == set(MANIFESTS)
    for kind, patterns in MANIFESTS.items():
        update = by_kind[kind]
        folders = update.get("directories") or [update["directory"]]
        if folders == ["**/*"] or kind == "github-actions":
            continue
        there = {"/" + str(pathlib.PurePath(name).parent).removeprefix(".") for name in tracked(*patterns)}
        assert there == set(folders), kind
