"""The manifests: valid, whole, and in step with the stack and the pod role."""

import pathlib
import shutil
import subprocess

import kubernetes_validate
import pytest
import yaml
from policies import TEMPLATES
from translate import INFRA

BASE = INFRA / "k8s" / "base"
EXAMPLE = INFRA / "k8s" / "overlays" / "example"
VERSION = "1.33"


def read(path):
    return yaml.safe_load(pathlib.Path(path).read_text())


MANIFESTS = [BASE / name for name in read(BASE / "kustomization.yaml")["resources"]]


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_manifests_are_valid(path):
    kubernetes_validate.validate(read(path), VERSION, strict=True)


def test_the_base_has_every_manifest():
    assert {path.name for path in MANIFESTS} == {path.name for path in BASE.iterdir()} - {"kustomization.yaml"}


def test_the_base_lets_nothing_in_by_itself():
    policy = read(BASE / "network-policy.yaml")
    (rule,) = policy["spec"]["ingress"]
    assert rule["from"] == [{"ipBlock": {"cidr": "192.0.2.0/24"}}]


def test_names_are_those_of_the_pod_role():
    parameters = TEMPLATES["pipeline-pod"]["Parameters"]
    account = read(BASE / "service-account.yaml")
    assert account["metadata"]["name"] == parameters["ServiceAccount"]["Default"]
    assert read(BASE / "kustomization.yaml")["namespace"] == parameters["Namespace"]["Default"]
    assert "eks.amazonaws.com/role-arn" in account["metadata"]["annotations"]


def test_the_callback_port_is_the_stacks():
    policy = read(BASE / "network-policy.yaml")
    ports = [str(one["port"]) for one in policy["spec"]["ingress"][0]["ports"]]
    assert ports == [TEMPLATES["stack"]["Parameters"]["CallbackPorts"]["Default"]]
    assert ports == [read(BASE / "config-map.yaml")["data"]["SAGEBELL_PORT"]]


def test_what_pods_are_told_fits_the_role():
    """A pod whose names nobody prefixes may make any name."""
    told = read(BASE / "config-map.yaml")["data"]
    assert told["SAGEBELL_NAME_PREFIX"] == TEMPLATES["pipeline-pod"]["Parameters"]["JobNamePrefix"]["Default"]
    # `.invalid` leads nowhere (RFC 2606): without an overlay a step fails before it makes a job.
    assert told["SAGEBELL_API"].endswith(".invalid")


@pytest.mark.skipif(not shutil.which("kubectl"), reason="needs kubectl, for its kustomize")
def test_the_example_builds():
    command = ["kubectl", "kustomize", str(EXAMPLE)]
    built = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    documents = {one["kind"]: one for one in yaml.safe_load_all(built)}
    assert set(documents) == {"ConfigMap", "Namespace", "NetworkPolicy", "ServiceAccount"}
    for one in documents.values():
        kubernetes_validate.validate(one, VERSION, strict=True)
    sources = documents["NetworkPolicy"]["spec"]["ingress"][0]["from"]
    assert {"ipBlock": {"cidr": "192.0.2.0/24"}} not in sources
    annotations = documents["ServiceAccount"]["metadata"]["annotations"]
    assert "000000000000" not in annotations["eks.amazonaws.com/role-arn"]
    assert ".invalid" not in documents["ConfigMap"]["data"]["SAGEBELL_API"]
    assert {one["metadata"].get("namespace", "sagebell-steps") for one in documents.values()} == {"sagebell-steps"}
