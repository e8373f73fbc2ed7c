"""The dashboard in the frame of Kubeflow's own, behind a gateway that serves it below a path: as infra/k8s says it."""

import http.client
import urllib.parse

import pytest
import yaml
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import Browser
from conftest import PATIENCE_SECONDS, ROOT, Local, until
from dashboards import fill, proxied
from served import Quiet, Site

ROUTE, = yaml.safe_load((ROOT / "infra/k8s/components/dashboard/virtual-service.yaml").read_text())["spec"]["http"]
PREFIX, REWRITTEN = ROUTE["match"][0]["uri"]["prefix"], ROUTE["rewrite"]["uri"]
# The Angular form of Kubeflow's dashboard gives the namespace to the page too: `srcPath` in components/
# centraldashboard-angular/frontend/src/app/pages/iframe-wrapper/iframe-wrapper.component.ts of kubeflow/dashboard.
ENTRY = f"{PREFIX}?ns=team-a"
# As components/centraldashboard/public/components/iframe-container.js shows a page: in a frame of the same origin,
# without a sandbox.
CENTRAL = f"""<!DOCTYPE html><html lang=en><meta charset=utf-8><link rel=icon href=data:,><title>Kubeflow</title>
<style>body {{ margin: 0; display: flex; height: 100vh }} nav {{ width: 200px; background: #0b4a8f; color: #fff }}
iframe {{ border: 0; flex: 1; height: 100% }}</style>
<nav>Home<br>Pipelines<br>SageMaker Jobs</nav><iframe title=page src="{ENTRY}"></iframe>"""
# They are of one connection: RFC 9110, section 7.6.1.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


class Gateway(Site):
    """Kubeflow's gateway: its own dashboard at `/`, and ours below its path, which it takes off.
    "HTTPRewrite", Istio's reference of VirtualService: the part that matched the prefix is replaced."""

    def __init__(self, dashboard):
        upstream = urllib.parse.urlsplit(dashboard)

        class Handler(Quiet):
            def do_GET(self):
                if self.path == "/":
                    return self.answer(200, [("content-type", "text/html")], CENTRAL.encode())
                if not self.path.startswith(PREFIX):
                    return self.answer(404, [], b"")
                connection = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=PATIENCE_SECONDS)
                path = REWRITTEN + self.path.removeprefix(PREFIX)
                connection.request("GET", path, headers=dict(self.headers.items()))
                told = connection.getresponse()
                body = told.read()
                connection.close()
                return self.answer(told.status, told.getheaders(), body)

            def answer(self, status, headers, body):
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in HOP_BY_HOP | {"content-length", "date", "server"}:
                        self.send_header(name, value)
                if status != 304:
                    self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        super().__init__(Handler)


@pytest.fixture
def kubeflow(tmp_path):
    """Its gateway, before the dashboard of a monitor with jobs."""
    local = Local(tmp_path / "local.db").start()
    fill(local.base)
    with proxied(local.base) as dashboard:
        gateway = Gateway(dashboard)
        yield gateway.base
        gateway.close()
    local.kill()


@pytest.fixture
def browser(tmp_path):
    browser = Browser(tmp_path)
    yield browser
    complaints = browser.complaints()
    browser.close()
    assert not complaints


def shown(driver):
    """The address of what the frame shows, as Kubeflow's dashboard reads it to put it into its own."""
    driver.switch_to.default_content()
    address = driver.execute_script("return document.querySelector('iframe').contentWindow.location.href")
    driver.switch_to.frame(driver.find_element(By.TAG_NAME, "iframe"))
    return address


def test_the_pages_work_in_the_frame_below_the_path(browser, kubeflow):
    driver = browser.visit(kubeflow)
    assert shown(driver) == kubeflow + ENTRY
    assert driver.find_element(By.TAG_NAME, "h1").text == "Jobs"
    browser.shoot("in-kubeflow")
    driver.find_element(By.LINK_TEXT, "train-a").click()
    until(lambda: driver.find_element(By.TAG_NAME, "h1").text == "train-a", "the page of the job is there")
    assert shown(driver).startswith(f"{kubeflow}{PREFIX}job?arn=")
    assert not driver.find_elements(By.CSS_SELECTOR, "main form, main button")
    driver.find_element(By.LINK_TEXT, "nightly-2026-11-27").click()
    until(lambda: f"{PREFIX}run?id=" in shown(driver), "the page of the run is there")
    driver.find_element(By.LINK_TEXT, "Health").click()
    until(lambda: shown(driver) == f"{kubeflow}{PREFIX}health", "the page of the monitor is there")
    driver.find_element(By.LINK_TEXT, "Jobs").click()
    until(lambda: shown(driver) == f"{kubeflow}{PREFIX}", "the list is there again")


def test_a_search_in_the_frame_keeps_the_namespace_of_kubeflow_out_of_the_way(browser, kubeflow):
    driver = browser.visit(kubeflow)
    shown(driver)
    driver.find_element(By.CSS_SELECTOR, "input[type=search]").send_keys("capacity", Keys.ENTER)
    until(lambda: "q=capacity" in shown(driver), "the search is part of the address")
    script = "return [...document.querySelectorAll('.jobs .name')].map((name) => name.textContent)"
    until(lambda: driver.execute_script(script) == ["capacity"], "only what was searched is listed")


def test_a_page_that_is_shown_again_has_the_slash_of_kubeflow_taken_off(browser, kubeflow):
    """`appendBackslash` in shared/utils.ts, of the same Angular form."""
    driver = browser.visit(f"{kubeflow}{PREFIX}run/?id=nightly-2026-11-27&ns=team-a")
    assert driver.current_url == f"{kubeflow}{PREFIX}run?id=nightly-2026-11-27&ns=team-a"
    driver.find_element(By.LINK_TEXT, "train-a").click()
    assert driver.find_element(By.TAG_NAME, "h1").text == "train-a"
