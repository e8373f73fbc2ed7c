"""For every component: the inputs that SageMaker needs of it, and a value for every input that it has.

What the service's own model says of a request is made from the model; the components of version 1 have inputs of
their own, and a table here.
"""

import json
import re

from conftest import ROOT
from test_request_model import MODEL
from test_step_kinds import MAKERS, ROLE, least

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1"
CHANNEL = {
    "ChannelName": "train", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://inputs/"}},
}
RANGE = {"Name": "size", "MinValue": "1", "MaxValue": "9"}
# Given when the pipeline runs.
LATER = {"endpoint_url", "assume_role", "arn"}

# The operation that makes what a component is for.
OPERATIONS = {
    **MAKERS,
    "DataQualityJobDefinition": "CreateDataQualityJobDefinition",
    "Endpoint": "CreateEndpoint",
    "EndpointConfig": "CreateEndpointConfig",
    "ModelBiasJobDefinition": "CreateModelBiasJobDefinition",
    "ModelExplainabilityJobDefinition": "CreateModelExplainabilityJobDefinition",
    "ModelQualityJobDefinition": "CreateModelQualityJobDefinition",
    "Modelv2": "CreateModel",
    "MonitoringSchedule": "CreateMonitoringSchedule",
    "TrainingJob": "CreateTrainingJob",
    "batch_transform": "CreateTransformJob",
    "deploy": "CreateEndpoint",
    "ground_truth": "CreateLabelingJob",
    "hyperparameter_tuning": "CreateHyperParameterTuningJob",
    "model": "CreateModel",
    "process": "CreateProcessingJob",
    "rlestimator": "CreateTrainingJob",
    "train": "CreateTrainingJob",
    "workteam": "CreateWorkteam",
}

# What version 1 needs beside the region.
V1 = {
    "batch_transform": {"model_name": "x", "input_location": "s3://in/", "output_location": "s3://out/"},
    "deploy": {"model_name_1": "x"},
    "ground_truth": {
        "role": ROLE, "manifest_location": "s3://in/m", "output_location": "s3://out/", "task_type": "bounding box",
        "worker_type": "private", "workteam_arn": "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/x",
        "ui_template": "s3://in/t", "title": "t", "description": "d", "num_workers_per_object": 1, "time_limit": 30,
        "job_name": "labels", "label_category_config": "s3://in/labels.json",
    },
    "hyperparameter_tuning": {
        "role": ROLE, "image": IMAGE, "metric_name": "loss", "metric_type": "Minimize", "channels": [CHANNEL],
        "output_location": "s3://out/", "max_num_jobs": 2, "max_parallel_jobs": 1, "integer_parameters": [RANGE],
    },
    "model": {"model_name": "m", "role": ROLE, "image": IMAGE},
    "process": {"role": ROLE, "image": IMAGE, "instance_type": "ml.m5.large", "instance_count": 1},
    "rlestimator": {
        "role": ROLE, "image": IMAGE, "entry_point": "train.py", "source_dir": "s3://in/s.tar.gz",
        "model_artifact_path": "s3://out/",
    },
    "train": {"role": ROLE, "image": IMAGE, "channels": [CHANNEL], "model_artifact_path": "s3://out/"},
    "workteam": {
        "team_name": "x", "description": "d", "user_pool": "us-east-1_pool", "user_groups": "g", "client_id": "c",
    },
}
# Of the inputs whose default is empty: texts that are no mere words, and what must not stand beside another.
OF_A_KIND = {
    "algorithm_name": "",  # instead of `image`
    "categorical_parameters": [{"Name": "kind", "Values": ["a"]}],
    "checkpoint_config": {"S3Uri": "s3://checkpoints/"},
    "container_arguments": ["--split", "0.8"],
    "container_entrypoint": ["python", "x.py"],
    "continuous_parameters": [{"Name": "rate", "MinValue": "0.1", "MaxValue": "0.9"}],
    "debug_hook_config": {"S3OutputPath": "s3://debug/"},
    "debug_rule_config": [],
    "environment": {"KEY": 'a "quoted" value'},
    "framework": "",  # instead of `image`, as are the toolkit and its version
    "hyperparameters": {"epochs": "3"},
    "input_config": [],
    "metric_definitions": {"loss": 'loss="([0-9.]+)"'},
    "output_config": [],
    "parent_hpo_jobs": "",
    "secondary_containers": [{"Image": IMAGE}],
    "static_parameters": {"k": "10"},
    "toolkit": "",
    "toolkit_version": "",
    "warm_start_type": "",
}
ENDPOINT = {"EndpointInput": {"EndpointName": "x", "LocalPath": "/opt/ml/processing/input"}}
OF_ONE = {
    # Members whose least value is an empty object, which a component takes for none.
    ("DataQualityJobDefinition", "data_quality_job_input"): ENDPOINT,
    ("ModelExplainabilityJobDefinition", "model_explainability_job_input"): ENDPOINT,
    ("MonitoringSchedule", "monitoring_schedule_config"): {
        "MonitoringJobDefinitionName": "x", "MonitoringType": "DataQuality",
    },
    ("create-model-package", "model_package_group_name"): "",  # instead of a name
    ("deploy", "endpoint_config_name"): "",  # of an update
    ("deploy", "model_name_2"): "x",
    ("deploy", "model_name_3"): "x",
    ("deploy", "accelerator_type_1"): "ml.eia1.medium",
    ("deploy", "accelerator_type_2"): "ml.eia1.medium",
    ("deploy", "accelerator_type_3"): "ml.eia1.medium",
    ("ground_truth", "initial_model_arn"): "",
    ("ground_truth", "workteam_arn"): V1["ground_truth"]["workteam_arn"],
    ("model", "model_package"): "",
    ("model", "image"): "",
    ("batch_transform", "batch_strategy"): "MultiRecord",
    ("batch_transform", "assemble_with"): "Line",
    ("rlestimator", "metric_definitions"): [{"Name": "loss", "Regex": "loss=([0-9.]+)"}],
    ("rlestimator", "vpc_security_group_ids"): ["sg-1"],
    ("rlestimator", "vpc_subnets"): ["subnet-1"],
}


def rows(family):
    return json.loads((ROOT / "crates" / "step" / "table" / f"{family}.json").read_text())


ROWS = {row["name"]: row for family in ("v1", "v2", "sagemaker") for row in rows(family)}
OPTIONS = json.loads((ROOT / "crates" / "step" / "table" / "common.json").read_text())["options"]


def snake(name):
    words = re.findall(r"[A-Z]+[0-9]*(?=[A-Z][a-z]|$)|[A-Z]?[a-z0-9]+", name)
    return "_".join(word.lower() for word in words)


def members(name):
    """The members of the request, by the name that an input has for each; and which of them it must have."""
    shape = MODEL.operation_model(OPERATIONS[name]).input_shape
    return {snake(member): (member, of) for member, of in shape.members.items()}, set(shape.required_members)


def needed(name):
    """What SageMaker takes no less than."""
    row = ROWS[name]
    if name == "sagemaker-wait":
        return {"region": "us-east-1"}
    if row["family"] == "v1":
        return {"region": "us-east-1", **V1[name]}
    if row["family"] == "sagemaker":
        return {"region": "us-east-1", "request": least(MODEL.operation_model(OPERATIONS[name]).input_shape)}
    known, required = members(name)
    needed_ones = {key: one(name, key, None) for key, (member, _) in known.items() if member in required}
    return {"region": "us-east-1", **needed_ones}


def every(name, options):
    """A value for every input; `options` are those of the step."""
    row = ROWS[name]
    found = {**needed(name), **options}
    for of in row["inputs"]:
        key = of["name"].strip("_")
        if key not in found:
            found[key] = one(name, key, of)
    return found


def one(name, key, of):
    row = ROWS[name]
    if key in LATER:
        return ""
    if (name, key) in OF_ONE:
        return OF_ONE[name, key]
    if row["family"] != "v1":
        known, _ = members(name)
        return least(known[key][1])
    text = of.get("yaml_default", of.get("default")) or ""
    if key in OF_A_KIND:
        return OF_A_KIND[key]
    kinds = {"Integer": int, "Float": float, "JsonObject": json.loads, "JsonArray": json.loads}
    if of["type"] == "Bool":
        return text.lower() == "true"
    if of["type"] in kinds:
        value = kinds[of["type"]](text)
        return value or ({"owner": "us"} if key.endswith("tags") else value)
    return text.strip() or f"a-{key.replace('_', '-')}"
