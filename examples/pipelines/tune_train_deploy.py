"""Tuning, then training with what was found, then a model, an endpoint and a batch transform."""

import sagebell as sm
from kfp import compiler, dsl


TRAIN, TEST = (sm.s3_channel(name, f"s3://my-data/{name}") for name in ("train", "test"))


@dsl.pipeline(name="tune-train-deploy")
def pipeline(role: str, image: str, bucket: str, model_name: str, region: str = "us-east-1"):
    tuned = sm.hyperparameter_tuning(
        region=region,
        role=role,
        image=image,
        metric_name="test:msd",
        metric_type="Minimize",
        static_parameters=sm.hyperparameters(k=10),
        integer_parameters=[sm.integer_range("mini_batch_size", 500, 600)],
        channels=[TRAIN, TEST],
        output_location=bucket,
        max_num_jobs=2,
        max_parallel_jobs=1,
    )
    trained = sm.train(
        region=region,
        role=role,
        image=image,
        hyperparameters=tuned.outputs["best_hyperparameters"],
        channels=[TRAIN],
        model_artifact_path=bucket,
    )
    made = sm.model(
        region=region,
        role=role,
        model_name=model_name,
        image=trained.outputs["training_image"],
        model_artifact_url=trained.outputs["model_artifact_url"],
    )
    sm.deploy(region=region, model_name_1=made.outputs["model_name"])
    sm.batch_transform(
        region=region,
        model_name=made.outputs["model_name"],
        input_location="s3://my-data/new",
        output_location=bucket,
    )


if __name__ == "__main__":
    compiler.Compiler().compile(pipeline, "tune_train_deploy.yaml")
