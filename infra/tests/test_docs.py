"""What the pages say of files and parameters is there."""

import re

import pytest
import yaml
from policies import TEMPLATES
from translate import INFRA, load

ROOT = INFRA.parent
DOCS = ROOT / "docs"
PAGES = [
    "accounts.md", "alarms.md", "callbacks.md", "cost.md", "dashboard.md", "deploy.md", "faq.md", "first-deployment.md",
    "iam.md", "kfp.md", "operate.md", "security-model.md",
]
each_page = pytest.mark.parametrize("page", PAGES)
PARAMETERS = {name for template in TEMPLATES.values() for name in template["Parameters"]}


def text(page):
    return (DOCS / page).read_text()


@each_page
def test_parameters_are_those_of_the_templates(page):
    """`Name=value`, as commands and the configuration of SAM have it."""
    without_tags = re.sub(r"--tags \S+", "", text(page))
    named = set(re.findall(r"(?<![\w.\[-])([A-Z][a-z]\w+)=(?=[\w\[…<])", without_tags))
    assert named <= PARAMETERS, named - PARAMETERS


@each_page
def test_files_of_infra_are_there(page):
    """By their path from infra/ or from the root."""
    named = re.findall(r"\b((?:infra/)?(?:(?:k8s|iam)/[\w/.-]*\w|template\.yaml|samconfig\.toml))\b", text(page))
    for name in named:
        assert (ROOT / name).exists() or (INFRA / name).exists(), name


def deployments():
    """Each `aws cloudformation deploy` of the pages: the page, its template, and the parameters that it gives."""
    for page in sorted(DOCS.glob("*.md")):
        for block in re.findall(r"^ *```sh\n(.*?)^ *```$", page.read_text(), re.M | re.S):
            for command in re.findall(r"aws cloudformation deploy .*", block.replace("\\\n", " ")):
                file = re.search(r"--template-file (\S+)", command)[1]
                given = re.findall(r"(?:\s|')([A-Z]\w+)=", command.partition("--parameter-overrides")[2])
                yield page.name, file, set(given)


# That of a release's archive is made by scripts/release, and tests/e2e/test_release.py deploys it.
DEPLOYMENTS = [one for one in deployments() if one[1] != "template.json"]


@pytest.mark.parametrize(("page", "file", "given"), DEPLOYMENTS)
def test_a_deployment_of_a_page_has_its_template_and_all_that_it_needs(page, file, given):
    path, = (path for path in (ROOT / file, INFRA / file) if path.exists())
    parameters = load(path).get("Parameters", {})
    needed = {name for name, of in parameters.items() if "Default" not in of}
    assert needed <= given <= set(parameters), page


def test_there_are_deployments():
    assert len(DEPLOYMENTS) >= 5


def test_every_overlay_and_component_of_the_pages_is_there_and_the_other_way_round():
    said = set(re.findall(r"k8s/overlays/([a-z][\w-]+)", text("deploy.md")))
    assert said == {path.name for path in (INFRA / "k8s" / "overlays").iterdir()}


def test_every_parameter_of_the_pods_role_is_explained():
    """Which a person has to choose; the page that tells how to deploy names them all."""
    page = text("deploy.md")
    for layer in ("pipeline-pod", "execution"):
        for name in TEMPLATES[layer]["Parameters"]:
            assert re.search(rf"\b{name}\b", page), f"{layer}: {name}"


def test_the_page_of_callbacks_names_what_the_kustomizations_have():
    policy = yaml.safe_load((INFRA / "k8s" / "components" / "callbacks" / "network-policy.yaml").read_text())
    assert f"`{policy['metadata']['name']}`" in text("callbacks.md")
