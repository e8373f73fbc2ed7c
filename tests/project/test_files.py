"""Every text file is written as .editorconfig says."""

import pytest
from editorconfig import get_properties

from conftest import ROOT, tracked

# Line by line as it was received, or as a tool writes it.
FOREIGN = ("LICENSE", "fuzz/corpus/", "Cargo.lock", "fuzz/Cargo.lock", "crates/http-api/assets/idiomorph.min.js")


def is_text(name):
    return b"\0" not in (ROOT / name).read_bytes()[:8000]


NAMES = [name for name in tracked() if not name.startswith(FOREIGN) and is_text(name)]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_written_as_said(name):
    said = get_properties(str(ROOT / name))
    content = (ROOT / name).read_bytes()
    content.decode(said["charset"])
    assert b"\r" not in content, f"{name}: ends lines by CR LF"
    if said["insert_final_newline"] == "true":
        assert not content or content.endswith(b"\n"), f"{name}: does not end with a newline"
    for number, line in enumerate(content.decode().splitlines(), start=1):
        if said["trim_trailing_whitespace"] == "true":
            assert line == line.rstrip(" \t"), f"{name}:{number}: spaces at the end"
        if said["indent_style"] == "space":
            assert not line.startswith("\t"), f"{name}:{number}: a tab at the beginning"
