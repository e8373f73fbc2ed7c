"""Every link of every page leads somewhere, and nothing of a release is promised as if there were one already."""

import re
import urllib.parse

import pytest

from conftest import ROOT, tracked
from pages import anchors, blocks, links

PAGES = tracked("*.md")
each_page = pytest.mark.parametrize("page", PAGES)
# What is there only once a release is: addresses of this project, its images, its packages and its files.
RELEASED = re.compile(
    r"(?:github|githubusercontent)\.com/sagebell"
    r"|ghcr\.io/sagebell"
    r"|pip install (?:-\S+ )*sagebell\b"
    r"|\bsagebell-(?:aws|cli|functions)-(?:\d|VERSION)"
)
MARK = re.compile(r"\bfirst\s+release\b", re.I)


def text(page):
    return (ROOT / page).read_text()


@each_page
def test_relative_links_lead_to_files_and_headings(page):
    for line, target in links(text(page)):
        parts = urllib.parse.urlsplit(target)
        if parts.scheme or parts.netloc:
            continue
        path = (ROOT / page).parent / urllib.parse.unquote(parts.path) if parts.path else ROOT / page
        assert path.exists(), f"{page}:{line}: {target} is not there"
        assert path.resolve().is_relative_to(ROOT), f"{page}:{line}: {target} is outside of the repository"
        if parts.fragment and path.suffix == ".md":
            assert parts.fragment in anchors(path.read_text()), f"{page}:{line}: {target} has no such heading"


@each_page
def test_links_to_others_are_by_https(page):
    """An address of this machine is one to try out."""
    for line, target in links(text(page)):
        parts = urllib.parse.urlsplit(target)
        if parts.scheme and parts.hostname not in ("127.0.0.1", "localhost"):
            assert parts.scheme == "https", f"{page}:{line}: {target}"


@each_page
def test_what_only_a_release_gives_is_marked(page):
    """In its own block, in the paragraph before it, or in the head of its table."""
    for block in blocks(text(page)):
        found = RELEASED.search(block.text)
        if found:
            marked = MARK.search(f"{block.introduction} {block.text}")
            assert marked, f'{page}:{block.line}: {found[0]} is there only "from the first release on": say so'
    for line, target in links(text(page)):
        if RELEASED.search(target):
            seen = any(target in block.text for block in blocks(text(page)))
            assert seen, f"{page}:{line}: write {target} where it is used, not as a reference"


def test_a_page_is_read_as_github_shows_it():
    """So that the tests above cannot pass for want of blocks."""
    page = "\n".join([
        "# Deploy `it`: now!", "", "Text [a](b.md).", "", "```sh", "pip install sagebell", "```", "",
        "| from the first release on | now |", "|---|---|", "| ghcr.io/sagebell/x | y |", "", "# Deploy it now",
    ])
    assert anchors(page) == {"deploy-it-now", "deploy-it-now-1"}
    assert list(links(page)) == [(3, "b.md")]
    fence, row = blocks(page)[2:4]
    assert (fence.line, fence.text, fence.introduction) == (5, "pip install sagebell\n", "Text [a](b.md).")
    assert "ghcr.io" in row.text and MARK.search(row.introduction)
    assert RELEASED.search(fence.text) and not MARK.search(fence.introduction)
    assert not RELEASED.search("pip install target/wheels/sagebell.whl")
