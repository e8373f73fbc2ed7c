"""docs/faq.md: every answer names the test that holds it, and that test is there."""

import re

import pytest

from conftest import ROOT

QUESTIONS = re.split(r"^### ", (ROOT / "docs" / "faq.md").read_text(), flags=re.M)[1:]


@pytest.mark.parametrize("question", QUESTIONS, ids=[text.splitlines()[0] for text in QUESTIONS])
def test_an_answer_names_its_test(question):
    file, name = re.search(r"^<!-- (\S+): (\w+) -->$", question, re.M).groups()
    assert re.search(rf"^\s*(?:async )?(?:def|fn) {name}\(", (ROOT / file).read_text(), re.M), f"{file}: {name}"


def test_there_are_questions():
    assert len(QUESTIONS) > 15
