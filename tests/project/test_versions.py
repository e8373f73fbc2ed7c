"""What docs/versions.md says is supported is what the tests try."""

import re
import sys
import tomllib

from conftest import ROOT, tracked

PAGE = (ROOT / "docs" / "versions.md").read_text()
CARGO = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]


def listed(pattern, path):
    return re.findall(pattern, (ROOT / path).read_text(), re.M)


def test_the_backends_are_those_that_are_played():
    sys.path.insert(0, str(ROOT / "tests" / "e2e" / "kfp_cluster"))
    from versions import VERSIONS

    (row,) = re.findall(r"^\| backend ([\d., ]+) \| tested", PAGE, re.M)
    assert row.split(", ") == list(VERSIONS)


def test_the_sdk_is_the_one_that_compiles():
    (version,) = listed(r"^kfp==([\d.]+)$", "tests/e2e/requirements.txt")
    assert f"`kfp` {version} |" in PAGE


def test_kubernetes_is_the_one_that_manifests_are_checked_with():
    (version,) = listed(r'^VERSION = "([\d.]+)"$', "infra/tests/test_kubernetes.py")
    assert f"Kubernetes {version}." in PAGE


def test_every_partition_has_a_row():
    known = set(listed(r'^        id: "([a-z-]+)"', "crates/monitor/src/partition.rs"))
    tried = set(listed(r'"(aws-[a-z-]+)", "[a-z-]+-\d', "infra/tests/test_partitions.py"))
    rows = [set(re.findall(r"`(aws[a-z-]*)`", row)) for row in re.findall(r"^\| (`aws.*?) \|", PAGE, re.M)]
    first, second, third = rows
    assert first == {"aws"} and second == tried and third == known - first - second


def test_rust_is_the_one_that_builds():
    toolchain = tomllib.loads((ROOT / "rust-toolchain.toml").read_text())["toolchain"]["channel"]
    assert f"Rust {CARGO['rust-version']} builds it" in PAGE
    assert toolchain.startswith(f"{CARGO['rust-version']}.")


def test_urls_of_a_release_are_of_this_version():
    for page in tracked("*.md"):
        for version in listed(r"/sagebell/sagebell/v(\d+\.\d+\.\d+)/", page):
            assert version == CARGO["version"], page


def test_images_of_a_release_are_of_this_version():
    (version,) = listed(r"ghcr\.io/sagebell/sagebell:(\S+)", "infra/k8s/components/dashboard/deployment.yaml")
    assert version == CARGO["version"]
