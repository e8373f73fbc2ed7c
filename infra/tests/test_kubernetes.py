"""The manifests: valid, whole, and in step with the stack and the pod role."""

import shutil
import subprocess

import kubernetes_validate
import pytest
import yaml
from policies import TEMPLATES
from translate import INFRA

K8S = INFRA / "k8s"
COMPONENTS = sorted((K8S / "components").iterdir())
VERSION = "1.33"
EVERY_STEP = {"pipelines.kubeflow.org/v2_component": "true"}
# Custom resources, which Kubernetes' own schemas do not know.
CUSTOM = {"AuthorizationPolicy", "PodDefault", "Profile", "VirtualService"}
POD_LAYER = TEMPLATES["pipeline-pod"]["Parameters"]


def read(path):
    return yaml.safe_load(path.read_text())


def manifest(component, name):
    return read(K8S / "components" / component / f"{name}.yaml")


MANIFESTS = sorted(set((K8S / "components").glob("*/*.yaml")) - set((K8S / "components").glob("*/kustomization.yaml")))


def validate(document):
    if document["kind"] not in CUSTOM:
        kubernetes_validate.validate(document, VERSION, strict=True)


def built(path):
    command = ["kubectl", "kustomize", "--load-restrictor=LoadRestrictionsNone", str(path)]
    text = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    documents = list(yaml.safe_load_all(text))
    for one in documents:
        validate(one)
    return {(one["kind"], one["metadata"]["name"]): one for one in documents}


@pytest.fixture
def overlay(tmp_path):
    """Builds an overlay of these resources and components."""

    def build(resources, *components, **more):
        for number, resource in enumerate(resources):
            (tmp_path / f"{number}.yaml").write_text(yaml.safe_dump(resource))
        kustomization = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [f"{number}.yaml" for number in range(len(resources))],
            "components": [f"components/{component}" for component in components],
            **more,
        }
        shutil.copytree(K8S / "components", tmp_path / "components")
        (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        return built(tmp_path)

    return build


needs_kubectl = pytest.mark.skipif(not shutil.which("kubectl"), reason="needs kubectl, for its kustomize")


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_manifests_are_valid(path):
    validate(read(path))


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda path: path.name)
def test_components_have_every_manifest(component):
    kustomization = read(component / "kustomization.yaml")
    assert kustomization["kind"] == "Component"
    assert set(kustomization.get("resources", [])) == {
        path.name for path in component.iterdir() if path.name != "kustomization.yaml"
    }


@pytest.mark.parametrize("component", ["callbacks", "egress"])
def test_policies_hold_for_every_step_without_a_word_in_the_pipeline(component):
    """The label is KFP's own on every pod of a run: argocompiler/argo.go:178 in kubeflow/pipelines."""
    assert manifest(component, "network-policy")["spec"]["podSelector"] == {"matchLabels": EVERY_STEP}


def test_the_environment_reaches_every_step_without_a_word_in_the_pipeline():
    assert manifest("environment", "pod-default")["spec"]["selector"] == {"matchLabels": EVERY_STEP}


def test_callbacks_let_nothing_in_by_themselves():
    """The addresses are those of documentation, of both versions of IP."""
    (rule,) = manifest("callbacks", "network-policy")["spec"]["ingress"]
    assert [one["ipBlock"]["cidr"] for one in rule["from"]] == ["192.0.2.0/24", "2001:db8::/32"]


def test_steps_reach_the_api_server_on_both_of_its_ports():
    """A policy sees the port behind the service `kubernetes`, which is 6443 in many clusters."""
    rules = manifest("egress", "network-policy")["spec"]["egress"]
    (out,) = [rule for rule in rules if {"protocol": "TCP", "port": 443} in rule["ports"]]
    assert {"protocol": "TCP", "port": 6443} in out["ports"]
    blocks = {one["ipBlock"]["cidr"]: one["ipBlock"]["except"] for one in out["to"]}
    # Nor the node's metadata, on either version of IP.
    assert blocks == {"0.0.0.0/0": ["169.254.0.0/16"], "::/0": ["fd00:ec2::/32"]}


def test_the_default_account_is_kfps_own():
    """`DefaultPipelineRunnerServiceAccount` in backend/src/apiserver/common/const.go of kubeflow/pipelines."""
    assert (POD_LAYER["Namespace"]["Default"], POD_LAYER["ServiceAccount"]["Default"]) == (
        "kubeflow", "pipeline-runner",
    )


@pytest.mark.parametrize(("component", "role"), [
    ("account-standalone", ("Role", "pipeline-runner")),
    ("account-profile", ("ClusterRole", "kubeflow-edit")),
])
def test_an_account_of_ones_own_may_do_what_kfp_does_in_a_pod(component, role):
    account = manifest(component, "service-account")["metadata"]["name"]
    binding = manifest(component, "role-binding")
    assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) == role
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": account}]


def test_the_callback_port_is_the_stacks():
    policy = manifest("callbacks", "network-policy")
    ports = [str(one["port"]) for one in policy["spec"]["ingress"][0]["ports"]]
    assert ports == [TEMPLATES["stack"]["Parameters"]["CallbackPorts"]["Default"]]
    assert ports == [environment()["SAGEBELL_PORT"]]


def environment():
    return {one["name"]: one["value"] for one in manifest("environment", "pod-default")["spec"]["env"]}


def test_what_pods_are_told_fits_the_role():
    """A pod whose names nobody prefixes may make any name."""
    assert environment()["SAGEBELL_NAME_PREFIX"] == POD_LAYER["JobNamePrefix"]["Default"]
    # `.invalid` leads nowhere (RFC 2606): without an overlay a step fails before it makes a job.
    assert environment()["SAGEBELL_API"].endswith(".invalid")


@needs_kubectl
@pytest.mark.parametrize("example", sorted((K8S / "overlays").iterdir()), ids=lambda path: path.name)
def test_the_examples_build_and_leave_no_value_unset(example):
    documents = built(example)
    # Steps hear callbacks only, and the dashboard hears the gateway only.
    policy = "sagebell-dashboard" if example.name == "dashboard" else "sagebell-callbacks"
    assert ("NetworkPolicy", policy) in documents
    assert len({one["metadata"]["namespace"] for one in documents.values()}) == 1
    text = yaml.safe_dump_all(documents.values())
    for unset in ("192.0.2.0/24", "2001:db8::/32", "000000000000", ".invalid"):
        assert unset not in text


@needs_kubectl
def test_irsa_annotates_the_account_of_runs_and_no_other(overlay):
    accounts = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
        for name in ("pipeline-runner", "ml-pipeline", "pipeline-runner-2")
    ]
    annotated = {
        name for (_, name), one in overlay(accounts, "irsa").items()
        if "eks.amazonaws.com/role-arn" in one["metadata"].get("annotations", {})
    }
    assert annotated == {"pipeline-runner"}


@needs_kubectl
@pytest.mark.parametrize("account", ["account-standalone", "account-profile"])
def test_irsa_annotates_an_account_of_ones_own(overlay, account):
    documents = overlay([], account, "irsa", namespace="team-a")
    assert "eks.amazonaws.com/role-arn" in documents["ServiceAccount", "sagebell-step"]["metadata"]["annotations"]
    (subject,) = documents["RoleBinding", "sagebell-step"]["subjects"]
    assert subject["namespace"] == "team-a"


@needs_kubectl
def test_a_profile_has_its_account_annotated_and_the_roles_trust_left_alone(overlay):
    profile = {"apiVersion": "kubeflow.org/v1", "kind": "Profile", "metadata": {"name": "team-a"}, "spec": {}}
    (plugin,) = overlay([profile], "profile-irsa")["Profile", "team-a"]["spec"]["plugins"]
    assert plugin["kind"] == "AwsIamForServiceAccount" and plugin["spec"]["annotateOnly"] is True


def pod_of_the_dashboard():
    return manifest("dashboard", "deployment")["spec"]["template"]


def test_the_dashboard_is_read_only_and_has_no_rights():
    (container,) = pod_of_the_dashboard()["spec"]["containers"]
    assert "--allow-stop" not in container["args"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }
    assert pod_of_the_dashboard()["spec"]["automountServiceAccountToken"] is False
    (rule,) = manifest("dashboard", "authorization-policy")["spec"]["rules"]
    assert rule["to"] == [{"operation": {"methods": ["GET", "HEAD"]}}]


def test_everything_of_the_dashboard_means_the_same_pod():
    labels = pod_of_the_dashboard()["metadata"]["labels"]
    selectors = [
        manifest("dashboard", "deployment")["spec"]["selector"]["matchLabels"],
        manifest("dashboard", "service")["spec"]["selector"],
        manifest("dashboard", "network-policy")["spec"]["podSelector"]["matchLabels"],
        manifest("dashboard", "authorization-policy")["spec"]["selector"]["matchLabels"],
    ]
    assert selectors == [labels] * 4
    account = manifest("dashboard", "service-account")["metadata"]["name"]
    assert pod_of_the_dashboard()["spec"]["serviceAccountName"] == account
    assert account == TEMPLATES["dashboard"]["Parameters"]["ServiceAccount"]["Default"]


def test_the_gateway_reaches_the_port_of_the_dashboard():
    (container,) = pod_of_the_dashboard()["spec"]["containers"]
    (port,) = container["ports"]
    assert container["args"][-1].endswith(f":{port['containerPort']}")
    (served,) = manifest("dashboard", "service")["spec"]["ports"]
    assert served["targetPort"] == port["name"]
    ((route,),) = [one["route"] for one in manifest("dashboard", "virtual-service")["spec"]["http"]]
    assert route["destination"] == {
        "host": manifest("dashboard", "service")["metadata"]["name"], "port": {"number": served["port"]},
    }


@needs_kubectl
def test_a_monitor_that_nobody_named_leads_nowhere(overlay):
    (container,) = overlay([], "dashboard")["Deployment", "sagebell-dashboard"]["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "SAGEBELL_API", "value": "https://set-in-an-overlay.invalid"}]
