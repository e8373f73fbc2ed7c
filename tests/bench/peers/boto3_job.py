"""A training job as a script of boto3 has it: created, then waited for with boto3's own waiter.

    boto3_job.py NAME SECONDS       creates the job NAME
    boto3_job.py NAME SECONDS wait  only waits for it, asking again after SECONDS
"""

import sys

import boto3

name, seconds = sys.argv[1:3]
client = boto3.client("sagemaker", region_name="us-east-1")
if "wait" not in sys.argv:
    client.create_training_job(
        TrainingJobName=name,
        AlgorithmSpecification={"TrainingImage": "image", "TrainingInputMode": "File"},
        RoleArn="arn:aws:iam::111122223333:role/execution",
        OutputDataConfig={"S3OutputPath": "s3://outputs/"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 86400},
    )
waiter = client.get_waiter("training_job_completed_or_stopped")
waiter.wait(TrainingJobName=name, WaiterConfig={"Delay": float(seconds), "MaxAttempts": 10**6})
