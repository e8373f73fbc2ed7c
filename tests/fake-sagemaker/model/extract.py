"""Writes operations.json: what the fake knows of SageMaker's service model.

    python extract.py > operations.json

Source: botocore's models of `sagemaker` and `sagemaker-a2i-runtime`. Kept per operation: the
required members of the request, the members of the answer (which are times, what a required one
is when nothing is known, the words of the enumerations), and the declared errors.
"""

import json
import pathlib

import botocore.session

KINDS = pathlib.Path(__file__).resolve().parents[3] / "crates" / "monitor" / "kinds.json"
# What belongs to the kinds' work but is in no row of the table of kinds.
NEIGHBOURS = [
    "DataQualityJobDefinition",
    "ModelBiasJobDefinition",
    "ModelExplainabilityJobDefinition",
    "ModelPackageGroup",
    "ModelQualityJobDefinition",
    "Pipeline",
    "Workteam",
]
OTHERS = [
    "AddTags",
    "ListTags",
    "DeleteTags",
    "RetryPipelineExecution",
    "StartMlflowTrackingServer",
    "StartMonitoringSchedule",
    "StartNotebookInstance",
]
UPDATABLE = ["Endpoint", "InferenceComponent", "MlflowTrackingServer", "MonitoringSchedule", "Pipeline", "Workteam"]


def service_models():
    loader = botocore.session.get_session().get_component("data_loader")
    for service in ("sagemaker", "sagemaker-a2i-runtime"):
        yield loader.load_service_model(service, "service-2")


def operation_names():
    """Every operation that the table of kinds names, and those beside it."""
    operations = [row["operations"] for row in json.loads(KINDS.read_text()) if row["operations"]]
    named = {one[verb] for one in operations for verb in ("create", "describe", "list", "stop") if one[verb]}
    nouns = {name.removeprefix("Create") for name in named if name.startswith("Create")}
    nouns |= set(NEIGHBOURS)
    wanted = {*named, *OTHERS, "DeleteHumanLoop"}
    wanted |= {f"Delete{noun}" for noun in nouns}
    wanted |= {f"{verb}{noun}" for verb in ("Create", "Describe") for noun in NEIGHBOURS}
    wanted |= {f"List{noun}s" for noun in NEIGHBOURS}
    wanted |= {f"Update{noun}" for noun in UPDATABLE}
    return wanted


def unknown(shapes, name):
    """A value of this shape that says nothing, with all that is required."""
    shape = shapes[name]
    if shape["type"] == "structure":
        members = shape["members"]
        return {key: unknown(shapes, members[key]["shape"]) for key in shape.get("required", [])}
    if shape["type"] == "string":
        return shape.get("enum", [""])[0]
    blank = {"list": [], "map": {}, "boolean": False}
    return blank.get(shape["type"], 0)


def answer(shapes, shape):
    members = shape.get("members", {})
    types = {key: shapes[member["shape"]] for key, member in members.items()}
    required = [key for key in shape.get("required", []) if types[key]["type"] != "timestamp"]
    found = {
        "members": sorted(members),
        "times": sorted(key for key, of in types.items() if of["type"] == "timestamp"),
        "defaults": {key: unknown(shapes, members[key]["shape"]) for key in sorted(required)},
        "enums": {key: of["enum"] for key, of in sorted(types.items()) if "enum" in of},
    }
    return {key: value for key, value in found.items() if value}


def operation(shapes, model):
    taken = shapes[model["input"]["shape"]]
    given = shapes[model["output"]["shape"]] if "output" in model else {}
    found = {
        "required": taken.get("required", []),
        "errors": sorted(error["shape"] for error in model.get("errors", [])),
    }
    members = given.get("members", {})
    only = [(key, shapes[member["shape"]]) for key, member in members.items()]
    if len(only) == 1 and only[0][1]["type"] == "structure":
        found["wrapped_in"], given = only[0][0], only[0][1]
    found["output"] = answer(shapes, given)
    order = taken["members"].get("SortOrder", {}).get("documentation", "")
    for key, of in only:
        item = shapes[of["member"]["shape"]] if of["type"] == "list" else {}
        if model["name"].startswith("List") and item.get("type") == "structure":
            found["list"] = {"key": key, "item": answer(shapes, item)}
            found["list"]["ascending"] = "default is <code>Ascending" in order
    return {key: value for key, value in found.items() if value}


def extract():
    wanted, found = operation_names(), {}
    for model in service_models():
        for name in wanted & set(model["operations"]):
            found[name] = operation(model["shapes"], model["operations"][name])
    return found


def text():
    lines = [f"  {json.dumps(name)}: {json.dumps(of)}" for name, of in sorted(extract().items())]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    print(text(), end="")
