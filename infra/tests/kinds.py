"""What the table of kinds in the domain says, read from its source."""

import re

from translate import INFRA

SOURCE = (INFRA.parent / "crates" / "monitor" / "src" / "kinds.rs").read_text()
TABLE = SOURCE[SOURCE.index("static KINDS") : SOURCE.index("#[cfg(test)]")]
COUNT = int(re.match(r"static KINDS: \[KindSpec; (\d+)\]", TABLE)[1])
ROWS = TABLE.split("    KindSpec {")[1:]
# All but those that only events tell of.
WITH_OPERATIONS = [row for row in ROWS if "operations: Some(" in row]

_STRINGS = re.compile(r'"([^"]*)"')
_OPERATIONS = re.compile(r"operations\((.*?)\)", re.DOTALL)


def detail_types():
    """The EventBridge detail-types of all kinds."""
    lists = re.findall(r"detail_types: &\[(.*?)\]", TABLE, re.DOTALL)
    return {text for one in lists for text in _STRINGS.findall(one)}


def prefixes():
    """How the detail-types begin whose end tells the state."""
    return set(re.findall(r'state_after: Some\("([^"]*)"\)', TABLE))


def operations():
    """(create, describe, stop or None) of every kind."""
    found = []
    for row in WITH_OPERATIONS:
        arguments = _OPERATIONS.search(row)[1]
        strings = _STRINGS.findall(arguments)
        stop = strings[3] if "Some(" in arguments else None
        found.append((strings[0], strings[1], stop))
    return found
