"""Every template, as AWS China and AWS GovCloud (US) would have it."""

import json
import re

import pytest
from cfnlint.api import lint
from policies import LAYERS, PARAMETERS, PSEUDO, TEMPLATES, policies_of
from suppressed import Suppressions
from translate import INFRA

# Partition, a region of it, and the suffix of its hosts: botocore's partitions.json.
CHINA = ("aws-cn", "cn-north-1", "amazonaws.com.cn")
GOVERNMENT = ("aws-us-gov", "us-gov-west-1", "amazonaws.com")
each_partition = pytest.mark.parametrize("place", [CHINA, GOVERNMENT], ids=lambda place: place[0])


def parameters(place):
    """The parameters and pseudo parameters of a stack there."""
    partition, region, suffix = place
    here = {"AWS::Partition": partition, "AWS::Region": region, "AWS::URLSuffix": suffix}
    moved = json.dumps(PARAMETERS).replace("arn:aws:", f"arn:{partition}:").replace(PSEUDO["AWS::Region"], region)
    return {**json.loads(moved.replace(f"{region}.amazonaws.com", f"{region}.{suffix}")), **here}


@each_partition
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_arn_is_of_the_partition(template, place):
    for policy in policies_of(template, parameters(place)):
        text = json.dumps(policy.document)
        assert not re.findall(r"arn:aws:[^\"]*", text), str(policy)
        assert PSEUDO["AWS::Region"] not in text, str(policy)


@each_partition
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_host_of_a_condition_is_of_the_partition(template, place):
    """Names of service principals are `SERVICE.amazonaws.com` everywhere; hosts are not."""
    partition, region, suffix = place
    for policy in policies_of(template, parameters(place)):
        for host in re.findall(rf"[a-z]+\.{region}\.[a-z.]+", json.dumps(policy.document)):
            assert host.endswith(f".{region}.{suffix}"), str(policy)


@each_partition
@pytest.mark.parametrize("template", TEMPLATES)
def test_the_parameters_take_what_is_there(template, place):
    given = parameters(place)
    for name, parameter in TEMPLATES[template]["Parameters"].items():
        pattern = parameter.get("AllowedPattern")
        if pattern and name in given:
            values = given[name] if isinstance(given[name], list) else [given[name]]
            assert all(re.fullmatch(pattern, value) for value in values), name


@pytest.mark.parametrize("source", sorted(INFRA.glob("**/*.yaml")), ids=lambda path: str(path.relative_to(INFRA)))
def test_no_template_names_a_partition_or_a_host(source):
    """But in what people read, and in the kustomizations, whose values are examples."""
    if "k8s" in source.parts or source.name == "suppressions.yaml":
        return
    for line in source.read_text().splitlines():
        code = re.sub(r"#.*|(Description|Default|AllowedPattern): .*", "", line)
        assert "arn:aws:" not in code, line
        assert not re.search(r"\}\.amazonaws\.com", code), line


def test_the_linter_knows_all_of_it_there():
    """scripts/lint-infra does the same for the first partition."""
    suppressions = Suppressions("cfn-lint")
    for template, translated in TEMPLATES.items():
        text = LAYERS[template].read_text() if template in LAYERS else json.dumps(translated)
        for _, region, _ in (CHINA, GOVERNMENT):
            for match in lint(text, regions=[region]):
                suppressions.take(match.rule.id, f"{template}/{region}: {match.message}")
    suppressions.settle()
