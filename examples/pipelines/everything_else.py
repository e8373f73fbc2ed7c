"""Kinds that the old components never had, each by the fields of its request or by the whole of it."""

import sagebell as sm
from kfp import compiler, dsl


@dsl.pipeline(name="auto-ml")
def auto_ml(role: str, bucket: str, region: str = "us-east-1"):
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://my-data/table"}}
    sm.create_auto_ml_job_v2(
        region=region,
        role_arn=role,
        auto_ml_job_input_data_config=[{"ChannelType": "training", "DataSource": source}],
        output_data_config={"S3OutputPath": "s3://my-models"},
        auto_ml_problem_type_config={"TabularJobConfig": {"TargetAttributeName": "price"}},
    )


@dsl.pipeline(name="compile-model")
def compile_model(role: str, region: str = "us-east-1"):
    config = {
        "S3Uri": "s3://my-models/model.tar.gz",
        "DataInputConfig": "{}",
        "Framework": "PYTORCH",
    }
    sm.create_compilation_job(
        region=region,
        role_arn=role,
        input_config=config,
        output_config={"S3OutputLocation": "s3://my-models", "TargetDevice": "ml_c5"},
        stopping_condition={"MaxRuntimeInSeconds": 900},
    )


@dsl.pipeline(name="register-model")
def register_model(request: dict, region: str = "us-east-1"):
    sm.create_model_package(
        region=region, request=request, model_approval_status="PendingManualApproval"
    )


@dsl.pipeline(name="features")
def features(role: str, region: str = "us-east-1"):
    sm.create_feature_group(
        region=region,
        role_arn=role,
        record_identifier_feature_name="id",
        event_time_feature_name="at",
        feature_definitions=[
            {"FeatureName": "id", "FeatureType": "String"},
            {"FeatureName": "at", "FeatureType": "String"},
        ],
        online_store_config={"EnableOnlineStore": True},
    )


@dsl.pipeline(name="run-pipeline")
def run_pipeline(pipeline_name: str, region: str = "us-east-1"):
    sm.start_pipeline_execution(region=region, pipeline_name=pipeline_name)


@dsl.pipeline(name="wait-for-it")
def wait_for_it(arn: str, region: str = "us-east-1"):
    sm.wait_for(region=region, arn=arn)


PIPELINES = [auto_ml, compile_model, register_model, features, run_pipeline, wait_for_it]

if __name__ == "__main__":
    for each in PIPELINES:
        compiler.Compiler().compile(each, f"{each.name}.yaml")
