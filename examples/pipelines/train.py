"""A training job: its model's place goes on to whoever needs it."""

from kfp import dsl

from shared import component, small, write

train = component("v1/train")


@dsl.pipeline(name="train")
def pipeline(role: str, image: str, bucket: str, region: str = "us-east-1"):
    channels = [{
        "ChannelName": "train",
        "DataSource": {"S3DataSource": {"S3Uri": "s3://my-data/train", "S3DataType": "S3Prefix"}},
    }]
    trained = train(
        region=region,
        role=role,
        image=image,
        channels=channels,
        hyperparameters={"epochs": "3"},
        instance_type="ml.m5.large",
        model_artifact_path=bucket,
        max_run_time=3600,
    )
    small(trained)


if __name__ == "__main__":
    write(pipeline, __file__)
