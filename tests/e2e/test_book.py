"""The site of docs/ in a real browser: no page is wider than its window, and none complains."""

import subprocess

import pytest

from browser import Browser
from conftest import ROOT

BOOK = ROOT / "target" / "book"
WIDTHS, SCHEMES = (360, 1400), ("light", "dark")


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
        browser.visit(page.as_uri(), width)
        assert browser.overflow() <= 0, page.name
    assert [said for said in browser.complaints() if "favicon" not in said] == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_page_has_the_colours_of_the_reader(browser, pages, scheme):
    home = BOOK / "index.html"
    browser.visit(home.as_uri(), scheme=scheme)
    colour = "return getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g).map(Number)"
    red, green, blue, *_ = browser.driver.execute_script(colour)
    assert (red + green + blue > 3 * 128) == (scheme == "light")
    browser.shoot(f"book-{scheme}")
