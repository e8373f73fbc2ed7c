"""The site of docs/, as scripts/build-docs made it: every page is there, and every link and anchor leads somewhere."""

import html.parser
import os
import re
import tomllib
import urllib.parse

import pytest

from conftest import ROOT, tracked

DOCS, BOOK = ROOT / "docs", ROOT / "target" / "book"
REPOSITORY = tomllib.loads((ROOT / "book.toml").read_text())["output"]["html"]["git-repository-url"]
VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
# Its addresses are those of the server's root.
PAGES = sorted(page for page in BOOK.rglob("*.html") if page.name != "404.html")
NAMES = [str(page.relative_to(BOOK)) for page in PAGES]
each_page = pytest.mark.parametrize("page", PAGES, ids=NAMES)


class Page(html.parser.HTMLParser):
    """What a page links, and what can be linked in it."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.anchors.add(found.get("id"))
        self.links += [found[name] for name in ("href", "src", "srcset") if name in found]


def read(page):
    return Page(page.read_text())


def test_every_page_is_in_the_summary_and_in_the_book():
    listed = re.findall(r"\]\((.+?\.md)\)", (DOCS / "SUMMARY.md").read_text())
    written = [name.removeprefix("docs/") for name in tracked("docs/*.md") if name != "docs/SUMMARY.md"]
    assert sorted(listed) == sorted(written)
    made = {name.replace("README.md", "index.md").replace(".md", ".html") for name in written}
    assert made - set(NAMES) == set()


@each_page
def test_links_within_the_book_lead_somewhere(page):
    for link in read(page).links:
        parts = urllib.parse.urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = page.parent / urllib.parse.unquote(parts.path) if parts.path else page
        assert target.is_file(), link
        assert target.resolve().is_relative_to(BOOK), link
        if parts.fragment and target.suffix == ".html":
            assert parts.fragment in read(target).anchors, link


@each_page
def test_links_out_of_the_pages_lead_to_files_of_this_version(page):
    for link in read(page).links:
        if link.startswith(f"{REPOSITORY}/"):
            kind, tag, name = link.removeprefix(f"{REPOSITORY}/").split("#")[0].split("/", 2)
            assert tag == f"v{VERSION}", link
            assert (os.path.isdir if kind == "tree" else os.path.isfile)(ROOT / name), link


def test_a_page_is_read_as_browsers_read_it():
    """So that the tests above cannot pass for want of links."""
    page = Page('<h2 id="a"><a href="b.html#c">b</a></h2><img src="d.svg"><code>href="e"</code>')
    assert (page.links, page.anchors) == (["b.html#c", "d.svg"], {"a", None})
    out = [link for page in PAGES for link in read(page).links if link.startswith(f"{REPOSITORY}/blob/")]
    assert len(PAGES) > 30 and len(out) > 10
