"""What the domain's table of kinds says: crates/monitor/kinds.json, which is generated from it."""

import json

from translate import INFRA

ROWS = json.loads((INFRA.parent / "crates" / "monitor" / "kinds.json").read_text())


def detail_types():
    """The EventBridge detail-types of all kinds."""
    return {detail_type for row in ROWS for detail_type in row["detail_types"]}


def prefixes():
    """How the detail-types begin whose end tells the state."""
    return {row["state_after"] for row in ROWS if row["state_after"]}


def operations():
    """(create, describe, stop or None) of every kind but those that only events tell of."""
    found = [row["operations"] for row in ROWS if row["operations"]]
    return [(one["create"], one["describe"], one["stop"]) for one in found]


def lists_of_changes():
    """The operations that list what changed."""
    return {row["operations"]["list"] for row in ROWS if row["operations"] and row["operations"]["changes"]}
