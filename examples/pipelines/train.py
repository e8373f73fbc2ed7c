"""A training job: its model's place goes on to whoever needs it."""

import sagebell as sm
from kfp import compiler, dsl


@dsl.pipeline(name="train")
def pipeline(role: str, image: str, bucket: str, region: str = "us-east-1"):
    sm.train(
        region=region,
        role=role,
        image=image,
        channels=[sm.s3_channel("train", "s3://my-data/train")],
        hyperparameters=sm.hyperparameters(epochs=3),
        instance_type="ml.m5.large",
        model_artifact_path=bucket,
        max_run_time=3600,
    )


if __name__ == "__main__":
    compiler.Compiler().compile(pipeline, "train.yaml")
