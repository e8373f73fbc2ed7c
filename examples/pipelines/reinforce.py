"""A reinforcement learning training job."""

from kfp import dsl

from shared import component, small, write

rlestimator = component("v1/rlestimator")


@dsl.pipeline(name="reinforce")
def pipeline(role: str, image: str, bucket: str, region: str = "us-east-1"):
    trained = rlestimator(
        region=region,
        role=role,
        image=image,
        entry_point="train.py",
        source_dir=f"{bucket}/source.tar.gz",
        model_artifact_path=bucket,
    )
    small(trained)


if __name__ == "__main__":
    write(pipeline, __file__)
