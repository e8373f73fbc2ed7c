"""What an editor and a type checker make of the package, as a user runs them; and how its own code is kept."""

import json
import os
import pathlib
import subprocess
import sys

import jedi
import pytest
from conftest import PACKAGE, ROOT

BIN = pathlib.Path(sys.executable).parent
PATIENCE_SECONDS = 300
# kfp says nothing of its types to those who install it: README names this setting.
MYPY = """[mypy]
strict = True
[mypy-kfp.*]
follow_untyped_imports = True
"""
RIGHT = '''
from typing import Any, Dict, List

from kfp import dsl
import sagebell as sm

sm.configure(api="https://monitor.example/", retries=2)


@dsl.pipeline(name="train-and-serve")
def pipeline(role: str, image: str, bucket: str, channels: List[Dict[str, Any]], count: int, region: str = "eu-west-1") -> None:
    trained = sm.train(region=region, role=role, image=image, channels=[sm.s3_channel("train", "s3://my-data/digits")],
                       hyperparameters={"k": "10"}, model_artifact_path=bucket)
    made = sm.model(region=region, role=role, model_name="digits", image=trained.outputs["training_image"],
                    model_artifact_url=trained.outputs["model_artifact_url"])
    sm.deploy(region=region, model_name_1=made.outputs["model_name"])
    again = sm.train(region=region, role=role, channels=channels, instance_count=count, spot_instance=False,
                     model_artifact_path=trained.outputs["model_artifact_url"], job_name=f"job-{count}",
                     metric_definitions=sm.metric("loss", "loss=(.*)")).after(made)
    again.set_caching_options(False)
    sm.train(region=region, role=role, channels=[], model_artifact_path=bucket, **sm.spot("s3://my-data/checkpoints"))
    with dsl.ParallelFor([1, 2]) as item:
        sm.create_processing_job(region=region, role_arn=role, processing_job_name=f"job-{item}",
                                 processing_resources={"ClusterConfig": {"InstanceCount": item}})
    tuned = sm.hyperparameter_tuning(
        region=region, role=role, metric_name="loss", metric_type="Minimize", output_location=bucket, max_num_jobs=2,
        max_parallel_jobs=1, channels=channels, integer_parameters=[sm.integer_range("size", 1, 9)])
    sm.train(region=region, role=role, channels=channels, model_artifact_path=bucket,
             hyperparameters=tuned.outputs["best_hyperparameters"])
'''
# A line of code, and the name that both checkers tell of it.
WRONG = [
    ('sm.train(region="r", role="r", channels=[], model_artifact_path="s3://b", instance_count="two")', "instance_count"),
    ('sm.train(region="r", role="r", channels=[])', "model_artifact_path"),
    ('sm.train(region="r", role="r", channels=[], model_artifact_path="s3://b", instance_cont=1)', "instance_cont"),
    ('sm.train("r", role="r", channels=[], model_artifact_path="s3://b")', "positional"),
    ('sm.train(region="r", role="r", channels="x", model_artifact_path="s3://b")', "channels"),
    ('sm.train(region="r", role="r", channels=[], model_artifact_path="s3://b", tags=[])', "tags"),
    ('sm.train(region="r", role="r", channels=[], model_artifact_path=None)', "model_artifact_path"),
    ('sm.wait_for(region="r", arn=3)', "arn"),
    ('sm.s3_channel("train", 3)', "str"),
    ('sm.integer_range("size", 1.5, 2)', "float"),
    ('sm.configure(retries="2")', "retries"),
    ("sm.trian()", "trian"),
    ('sm.wait_for(region="r", arn="a").outputs["stauts"]', "stauts"),
]


def run(*words, cwd, **environment):
    found = subprocess.run(
        [BIN / words[0], *words[1:]], cwd=cwd, capture_output=True, text=True, timeout=PATIENCE_SECONDS,
        env=os.environ | environment,
    )
    return found.returncode, found.stdout + found.stderr


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A user's project, with the package beside kfp."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "right.py").write_text(RIGHT)
    (folder / "wrong.py").write_text("import sagebell as sm\n" + "\n".join(line for line, _ in WRONG) + "\n")
    (folder / "mypy.ini").write_text(MYPY)
    (folder / "pyrightconfig.json").write_text(json.dumps({
        "venvPath": str(BIN.parents[1]), "venv": BIN.parent.name, "extraPaths": [str(PACKAGE.parent)],
        "typeCheckingMode": "standard",
    }))
    return folder


def mypy(project, *files):
    cache = ROOT / "target" / "mypy"
    return run("mypy", "--cache-dir", str(cache), "--no-color-output", *files, cwd=project, MYPYPATH=str(PACKAGE.parent))


def pyright(folder, *words):
    # It fetches its own program once.
    return run("pyright", *words, cwd=folder, PYRIGHT_PYTHON_CACHE_DIR=str(ROOT / "target" / "pyright"),
               PYRIGHT_PYTHON_IGNORE_WARNINGS="1")


def told_by_line(text, file, error):
    """What a checker says of each line of a file."""
    found = {}
    for line in text.splitlines():
        if f"{file}:" in line and error in line:
            number = int(line.split(f"{file}:")[1].split(":")[0])
            found[number] = found.get(number, "") + line
        elif found:
            found[max(found)] += line
    return found


def test_right_code_passes_mypy_and_pyright(project):
    code, text = mypy(project, "right.py")
    assert code == 0, text
    code, text = pyright(project, "right.py")
    assert code == 0, text


@pytest.mark.parametrize("check", [mypy, pyright])
def test_wrong_code_is_refused_line_by_line(check, project):
    code, text = check(project, "wrong.py")
    assert code == 1, text
    told = told_by_line(text, "wrong.py", "error")
    for number, (line, name) in enumerate(WRONG, 2):
        assert name in told.get(number, ""), (line, text)


def test_the_package_passes_mypy_and_pyright_for_the_oldest_python(project):
    code, text = mypy(project, str(PACKAGE))
    assert code == 0, text
    code, text = pyright(project, "--pythonversion", "3.9", str(PACKAGE))
    assert code == 0, text


def test_the_package_is_formatted_and_linted():
    for words in (("check",), ("format", "--check")):
        code, text = run("ruff", *words, "--no-cache", str(ROOT / "python"), cwd=ROOT)
        assert code == 0, text


def test_an_editor_completes_the_functions_and_their_inputs():
    project = jedi.Project(str(PACKAGE.parent), added_sys_path=[str(PACKAGE.parent)])
    names = {of.name for of in jedi.Script("import sagebell\nsagebell.cr", project=project).complete(2, 11)}
    assert {"create_auto_ml_job_v2", "create_training_job"} <= names
    call = jedi.Script("import sagebell as sm\nsm.train(model_a", project=project)
    assert "model_artifact_path=" in {of.name_with_symbols for of in call.complete(2, 16)}
    (signature,) = jedi.Script("import sagebell as sm\nsm.train(", project=project).get_signatures(2, 9)
    assert "region: str | Later" in [of.to_string() for of in signature.params]
    outputs = jedi.Script("import sagebell as sm\nsm.train().outputs", project=project).infer(2, 16)
    assert [of.name for of in outputs] == ["TrainOutputs"]
    assert "S3 URI under which the model is stored." in signature.docstring()
