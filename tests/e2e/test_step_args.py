"""The step reads a command line as the old components' argparse and PyYAML did."""

import argparse
import json
import subprocess

import pytest
import yaml

from conftest import EXAMPLES, ROOT

PARSE = EXAMPLES / "parse_args"
TABLE = {row["name"]: row for row in json.loads((ROOT / "crates/step/table/v1.json").read_text())}


def truth(text):
    """`distutils.util.strtobool`, which Python no longer has."""
    words = {True: ("y", "yes", "t", "true", "on", "1"), False: ("n", "no", "f", "false", "off", "0")}
    for meaning, those in words.items():
        if text.lower() in those:
            return meaning
    raise ValueError(text)


def document(kind):
    def parse(text):
        try:
            value = json.loads(text)
        except ValueError:
            value = yaml.safe_load(text)
        value = kind() if value is None else value
        if not isinstance(value, kind):
            raise argparse.ArgumentTypeError(text)
        json.dumps(value, allow_nan=False)  # what JSON can't say is refused
        if kind is dict and not all(isinstance(key, str) for key in value):
            raise argparse.ArgumentTypeError("keys that are no texts")
        return value

    return parse


def whole(text):
    """Python's int; and a fraction that is whole, which the step takes on purpose (docs/differences.md)."""
    try:
        return int(text)
    except ValueError:
        number = float(text)
        if not number.is_integer():
            raise
        return int(number)


def nullable(text):
    return text.strip() or None


PARSERS = {
    "String": str,
    "Integer": whole,
    "Float": float,
    "Bool": truth,
    "JsonObject": document(dict),
    "JsonArray": document(list),
}


def python(component, words):
    """What the old component's argparse made of it; None for a usage error."""
    parser = argparse.ArgumentParser()
    row = TABLE[component]
    for known in row["inputs"]:
        kind = nullable if known.get("nullable") else PARSERS[known.get("parsed_as", known["type"])]
        default = known.get("default")
        parser.add_argument(
            f"--{known['name']}",
            type=kind,
            required=known.get("required", False),
            choices=known.get("choices") or None,
            default=None if default is None else kind(default),
        )
    for output in row["outputs"]:
        parser.add_argument(f"--{output['name']}_output_path", default=f"/tmp/{output['name']}")
    try:
        given = vars(parser.parse_args(words))
    except SystemExit as end:
        assert end.code == 2
        return None
    except (yaml.YAMLError, TypeError, ValueError):
        return None  # a traceback then, a usage error now
    return {known["name"]: given[known["name"]] for known in row["inputs"]}


TRANSFORM = ["--region", "r", "--model_name", "m", "--input_location", "i", "--output_location", "o"]
TEAM = ["--region", "r", "--team_name", "t", "--description", "d"]

NUMBERS = [
    "4", " 4 ", "1_0", "+1", "-1", "-0", "007", "", "1__0", "_1", "1_", "1.0", "1.5", "8.64e+04", "0x1", "1e3", "one", "--1", "- 1", "\t7\n"
]
FLOATS = ["1", ".5", "1.", "-.5", "-1.5", "2e-1", "1E5", "1_0.5", "", ".", "e5", "0x1p3", "1,5", " 3 ", "-1e5"]
TRUTHS = ["y", "YES", "t", "True", "on", "1", "n", "No", "f", "FALSE", "oFf", "0", "", " true", "2", "truE", "none"]
SCALARS = """
yes Yes YES yEs no true True tRUE false on On ON off OFF y n Y N ~ null Null NULL nULL
0 -0 +0 1 -1 +12 1_000 _1 1_ 017 -017 0o17 08 0_7 0b101 -0b1 0b2 0x1F 0XF -0x10 0x_1
1:30 190:20:30 -1:30 1:60 1:5 0:30 1:30.5 -1:30.25 20:30.
1. 1.5 -1.5 +1.5 .5 -.5 1.5e3 1.5e+3 1.5E-3 1e3 1e+3 .5e+1 1_0.5 . ... -. .e5 6.02e+23
2001-01-01 2001-1-1 2001-01-01T00:00:00Z 12e03 1.2.3 s3://b/k a:b - -- -a = << .inf -.INF .nan
'yes' "no" 'it''s' "a\\tb" "\\u00e9" "\\x41" !!str\\x20yes
""".split() + [
    "", "a b", "a  # comment", "#a", "a#b", "!!int 12", "!!str 12", "!!float 1", "!!float 1.5", "!!bool yes", "!!null ''",
    "! 12", "!!int '7'", "!own x", "!!binary YQ==", "&a x", "*a", "|\n    text\n    more", ">\n    text\n    more", "|-\n    x",
    "[a, b,]", "{a: 1, b: }", "{a, b}", "[1, 2]", "{a: {b: [c, ~]}}", "'unfinished", "[", "{", "]", "}", "@a", "`a", "%a",
    "a: b", "{'a': \"b\"}", "2001-01-01 10:00:00", "a\n    b",
]  # fmt: skip
DOCUMENTS = [
    "", " ", "{}", "[]", "null", "~", "a", "1", "true", "[1]", '{"a": 1}', '{"a": 1.0, "b": 1e5, "c": "\\u00e9"}', '{"a": NUL}',
    '{"a": 1, "a": 2}', "a: 1\na: 2", "{'a': 1}", "{a: 1}", "a: 1", "- a\n- b", "- a: 1\n  b: 2\n- c", "---\na: 1", "---\na: 1\n...",
    "---\na: 1\n---\nb: 2", "a: &x {y: 1}\nb: *x", "x: &x {y: 1, z: 1}\nb: {<<: *x, z: 2}", "a:\n\tb: 1", "a: b: c", "1: a", "yes: a",
    "? a\n: b", "? [a]\n: b", '"a": b', "a: |\n  x\n  y\nb: c", "# only\n", "{a: [}", "a: [1, 2", "ключ: значение", "🙂: ☃",
    "a:\n- b\n- c", "a:  \n  b:   c  ", "'a b': c", "{a: b, c: [d, {e: f}]}", "a: >-\n  x\n\n  y", "[[], {}, ~]", "{\"a\":1}", "a: 'b: c'",
]  # fmt: skip


def lines():
    for text in NUMBERS:
        yield "batch_transform", [*TRANSFORM, f"--max_concurrent={text}"]
        yield "batch_transform", [*TRANSFORM, "--max_concurrent", text]
    for text in FLOATS:
        yield "deploy", ["--region", "r", "--model_name_1", "m", f"--initial_variant_weight_1={text}"]
        yield "deploy", ["--region", "r", "--model_name_1", "m", "--initial_variant_weight_1", text]
    for text in TRUTHS:
        yield "model", ["--region", "r", "--model_name", "m", "--role", "r", "--network_isolation", text]
    for text in SCALARS:
        yield "workteam", [*TEAM, "--tags", f"key: {text}"]
        yield "model", ["--region=r", "--model_name=m", "--role=r", f"--secondary_containers=- {text}"]
    for text in DOCUMENTS:
        yield "workteam", [*TEAM, f"--tags={text}"]
        yield "workteam", [*TEAM, "--tags", text]
        yield "model", ["--region=r", "--model_name=m", "--role=r", "--secondary_containers", text]
    yield from (("batch_transform", words) for words in WORDS)


WORDS = [
    [],
    TRANSFORM,
    [*TRANSFORM, "--region", "again"],
    ["--reg", "r", "--model_n", "m", "--input_l", "i", "--output_location", "o"],
    ["--reg=r", "--model_n=m=n", "--input_l=", "--output_location=o"],
    [*TRANSFORM, "--output_location_out", "/x"],
    [*TRANSFORM, "--output_l", "o"],
    [*TRANSFORM, "--in", "x"],
    [*TRANSFORM, "--max_concurrent"],
    [*TRANSFORM, "--max_concurrent", "--max_payload", "1"],
    [*TRANSFORM, "--accept", "-x"],
    [*TRANSFORM, "--accept=-x"],
    [*TRANSFORM, "--accept", "-x y"],
    [*TRANSFORM, "--accept", "-1"],
    [*TRANSFORM, "--accept", "-1e5"],
    [*TRANSFORM, "--accept", "-"],
    [*TRANSFORM, "--accept", "--"],
    [*TRANSFORM, "--accept", "--", "x"],
    [*TRANSFORM, "--accept", "--x y"],
    [*TRANSFORM, "--accept", "--reg on"],
    [*TRANSFORM, "--accept", "--reg=on off"],
    [*TRANSFORM, "--", "x"],
    [*TRANSFORM, "x"],
    [*TRANSFORM, "-x"],
    [*TRANSFORM, "-region", "x"],
    [*TRANSFORM, "--unknown"],
    [*TRANSFORM, "--unknown=x"],
    [*TRANSFORM, "--unknown", "x"],
    [*TRANSFORM, ""],
    [*TRANSFORM, "--accept", ""],
    [*TRANSFORM, "--=x"],
    [*TRANSFORM, "--batch_strategy", ""],
    [*TRANSFORM, "--batch_strategy", "multirecord"],
    [*TRANSFORM, "--batch_strategy", "MultiRecord"],
    [*TRANSFORM, "--endpoint_url", "  "],
    [*TRANSFORM, "--endpoint_url", " http://x "],
    [*TRANSFORM, "--job_name", "Größe ☃"],
    [*TRANSFORM, "--hx"],
    [*TRANSFORM, "-hx"],
]

CASES = list(lines())


@pytest.fixture(scope="module")
def step():
    text = "".join(json.dumps({"component": component, "words": words}) + "\n" for component, words in CASES)
    done = subprocess.run([PARSE], input=text, capture_output=True, text=True, check=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_line_is_read_as_python_reads_it(step):
    assert len(step) == len(CASES) > 400
    wrong = []
    for (component, words), read in zip(CASES, step, strict=True):
        wanted, got = python(component, words), read.get("inputs")
        if json.dumps(wanted, sort_keys=True) != json.dumps(got, sort_keys=True):
            wrong.append((words[-2:], wanted if wanted is None else "other", read.get("error", "read")[-90:]))
    assert not wrong, "\n".join(map(str, wrong))
