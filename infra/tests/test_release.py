"""The template of a release is the one that the linters check, and takes its functions from a bucket."""

import io
import json
import os
import shutil
import subprocess
import tarfile

import pytest
from cfnlint.api import lint
from package import FUNCTIONS, archives, pack, packaged
from translate import INFRA, TEMPLATE, load, translate

BOTH = {"x86_64", "arm64"}


@pytest.fixture
def folders(tmp_path):
    """Functions that differ by name and architecture."""
    made = {}
    for architecture in sorted(BOTH):
        made[architecture] = tmp_path / architecture
        for binary in FUNCTIONS.values():
            (made[architecture] / binary).mkdir(parents=True, exist_ok=True)
            (made[architecture] / binary / "bootstrap").write_text(f"{binary} for {architecture}")
    return made


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "eu-west-1"])
def test_the_translation_is_of_no_region(region):
    assert translate(load(TEMPLATE), region) == translate(load(TEMPLATE))


def test_the_translation_is_of_no_parameters_values():
    other = load(TEMPLATE)
    for parameter in other["Parameters"].values():
        default = parameter.get("Default")
        parameter["Default"] = next((one for one in parameter.get("AllowedValues", []) if one != default), "7")
    assert translate(other)["Resources"] == translate(load(TEMPLATE))["Resources"]


def test_only_the_places_of_the_functions_are_new(folders):
    _, places = archives(folders)
    checked, made = translate(load(TEMPLATE)), packaged("1.2.3", places)
    for name in FUNCTIONS:
        for template in (checked, made):
            template["Resources"][name].pop("Metadata", None)
            del template["Resources"][name]["Properties"]["Code"]
    assert made["Resources"] == checked["Resources"]
    assert made["Outputs"] == checked["Outputs"]
    new = made["Parameters"].keys() - checked["Parameters"].keys()
    assert new == {"ArtifactBucket"} and "Default" not in made["Parameters"]["ArtifactBucket"]
    assert made["Parameters"]["Architecture"]["Default"] == "arm64"
    assert "Transform" not in made and "1.2.3" in made["Description"]


@pytest.mark.parametrize("there", [BOTH, {"x86_64"}, {"arm64"}], ids=lambda there: "-".join(sorted(there)))
def test_each_function_is_where_it_was_uploaded(folders, there):
    files, places = archives({name: folders[name] for name in there})
    template = packaged("1.2.3", places)
    assert len(files) == 4 * len(there)
    assert set(template["Parameters"]["Architecture"]["AllowedValues"]) == there
    assert template["Parameters"]["Architecture"]["Default"] in there
    for name, binary in FUNCTIONS.items():
        code = template["Resources"][name]["Properties"]["Code"]
        assert code["S3Bucket"] == {"Ref": "ArtifactBucket"}
        key = code["S3Key"]
        chosen = {"arm64": key["Fn::If"][1], "x86_64": key["Fn::If"][2]} if there == BOTH else {next(iter(there)): key}
        for architecture, key in chosen.items():
            file = key["Fn::Sub"].removeprefix("${AWS::StackName}/")
            assert file in files and file.endswith(f"-{binary}-{architecture}.zip")


@pytest.mark.parametrize("there", [BOTH, {"x86_64"}], ids=lambda there: "-".join(sorted(there)))
def test_the_template_is_clean(folders, there):
    _, places = archives({name: folders[name] for name in there})
    text = json.dumps(packaged("1.2.3", places))
    assert [str(finding) for finding in lint(text, regions=["us-east-1"])] == []


def test_the_same_functions_make_the_same_archive(folders, tmp_path):
    first, second = tmp_path / "first.tar.gz", tmp_path / "second.tar.gz"
    for target in (first, second):
        pack("1.2.3", folders, target)
    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(fileobj=io.BytesIO(first.read_bytes())) as archive:
        modes = {entry.name.removeprefix("sagebell-aws-1.2.3/"): entry.mode for entry in archive}
    assert modes["upload"] == 0o755 and modes["template.json"] == 0o644
    assert {"README.md", "LICENSE", "iam/deployer.yaml", "k8s/overlays/standalone/kustomization.yaml"} <= set(modes)


def test_the_pages_say_the_command_that_upload_prints(tmp_path):
    """Which tests/e2e/test_release.py runs."""
    (tmp_path / "aws").write_text("#!/bin/sh\n")
    (tmp_path / "aws").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        [INFRA / "release" / "upload", "my-bucket"], env=environment, capture_output=True, text=True, check=True
    )
    command = done.stdout[done.stdout.index("aws cloudformation"):].split()
    for page in (INFRA / "release" / "README.md", INFRA.parent / "docs" / "deploy.md"):
        assert " ".join(command) in " ".join(page.read_text().split()), page


@pytest.mark.parametrize(("given", "code", "told"), [((), 2, "usage"), (("a", "b", "c"), 2, "usage"), (("a",), 1, "aws is missing")])
def test_upload_says_what_it_needs(tmp_path, given, code, told):
    for name in ("bash", "dirname", "env"):
        (tmp_path / name).symlink_to(shutil.which(name))
    words = [INFRA / "release" / "upload", *given]
    done = subprocess.run(words, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (code, "") and told in done.stderr
