"""Writes shapes.txt and sagemaker.json: what the step knows of SageMaker's service model.

    python extract.py

Source: botocore's model of `sagemaker`, and the table of kinds.

shapes.txt has one shape a line, its name and its JSON, sorted, so that a step parses only the few
that its own request has. An operation's input goes by the operation's name, an output that is
handed on by `NAME.output`. Kept is what botocore's ParamValidator looks at.

sagemaker.json has one component per kind: every top-level member of its request as an input; and the
one that only waits.
"""

import json
import pathlib
import re

import botocore.session

HERE = pathlib.Path(__file__).resolve().parent
KINDS = HERE.parents[1] / "monitor" / "kinds.json"
MODEL = botocore.session.get_session().get_component("data_loader").load_service_model("sagemaker", "service-2")
SHAPES, OPERATIONS = MODEL["shapes"], MODEL["operations"]

# Called by components beside the kinds' own.
OTHERS = [
    "CreateDataQualityJobDefinition",
    "CreateModelBiasJobDefinition",
    "CreateModelExplainabilityJobDefinition",
    "CreateModelQualityJobDefinition",
    "CreateWorkteam",
    "UpdateEndpoint",
    "UpdateMonitoringSchedule",
]
# Answers that are handed on in ACK's names.
HANDED_ON = ["DescribeEndpoint", "DescribeMonitoringSchedule", "DescribeTrainingJob"]

KFP_TYPES = {
    "boolean": "Bool",
    "double": "Float",
    "float": "Float",
    "integer": "Integer",
    "list": "JsonArray",
    "long": "Integer",
    "map": "JsonObject",
    "string": "String",
    "structure": "JsonObject",
    "timestamp": "String",
}

# What counts as not given. A number or a truth value that is not given is left out.
NONE = {"JsonArray": "[]", "JsonObject": "{}", "String": ""}

# Options of the step itself: a field of the same name gets an underscore, as ACK gives to Go's keywords.
TAKEN = {"api", "assume_role", "endpoint_url", "logs", "region", "request", "run", "task", "wait"}

# What else of a kind's description later steps often need: output, type, pointer, what it is.
HANDY = {
    "CreateAutoMLJobV2": [("best_candidate", "JsonObject", "/BestCandidate", "The best candidate.")],
    "CreateCompilationJob": [
        ("model_artifact", "String", "/ModelArtifacts/S3ModelArtifacts", "Where the compiled model is."),
    ],
    "CreateEdgePackagingJob": [("model_artifact", "String", "/ModelArtifact", "Where the package is.")],
    "CreateFeatureGroup": [
        ("offline_store", "JsonObject", "/OfflineStoreConfig", "The offline store, as it was resolved."),
    ],
    "CreateHyperParameterTuningJob": [
        ("best_training_job", "String", "/BestTrainingJob/TrainingJobName", "The best training job's name."),
    ],
    "CreateLabelingJob": [
        ("output_manifest", "String", "/LabelingJobOutput/OutputDatasetS3Uri", "Where the labels' manifest is."),
    ],
    "CreateNotebookInstance": [("url", "String", "/Url", "The address of its Jupyter server.")],
    "CreateTrainingJob": [
        ("model_artifact", "String", "/ModelArtifacts/S3ModelArtifacts", "Where the model is."),
        ("training_image", "String", "/AlgorithmSpecification/TrainingImage", "The image that trained it."),
    ],
    "CreateTransformJob": [
        ("output_location", "String", "/TransformOutput/S3OutputPath", "Where the predictions are."),
    ],
}


def creates():
    """The operations that make a job of some kind, in the order of the table."""
    operations = [row["operations"] for row in json.loads(KINDS.read_text()) if row["operations"]]
    named = [one["create"] for one in operations]
    return list(dict.fromkeys(name for name in named if name in OPERATIONS))


# Of these the model says no least length, and SageMaker refuses an empty text all the same: "ContainerArguments and
# ContainerEntrypoint may not contain null or empty strings" (CreateProcessingJob: aws/sagemaker-python-sdk #3758).
NOT_EMPTY = {"ContainerArgument", "ContainerEntrypointString"}


def kept(name, shape):
    """What of a shape is needed to check and to name a value of it."""
    found = {"type": shape["type"]}
    if shape["type"] == "structure":
        found["members"] = {key: member["shape"] for key, member in shape["members"].items()}
        found["required"] = shape.get("required", [])
        found["tokens"] = [key for key, member in shape["members"].items() if member.get("idempotencyToken")]
        found["union"] = shape.get("union", False)
    elif shape["type"] == "list":
        found["item"] = shape["member"]["shape"]
    elif shape["type"] == "map":
        found["key"], found["value"] = shape["key"]["shape"], shape["value"]["shape"]
    found["min"] = 1 if name in NOT_EMPTY else shape.get("min")
    return {key: value for key, value in found.items() if value is not None and value is not False and value != []}


def below(shape):
    """The names of the shapes that a shape is made of."""
    if shape["type"] == "structure":
        return [member["shape"] for member in shape["members"].values()]
    return [shape[part]["shape"] for part in ("member", "key", "value") if part in shape]


def reachable(name):
    seen, todo = set(), [name]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += below(SHAPES[name])
    return seen


def shapes():
    roots = {name: OPERATIONS[name]["input"]["shape"] for name in [*creates(), *OTHERS]}
    roots |= {f"{name}.output": OPERATIONS[name]["output"]["shape"] for name in HANDED_ON}
    assert not set(roots) & set(SHAPES), "a shape has an operation's name"
    found = {name: kept(shape, SHAPES[shape]) for name, shape in roots.items()}
    for root in roots.values():
        found |= {name: kept(name, SHAPES[name]) for name in reachable(root) - set(roots.values())}
    return found


def words(name):
    """KmsKeyId: kms, key, id. AutoMLJobName: auto, ml, job, name."""
    return [word.lower() for word in re.findall(r"[A-Z]+[0-9]*(?=[A-Z][a-z]|$)|[A-Z]?[a-z0-9]+", name)]


def snake(name):
    found = "_".join(words(name))
    return f"{found}_" if found in TAKEN else found


def field(name, shape):
    """An input: one top-level member of the request."""
    of = SHAPES[shape]
    description = f"`{name}` of the request."
    if "enum" in of and len(of["enum"]) <= 6:
        description = f"`{name}` of the request: {', '.join(of['enum'])}."
    found = {"name": snake(name), "type": KFP_TYPES[of["type"]], "description": description, "optional": True}
    if found["type"] in NONE:
        found["yaml_default"] = NONE[found["type"]]
    return found


def text_input(name, description, **more):
    return {"name": name, "type": "String", "description": description, **more}


CONNECTION = [
    text_input("region", "The AWS region.", required=True),
    text_input("endpoint_url", "The URL of SageMaker's API. Default: the API of the region.", optional=True, yaml_default=""),
    text_input("assume_role", "A role to assume for every call.", optional=True, yaml_default=""),
]
OUTPUTS = [
    {"name": "name", "type": "String", "description": "Its name."},
    {"name": "description", "type": "JsonObject", "description": "The whole answer of the Describe call."},
]


def component(operation):
    verb, noun = words(operation)[0] + "s", " ".join(words(operation)[1:])
    article = "an" if noun[0] in "aeiou" else "a"
    members = SHAPES[OPERATIONS[operation]["input"]["shape"]]["members"]
    whole = {
        "name": "request",
        "type": "JsonObject",
        "description": f"The whole request of {operation}. The inputs below override its fields.",
        "optional": True,
        "yaml_default": "{}",
    }
    handy = [
        {"name": name, "type": kind, "description": says, "from": pointer}
        for name, kind, pointer, says in HANDY.get(operation, [])
    ]
    return {
        "name": "-".join(words(operation)),
        "family": "sagemaker",
        "title": f"SageMaker - {operation}",
        "description": f"{operation}: {verb} {article} {noun} from a request of the SageMaker API, and waits for it.",
        "inputs": [
            *CONNECTION,
            whole,
            *(field(name, member["shape"]) for name, member in members.items()),
        ],
        "outputs": [
            *OUTPUTS,
            *handy,
        ],
    }


def only_wait():
    """Makes nothing: waits for what is there."""
    return {
        "name": "sagemaker-wait",
        "family": "sagemaker",
        "title": "SageMaker - Wait",
        "description": "Waits for a job or a resource that something else created.",
        "inputs": [
            *CONNECTION,
            text_input("arn", "The ARN of what to wait for.", required=True),
        ],
        "outputs": OUTPUTS,
        "options": {"on-abandon": "keep"},
    }


def write():
    lines = [f"{name} {json.dumps(shape, separators=(',', ':'))}" for name, shape in sorted(shapes().items())]
    (HERE / "shapes.txt").write_text("\n".join(lines) + "\n")
    rows = [*(component(operation) for operation in creates()), only_wait()]
    (HERE / "sagemaker.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    write()
