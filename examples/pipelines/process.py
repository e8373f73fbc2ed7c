"""A processing job."""

import sagebell as sm
from kfp import compiler, dsl


@dsl.pipeline(name="process")
def pipeline(role: str, image: str, region: str = "us-east-1"):
    sm.process(
        region=region,
        role=role,
        image=image,
        instance_type="ml.m5.large",
        instance_count=1,
        container_arguments=["--split", "0.8"],
        output_config=[
            sm.processing_output("clean", "s3://my-data/clean", "/opt/ml/processing/out")
        ],
    )


if __name__ == "__main__":
    compiler.Compiler().compile(pipeline, "process.yaml")
