"""A work team, and a labeling job for it."""

from kfp import dsl

from shared import component, small, write

workteam = component("v1/workteam")
ground_truth = component("v1/ground_truth")


@dsl.pipeline(name="label")
def pipeline(role: str, bucket: str, user_pool: str, client_id: str, region: str = "us-east-1"):
    team = workteam(
        region=region,
        team_name="my-team",
        description="Those who know birds",
        user_pool=user_pool,
        user_groups="birds",
        client_id=client_id,
    )
    labels = ground_truth(
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
    small(team, labels)


if __name__ == "__main__":
    write(pipeline, __file__)
