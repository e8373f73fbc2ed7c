"""Who gets the role of the pods, and that of the dashboard: by Pod Identity, by IRSA, by both, or, of the pods, a role that
they have already."""

import json
import re

import pytest
from policies import PARAMETERS, TEMPLATES, Resolver

POD = TEMPLATES["pipeline-pod"]
CLUSTER = PARAMETERS["ClusterArn"]
ISSUER = PARAMETERS["OidcProvider"]
# The role, its namespace and its service account.
WHOSE = {
    "pipeline-pod": ("PipelinePodRole", "kubeflow", "pipeline-runner"),
    "dashboard": ("DashboardRole", "kubeflow", "sagebell-dashboard"),
}


def resolver(template=POD, **parameters):
    defaults = {name: one["Default"] for name, one in template["Parameters"].items() if "Default" in one}
    return Resolver(template, {**PARAMETERS, **defaults, **parameters}, everything=False)


def made(name, resolve, template=POD):
    """A resource's properties, if these parameters make it."""
    resource = template["Resources"][name]
    is_made = "Condition" not in resource or resolve.holds(resource["Condition"])
    return resolve(resource["Properties"]) if is_made else None


@pytest.mark.parametrize("layer", WHOSE)
@pytest.mark.parametrize(("parameters", "sids"), [
    ({"ClusterArn": CLUSTER}, ["PodIdentity"]),
    ({"OidcProvider": ISSUER}, ["Irsa"]),
    ({"ClusterArn": CLUSTER, "OidcProvider": ISSUER}, ["Irsa", "PodIdentity"]),
])
def test_the_role_trusts_those_who_are_named_and_nobody_else(parameters, sids, layer):
    template = TEMPLATES[layer]
    role, namespace, account = WHOSE[layer]
    resolve = resolver(template, **parameters)
    trust = json.loads(made(role, resolve, template)["AssumeRolePolicyDocument"])
    assert [one["Sid"] for one in trust["Statement"]] == sids
    trusted = {
        "Irsa": {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": f"system:serviceaccount:{namespace}:{account}"},
        "PodIdentity": {
            "aws:SourceAccount": "111122223333", "aws:RequestTag/kubernetes-namespace": namespace,
            "aws:RequestTag/kubernetes-service-account": account,
        },
    }
    assert {one["Sid"]: one["Condition"]["StringEquals"] for one in trust["Statement"]} == {sid: trusted[sid] for sid in sids}
    association = made("Association", resolve, template)
    assert (association is not None) == ("ClusterArn" in parameters)
    if association:
        assert (association["ClusterName"], association["Namespace"], association["ServiceAccount"]) == (
            "pipelines", namespace, account,
        )


def test_a_role_that_is_there_gets_every_permission_and_keeps_its_trust():
    resolve = resolver(RoleName="pipelines", ClusterArn=CLUSTER)
    assert made("PipelinePodRole", resolve) is None and made("Association", resolve) is None
    policies = [one["Properties"] for one in POD["Resources"].values() if "Policy" in one["Type"]]
    assert len(policies) > 2 and all(resolve(one["Roles"]) == ["pipelines"] for one in policies)


@pytest.mark.parametrize(("layer", "any_of"), [
    ("pipeline-pod", [{"ClusterArn": CLUSTER}, {"OidcProvider": ISSUER}, {"RoleName": "pipelines"}]),
    ("dashboard", [{"ClusterArn": CLUSTER}, {"OidcProvider": ISSUER}]),
])
def test_nobody_named_is_refused(layer, any_of):
    """By a rule, before anything is made."""
    template = TEMPLATES[layer]
    (assertion,) = template["Rules"]["SomebodyHasTheRole"]["Assertions"]
    assert not resolver(template).holds(assertion["Assert"])
    for named in any_of:
        assert resolver(template, **named).holds(assertion["Assert"])


@pytest.mark.parametrize("parameter", ["OidcProvider", "ClusterArn", "RoleName"])
def test_none_need_be_given(parameter):
    assert re.fullmatch(POD["Parameters"][parameter]["AllowedPattern"], "")


@pytest.mark.parametrize("issuer", [
    "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E",
    # A cluster whose pods have IPv6 addresses: its issuer's host is a dual-stack one.
    "oidc-eks.eu-west-1.api.aws/id/EXAMPLED539D4633E53DE1B716D3041E",
    "oidc.eks.cn-north-1.amazonaws.com.cn/id/EXAMPLED539D4633E53DE1B716D3041E",
    # Clusters outside AWS, and those that people run themselves.
    "s3.eu-west-1.amazonaws.com/issuer-of-our-cluster",
    "container.googleapis.com/v1/projects/p/locations/l/clusters/c",
    "issuer.example.org",
])
def test_any_clusters_issuer_is_taken(issuer):
    assert re.fullmatch(POD["Parameters"]["OidcProvider"]["AllowedPattern"], issuer)


@pytest.mark.parametrize("wrong", [
    "https://oidc.eks.eu-west-1.amazonaws.com/id/E", "issuer.example.org/", "issuer", 'issuer.example.org/"', "a.b/*",
])
def test_what_is_no_issuer_is_refused(wrong):
    """Among it what would end the JSON that it becomes a part of."""
    assert not re.fullmatch(POD["Parameters"]["OidcProvider"]["AllowedPattern"], wrong)
