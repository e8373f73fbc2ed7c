"""The scripts of a release, as .github/workflows/release.yml calls them. What is in the files is tested where they are
installed: tests/e2e/test_release.py."""

import json
import os
import shutil
import subprocess
import tarfile

import pytest

from conftest import ROOT

CARGO = '[workspace.package]\nversion = "1.2.3"\n'
CHANGES = "# Changelog\n\n## [Unreleased]\n\nLater.\n\n## [1.2.3] - 2026-12-31\n\n### Added\n\n- All.\n\n## [1.2.2] - 2026-12-01\n\nOld.\n"


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "release", tmp_path / "scripts")
    (tmp_path / "Cargo.toml").write_text(CARGO)
    (tmp_path / "CHANGELOG.md").write_text(CHANGES)
    return tmp_path


def release(folder, *words):
    return subprocess.run([folder / "scripts" / "release", *words], capture_output=True, text=True, timeout=60)


def test_the_notes_are_the_section_of_the_version(checkout):
    done = release(checkout, "--notes", "v1.2.3")
    assert (done.returncode, done.stdout.strip()) == (0, "### Added\n\n- All."), done.stderr


def test_a_tag_of_another_version_is_refused(checkout):
    done = release(checkout, "--notes", "v1.2.4")
    assert (done.returncode, done.stdout) == (1, "")
    assert "not v1.2.3, the version of Cargo.toml" in done.stderr


def test_a_version_without_a_section_is_refused(checkout):
    (checkout / "CHANGELOG.md").write_text(CHANGES.replace("1.2.3", "1.2.1"))
    done = release(checkout, "--notes", "v1.2.3")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no section [1.2.3]" in done.stderr


@pytest.mark.parametrize("words", [(), ("all",), ("cli", "all"), ("--help",)])
def test_other_words_are_answered_with_what_there_is(checkout, words):
    done = release(checkout, *words)
    assert (done.returncode, done.stdout) == (2, "")
    for form in ("--dry-run", "PART...", "--notes TAG"):
        assert form in done.stderr
    assert not (checkout / "target").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="buildah needs more than this user has: run it as root")
def test_images_of_both_architectures_become_one(tmp_path):
    buildah = ["buildah", "--storage-driver", "vfs", "--root", tmp_path / "root", "--runroot", tmp_path / "run"]
    dist = tmp_path / "dist"
    dist.mkdir()
    for architecture in ("amd64", "arm64"):
        context = tmp_path / architecture
        context.mkdir()
        with tarfile.open(context / "root.tar", "w") as archive:
            archive.add(__file__, "sagebell-step")
        tag = f"localhost/step:{architecture}"
        file = ROOT / "infra" / "image" / "sagebell-step.Dockerfile"
        build = ["build", "--quiet", "--format", "oci", "--arch", architecture, "--tag", tag, "--file", file, context]
        push = ["push", "--quiet", tag, f"oci-archive:{dist}/sagebell-step-1.2.3-{architecture}-linux.oci.tar:{tag}"]
        for words in (build, push):
            subprocess.run([*buildah, *words], check=True, capture_output=True, timeout=120)
    # The command line's is another image.
    (dist / "sagebell-1.2.3-amd64-linux.oci.tar").touch()
    done = subprocess.run(
        [ROOT / "scripts" / "push-image", dist, "sagebell-step", f"oci:{tmp_path}/pushed:1.2.3"],
        check=True, capture_output=True, text=True, timeout=120,
    )
    (index,) = json.loads((tmp_path / "pushed" / "index.json").read_text())["manifests"]
    assert done.stdout.strip() == index["digest"]
    images = json.loads((tmp_path / "pushed" / "blobs" / index["digest"].replace(":", "/")).read_text())["manifests"]
    assert {image["platform"]["architecture"] for image in images} == {"amd64", "arm64"}


@pytest.fixture
def versioned(checkout):
    """A repository whose `cargo` only notes how it is called."""
    shutil.copy(ROOT / "scripts" / "set-version", checkout / "scripts")
    (checkout / "fuzz").mkdir()
    (checkout / "page.md").write_text("See https://raw.githubusercontent.com/sagebell/sagebell/v1.2.3/x, not kfp v1.2.3/.\n")
    manifest = checkout / "infra" / "k8s" / "deployment.yaml"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("image: ghcr.io/sagebell/sagebell:1.2.3\n")
    (checkout / "bin").mkdir()
    cargo = checkout / "bin" / "cargo"
    cargo.write_text(f'#!/bin/sh\necho "$(basename "$PWD"): $*" >> {checkout}/calls\n')
    cargo.chmod(0o755)
    for words in (["init", "--quiet"], ["add", "page.md", "infra"]):
        subprocess.run(["git", *words], cwd=checkout, check=True)
    return checkout


def set_version(folder, *words):
    environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    command = [folder / "scripts" / "set-version", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_a_new_version_is_set_everywhere(versioned):
    done = set_version(versioned, "1.3.0")
    assert done.returncode == 0, done.stderr
    assert (versioned / "Cargo.toml").read_text() == CARGO.replace("1.2.3", "1.3.0")
    page = (versioned / "page.md").read_text()
    assert page == "See https://raw.githubusercontent.com/sagebell/sagebell/v1.3.0/x, not kfp v1.2.3/.\n"
    assert (versioned / "infra/k8s/deployment.yaml").read_text() == "image: ghcr.io/sagebell/sagebell:1.3.0\n"
    calls = (versioned / "calls").read_text().splitlines()
    assert calls[-1].endswith(": xtask generate") and calls[-2].startswith("fuzz: update")


@pytest.mark.parametrize("words", [(), ("v1.3.0",), ("1.3",), ("1.3.0", "1.4.0")])
def test_what_is_no_version_is_refused(versioned, words):
    done = set_version(versioned, *words)
    assert done.returncode == 2 and "usage" in done.stderr
    assert (versioned / "Cargo.toml").read_text() == CARGO
