"""The table of kinds against SageMaker's own service model, as botocore ships it."""

import botocore.session
import pytest

from conftest import kinds

# Of the service sagemaker-a2i-runtime, of no Describe, and of no operation at all.
OTHER_SERVICE, NO_DESCRIBE, NO_OPERATIONS = "human_loop", "pipeline_step", "evaluation"

# What only events have, under names that no Describe answer uses.
EVENT_ONLY = {
    "pipeline_execution": {
        "/pipelineExecutionArn", "/currentPipelineExecutionStatus", "/executionStartTime",
        "/executionEndTime", "/failureReason",
    },
    "pipeline_step": {
        "/pipelineExecutionArn", "/PipelineExecutionArn", "/stepName", "/currentStepStatus",
        "/stepStartTime", "/stepEndTime", "/failureReason",
    },
    # These kinds have no status: a created one is there. They can't fail.
    "endpoint_config": {"/FailureReason"},
    "model": {"/FailureReason"},
    # AWS documents no form of its events: as those of model cards are.
    "model_card_export": {"/ModelCardExportJobStatus", "/CreationTime", "/LastModifiedTime"},
    # Describe has none for these kinds.
    "cluster": {"/LastModifiedTime"},
    "transform": {"/LastModifiedTime"},
}


ALL_KINDS = kinds()
KINDS = {kind: row for kind, row in ALL_KINDS.items() if kind != NO_OPERATIONS}
SERVICES = ("sagemaker", "sagemaker-a2i-runtime")
MODELS = {name: botocore.session.get_session().get_service_model(name) for name in SERVICES}
MODEL = MODELS["sagemaker"]


def model_of(kind):
    return MODELS[KINDS[kind]["operations"]["service"]]


def described(kind):
    """The shape that the row's fields point into."""
    operation = model_of(kind).operation_model(KINDS[kind]["operations"]["describe"])
    shape = operation.output_shape
    if kind == NO_DESCRIBE:
        shape = shape.members["PipelineExecutionSteps"].member
    return shape


def resolve(shape, pointer):
    """The shape that a JSON pointer leads to, or None."""
    for part in pointer.strip("/").split("/"):
        if shape.type_name == "list":
            shape = shape.member
        elif shape.type_name == "structure" and part in shape.members:
            shape = shape.members[part]
        else:
            return None
    return shape


def letters(word):
    return word.replace("_", "").lower()


def test_only_one_kind_has_no_operations():
    assert [kind for kind, row in ALL_KINDS.items() if not row["operations"]] == [NO_OPERATIONS]


def test_no_operation_is_about_an_evaluation_job():
    """Its events are listed ("Amazon SageMaker AI events", EventBridge reference), and that is all there is."""
    assert not [name for name in MODEL.operation_names if "EvaluationJob" in name]


@pytest.mark.parametrize("kind", KINDS)
def test_operations_exist_and_take_the_key(kind):
    operations, model = KINDS[kind]["operations"], model_of(kind)
    verbs = [verb for verb in ("create", "describe", "list", "stop") if operations[verb]]
    for verb in verbs:
        assert operations[verb] in model.operation_names, verb
    for verb in set(verbs) & {"describe", "stop"}:
        shape = model.operation_model(operations[verb]).input_shape
        assert operations["key"] in shape.members, verb
        # ListPipelineExecutionSteps requires nothing, but lists nothing without.
        if kind != NO_DESCRIBE:
            assert {operations["key"], *operations["also"]} <= set(shape.required_members), verb
    made = model.operation_model(operations["create"]).input_shape
    assert set(operations["also"]) <= set(made.required_members)
    # An execution is named by SageMaker, and a version by what it is of.
    if kind not in ("pipeline_execution", NO_DESCRIBE):
        assert operations["name"] in made.members
        assert operations["name_limit"] <= made.members[operations["name"]].metadata.get("max", 2048)


# What Describe and Stop require beside the key: the adapter adds just these.
MORE_REQUIRED = {
    ("pipeline_execution", "stop"): {"ClientRequestToken"},
    ("inference_experiment", "stop"): {"ModelVariantActions"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_else_is_required(kind):
    operations = KINDS[kind]["operations"]
    for verb in ("describe", "stop"):
        if operations[verb]:
            shape = model_of(kind).operation_model(operations[verb]).input_shape
            more = set(shape.required_members) - {operations["key"], *operations["also"]}
            assert more == MORE_REQUIRED.get((kind, verb), set()), verb


def test_the_categories_of_jobs_are_those_that_are_known():
    """An ARN's case is not reliable, and a job's calls take its category: the table spells it."""
    (known,) = [part["one_of"] for part in KINDS["job"]["id"]["parts"] if "one_of" in part]
    category = MODEL.operation_model("DescribeJob").input_shape.members["JobCategory"]
    assert known == category.enum


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_adapter_adds_is_taken(kind):
    operations = KINDS[kind]["operations"]
    for verb in ("describe", "stop"):
        added = {*operations["id_fields"], *(field for field, _ in operations[f"{verb}_with"])}
        if operations[verb]:
            assert added <= set(model_of(kind).operation_model(operations[verb]).input_shape.members), verb
        else:
            assert not operations[f"{verb}_with"]


def test_what_the_adapter_adds_is_there():
    members = MODEL.operation_model("DescribeImageVersion").input_shape.members
    assert members["Version"].type_name == "integer"
    members = MODEL.operation_model("DescribeModelPackage").input_shape.members
    assert "MetadataOnly" in members["IncludedData"].enum
    members = MODEL.operation_model("StopInferenceExperiment").input_shape.members
    assert "Retain" in members["ModelVariantActions"].value.enum
    assert "Cancelled" in members["DesiredState"].enum
    token = MODEL.operation_model("StopPipelineExecution").input_shape.members["ClientRequestToken"]
    assert (token.metadata["min"], token.metadata["max"]) == (32, 128)
    steps = MODEL.operation_model("ListPipelineExecutionSteps").input_shape.members
    assert "Descending" in steps["SortOrder"].enum and steps["MaxResults"].metadata["max"] >= 100
    definition = MODEL.operation_model("DescribePipeline").output_shape.members["PipelineDefinition"]
    assert definition.metadata["max"] == 1024 * 1024, "the adapter's limit on answers goes by it"


@pytest.mark.parametrize("kind", KINDS)
def test_fields_are_in_the_answer(kind):
    shape, event_only = described(kind), EVENT_ONLY.get(kind, set())
    types = {
        "arn": "string", "name": "string", "status": "string", "secondary": "string",
        "reason": "string", "created": "timestamp", "modified": "timestamp", "ended": "timestamp",
    }
    for field, wanted in types.items():
        for pointer in KINDS[kind]["fields"][field]:
            found = resolve(shape, pointer)
            if found is None:
                assert pointer in event_only or kind == OTHER_SERVICE, f"{field}: no {pointer}"
            else:
                assert found.type_name == wanted, f"{field}: {pointer}"
                assert pointer not in event_only, f"{pointer} is in the model by now"


@pytest.mark.parametrize("kind", KINDS)
def test_no_status_of_the_model_is_unknown(kind):
    pointers = KINDS[kind]["fields"]["status"]
    shapes = [shape for shape in (resolve(described(kind), pointer) for pointer in pointers) if shape]
    if not pointers:
        return
    assert shapes, "the Describe answer has a status"
    known = {letters(word) for word in KINDS[kind]["statuses"]}
    unknown = [word for word in shapes[0].enum if letters(word) not in known]
    assert not unknown


@pytest.mark.parametrize("kind", KINDS)
def test_secondary_statuses_that_mean_a_time_out_exist(kind):
    row = KINDS[kind]
    for word in row["timed_out"]:
        enums = [resolve(described(kind), pointer).enum for pointer in row["fields"]["secondary"]]
        assert any(word in enum for enum in enums), word


@pytest.mark.parametrize("kind", [kind for kind, row in KINDS.items() if row["state_after"]])
def test_a_detail_type_ends_with_a_status_of_the_model(kind):
    row = KINDS[kind]
    told = [one.removeprefix(row["state_after"]).replace(" ", "") for one in row["detail_types"]]
    (pointer,) = row["fields"]["status"]
    # What is deleted can be described no more.
    assert set(told) == {*resolve(described(kind), pointer).enum, "Deleted"}


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {OTHER_SERVICE, NO_DESCRIBE}))
def test_the_key_takes_what_an_arn_tells(kind):
    """An ARN that ends with an id, not with a name, has to be sent whole."""
    operations = KINDS[kind]["operations"]
    shape = MODEL.operation_model(operations["describe"]).input_shape.members[operations["key"]]
    takes_arn = "arn:" in shape.metadata.get("pattern", "")
    arns = [resolve(described(kind), pointer) for pointer in KINDS[kind]["fields"]["arn"]]
    ends_with_id = any(arn and "[a-z0-9]{12}" in arn.metadata.get("pattern", "").split("/", 1)[-1] for arn in arns)
    assert operations["key_is_arn"] or not ends_with_id
    assert takes_arn or not operations["key_is_arn"]


def summary_of(kind):
    """The shape of one summary in the answer of a kind's list."""
    operations = KINDS[kind]["operations"]
    output = model_of(kind).operation_model(operations["list"]).output_shape
    return output.members[operations["changes"]["summaries"]].member


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_tells_what_changed_where_the_model_says_so(kind):
    operations = KINDS[kind]["operations"]
    shape, changes = model_of(kind).operation_model(operations["list"]).input_shape, operations["changes"]
    takes_time = "LastModifiedTimeAfter" in shape.members
    if not changes:
        # The versions of each image are a list of their own.
        assert not takes_time or kind == "image_version"
        return
    assert takes_time and shape.members["LastModifiedTimeAfter"].type_name == "timestamp"
    assert shape.members["MaxResults"].metadata["max"] == 100 and "NextToken" in shape.members
    assert shape.required_members == ([changes["category"]] if changes["category"] else [])


@pytest.mark.parametrize("kind", [kind for kind, row in KINDS.items() if row["operations"]["changes"]])
def test_a_summary_has_what_tells_the_state(kind):
    row, shape = KINDS[kind], summary_of(kind)
    # By the name the adapter makes the ARN.
    for field in ("name", "status", "created"):
        assert any(resolve(shape, pointer) for pointer in row["fields"][field]), field
    assert resolve(shape, "/LastModifiedTime").type_name == "timestamp"
    tells = any(resolve(shape, pointer) for pointer in row["fields"]["reason"])
    assert tells == row["operations"]["changes"]["tell_reasons"]
