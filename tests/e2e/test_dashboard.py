"""The dashboard in a real browser: found, searched, followed, read with keys alone, and by those who do not see it.

Every page is looked at in three widths, light and dark; the pictures are under target/screenshots."""

import contextlib
import re
import subprocess

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import Browser
from conftest import PATIENCE_SECONDS, SAGEBELL, Local, call, until
from dashboards import ACCOUNT, LONG_NAME, PAGES, REGION, ROLE, Front, arn_of, fill, multiply, proxied, publish
from lambda_runtime import running
from steps import SageMaker

WIDTHS, SCHEMES = (360, 768, 1400), ("light", "dark")
# A page and all that it loads.
MOST_BYTES = 100_000


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


@pytest.fixture(autouse=True)
def no_complaint(browser):
    """No test leaves a word on the browser's console that it did not expect."""
    browser.complaints()
    yield
    assert not browser.complaints()


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """A local stack with jobs of every sort."""
    local = Local(tmp_path_factory.mktemp("local") / "local.db").start()
    fill(local.base)
    yield local
    local.kill()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_fits_every_window_and_has_no_barrier(browser, stack, page, scheme):
    for width in WIDTHS:
        driver = browser.visit(stack.base + PAGES[page], width, scheme)
        browser.shoot(f"{page}-{width}-{scheme}")
        assert browser.overflow() <= 0, width
        barriers = browser.barriers()
        assert not barriers, (width, barriers)
        assert len(driver.find_elements(By.TAG_NAME, "h1")) == 1
    if page == "error":
        # The browser itself notes that the page's status is a failure.
        assert all("400" in complaint for complaint in browser.complaints())


@pytest.mark.parametrize("page", ["jobs", "job-failed"])
def test_a_page_with_all_it_loads_is_light(browser, stack, page):
    driver = browser.visit(stack.base + PAGES[page])
    script = """
        const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
        return entries.map((entry) => [entry.name, entry.decodedBodySize]);"""
    loaded = driver.execute_script(script)
    assert len(loaded) >= 4, loaded
    assert sum(size for _, size in loaded) < MOST_BYTES, loaded


def names(driver):
    """Those of the listed jobs, all read at once: the page goes on changing."""
    script = "return [...document.querySelectorAll('.jobs .name')].map((name) => name.textContent)"
    return driver.execute_script(script)


def notice(driver):
    """What the page says was done, if it is there already."""
    return driver.execute_script("return document.querySelector('.notice')?.textContent || ''")


def test_what_runs_is_on_top_and_failures_come_next(browser, stack):
    driver = browser.visit(stack.base)
    heads = [head.text.split()[0] for head in driver.find_elements(By.TAG_NAME, "h2")]
    assert heads == ["Running", "Failed", "Ended"]
    assert names(driver)[:4] == ["evaluate", "train-a", "capacity", LONG_NAME]


def test_a_search_follows_what_is_typed_and_is_in_the_address(browser, stack):
    driver = browser.visit(stack.base)
    search = driver.find_element(By.ID, "q")
    search.send_keys("FORECAST")
    until(lambda: len(names(driver)) == 3, "the list is searched")
    assert driver.current_url.endswith("/?q=FORECAST")
    # Who types goes on typing.
    assert driver.switch_to.active_element == search
    search.send_keys("-2026-11-10")
    until(lambda: names(driver) == ["forecast-2026-11-10"], "the list is searched further")
    driver.refresh()
    assert names(driver) == ["forecast-2026-11-10"]
    driver.find_element(By.LINK_TEXT, "Clear all").click()
    assert len(names(driver)) > 3


def test_filters_are_chosen_and_taken_off(browser, stack):
    driver = browser.visit(stack.base)
    driver.find_element(By.CSS_SELECTOR, ".menu summary").click()
    driver.find_element(By.CSS_SELECTOR, ".menu").find_element(By.LINK_TEXT, "stopped").click()
    assert names(driver) == ["images-large"]
    driver.find_element(By.LINK_TEXT, REGION).click()
    driver.find_element(By.LINK_TEXT, ACCOUNT).click()
    chips = [chip.text.split("×")[0] for chip in driver.find_elements(By.CSS_SELECTOR, ".chip")]
    assert [chip.split()[:2] for chip in chips] == [["phase", "stopped"], ["region", REGION], ["account", ACCOUNT]]
    for _ in chips:
        driver.find_elements(By.CSS_SELECTOR, ".chip a")[-1].click()
    assert len(names(driver)) > 5


def test_a_live_job_is_followed_to_its_end(browser, stack):
    publish(stack.base, "live", "InProgress", "Starting", 5, 50)
    driver = browser.visit(f"{stack.base}/job?arn={arn_of('live')}")
    # What somebody does on the page stays while it changes: a selection, the focus.
    driver.execute_script("document.querySelector('main a').focus()")
    focused = driver.switch_to.active_element
    publish(stack.base, "live", "InProgress", "Training", 20, 50)
    until(lambda: "Training" in driver.find_element(By.CSS_SELECTOR, ".headline").text, "the page shows the change")
    publish(stack.base, "live", "Completed", "Completed", 40, 50)
    until(lambda: "succeeded" in driver.find_element(By.CSS_SELECTOR, ".headline").text, "the page shows the end")
    assert driver.switch_to.active_element == focused
    labels = [label.text for label in driver.find_elements(By.CSS_SELECTOR, ".chart .label")]
    assert labels == ["InProgress / Starting", "InProgress / Training", "Completed"]
    assert driver.find_element(By.ID, "live").text == "Live"


def test_a_list_shows_what_happens_meanwhile(browser, stack):
    driver = browser.visit(stack.base)
    publish(stack.base, "newcomer", "InProgress", "Starting", 1, 1)
    until(lambda: "newcomer" in names(driver), "the list shows a new job")
    publish(stack.base, "newcomer", "Completed", "Completed", 2, 1)
    ended = "//section[h2[starts-with(normalize-space(), 'Ended')]]//a[.='newcomer']"
    until(lambda: driver.find_elements(By.XPATH, ended), "the job is among those that ended")


def test_what_others_wrote_is_text(browser, stack):
    driver = browser.visit(stack.base + PAGES["job-failed"])
    assert driver.title == f"{LONG_NAME} · Sagebell"
    reason = driver.find_element(By.CSS_SELECTOR, ".failure pre").text
    for part in ("<script>document.title", "<img src=x", "KeyError: 'größe' \\u{202e}\\u{1b}[31m"):
        assert part in reason
    assert "the container failed" in driver.find_element(By.CSS_SELECTOR, ".failure").text
    assert not driver.find_elements(By.CSS_SELECTOR, "main img, main script")


def test_bars_are_to_scale(browser, stack):
    driver = browser.visit(stack.base + PAGES["job-failed"])
    rows = driver.find_elements(By.CSS_SELECTOR, ".chart > li")
    bars = {row.find_element(By.CLASS_NAME, "label").text: row.find_element(By.CSS_SELECTOR, ".part").rect for row in rows}
    assert list(bars) == [*(f"InProgress / {word}" for word in ("Starting", "Downloading", "Training")), "Failed"]
    track = driver.find_element(By.CSS_SELECTOR, ".track").rect
    # 2,170 of 2,400 seconds.
    assert abs(bars["InProgress / Training"]["width"] / track["width"] - 2_170 / 2_400) < 0.01
    ends = [bar["x"] + bar["width"] for bar in bars.values()]
    assert all(abs(end - bar["x"]) < 2 for end, bar in zip(ends, list(bars.values())[1:])), bars


def test_a_run_is_a_chart_of_its_jobs(browser, stack):
    driver = browser.visit(stack.base + PAGES["run"])
    labels = [label.text.split()[-1] for label in driver.find_elements(By.CSS_SELECTOR, ".gantt .label")]
    assert labels == ["prepare", "train-a", "train-b", "evaluate"]
    driver.find_element(By.LINK_TEXT, "train-b").click()
    assert driver.find_element(By.TAG_NAME, "h1").text == "train-b"
    driver.find_element(By.LINK_TEXT, "nightly-2026-11-27").click()
    assert "Run nightly" in driver.find_element(By.TAG_NAME, "h1").text


def test_keys_alone_lead_everywhere(browser, stack):
    driver = browser.visit(stack.base)
    browser.type(Keys.TAB)
    assert driver.switch_to.active_element.text == "Skip to the content"
    browser.type(Keys.ENTER)
    browser.type(Keys.TAB)
    assert driver.switch_to.active_element.get_attribute("id") == "q"
    browser.type("train-a", Keys.ENTER)
    until(lambda: names(driver) == ["train-a"], "the list is searched")
    for _ in range(12):
        browser.type(Keys.TAB)
        if driver.switch_to.active_element.text == "train-a":
            break
    browser.type(Keys.ENTER)
    until(lambda: driver.find_element(By.TAG_NAME, "h1").text == "train-a", "the job's page opens")


def test_pages_work_without_a_script(browser, stack):
    driver = browser.driver
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.visit(f"{stack.base}/?q=forecast", 768)
        assert len(names(driver)) == 3
        driver.find_element(By.ID, "q").send_keys("-2026-11-11", Keys.ENTER)
        until(lambda: names(driver) == ["forecast-2026-11-11"], "the list is searched")
        driver.find_element(By.LINK_TEXT, "forecast-2026-11-11").click()
        assert driver.find_element(By.TAG_NAME, "h1").text == "forecast-2026-11-11"
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_an_empty_monitor_says_what_to_do(browser, tmp_path):
    local = Local(tmp_path / "local.db").start()
    driver = browser.visit(local.base, 768)
    assert "No jobs yet" in driver.find_element(By.CSS_SELECTOR, ".empty").text
    assert not browser.barriers()
    browser.shoot("empty-768-light")
    publish(local.base, "first", "InProgress", "Starting", 1, 1)
    until(lambda: names(driver) == ["first"], "the page shows the first job")
    # Then the monitor is gone: the page says so, and keeps what it has.
    local.kill()
    live = driver.find_element(By.ID, "live")
    until(lambda: "Not up to date" in live.text, "the page says that it is old")
    browser.shoot("no-connection-768-light")
    assert names(driver) == ["first"]
    local.start()
    until(lambda: live.text == "Live", "the page is up to date again")
    local.kill()
    assert all("ERR_CONNECTION_REFUSED" in complaint for complaint in browser.complaints())


def test_ten_thousand_jobs_are_searched_and_paged(browser, tmp_path):
    local = Local(tmp_path / "local.db").start()
    publish(local.base, "bulk", "Completed", "Completed", 60, 60)
    local.terminate()
    multiply(tmp_path / "local.db", 10_000)
    local.start()
    driver = browser.visit(local.base)
    shift = driver.execute_async_script("""
        const done = arguments[arguments.length - 1];
        let shift = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((entry) => (shift += entry.value)))
            .observe({ type: "layout-shift", buffered: true });
        requestAnimationFrame(() => requestAnimationFrame(() => done(shift)));""")
    assert shift == 0
    assert names(driver)[:2] == ["bulk", "bulk-00000"]
    driver.find_element(By.LINK_TEXT, "Older jobs").click()
    for _ in range(3):
        last = names(driver)[-1]
        driver.find_element(By.LINK_TEXT, "Older →").click()
        assert names(driver)[0] > last
    driver.find_element(By.ID, "q").send_keys("bulk-09999")
    until(lambda: names(driver) == ["bulk-09999"], "the oldest job is found")
    local.kill()


@contextlib.contextmanager
def deployment(folder):
    """A deployment's API, with a SageMaker that it may call, and events of that."""
    local = Local(folder / "store.db").start()
    sagemaker = SageMaker(local.base)
    environment = {
        "SAGEBELL_STORE": f"sqlite:{folder}/store.db", "SAGEBELL_SAGEMAKER": "aws", "SAGEBELL_AUTH": "iam",
        "AWS_ENDPOINT_URL_SAGEMAKER": sagemaker.url,
    }
    with running("api", environment, folder) as function:
        front = Front(function)
        try:
            yield function, front, sagemaker
        finally:
            front.close()
            sagemaker.stop()
            local.kill()


def started(function, sagemaker, name, role=ROLE):
    """A job of this role, which waits for it."""
    sagemaker.life({"status": "InProgress"})
    owner = f"{ACCOUNT}:role/{role}"
    arn = sagemaker.boto.create_training_job(
        TrainingJobName=name, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/execution",
        AlgorithmSpecification={"TrainingImage": "image", "TrainingInputMode": "File"},
        OutputDataConfig={"S3OutputPath": "s3://outputs/"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 3600}, Tags=[{"Key": "sagebell:owner", "Value": owner}],
    )["TrainingJobArn"]
    path = "/v1/jobs/" + arn.replace(":", "%3A").replace("/", "%2F") + "/waits/w"
    status, answer = function.call(role, "PUT", path, {})
    assert status == 200, answer
    return arn


def test_stop_and_refresh_act_once(browser, tmp_path):
    with deployment(tmp_path) as (function, front, sagemaker):
        arn = started(function, sagemaker, "to-stop")
        driver = browser.visit(f"{front.base}/job?arn={arn}")
        before = sagemaker.calls("DescribeTrainingJob")
        button = driver.find_element(By.CSS_SELECTOR, ".actions button")
        driver.execute_script("arguments[0].click(); arguments[0].click()", button)
        until(lambda: "this is its answer" in notice(driver), "the page says what was done")
        assert sagemaker.calls("DescribeTrainingJob") == before + 1
        # Nothing is stopped without a question.
        driver.find_element(By.CSS_SELECTOR, ".actions > .danger").click()
        assert driver.switch_to.active_element.text == "Let it run"
        browser.shoot("stop-1400-light")
        assert not browser.barriers()
        browser.type(Keys.ESCAPE)
        assert not driver.find_element(By.ID, "stop").is_displayed()
        driver.find_element(By.CSS_SELECTOR, ".actions > .danger").click()
        stop = driver.find_element(By.CSS_SELECTOR, "#stop .danger")
        driver.execute_script("arguments[0].click(); arguments[0].click()", stop)
        until(lambda: "asked to stop" in notice(driver), "the page says what was done")
        assert sagemaker.calls("StopTrainingJob") == 1
        until(lambda: "stop" in driver.find_element(By.CSS_SELECTOR, ".headline .phase").text, "the job is stopping")
        assert [post for post in front.posts if post == "act=stop"] == ["act=stop"]


def test_the_proxy_shows_a_deployment_and_changes_nothing_unless_asked_to(browser, tmp_path):
    with deployment(tmp_path) as (function, front, sagemaker):
        arn = started(function, sagemaker, "by-proxy")
        with proxied(front.base) as base:
            driver = browser.visit(base)
            assert names(driver) == ["by-proxy"]
            driver.find_element(By.LINK_TEXT, "by-proxy").click()
            assert driver.find_element(By.TAG_NAME, "h1").text == "by-proxy"
            assert not driver.find_elements(By.CSS_SELECTOR, "main form, main button")
            status, said = call("POST", f"{base}/job?arn={arn}", b"act=stop")
            assert status == 403 and "--allow-stop" in said
        with proxied(front.base, "--allow-stop") as base:
            driver = browser.visit(f"{base}/job?arn={arn}")
            driver.find_element(By.CSS_SELECTOR, ".actions > .danger").click()
            driver.find_element(By.CSS_SELECTOR, "#stop .danger").click()
            until(lambda: "asked to stop" in notice(driver), "the page says what was done")
        assert sagemaker.calls("StopTrainingJob") == 1


def test_a_monitor_without_sagemaker_offers_nothing_that_needs_it(browser, stack):
    driver = browser.visit(stack.base + PAGES["job-running"])
    assert not driver.find_elements(By.CSS_SELECTOR, "main form, main button")


def test_who_does_not_own_a_job_is_not_offered_to_stop_it(browser, tmp_path):
    with deployment(tmp_path) as (function, front, sagemaker):
        arn = started(function, sagemaker, "theirs", role="other")
        driver = browser.visit(f"{front.base}/job?arn={arn}")
        assert driver.find_element(By.TAG_NAME, "h1").text == "theirs"
        assert not driver.find_elements(By.CSS_SELECTOR, "main form, main button")
        # Who sends it all the same is refused, and told why.
        status, page = call("POST", f"{front.base}/job?arn={arn}", b"act=stop")
        assert status == 403 and "only the owner" in page
        assert sagemaker.calls("StopTrainingJob") == 0
