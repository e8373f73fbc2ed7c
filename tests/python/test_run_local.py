"""`sagebell.run_local`: pipelines run to their end, against fake SageMakers."""

import os
import signal
import subprocess
import sys

import pytest
import sagebell as sm
from kfp import compiler, dsl
from machine import BUNDLE, ROOT, call, fake, monitor, until
from sagebell import _binaries

ROLE = "arn:aws:iam::111122223333:role/execution"
IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/digits:1"
TRAINING = {
    "region": "eu-west-1", "role": ROLE, "image": IMAGE, "model_artifact_path": "s3://my-models/",
    "channels": [sm.s3_channel("train", "s3://my-data/digits")],
}
FAILS = {"name": "*", "stages": [{"status": "InProgress"}, {"status": "Failed", "reason": "no such\x1b[2J bucket"}]}
STAYS = {"name": "*", "stages": [{"status": "InProgress"}]}


@dsl.pipeline(name="two-steps")
def two_steps(role: str = ROLE, size: int = 30):
    trained = sm.train(**{**TRAINING, "role": role, "volume_size": size, "hyperparameters": {"by": f"{role}"}})
    sm.model(
        region="eu-west-1", role=role, model_name="digits", image=trained.outputs["training_image"],
        model_artifact_url=trained.outputs["model_artifact_url"],
    )


@pytest.fixture(autouse=True)
def built(monkeypatch):
    monkeypatch.setattr(_binaries, "_binary", lambda: str(BUNDLE))


@pytest.fixture
def sagemaker():
    with fake() as sagemaker:
        yield sagemaker


@pytest.fixture
def run(sagemaker, tmp_path):
    """Runs a pipeline against the test's fake; `run.lines` is what was shown."""

    def run(pipeline, arguments=None, **more):
        run.lines = []
        more = {"sagemaker": sagemaker.url, "folder": tmp_path, "show": run.lines.append, **more}
        return sm.run_local(pipeline, arguments, **more)

    return run


def test_outputs_go_on_to_the_next_step(run, sagemaker):
    done = run(two_steps, {"size": 7})
    assert done.states == {"sagemaker-training-job": "succeeded", "sagemaker-create-model": "succeeded"}
    trained = done.tasks["sagemaker-training-job"].outputs
    training, = sagemaker.requests("CreateTrainingJob")
    assert training["ResourceConfig"]["VolumeSizeInGB"] == 7
    assert training["HyperParameters"] == {"by": ROLE}
    model, = sagemaker.requests("CreateModel")
    assert model["PrimaryContainer"]["ModelDataUrl"] == trained["model_artifact_url"]
    assert model["PrimaryContainer"]["Image"] == trained["training_image"] == IMAGE


def test_what_the_steps_leave_can_be_opened(run):
    trained = run(two_steps).tasks["sagemaker-training-job"]
    assert {name: file.suffix for name, file in trained.artifacts.items()} == {
        "timeline": ".html", "summary": ".md", "metrics": ".json",
    }
    assert trained.artifacts["summary"].read_text().startswith("## Training job: succeeded")


def test_a_compiled_file_is_as_good_as_a_function(run, sagemaker, tmp_path):
    file = tmp_path / "pipeline.yaml"
    compiler.Compiler().compile(two_steps, str(file))
    wanted = run(two_steps).states
    for path in (file, str(file)):
        sagemaker.control("POST", "reset")
        assert run(path).states == wanted


def test_each_run_has_jobs_of_its_own(run, sagemaker):
    @dsl.pipeline(name="once")
    def once():
        sm.train(**TRAINING)

    run(once)
    run(once)
    assert len({request["TrainingJobName"] for request in sagemaker.requests("CreateTrainingJob")}) == 2


def test_a_person_sees_which_task_says_what_and_how_it_ended(run):
    done = run(two_steps)
    assert run.lines[0] == f"two-steps: runs on this machine, against {done_url(run.lines[0])}"
    assert "▸ sagemaker-training-job" in run.lines
    assert any(line.startswith("  sagemaker-training-job | [0s] InProgress") for line in run.lines)
    assert run.lines[-2].startswith("two-steps: succeeded. 2 succeeded")
    assert run.lines[-1] == f"  files: {done.folder}"


def done_url(line):
    return line.rsplit(" ", 1)[1]


def test_a_step_that_fails_raises_with_the_reason_and_nothing_after_it_starts(run, sagemaker):
    sagemaker.lives(FAILS)
    with pytest.raises(sm.StepFailed, match="no such") as failed:
        run(two_steps)
    assert failed.value.task == "sagemaker-training-job"
    assert failed.value.run.states == {
        "sagemaker-training-job": "failed", "sagemaker-create-model": "not started",
    }
    assert failed.value.run.tasks["sagemaker-training-job"].outputs["status"] == "Failed"
    assert sagemaker.requests("CreateModel") == []
    assert not any("\x1b" in line for line in run.lines)
    assert run.lines[-2].startswith("two-steps: failed: sagemaker-training-job.")


def test_a_request_that_the_step_refuses_is_a_reason_too(run, sagemaker):
    with pytest.raises(sm.StepFailed, match="RoleArn"):
        run(two_steps, {"role": "short"})
    assert sagemaker.requests("CreateTrainingJob") == []


@dsl.pipeline
def inner(prefix: str, size: int = 3) -> str:
    return sm.train(**TRAINING | {"model_artifact_path": prefix, "volume_size": size}).outputs["job_name"]


@dsl.pipeline(name="flow")
def flow(sizes: list[int] = [10, 20], limit: float = 0.5, prefix: str = "s3://a/") -> str:  # noqa: B006
    within = inner(prefix=prefix)
    cleanup = sm.process(
        region="eu-west-1", role=ROLE, image=IMAGE, instance_type="ml.m5.large", instance_count=1
    )
    with dsl.ExitHandler(cleanup):
        first = sm.train(**TRAINING, on_failure="report")
        with dsl.If(first.outputs["status"] != "Completed"):
            sm.train(**TRAINING | {"volume_size": 111})
        with dsl.Elif(limit > 3):
            sm.train(**TRAINING | {"volume_size": 112})
        with dsl.Else():
            sm.train(**TRAINING | {"volume_size": 113})
        with dsl.ParallelFor(sizes) as size:
            each = sm.train(**TRAINING | {"volume_size": size})
        names = dsl.Collected(each.outputs["job_name"])
        sm.train(**TRAINING | {"volume_size": 114, "debug_rule_config": names}, on_failure="report")
    return within.output


def sizes(sagemaker):
    asked = sagemaker.requests("CreateTrainingJob")
    return sorted(request["ResourceConfig"]["VolumeSizeInGB"] for request in asked)


def test_branches_loops_and_pipelines_within_pipelines_run_as_in_a_cluster(run, sagemaker):
    with pytest.raises(sm.StepFailed, match="DebugRuleConfigurations") as failed:
        run(flow)
    # The names of both rounds reached the last step: it refuses them, as they are no rules.
    states = failed.value.run.states
    names = {name.rsplit(".", 1)[-1]: state for name, state in states.items()}
    assert sizes(sagemaker) == [10, 20, 30, 113]
    assert [state for state in states.values() if state == "failed"] == ["failed"]
    assert sum(state == "skipped" for state in states.values()) == 2
    assert names["sagemaker-processing-job"] == "succeeded"


def test_the_exit_task_runs_after_a_failure(run, sagemaker):
    sagemaker.lives({**FAILS, "kind": "training"})

    @dsl.pipeline(name="exits")
    def exits():
        with dsl.ExitHandler(sm.process(
            region="eu-west-1", role=ROLE, image=IMAGE, instance_type="ml.m5.large", instance_count=1
        )):
            sm.train(**TRAINING)

    with pytest.raises(sm.StepFailed) as failed:
        run(exits)
    assert failed.value.task == "exit-handler-1.sagemaker-training-job"
    assert failed.value.run.states["sagemaker-processing-job"] == "succeeded"


def test_what_a_pipeline_returns_is_there(run):
    @dsl.pipeline(name="returns")
    def returns(prefix: str) -> str:
        return inner(prefix=prefix).output

    done = run(returns, {"prefix": "s3://b/"})
    assert done.outputs == {"Output": done.tasks["inner.sagemaker-training-job"].outputs["job_name"]}


@dsl.component
def python_step(text: str) -> str:
    return text


def test_a_task_of_another_image_is_refused_by_name_before_anything_starts(run, sagemaker):
    @dsl.pipeline(name="mixed")
    def mixed():
        sm.train(**TRAINING | {"model_artifact_path": python_step(text="s3://a").output})
        dsl.importer(artifact_uri="s3://x", artifact_class=dsl.Dataset)

    with pytest.raises(sm.PipelineRefused, match="Put Sagebell's steps into a pipeline of their own") as refused:
        run(mixed)
    assert [problem.split(":")[0] for problem in refused.value.problems] == ["importer", "python-step"]
    assert sagemaker.control("GET", "requests")["requests"] == [] and run.lines == []


@pytest.mark.parametrize(("arguments", "wrong"), [
    ({"sise": 1}, "the argument 'sise' is unknown"),
    ({"size": "7"}, "the argument 'size' is '7'; KFP expects NUMBER_INTEGER"),
    ({"size": True}, "the argument 'size' is True; KFP expects NUMBER_INTEGER"),
    ({"size": [1]}, "KFP expects NUMBER_INTEGER"),
])
def test_a_wrong_argument_is_refused_by_name(run, arguments, wrong):
    with pytest.raises(sm.PipelineRefused, match=wrong):
        run(two_steps, arguments)


def test_a_missing_argument_is_refused_by_name(run):
    @dsl.pipeline(name="needs")
    def needs(bucket: str):
        sm.train(**TRAINING | {"model_artifact_path": bucket})

    with pytest.raises(sm.PipelineRefused, match="the argument 'bucket' is missing"):
        run(needs)


@pytest.mark.parametrize("content", ["", "a: 1", "[]", "{", "!!python/object:os.system {}"])
def test_a_file_that_is_no_pipeline_is_refused(run, tmp_path, content):
    file = tmp_path / "other.yaml"
    file.write_text(content)
    with pytest.raises(sm.PipelineRefused, match="it is no compiled pipeline"):
        run(file)


@pytest.mark.parametrize(("old", "new", "wrong"), [
    ("sagemaker-create-model", "../../escape", "is no name of a task"),
    ("name: two-steps", "name: ../two-steps", "is no name of a pipeline"),
    ("- train\n", "- train\n        - more\n", "names no component"),
    ("        failure_reason:\n", "        ../../x:\n", "is no name of a task"),
])
def test_a_file_that_kfps_compiler_does_not_write_is_refused(run, tmp_path, old, new, wrong):
    file = tmp_path / "pipeline.yaml"
    compiler.Compiler().compile(two_steps, str(file))
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    with pytest.raises(sm.PipelineRefused, match=wrong):
        run(file)


def test_a_pipeline_that_is_within_itself_is_refused(run, tmp_path):
    @dsl.pipeline(name="outer")
    def outer():
        inner(prefix="s3://a/")

    file = tmp_path / "pipeline.yaml"
    compiler.Compiler().compile(outer, str(file))
    # The task within `inner` is `inner` again.
    file.write_text(file.read_text().replace("name: comp-sagemaker-training-job", "name: comp-inner"))
    with pytest.raises(sm.PipelineRefused, match="nested too deeply"):
        run(file)


def test_the_fake_of_the_package_needs_nothing_of_this_machine(monkeypatch, tmp_path):
    """Neither variables, nor proxies, nor inputs lead past it."""
    nowhere = "http://127.0.0.1:9"
    for name in ("AWS_ENDPOINT_URL_SAGEMAKER", "AWS_ENDPOINT_URL_STS", "HTTP_PROXY", "http_proxy", "SAGEBELL_API"):
        monkeypatch.setenv(name, nowhere)
    monkeypatch.setenv("AWS_PROFILE", "missing")
    monkeypatch.setenv("SAGEBELL_ON_FAILURE", "nonsense")

    @dsl.pipeline(name="elsewhere")
    def elsewhere():
        sm.train(**TRAINING, endpoint_url=nowhere, assume_role=ROLE, wait="callback", sagebell_api=nowhere)

    lines = []
    done = sm.run_local(elsewhere, sagemaker="fake", folder=tmp_path, show=lines.append)
    assert done.states == {"sagemaker-training-job": "succeeded"}
    assert lines[0] == "elsewhere: runs on this machine, against a fake SageMaker"


def test_against_an_account_steps_wait_through_the_monitor(monkeypatch, tmp_path):
    with monitor(tmp_path) as stack, fake("--events-endpoint", stack.url) as sagemaker:
        settings = {
            "AWS_ENDPOINT_URL_SAGEMAKER": sagemaker.url, "SAGEBELL_API": stack.url, "SAGEBELL_LOGS": "none",
            "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        lines = []
        done = sm.run_local(two_steps, folder=tmp_path, show=lines.append)
        assert set(done.states.values()) == {"succeeded"}
        # Create is answered, and one Describe follows the monitor's signal.
        assert sagemaker.control("GET", "calls")["DescribeTrainingJob"] == 1
        assert lines[0].endswith("against SageMaker in your account")


@pytest.mark.parametrize("sagemaker", ["", "real", "ftp://x", "fake "])
def test_another_sagemaker_is_refused(sagemaker, tmp_path):
    with pytest.raises(ValueError, match="expected 'aws', 'fake'"):
        sm.run_local(two_steps, sagemaker=sagemaker, folder=tmp_path)


SCRIPT = """
import sys
from sagebell import _binaries
_binaries._binary = lambda: sys.argv[1]
import sagebell
sagebell.run_local(sys.argv[2], sagemaker=sys.argv[3], folder=sys.argv[4])
"""


def script(*words):
    """A script of a person, in a process group as a shell makes it."""
    return subprocess.Popen(
        [sys.executable, "-u", "-c", SCRIPT, BUNDLE, *words],
        env={**os.environ, "PYTHONPATH": str(ROOT / "python" / "src")},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )


def test_ctrl_c_stops_the_job_and_then_ends(sagemaker, tmp_path):
    sagemaker.lives(STAYS)
    file = tmp_path / "pipeline.yaml"
    compiler.Compiler().compile(two_steps, str(file))
    process = script(file, sagemaker.url, tmp_path)
    until(lambda: sagemaker.requests("DescribeTrainingJob"), "the step asks for its job")
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate()[0]
    stopped, = sagemaker.requests("StopTrainingJob")
    assert stopped["TrainingJobName"] == sagemaker.requests("CreateTrainingJob")[0]["TrainingJobName"]
    assert "Terminated: stopping the job" in said
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert sagemaker.requests("CreateModel") == []


def test_the_fake_does_not_outlive_who_started_it():
    code = (
        "import sys; from sagebell import _binaries; _binaries._binary = lambda: sys.argv[1]\n"
        "from sagebell._local import sagemaker\n"
        "with sagemaker._fake() as url: print(url, flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, BUNDLE], env={**os.environ, "PYTHONPATH": str(ROOT / "python" / "src")},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    url = process.stdout.readline().strip()
    assert call("GET", f"{url}/_fake/calls")[0] == 200
    process.kill()
    process.communicate()
    until(lambda: call("GET", f"{url}/_fake/calls")[0] == 0, "the fake has ended")
