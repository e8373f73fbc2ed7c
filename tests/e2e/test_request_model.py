"""What the step refuses before it sends is what botocore refuses: both judge the same requests.

For every operation that a component calls, a whole request is made from botocore's model, and then
one of each kind of damage is done to each of its places.
"""

import copy
import json
import random
import subprocess

import botocore.session
import pytest
from botocore.validate import ParamValidator

from conftest import EXAMPLES, ROOT

MODEL = botocore.session.get_session().get_service_model("sagemaker")
OPERATIONS = [
    line.split(" ")[0]
    for line in (ROOT / "crates/step/table/shapes.txt").read_text().splitlines()
    if line.split(" ")[0] in MODEL.operation_names
]
# Values that fit some types and not others. A truth value is left out where a number is wanted:
# Python's is one.
INTRUDERS = [None, "", "x", 0, -1, 1.5, True, [], {}, [None], {"x": None}, {"Unheard": 1}]
DEEPEST = 9


def example(shape, depth=0):
    """A value of this shape with every member, as far as that goes."""
    if shape.type_name == "structure":
        members = list(shape.members.items())
        if shape.is_tagged_union:
            wanted = dict(members[:1])
        elif depth > DEEPEST:
            return {}
        else:
            wanted = {key: of for key, of in members if depth < 4 or key in shape.required_members}
        return {key: example(of, depth + 1) for key, of in wanted.items()}
    if shape.type_name == "list":
        return [example(shape.member, depth + 1) for _ in range(max(1, shape.metadata.get("min", 1)))]
    if shape.type_name == "map":
        return {"Some-Key" * 4: example(shape.value, depth + 1)}
    if shape.type_name == "string":
        return "x" * max(1, shape.metadata.get("min", 1))
    least = shape.metadata.get("min", 1)
    return {"boolean": True, "timestamp": 0, "blob": "eA=="}.get(shape.type_name, least)


def places(value, path=()):
    """Every place within a value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def damaged(whole, path, intruder):
    """The value with something else at a place; `...` takes the place away."""
    value = copy.deepcopy(whole)
    if not path:
        return intruder
    parent = at(value, path[:-1])
    if intruder is ...:
        parent.pop(path[-1])
    else:
        parent[path[-1]] = copy.deepcopy(intruder)
    return value


def variants(operation):
    whole = example(MODEL.operation_model(operation).input_shape)
    yield whole
    chosen = random.Random(operation)
    everywhere = [path for path in places(whole) if path]
    for path in chosen.sample(everywhere, min(len(everywhere), 60)):
        before = at(whole, path)
        intruders = chosen.sample(INTRUDERS, 4)
        if isinstance(before, (int, float)) and not isinstance(before, bool):
            intruders = [intruder for intruder in intruders if intruder is not True]
        for intruder in [*intruders, ...]:
            yield damaged(whole, path, intruder)


def has_empty_word(value):
    """What botocore lets through and SageMaker refuses (crates/step/table/extract.py, NOT_EMPTY)."""
    if isinstance(value, list):
        return any(map(has_empty_word, value))
    if not isinstance(value, dict):
        return False
    words = [word for key in ("ContainerArguments", "ContainerEntrypoint") for word in value.get(key) or []]
    return "" in words or any(map(has_empty_word, value.values()))


def botocore_refuses(operation, request):
    shape = MODEL.operation_model(operation).input_shape
    report = ParamValidator().validate(request, shape)
    # Only what is not known is let through (crates/step/src/model/check.rs).
    return any(reason != "unknown field" for reason, *_ in report._errors)


@pytest.mark.parametrize("key", ["ContainerArguments", "ContainerEntrypoint"])
def test_an_empty_word_of_a_command_is_refused_with_its_place(key):
    whole = example(MODEL.operation_model("CreateProcessingJob").input_shape)
    whole["AppSpecification"][key] = ["--model_name", ""]
    (problem,), = problems_of([("CreateProcessingJob", whole)])
    assert problem.startswith(f"AppSpecification.{key}[1]")


def problems_of(requests):
    """What the step finds wrong with each."""
    lines = "".join(json.dumps({"operation": name, "input": value}) + "\n" for name, value in requests)
    command = [EXAMPLES / "check_requests"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, timeout=600)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_operation_of_the_model_is_botocores():
    assert len(OPERATIONS) > 25


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_step_refuses_what_botocore_refuses(operation):
    requests = [(operation, value) for value in variants(operation)]
    told = problems_of(requests)
    differing = [
        (value, problems)
        for (_, value), problems in zip(requests, told, strict=True)
        if bool(problems) != (botocore_refuses(operation, value) or has_empty_word(value))
    ]
    assert not differing, differing[:3]
    assert not told[0] and any(told)
