"""The wheel: what is in it, and that it is all that a person needs."""

import os
import pathlib
import re
import subprocess
import sys
import tomllib
import zipfile

import pytest
from machine import PATIENCE_SECONDS, ROOT

sys.path.insert(0, str(ROOT / "python"))
import check_wheel

WHEELS = ROOT / "target" / "wheels"
# Nothing of Rust is there.
PATH = "/usr/bin:/bin"
TEN_LINES = '''\
from kfp import dsl
import sagebell as sm

@dsl.pipeline(name="train-and-serve")
def pipeline(role: str, image: str, bucket: str, region: str = "eu-west-1"):
    trained = sm.train(region=region, role=role, image=image, channels=[sm.s3_channel("train", "s3://my-data/digits")],
                       hyperparameters={"k": "10"}, model_artifact_path=bucket)
    made = sm.model(region=region, role=role, model_name="digits", image=trained.outputs["training_image"],
                    model_artifact_url=trained.outputs["model_artifact_url"])
    sm.deploy(region=region, model_name_1=made.outputs["model_name"])
'''


def built(kind, suffix):
    """What `scripts/build-wheel` leaves."""
    done = subprocess.run([ROOT / "scripts" / "build-wheel", kind], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    made, = WHEELS.glob(f"*{suffix}")
    return made


@pytest.fixture(scope="module")
def wheel():
    return built("--debug", ".whl")


@pytest.fixture(scope="module")
def person(wheel, tmp_path_factory):
    """Somebody with a virtual environment of their own, the wheel, and no Rust: runs their commands."""
    home = tmp_path_factory.mktemp("person")
    # No variable leads pip, Python or the steps to something else that this machine has.
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}
    environment = {**kept, "HOME": str(home), "PATH": PATH, "LANG": "C.UTF-8"}
    if cache := subprocess.run(
        [sys.executable, "-m", "pip", "cache", "dir"], capture_output=True, text=True
    ).stdout.strip():
        environment["PIP_CACHE_DIR"] = cache

    def run(*words, **more):
        words = [str(word) for word in words]
        return subprocess.run(
            words, cwd=home, env=environment, capture_output=True, text=True, timeout=10 * PATIENCE_SECONDS, **more
        )

    run.bin = home / "venv" / "bin"
    run.home = home
    for words in (
        [sys.executable, "-m", "venv", home / "venv"],
        [run.bin / "pip", "install", "--quiet", "--disable-pip-version-check", wheel],
    ):
        done = run(*words)
        assert done.returncode == 0, done.stderr
    return run


def test_there_is_no_rust_where_it_is_installed(person):
    assert person("sh", "-c", "command -v cargo rustc maturin").stdout == ""


def test_the_readmes_first_python_block_runs_as_it_is(person):
    block = re.search(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)[1]
    assert block.startswith(TEN_LINES)
    assert 'sm.run_local("pipeline.yaml"' in block and 'sagemaker="fake"' in block
    (person.home / "first.py").write_text(block)
    done = person(person.bin / "python", "first.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "train-and-serve: succeeded. 3 succeeded" in done.stdout
    assert (person.home / "pipeline.yaml").exists()


@pytest.mark.parametrize(("program", "says"), [
    ("sagebell", "Run the whole monitor on this machine"),
    ("sagebell-step", "create-training-job"),
    ("fake-sagemaker", "A SageMaker to test against"),
])
def test_each_program_is_on_the_path(person, program, says, tmp_path):
    done = person(person.bin / program, "--help")
    assert says in done.stdout + done.stderr
    # As pipx puts it there.
    link = tmp_path / program
    link.symlink_to(person.bin / program)
    assert says in person(link, "--help").stdout + done.stderr


def test_without_its_binary_the_package_says_what_to_do(person):
    code = (
        "from sagebell import _binaries, SagebellError; _binaries._BINARY = 'gone'\n"
        "try: _binaries.command('sagebell')\nexcept SagebellError as error: print(error)"
    )
    assert "pip install --force-reinstall sagebell" in person(person.bin / "python", "-c", code).stdout


def test_the_wheel_is_for_every_python_3(wheel):
    assert re.fullmatch(r"sagebell-[0-9.]+-py3-none-\w+(\.\w+)*\.whl", wheel.name)
    assert check_wheel.problems(wheel, debug=True) == []


def doctored(wheel, folder, **more):
    """The wheel with more files in it, or with another content of its own."""
    copy = folder / wheel.name
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(copy, "w") as target:
        for name in source.namelist():
            if not name.endswith("sagebell-bundle"):
                target.writestr(name, source.read(name))
        for name, content in more.items():
            target.writestr(name, content)
    return copy


@pytest.mark.parametrize(("name", "content", "says"), [
    ("sagebell/x.py", f"# {ROOT}/python", "names"),
    ("sagebell/x.py", f"# {pathlib.Path.home()}/.cargo/registry", "names"),
    ("sagebell/__pycache__/x.pyc", "", "does not belong"),
    ("other/x.py", "", "it has the folders"),
    ("sagebell-0.1.0.data/scripts/other", "", "it has the programs"),
])
def test_what_does_not_belong_into_a_wheel_is_found(wheel, tmp_path, name, content, says):
    assert any(says in problem for problem in check_wheel.problems(doctored(wheel, tmp_path, **{name: content})))


def test_a_wheel_for_one_python_alone_is_found(wheel, tmp_path):
    copy = tmp_path / wheel.name.replace("py3-none", "cp311-cp311")
    copy.write_bytes(wheel.read_bytes())
    assert any("it is for" in problem for problem in check_wheel.problems(copy, debug=True))


def test_the_sources_have_what_a_build_needs(tmp_path):
    """A build of them takes minutes: here cargo reads all of it, and maturin says what it would make."""
    archive = built("--sdist", ".tar.gz")
    subprocess.run(["tar", "-xzf", archive, "-C", tmp_path], check=True)
    folder, = tmp_path.iterdir()
    names = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    assert {"LICENSE", "README.md", "data/scripts/sagebell", "src/sagebell/py.typed", "Cargo.lock"} <= names
    assert not [name for name in names if "__pycache__" in name]
    assert all(os.access(script, os.X_OK) for script in (folder / "data" / "scripts").iterdir())
    # A build compiles no tests.
    for source in (source for source in folder.rglob("*.rs") if not is_of_tests(source, folder)):
        for included in re.findall(r'include_(?:str|bytes)!\("([^"]+)"\)', source.read_text()):
            assert (source.parent / included).exists(), (source, included)
    # As pip has it done, but nothing is compiled, and nothing is fetched: all dependencies stay as they were.
    environment = {**os.environ, "CARGO_NET_OFFLINE": "true"}
    maturin = ROOT / "target/wheel-tools/bin/maturin"
    done = subprocess.run(
        [maturin, "pep517", "write-dist-info", "--metadata-directory", tmp_path],
        cwd=folder, env=environment, capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stderr
    assert locked(folder) < locked(ROOT)
    metadata = next(tmp_path.glob("*.dist-info/METADATA")).read_text()
    assert "Requires-Dist: kfp" in metadata and "Requires-Dist: tqdm" in metadata


def is_of_tests(source, folder):
    """Whether it is a crate's tests, which may be in a file or a folder of their own, or has some."""
    apart = re.search(r"^crates/[^/]+/(src/(.*/)?)?tests(/|\.rs$)", source.relative_to(folder).as_posix())
    return apart or "#[cfg(test)]" in source.read_text()


def locked(folder):
    """The packages that a lock file names."""
    found = tomllib.loads((folder / "Cargo.lock").read_text())["package"]
    return {(of["name"], of["version"], of.get("checksum")) for of in found}
