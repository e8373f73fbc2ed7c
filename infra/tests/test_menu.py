"""The entry in the menu of Kubeflow's central dashboard."""

import json
import subprocess

import yaml
from translate import INFRA

PROGRAM = INFRA / "k8s" / "menu-entry.jq"
# The form of the menu is that of kubeflow/dashboard, components/centraldashboard/manifests/kustomize/base/configmap.yaml.
LINKS = {
    "menuLinks": [
        {"type": "item", "link": "/jupyter/", "text": "Notebooks", "icon": "book"},
        {"type": "section", "text": "Pipelines", "icon": "kubeflow:pipeline-centered", "items": [
            {"type": "item", "link": "/pipeline/#/runs", "text": "Runs"},
        ]},
    ],
    "externalLinks": [], "documentationItems": [], "quickLinks": [],
}


def config(links):
    data = {"settings": '{"DASHBOARD_FORCE_IFRAME": true}', "links": json.dumps(links, indent=4)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "centraldashboard-config"}, "data": data}


def changed(config, *words):
    command = ["jq", *words, "--from-file", PROGRAM]
    done = subprocess.run(command, input=json.dumps(config), capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


def test_the_menu_gets_one_entry_and_nothing_else_changes():
    added = changed(config(LINKS))
    links = json.loads(added["data"]["links"])
    entry = links["menuLinks"].pop()
    assert links == LINKS
    (route,) = yaml.safe_load((INFRA / "k8s/components/dashboard/virtual-service.yaml").read_text())["spec"]["http"]
    assert entry["link"] == route["match"][0]["uri"]["prefix"]
    assert entry["type"] == "item" and entry["text"]
    del added["data"]["links"]
    without = config(LINKS)
    del without["data"]["links"]
    assert added == without


def test_an_entry_is_added_once_and_can_be_removed():
    added = changed(config(LINKS))
    assert changed(added) == added
    removed = changed(added, "--argjson", "remove", "true")
    assert json.loads(removed["data"]["links"]) == LINKS
