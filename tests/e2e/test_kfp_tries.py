"""A task is tried again: by its policy, by the UI's Retry, because its pod was lost. On every KFP that is played."""

import signal

import pytest
from kfp import dsl
from kfp_cluster import VERSIONS, TaskFailed
from test_kfp_run import ACCOUNT, TRAINING, boto, train, world  # noqa: F401 the fixture

RUNS = {"name": "*", "stages": [{"status": "InProgress"}]}
FAILS = {"name": "*", "stages": [{"status": "InProgress"}, {"status": "Failed", "reason": "no such bucket"}]}
COMPLETES = {"status": "Completed"}

every_version = pytest.mark.parametrize("version", VERSIONS)


@dsl.pipeline(name="once")
def once():
    train(**TRAINING)


@dsl.pipeline(name="tried-again")
def tried_again():
    train(**TRAINING).set_retry(num_retries=1)


def jobs(world):  # noqa: F811
    found = boto(world).list_training_jobs()["TrainingJobSummaries"]
    return {job["TrainingJobName"]: job["TrainingJobStatus"] for job in found}


@every_version
def test_the_ui_s_retry_after_a_failed_job_makes_one_new_job_and_reports_its_end(version, world):  # noqa: F811
    world.lives(FAILS)
    run = world.made_of(once, version=VERSIONS[version])
    with pytest.raises(TaskFailed, match="no such bucket"):
        run.go()
    task, = run.tasks.values()
    before = task.executor_input
    world.lives({"name": "*", "stages": [COMPLETES]})
    run.retry()
    # Which is what makes it hard: nothing tells the second try from the first.
    assert task.executor_input is before
    assert task.values["status"] == "Completed" and task.values["failure_reason"] == ""
    assert sorted(jobs(world).values()) == ["Completed", "Failed"]
    assert jobs(world)[task.values["job_arn"].rsplit("/", 1)[-1]] == "Completed"


@every_version
def test_a_retry_by_the_task_s_policy_makes_one_new_job(version, world):  # noqa: F811
    world.lives(FAILS, {"name": "*-r1", "stages": [COMPLETES]})
    run = world.made_of(tried_again, version=VERSIONS[version])
    run.go()
    task, = run.tasks.values()
    assert (task.tries, task.values["status"]) == (2, "Completed")
    assert sorted(jobs(world).values()) == ["Completed", "Failed"]


@every_version
def test_a_pod_that_is_lost_while_its_job_runs_is_followed_by_one_that_adopts_it(version, world):  # noqa: F811
    """KFP_RETRY_INDEX grows here too, on the versions that have it: it says nothing of the job."""
    world.lives(RUNS)
    task, = world.made_of(tried_again, version=VERSIONS[version]).tasks.values()
    first = task.start()
    arn = f"{ACCOUNT}:training-job/{world.made('CreateTrainingJob')['TrainingJobName']}"
    world.waits_for(arn)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = task.start()
    assert ("KFP_RETRY_INDEX" in task.environment()) is VERSIONS[version].numbers_retries
    world.says(task, "created earlier by this task")
    assert list(jobs(world).values()) == ["InProgress"]
    world.becomes(arn, "Completed")
    task.finish(second)
    assert task.values["job_arn"] == arn


@every_version
def test_the_ui_s_retry_of_a_run_that_was_terminated_adopts_the_job_that_still_runs(version, world):  # noqa: F811
    world.lives(RUNS)
    run = world.made_of(once, version=VERSIONS[version])
    task, = run.tasks.values()
    process = task.start()
    arn = f"{ACCOUNT}:training-job/{world.made('CreateTrainingJob')['TrainingJobName']}"
    # It has heard from the monitor, which keeps its wait from now on.
    world.says(task, "InProgress")
    process.terminate()
    with pytest.raises(TaskFailed) as failed:
        task.finish(process)
    assert failed.value.code == 143
    again = task.start()
    world.says(task, "created earlier by this task")
    world.becomes(arn, "Completed")
    task.finish(again)
    assert (task.values["job_arn"], len(jobs(world))) == (arn, 1)
