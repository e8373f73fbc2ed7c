"""Makes the pictures of README.md and docs/dashboard.md: pages of a local stack with sample jobs, as Chromium shows them."""

import pathlib
import sys
import tempfile

from browser import Browser
from conftest import Local
from dashboards import PAGES, arn_of, fill

BAD = "forecast-2026-11-13"
REASON = (
    "AlgorithmError: ExecuteUserScriptError:\nTraceback (most recent call last):\n"
    '  File "/opt/ml/code/train.py", line 61, in load\n    frame = frame[columns]\n'
    "KeyError: \"['humidity'] not in index\""
)
WIDTH = 1_000
# Each picture, its page, the browser's colours, and how much of the page it has, in pixels.
PICTURES = [
    ("jobs-light", PAGES["jobs"], "light", 700),
    ("jobs-dark", PAGES["jobs"], "dark", 700),
    ("job-dark", f"/job?arn={arn_of(BAD)}", "dark", 900),
    ("run-light", PAGES["run"], "light", 330),
]


def main(folder):
    with tempfile.TemporaryDirectory() as temporary:
        home = pathlib.Path(temporary)
        local, browser = Local(home / "local.db").start(), Browser(home)
        try:
            fill(local.base, BAD, REASON)
            browser.driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
            for name, page, scheme, height in PICTURES:
                driver = browser.visit(local.base + page, WIDTH, scheme, height)
                assert driver.save_screenshot(str(folder / f"dashboard-{name}.png"))
        finally:
            browser.close()
            local.kill()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
