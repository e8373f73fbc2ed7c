"""Who gets the pods' role: by Pod Identity, by IRSA, by both, or a role that the pods have already."""

import json
import re

import pytest
from policies import PARAMETERS, TEMPLATES, Resolver

POD = TEMPLATES["pipeline-pod"]
CLUSTER = PARAMETERS["ClusterArn"]
ISSUER = PARAMETERS["OidcProvider"]
DEFAULTS = {name: one["Default"] for name, one in POD["Parameters"].items() if "Default" in one}


def resolver(**parameters):
    return Resolver(POD, {**PARAMETERS, **DEFAULTS, **parameters}, everything=False)


def made(name, resolve):
    """A resource's properties, if these parameters make it."""
    resource = POD["Resources"][name]
    return resolve(resource["Properties"]) if resolve.holds(resource["Condition"]) else None


@pytest.mark.parametrize(("parameters", "sids"), [
    ({"ClusterArn": CLUSTER}, ["PodIdentity"]),
    ({"OidcProvider": ISSUER}, ["Irsa"]),
    ({"ClusterArn": CLUSTER, "OidcProvider": ISSUER}, ["Irsa", "PodIdentity"]),
])
def test_the_role_trusts_those_who_are_named_and_nobody_else(parameters, sids):
    resolve = resolver(**parameters)
    trust = json.loads(made("PipelinePodRole", resolve)["AssumeRolePolicyDocument"])
    assert [one["Sid"] for one in trust["Statement"]] == sids
    association = made("Association", resolve)
    assert (association is not None) == ("ClusterArn" in parameters)
    if association:
        assert (association["ClusterName"], association["Namespace"], association["ServiceAccount"]) == (
            "pipelines", "kubeflow", "pipeline-runner",
        )


def test_a_role_that_is_there_gets_every_permission_and_keeps_its_trust():
    resolve = resolver(RoleName="pipelines", ClusterArn=CLUSTER)
    assert made("PipelinePodRole", resolve) is None and made("Association", resolve) is None
    policies = [one["Properties"] for one in POD["Resources"].values() if "Policy" in one["Type"]]
    assert len(policies) > 2 and all(resolve(one["Roles"]) == ["pipelines"] for one in policies)


def test_nobody_named_is_refused():
    """By a rule, before anything is made."""
    (assertion,) = POD["Rules"]["SomebodyHasTheRole"]["Assertions"]
    assert not resolver().holds(assertion["Assert"])
    for named in ({"ClusterArn": CLUSTER}, {"OidcProvider": ISSUER}, {"RoleName": "pipelines"}):
        assert resolver(**named).holds(assertion["Assert"])


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
