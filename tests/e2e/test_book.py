"""The site of docs/ in a real browser: no page is wider than its window, and none complains."""

import subprocess

import pytest

from browser import Browser
from conftest import ROOT, until

BOOK = ROOT / "target" / "book"
WIDTHS = 360, 1400
# Of the theme's own markup: the switch of the sidebar, what is outside of the article, and code that scrolls.
OF_MDBOOK = ("aria-allowed-attr", "region", "scrollable-region-focusable")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("book"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def pages():
    subprocess.run([ROOT / "scripts" / "build-docs"], check=True, stdout=subprocess.DEVNULL, timeout=600)
    # The pages of articles: the others are parts of them.
    pages = sorted(page for page in BOOK.rglob("*.html") if page.name not in ("404.html", "toc.html"))
    assert len(pages) > 30
    return pages


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_window(browser, pages, width):
    for page in pages:
        driver = browser.visit(page.as_uri(), width)
        until(lambda: driver.execute_script("return innerWidth") == width, "the window has its width")
        assert browser.overflow() <= 0, page.name
    assert browser.complaints() == []


def shown(browser, page, scheme):
    """A page in these colours. Another process may show each file, and learn of the colours only when it has loaded."""
    driver = browser.visit(page.as_uri(), scheme=scheme)
    dark = "return matchMedia('(prefers-color-scheme: dark)').matches"
    until(lambda: driver.execute_script(dark) == (scheme == "dark"), f"the browser prefers {scheme} colours")
    driver.refresh()
    # Colours that are still on their way are nobody's.
    still = "document.head.insertAdjacentHTML('beforeend', '<style>* {transition: none !important}</style>')"
    driver.execute_script(still)
    return driver


@pytest.mark.parametrize(("scheme", "theme"), [("light", "light"), ("dark", "navy")])
def test_a_page_has_the_colours_of_the_reader_and_can_be_read(browser, pages, scheme, theme):
    for name in ("api", "concepts", "kfp"):
        driver = shown(browser, BOOK / f"{name}.html", scheme)
        assert theme in driver.execute_script("return document.documentElement.className").split()
        assert [found for found in browser.barriers() if found[0] not in OF_MDBOOK] == [], name
    browser.shoot(f"book-{scheme}")
