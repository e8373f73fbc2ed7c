"""A real browser, the pages of KFP's frontend that show a step's artifacts, and those of the dashboard."""

import contextlib
import functools
import html
import subprocess

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from conftest import PATIENCE_SECONDS, ROOT

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
AXE = ROOT / "target/axe/node_modules/axe-core/axe.min.js"
RENDER, LIBRARY = ROOT / "tests/e2e/markdown/render.cjs", ROOT / "target/markdown"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
)
HEIGHT = 900

# frontend/src/components/viewers/HTMLViewer.tsx: the frame's sandbox, and its size.
FRAME = """<!DOCTYPE html><meta charset=utf-8><body style="margin:0;color-scheme:{scheme}">
<iframe sandbox="allow-scripts" style="border:1px solid #ddd;box-sizing:border-box;min-height:600px;width:100%;
height:{height}px" srcdoc="{page}"></iframe>"""
# frontend/src/components/viewers/MarkdownViewer.tsx: its rules for code and headings.
MARKDOWN = """<!DOCTYPE html><meta charset=utf-8><style>
body {{ font: 14px/1.5 Roboto, Helvetica, sans-serif; margin: 1em }}
.markdown-viewer h2 {{ font-size: initial; border-bottom: 1px solid #eee; padding-bottom: .3em }}
.markdown-viewer code, .markdown-viewer pre {{ background-color: #f8f8f8; border-radius: 5px }}
.markdown-viewer pre {{ border: solid 1px #eee; margin: 7px 0; padding: 7px }}
.markdown-viewer a {{ word-break: break-all }}
</style><div class="markdown-viewer">{page}</div>"""


@functools.cache
def rendered(markdown):
    """The HTML that KFP's own library makes of it."""
    done = subprocess.run(
        ["node", RENDER, LIBRARY], input=markdown, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True
    )
    return done.stdout


class Browser:
    def __init__(self, folder):
        options = Options()
        options.binary_location = CHROMIUM
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}"):
            options.add_argument(flag)
        self.folder = folder
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))

    def close(self):
        self.driver.quit()

    @contextlib.contextmanager
    def html_artifact(self, page, width, scheme="light"):
        """KFP's page with an HTML artifact; the driver is within its frame."""
        self.open(FRAME.format(page=html.escape(page), height=HEIGHT - 10, scheme=scheme), width, scheme)
        self.driver.switch_to.frame(self.driver.find_element(By.TAG_NAME, "iframe"))
        yield self.driver
        self.driver.switch_to.default_content()

    def markdown_artifact(self, markdown, width):
        """KFP's page with a Markdown artifact."""
        self.open(MARKDOWN.format(page=rendered(markdown)), width, "light")
        return self.driver

    def open(self, page, width, scheme):
        self.look(width, scheme)
        host = self.folder / "host.html"
        host.write_text(page)
        self.driver.get(host.as_uri())

    def visit(self, url, width=1400, scheme="light", height=HEIGHT):
        """A page of a server."""
        self.look(width, scheme, height)
        self.driver.get(url)
        return self.driver

    def look(self, width, scheme, height=HEIGHT):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)

    def complaints(self):
        """What the browser's console has said since it was asked last."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def shoot(self, name):
        """Keeps a picture, for people who want to look. On a busy machine Chromium's own time for one can run out."""
        folder = ROOT / "target" / "screenshots"
        folder.mkdir(exist_ok=True)
        waiting = WebDriverWait(self.driver, PATIENCE_SECONDS, ignored_exceptions=[WebDriverException])
        waiting.until(lambda driver: driver.save_screenshot(str(folder / f"{name}.png")))

    def barriers(self):
        """What axe finds, by its rules for WCAG 2.2 AA and for good practice."""
        self.driver.execute_script(AXE.read_text())
        found = self.driver.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
        return [
            (one["id"], node["target"], node.get("failureSummary")) for one in found["violations"] for node in one["nodes"]
        ]

    def type(self, *keys):
        """Presses keys, wherever the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def overflow(self):
        """By how many pixels the page is wider than what shows it."""
        script = "const of = document.documentElement; return of.scrollWidth - of.clientWidth"
        return self.driver.execute_script(script)
