"""Version 2's inputs: training, a model, and an endpoint that is made or updated."""

import sagebell as sm
from kfp import compiler, dsl


@dsl.pipeline(name="ack-style")
def pipeline(role: str, image: str, bucket: str, name: str, region: str = "us-east-1"):
    trained = sm.ack_training_job(
        region=region,
        training_job_name=name,
        role_arn=role,
        algorithm_specification={"trainingImage": image, "trainingInputMode": "File"},
        output_data_config={"s3OutputPath": bucket},
        resource_config={"instanceCount": 1, "instanceType": "ml.m5.large", "volumeSizeInGB": 10},
        stopping_condition={"maxRuntimeInSeconds": 3600},
    )
    made = sm.ack_model(
        region=region,
        model_name=name,
        execution_role_arn=role,
        primary_container={"image": image, "modelDataURL": "s3://my-models/model.tar.gz"},
    ).after(trained)
    variant = {
        "variantName": "all",
        "modelName": name,
        "initialInstanceCount": 1,
        "instanceType": "ml.m5.large",
    }
    config = sm.ack_endpoint_config(
        region=region, endpoint_config_name=name, production_variants=[variant]
    ).after(made)
    sm.ack_endpoint(
        region=region,
        endpoint_name="my-endpoint",
        endpoint_config_name=config.outputs["sagemaker_resource_name"],
    )


if __name__ == "__main__":
    compiler.Compiler().compile(pipeline, "ack_style.yaml")
