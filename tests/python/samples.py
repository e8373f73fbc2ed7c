"""What a function needs, made from its signature. It runs with any kfp: see test_oldest_kfp.py."""

import inspect

# A constant of each type. The text is one that every input allows.
SAMPLES = {"str": "Minimize", "int": 1, "dict[str, Any]": {"a": 1}, "list[Any]": ["a"]}


def needed(function):
    parameters = inspect.signature(function).parameters.items()
    return {name: SAMPLES[of.annotation.split(" | ")[0]] for name, of in parameters if of.default is of.empty}
