"""Makes the texts of others harmless before they are printed."""

from __future__ import annotations

_LONGEST = 10_000


def one_line(text: str) -> str:
    """The text without what acts on a terminal: such characters are shown as escapes."""
    shown = text[:_LONGEST]
    harmless = "".join(
        letter if letter.isprintable() or letter == "\t" else ascii(letter)[1:-1]
        for letter in shown
    )
    return harmless if len(text) <= _LONGEST else f"{harmless}…"
