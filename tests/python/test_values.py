"""What `run_local` makes of values and conditions, beside what KFP's backend makes of them."""

import pytest
from sagebell._inert import one_line
from sagebell._local import conditions, values
from sagebell._local.executor_input import words
from sagebell._local.resolve import About, Scope, Unresolved, inputs, rounds

ABOUT = About("id", "run", "task", "2026-11-27T00:00:00Z")


@pytest.mark.parametrize(("value", "text"), [
    # backend/src/v2/metadata/converter.go, PbValueToText: strconv.FormatFloat(v, 'f', -1, 64).
    (None, ""), ("a b", "a b"), (True, "true"), (False, "false"), (3.0, "3"), (0.5, "0.5"), (-2.0, "-2"),
    (1e21, "1000000000000000000000"), (1e-7, "0.0000001"), ([1.0, "a"], '[1,"a"]'), ({"a": 0.5}, '{"a":0.5}'),
])
def test_a_value_becomes_the_text_that_the_backend_makes(value, text):
    assert values.as_text(value) == text


@pytest.mark.parametrize(("text", "kind", "value"), [
    (" 7\n", "NUMBER_INTEGER", 7), ("-1.5", "NUMBER_DOUBLE", -1.5), ("True", "BOOLEAN", True), ("0", "BOOLEAN", False),
    (" x\n", "STRING", " x\n"), ('{"a": [1]}', "STRUCT", {"a": [1]}), ("[]", "LIST", []), ("", "STRING", ""),
])
def test_a_file_is_read_as_its_type(text, kind, value):
    assert values.read(text, kind) == value


@pytest.mark.parametrize(("text", "kind"), [
    ("", "NUMBER_INTEGER"), ("1.0", "NUMBER_INTEGER"), ("1_0", "NUMBER_INTEGER"), ("yes", "BOOLEAN"), ("tRue", "BOOLEAN"),
    ("[]", "STRUCT"), ("{}", "LIST"), ("{", "STRUCT"), ("", "NUMBER_DOUBLE"), ("x", "SOMETHING"),
])
def test_a_file_of_another_type_is_refused(text, kind):
    with pytest.raises(ValueError, match=kind):
        values.read(text, kind)


STATUS, SIZE = "inputs.parameter_values['status']", "inputs.parameter_values['size']"


@pytest.mark.parametrize(("condition", "holds"), [
    (f"{STATUS} == 'Completed'", True),
    (f"{STATUS} != 'Completed'", False),
    (f"!({STATUS} == 'Completed') && int({SIZE}) > 3", False),
    (f"!({STATUS} == 'x') && int({SIZE}) >= 7 && {SIZE} < double(8)", True),
    (f"{SIZE} == 7.0", True),
    (f"{SIZE} == 1e3", False),
    # CEL: a text is never a number, and 1 is not true.
    (f"{STATUS} == 7", False),
    (f"{STATUS} != 7", True),
    ("inputs.parameter_values['flag'] == true", True),
    ("inputs.parameter_values['flag'] == 1", False),
])
def test_a_condition_means_what_cel_makes_of_it(condition, holds):
    assert conditions.holds(condition, {"status": "Completed", "size": 7.0, "flag": True}) is holds


@pytest.mark.parametrize("condition", [
    "", "true", f"{STATUS} == ", f"{STATUS} == 'a' || true == true", f"{STATUS} == 'it's'", f"{STATUS} == 'a\\n'",
    f"({STATUS} == 'a')", f"!({STATUS} == 'a'", f"{STATUS} == 'a' && ", f"{STATUS} in ['a']", "__import__('os') == 1",
])
def test_what_the_compiler_does_not_write_is_not_read(condition):
    with pytest.raises(conditions.Unreadable):
        conditions.parse(condition)


@pytest.mark.parametrize("condition", [f"{STATUS} < 7", "inputs.parameter_values['gone'] == 1", f"int({STATUS}) == 1"])
def test_what_the_driver_cannot_evaluate_is_an_error(condition):
    with pytest.raises(conditions.Unreadable):
        conditions.holds(condition, {"status": "Completed"})


def component(kind="STRING", **more):
    return {"inputDefinitions": {"parameters": {"in": {"parameterType": kind, **more}}}}


def task(**source):
    return {"inputs": {"parameters": {"in": source}}}


def resolved(one, of, given=None, outputs=None):
    return inputs(one, of, Scope(given or {}, outputs or {}), ABOUT)


def test_what_is_wanted_as_a_text_becomes_one_and_nothing_else_is_converted():
    assert resolved(task(componentInputParameter="p"), component(), {"p": 3.0}) == {"in": "3"}
    with pytest.raises(Unresolved, match="'in' is '3'; KFP expects NUMBER_INTEGER"):
        resolved(task(componentInputParameter="p"), component("NUMBER_INTEGER"), {"p": "3"})


def test_a_null_is_left_out_where_the_input_is_optional_and_refused_elsewhere():
    null = task(componentInputParameter="p")
    assert resolved(null, component(isOptional=True), {"p": None}) == {}
    with pytest.raises(Unresolved, match="null"):
        resolved(null, component(), {"p": None})


def test_the_output_of_a_task_that_gave_none_is_refused():
    source = task(taskOutputParameter={"producerTask": "before", "outputParameterKey": "out"})
    assert resolved(source, component(), outputs={"before": {"out": "x"}}) == {"in": "x"}
    with pytest.raises(Unresolved, match="the task 'before' has no output 'out'"):
        resolved(source, component(), outputs={"before": {}})


def test_the_run_is_named_only_where_that_is_the_whole_constant():
    for constant, value in [("{{$.pipeline_job_uuid}}", "id"), ("x{{$.pipeline_job_uuid}}", "x{{$.pipeline_job_uuid}}")]:
        assert resolved(task(runtimeValue={"constant": constant}), component()) == {"in": value}


def test_a_member_of_an_item_is_taken_out():
    source = task(componentInputParameter="p", parameterExpressionSelector='parseJson(string_value)["a"]')
    assert resolved(source, component("NUMBER_INTEGER"), {"p": {"a": 1.0}}) == {"in": 1.0}
    with pytest.raises(Unresolved, match="does not fit"):
        resolved(source, component("NUMBER_INTEGER"), {"p": {"b": 1.0}})


def loop(**items):
    return {"parameterIterator": {"itemInput": "in", "items": items}}


def test_the_rounds_of_a_loop_have_an_item_each_of_its_type():
    # As the driver does: an item of a list without a type is a text.
    assert rounds(loop(raw="[1, 2]"), component(), {}) == [{"in": "1"}, {"in": "2"}]
    given = {"list": [1.0], "other": "x"}
    assert rounds(loop(inputParameter="list"), component("NUMBER_INTEGER"), given) == [{"other": "x", "in": 1.0}]
    for wrong in ({"list": "x"}, {"list": 3.0}, {}):
        with pytest.raises(Unresolved, match="is no list"):
            rounds(loop(inputParameter="list"), component(), wrong)


def message(**given):
    return {"inputs": {"parameterValues": given}}


ARGS = {"args": ["--executor-input", "{{$}}"]}


def test_a_parameter_within_the_executor_input_is_filled_in_once():
    whole = words(ARGS, message(a="{{$.inputs.parameters['b']}}/x", b="{{$.inputs.parameters['a']}}", c=[1.0]))[1]
    assert whole == (
        '{"inputs":{"parameterValues":{"a":"{{$.inputs.parameters[\'a\']}}/x",'
        '"b":"{{$.inputs.parameters[\'b\']}}/x","c":[1]}}}'
    )


def test_what_a_text_stands_for_is_pasted_as_it_is_as_the_launcher_does():
    assert words(ARGS, message(a="{{$.inputs.parameters['b']}}", b='"'))[1].count('"""') == 1
    assert "{{$.inputs.parameters['gone']}}" in words(ARGS, message(a="{{$.inputs.parameters['gone']}}"))[1]


def test_the_texts_of_others_are_harmless():
    assert one_line("a\tb é 日\x1b[2J\r\n\u202e") == "a\tb é 日\\x1b[2J\\r\\n\\u202e"
    assert len(one_line("x" * 20_000)) == 10_001
