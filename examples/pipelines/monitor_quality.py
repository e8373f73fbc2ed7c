"""A data quality job definition, and a schedule that runs it."""

from kfp import dsl

from shared import component, each_time, small, write

definition = component("v2/DataQualityJobDefinition")
schedule = component("v2/MonitoringSchedule")


@dsl.pipeline(name="monitor-quality")
def pipeline(role: str, image: str, bucket: str, endpoint: str, region: str = "us-east-1"):
    name = "my-quality"
    defined = definition(
        region=region,
        job_definition_name=name,
        role_arn=role,
        data_quality_app_specification={"imageURI": image},
        data_quality_job_input={
            "endpointInput": {"endpointName": endpoint, "localPath": "/opt/ml/processing/input"},
        },
        data_quality_job_output_config={
            "monitoringOutputs": [{"s3Output": {"localPath": "/opt/ml/processing/output", "s3URI": bucket}}],
        },
        job_resources={
            "clusterConfig": {"instanceCount": 1, "instanceType": "ml.m5.large", "volumeSizeInGB": 20},
        },
    )
    scheduled = each_time(schedule(
        region=region,
        monitoring_schedule_name=name,
        monitoring_schedule_config={
            "monitoringJobDefinitionName": name,
            "monitoringType": "DataQuality",
            "scheduleConfig": {"scheduleExpression": "cron(0 * ? * * *)"},
        },
    ).after(defined))
    small(defined, scheduled)


if __name__ == "__main__":
    write(pipeline, __file__)
