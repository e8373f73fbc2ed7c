"""A data quality job definition, and a schedule that runs it."""

import sagebell as sm
from kfp import compiler, dsl


@dsl.pipeline(name="monitor-quality")
def pipeline(role: str, image: str, bucket: str, endpoint: str, region: str = "us-east-1"):
    name = "my-quality"
    defined = sm.ack_data_quality_job_definition(
        region=region,
        job_definition_name=name,
        role_arn=role,
        data_quality_app_specification={"imageURI": image},
        data_quality_job_input={
            "endpointInput": {"endpointName": endpoint, "localPath": "/opt/ml/processing/input"},
        },
        data_quality_job_output_config={
            "monitoringOutputs": [
                {"s3Output": {"localPath": "/opt/ml/processing/output", "s3URI": bucket}}
            ],
        },
        job_resources={
            "clusterConfig": {
                "instanceCount": 1,
                "instanceType": "ml.m5.large",
                "volumeSizeInGB": 20,
            },
        },
    )
    sm.ack_monitoring_schedule(
        region=region,
        monitoring_schedule_name=name,
        monitoring_schedule_config={
            "monitoringJobDefinitionName": name,
            "monitoringType": "DataQuality",
            "scheduleConfig": {"scheduleExpression": "cron(0 * ? * * *)"},
        },
    ).after(defined)


if __name__ == "__main__":
    compiler.Compiler().compile(pipeline, "monitor_quality.yaml")
