"""A reinforcement learning training job."""

import sagebell as sm
from kfp import compiler, dsl


@dsl.pipeline(name="reinforce")
def pipeline(role: str, image: str, bucket: str, region: str = "us-east-1"):
    sm.rlestimator(
        region=region,
        role=role,
        image=image,
        entry_point="train.py",
        source_dir=f"{bucket}/source.tar.gz",
        model_artifact_path=bucket,
    )


if __name__ == "__main__":
    compiler.Compiler().compile(pipeline, "reinforce.yaml")
