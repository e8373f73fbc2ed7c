"""Tuning, then training with what was found, then a model, an endpoint and a batch transform."""

from kfp import dsl

from shared import component, each_time, small, write

tune = component("v1/hyperparameter_tuning")
train = component("v1/train")
model = component("v1/model")
deploy = component("v1/deploy")
transform = component("v1/batch_transform")


def channel(name):
    source = {"S3Uri": f"s3://my-data/{name}", "S3DataType": "S3Prefix"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


@dsl.pipeline(name="tune-train-deploy")
def pipeline(role: str, image: str, bucket: str, model_name: str, region: str = "us-east-1"):
    tuned = tune(
        region=region,
        role=role,
        image=image,
        metric_name="test:msd",
        metric_type="Minimize",
        static_parameters={"k": "10"},
        integer_parameters=[{"Name": "mini_batch_size", "MinValue": "500", "MaxValue": "600"}],
        channels=[channel("train"), channel("test")],
        output_location=bucket,
        max_num_jobs=2,
        max_parallel_jobs=1,
    )
    trained = train(
        region=region,
        role=role,
        image=image,
        hyperparameters=tuned.outputs["best_hyperparameters"],
        channels=[channel("train")],
        model_artifact_path=bucket,
    )
    made = model(
        region=region,
        role=role,
        model_name=model_name,
        image=trained.outputs["training_image"],
        model_artifact_url=trained.outputs["model_artifact_url"],
    )
    deployed = each_time(deploy(region=region, model_name_1=made.outputs["model_name"]))
    scored = transform(
        region=region,
        model_name=made.outputs["model_name"],
        input_location="s3://my-data/new",
        output_location=bucket,
    )
    small(tuned, trained, made, deployed, scored)


if __name__ == "__main__":
    write(pipeline, __file__)
