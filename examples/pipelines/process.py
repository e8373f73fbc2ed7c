"""A processing job."""

from kfp import dsl

from shared import component, small, write

process = component("v1/process")


@dsl.pipeline(name="process")
def pipeline(role: str, image: str, region: str = "us-east-1"):
    s3 = {"S3UploadMode": "EndOfJob", "LocalPath": "/opt/ml/processing/out", "S3Uri": "s3://my-data/clean"}
    processed = process(
        region=region,
        role=role,
        image=image,
        instance_type="ml.m5.large",
        instance_count=1,
        container_arguments=["--split", "0.8"],
        output_config=[{"OutputName": "clean", "S3Output": s3}],
    )
    small(processed)


if __name__ == "__main__":
    write(pipeline, __file__)
