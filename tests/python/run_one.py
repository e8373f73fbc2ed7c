"""Runs a pipeline with a branch and a loop on this machine: `run_one.py BUNDLE SAGEMAKER FOLDER`. Run by
test_oldest_kfp.py."""

import sys

import sagebell as sm
from kfp import dsl
from sagebell import _binaries

_binaries._binary = lambda: sys.argv[1]
TRAINING = {
    "region": "eu-west-1", "role": "arn:aws:iam::111122223333:role/execution", "image": "digits:1",
    "model_artifact_path": "s3://my-models/", "channels": [sm.s3_channel("train", "s3://my-data/digits")],
}


@dsl.pipeline(name="one")
def one():
    first = sm.train(**TRAINING)
    with dsl.If(first.outputs["status"] == "Completed"):
        sm.train(**TRAINING)
    with dsl.ParallelFor([10, 20]) as size:
        sm.train(**TRAINING, volume_size=size)


print(sorted(sm.run_local(one, sagemaker=sys.argv[2], folder=sys.argv[3]).states.values()))
