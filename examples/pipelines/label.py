"""A work team, and a labeling job for it."""

import sagebell as sm
from kfp import compiler, dsl


@dsl.pipeline(name="label")
def pipeline(role: str, bucket: str, user_pool: str, client_id: str, region: str = "us-east-1"):
    team = sm.workteam(
        region=region,
        team_name="my-team",
        description="Those who know birds",
        user_pool=user_pool,
        user_groups="birds",
        client_id=client_id,
    )
    sm.ground_truth(
        region=region,
        role=role,
        job_name="my-birds",
        manifest_location=f"{bucket}/manifest.json",
        output_location=bucket,
        task_type="image classification",
        worker_type="private",
        workteam_arn=team.outputs["workteam_arn"],
        label_category_config=f"{bucket}/labels.json",
        ui_template=f"{bucket}/page.liquid",
        title="Which bird?",
        description="Choose the bird in the picture",
        num_workers_per_object=1,
        time_limit=300,
    )


if __name__ == "__main__":
    compiler.Compiler().compile(pipeline, "label.yaml")
