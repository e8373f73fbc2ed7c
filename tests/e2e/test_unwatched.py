"""Every operation by which SageMaker makes or starts what then has a status is one of a kind of ours, or is on a list
that says why not."""

import botocore.session
import pytest

from conftest import kinds
from unwatched import UNWATCHED

SERVICES = [
    botocore.session.get_session().get_service_model(name) for name in ("sagemaker", "sagemaker-a2i-runtime")
]
VERBS = ("Create", "Start")


def operations(service):
    """The operations that make or start something, each with what it does that to."""
    for name in service.operation_names:
        for verb in VERBS:
            if name.startswith(verb):
                yield name, name.removeprefix(verb)


def is_a_status(member, shape):
    """Whether a member of a description tells how far the thing has come.

    A structure tells one inside (a trial component's). Counts, reasons and what others' states are do not count.
    """
    names = ("Status", "State")
    if shape.type_name == "structure":
        return member in names
    return shape.type_name == "string" and member.endswith(names) and bool(shape.enum)


def describing(service, noun):
    """The operations that read one thing."""
    return [name for name in (f"Describe{noun}", f"Get{noun}") if name in service.operation_names]


def has_status(service, noun):
    """Whether what describes it tells a status; what nothing describes may have one that is told elsewhere."""
    found = describing(service, noun)
    members = [
        (member, shape)
        for name in found
        for member, shape in service.operation_model(name).output_shape.members.items()
    ]
    return any(is_a_status(member, shape) for member, shape in members)


def is_opaque(service, name, noun):
    """Whether it starts what no operation describes."""
    return name.startswith("Start") and not describing(service, noun)


def of_interest():
    return {
        name
        for service in SERVICES
        for name, noun in operations(service)
        if has_status(service, noun) or is_opaque(service, name, noun)
    }


def of_kinds():
    """The operations that make a job of a kind, or set one going again."""
    made = {row["operations"]["create"] for row in kinds().values() if row["operations"]}
    nouns = {name.removeprefix(verb) for name in made for verb in VERBS if name.startswith(verb)}
    return made | {f"Start{noun}" for noun in nouns}


def untold(interest, ours, listed):
    """Operations that are neither a kind's nor on the list."""
    return sorted(interest - ours - listed)


def outdated(interest, ours, listed):
    """Entries of the list that are no such operation any more, or one of a kind's."""
    return sorted(listed - (interest - ours))


def test_what_has_a_status_to_wait_for_is_a_kind_or_is_on_the_list_of_what_is_not():
    assert untold(of_interest(), of_kinds(), set(UNWATCHED)) == []


def test_the_list_has_nothing_that_is_a_kind_or_is_gone():
    assert outdated(of_interest(), of_kinds(), set(UNWATCHED)) == []


@pytest.mark.parametrize("name", UNWATCHED)
def test_the_list_says_why(name):
    assert len(UNWATCHED[name].split()) >= 5


def test_a_kind_that_the_table_loses_is_noticed():
    """The check of the check: of each kind with a status, taken away."""
    interest, ours, listed = of_interest(), of_kinds(), set(UNWATCHED)
    kept = ours & interest
    assert len(kept) > 25
    for name in kept:
        assert untold(interest, ours - {name}, listed) == [name]


def test_an_entry_that_became_a_kind_or_went_away_is_noticed():
    interest, ours, listed = of_interest(), of_kinds(), set(UNWATCHED)
    assert outdated(interest, ours, listed | {"CreateTrainingJob"}) == ["CreateTrainingJob"]
    assert outdated(interest - {"CreateApp"}, ours, listed) == ["CreateApp"]
