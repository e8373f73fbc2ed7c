"""What a step may ask of SageMaker: crates/step/operations.json, which is generated from its code."""

import json

from translate import INFRA


def operations():
    """Every operation that some component may call."""
    return set(json.loads((INFRA.parent / "crates" / "step" / "operations.json").read_text()))
