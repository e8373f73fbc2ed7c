"""Reads Markdown as GitHub shows it: headings and their anchors, links, and blocks of text."""

import re
from typing import NamedTuple

from markdown_it import MarkdownIt

PARSER = MarkdownIt("gfm-like", {"linkify": False})


class Block(NamedTuple):
    """A paragraph, a heading, a cell of a table, a code block or a piece of HTML."""

    line: int
    text: str
    # What introduces it: the paragraph before a code block, the head of a table.
    introduction: str


def parsed(text):
    return PARSER.parse(text)


def blocks(text):
    """Every block of a page, in order."""
    found, before, head, in_head = [], "", "", False
    for token in parsed(text):
        line = (token.map or [0])[0] + 1
        if token.type == "thead_open":
            in_head, head = True, ""
        elif token.type == "thead_close":
            in_head = False
        elif token.type == "table_close":
            head = ""
        elif token.type == "tr_open" and not in_head:
            found.append(Block(line, "", head))
        elif token.type == "inline":
            if in_head:
                head += f" {token.content}"
            elif head:
                # The cells of a row are one block.
                row = found.pop()
                found.append(row._replace(text=f"{row.text} {token.content}"))
            else:
                found.append(Block(line, token.content, ""))
            before = token.content
        elif token.type in ("fence", "code_block", "html_block"):
            found.append(Block(line, token.content, before))
    return found


def words(inline):
    """The text of a heading as it is read, without its markup."""
    return "".join(child.content for child in inline.children if child.type in ("text", "code_inline"))


def anchors(text):
    """The anchors that GitHub gives to headings, and those that a page sets itself. Source of the rule: "Section
    links" of https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax"""
    tokens, found = parsed(text), set(re.findall(r'<a id="([^"]+)">', text))
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            title = words(tokens[number + 1]).lower()
            plain = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
            again = 0
            anchor = plain
            while anchor in found:
                again += 1
                anchor = f"{plain}-{again}"
            found.add(anchor)
    return found


def links(text):
    """(line, target) of every link and picture."""
    for token in parsed(text):
        line = (token.map or [0])[0] + 1
        for child in token.children or []:
            if child.type == "link_open":
                yield line, child.attrs["href"]
            elif child.type == "image":
                yield line, child.attrs["src"]
        if token.type in ("html_block", "inline"):
            for target in re.findall(r'<(?:a|img|source)\b[^>]*?(?:href|src|srcset)="([^"]+)"', token.content):
                yield line, target
