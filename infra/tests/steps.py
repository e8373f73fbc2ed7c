"""What a step may ask of SageMaker, read from its source."""

import json
import re

import kinds
from policy_sentry.querying.actions import get_action_data
from translate import INFRA

STEP = INFRA.parent / "crates" / "step"

_LITERALS = re.compile(r'"([A-Z]\w+)"')
# It makes nothing, and waits for any kind that another component makes.
_WAIT = "sagemaker-wait"


def operations():
    """Every operation that some component may call."""
    return _spelled_out() | _of_kinds()


def _spelled_out():
    """Those that the source names outside of its tests: all but the generic components'."""
    found = {text for source in _sources() for text in _LITERALS.findall(source)}
    return {text for text in found if get_action_data("sagemaker", text)}


def _sources():
    for path in sorted((STEP / "src").rglob("*.rs")):
        if "tests" not in (path.stem, path.parent.name):
            yield path.read_text().partition("#[cfg(test)]\nmod tests {")[0]


def _of_kinds():
    """Those of the kinds that the generic components make, and wait for or stop by ARN."""
    by_create = {}
    for create, *others in kinds.operations():
        # An execution's steps are made as it is.
        by_create.setdefault(create.lower(), {create, *others} - {None})
    words = [row["name"] for row in json.loads((STEP / "table" / "sagemaker.json").read_text())]
    return set().union(*(by_create[word.replace("-", "")] for word in words if word != _WAIT))
