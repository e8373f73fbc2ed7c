"""A step's artifacts in a real browser, where KFP shows them: the timeline in its sandboxed
frame, the summary rendered by KFP's own library."""

import re

import pytest
from selenium.webdriver.common.by import By

from browser import Browser
from conftest import Local
from steps import Scene

WIDTHS, SCHEMES = (360, 1400), ("light", "dark")
# What would be markup, an order, or a link, were it not shown as text.
HOSTILE = (
    'AlgorithmError: <script>document.title = "owned"</script><a href="https://evil.example">x</a>\n'
    "Traceback (most recent call last):\n"
    '  File "train.py", line 3, in <module>\n'
    "KeyError: 'größe' \u202e\x1b[31m [evil](https://evil.example) https://evil.example `code` ![i](https://evil.example/i.png)\n"
    "# evil\n- evil\n<img src=https://evil.example onerror=alert(1)>\n" + "long" * 100
)
LONG_NAME = "a-very-long-name-that-people-give-to-their-training-jobs-2026"
INSTANCES = {"instance_type": "ml.g5.12xlarge", "instance_count": "2"}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    local = Local(tmp_path_factory.mktemp("local") / "local.db").start()
    scene = Scene(local, tmp_path_factory.mktemp("steps"))
    yield scene
    scene.close()
    local.kill()


@pytest.fixture(scope="module")
def failed(scene):
    """The artifacts of a training job that failed with hostile words."""
    scene.sagemaker.life(
        {"status": "InProgress", "secondary": "Starting"},
        {"status": "InProgress", "secondary": "Downloading", "after_millis": 900},
        {"status": "InProgress", "secondary": "Training", "after_millis": 700},
        {"status": "InProgress", "secondary": "Uploading", "after_millis": 2_500},
        {"status": "Failed", "reason": HOSTILE, "after_millis": 500},
    )
    return ended(scene.train("--logs", "none", inputs={"job_name": LONG_NAME, **INSTANCES}), 1)


@pytest.fixture(scope="module")
def succeeded(scene):
    """Those of a training job that succeeded at once."""
    scene.sagemaker.life({"status": "InProgress"}, {"status": "Completed", "after_millis": 1_200})
    return ended(scene.train("--logs", "none", task="task-2", inputs={"job_name": "Iris-1"}), 0)


def ended(step, code):
    assert step.ends() == code, step.said()
    step.page = (step.folder / "timeline.html").read_text()
    step.summary = (step.folder / "summary.md").read_text()
    return step


def luminance(colour):
    """W3C's relative luminance of `rgb(…)`: WCAG 2.2, "relative luminance"."""
    channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def colour(driver, selector, which="color"):
    return driver.find_element(By.CSS_SELECTOR, selector).value_of_css_property(which)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_timeline_is_a_readable_page_in_kfps_frame(browser, failed, width, scheme):
    browser.complaints()
    with browser.html_artifact(failed.page, width, scheme) as frame:
        browser.shoot(f"timeline-failed-{width}-{scheme}")
        assert browser.overflow() == 0
        back = colour(frame, "html", "background-color")
        assert (luminance(back) < 0.1) == (scheme == "dark"), back
        for selector in ("h1", ".soft", ".state", "td.soft", "pre", "dd code"):
            assert contrast(colour(frame, selector), back) >= 4.5, selector
        # Everything is seen within the width, and a status is as wide as it lasted.
        for element in frame.find_elements(By.CSS_SELECTOR, "h1, pre, .track, td, dd code"):
            assert 0 <= element.rect["x"] and element.rect["x"] + element.rect["width"] <= width + 1
        assert frame.find_element(By.TAG_NAME, "h1").text == LONG_NAME
    assert not browser.complaints()


def test_the_timeline_is_to_scale(browser, failed):
    with browser.html_artifact(failed.page, 1400) as frame:
        rows = frame.find_elements(By.CSS_SELECTOR, ".chart > div")
        bars = {row.find_element(By.TAG_NAME, "bdi").text: row.find_element(By.TAG_NAME, "i").rect for row in rows}
        assert list(bars) == ["Starting", "Downloading", "Training", "Uploading", "Failed"]
        assert all(bar["width"] >= 2 for bar in bars.values())
        # Each begins where the one before ends.
        ends = [bar["x"] + bar["width"] for bar in bars.values()]
        begins = [bar["x"] for bar in bars.values()]
        assert all(abs(end - begin) < 6 for end, begin in zip(ends, begins[1:])), bars
        # 2.5 of 4.6 seconds.
        assert bars["Training"]["width"] > sum(bar["width"] for bar in bars.values()) / 3


def test_the_timeline_needs_no_link_and_its_addresses_can_be_copied(browser, failed):
    with browser.html_artifact(failed.page, 1400) as frame:
        assert not frame.find_elements(By.CSS_SELECTOR, "a, script, img, form, button, iframe, link")
        codes = frame.find_elements(By.CSS_SELECTOR, "dd code")
        addresses = [code.text for code in codes]
        assert failed.output("job_arn") in addresses
        assert any(text.endswith(f"#/jobs/{LONG_NAME}") for text in addresses)
        codes[0].click()
        selected = frame.execute_script("return getSelection().toString()")
        assert addresses[0].startswith(selected or "?")


def test_what_others_wrote_is_text_in_the_timeline(browser, failed):
    with browser.html_artifact(failed.page, 1400) as frame:
        shown = frame.find_element(By.CSS_SELECTOR, "pre").text
        for part in ("<script>", '<a href="https://evil.example">x</a>', "KeyError: 'größe' \\u{202e}\\u{1b}[31m"):
            assert part in shown
        assert frame.execute_script("return document.title") == LONG_NAME


@pytest.mark.parametrize("width", WIDTHS)
def test_a_short_life_has_a_timeline_too(browser, succeeded, width):
    with browser.html_artifact(succeeded.page, width) as frame:
        browser.shoot(f"timeline-succeeded-{width}-light")
        assert browser.overflow() == 0
        assert frame.find_element(By.CSS_SELECTOR, ".state").text == "Completed"
        rows = frame.find_elements(By.CSS_SELECTOR, "tbody tr")
        assert [row.text.split()[0] for row in rows][-1] == "Completed"


@pytest.mark.parametrize("width", (700, 1400))
def test_kfp_renders_the_summary_with_links_and_nothing_of_others(browser, failed, width):
    browser.complaints()
    page = browser.markdown_artifact(failed.summary, width)
    browser.shoot(f"summary-failed-{width}")
    links = page.find_elements(By.TAG_NAME, "a")
    assert [link.text for link in links] == ["SageMaker console", "CloudWatch logs", "Output in S3"]
    assert all(link.get_attribute("target") == "_blank" for link in links)
    addresses = [link.get_attribute("href") for link in links]
    assert all(address in failed.said() for address in addresses), addresses
    assert not page.find_elements(By.CSS_SELECTOR, "img, script, .markdown-viewer h1, .markdown-viewer li li")
    assert len(page.find_elements(By.CSS_SELECTOR, ".markdown-viewer h2")) == 1
    assert browser.overflow() == 0
    shown = page.find_element(By.CLASS_NAME, "markdown-viewer").text
    for part in ("Training job: failed", LONG_NAME, "[evil](https://evil.example)", "What to do: the container failed"):
        assert part in shown
    assert not browser.complaints()


def test_kfp_renders_the_summary_of_a_success(browser, succeeded):
    page = browser.markdown_artifact(succeeded.summary, 700)
    browser.shoot("summary-succeeded-700")
    assert page.find_element(By.TAG_NAME, "h2").text == "Training job: succeeded"
    captions = [link.text for link in page.find_elements(By.TAG_NAME, "a")]
    assert captions == ["SageMaker console", "CloudWatch logs", "Model in S3", "Output in S3"]
    assert browser.overflow() == 0
