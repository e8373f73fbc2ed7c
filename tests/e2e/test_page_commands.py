"""The commands of the pages: those for a laptop run here as they stand, and the others name the test that runs theirs."""

import os
import re
import signal
import subprocess

import pytest

from conftest import BIN, PATIENCE_SECONDS, ROOT, SAGEBELL, free_port

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")])
LISTED = {str(page.relative_to(ROOT)): page.read_text() for page in PAGES}
# Pages whose blocks run here.
HERE = ("docs/quick-start.md", "docs/operate.md", "docs/step.md", "docs/waits.md")
# The others: who runs what they say. Some need an account, a cluster or minutes.
ELSEWHERE = {
    "CONTRIBUTING.md": "tests/project/test_commands.py",
    "README.md": "tests/e2e/test_functions.py",
    "components/README.md": "xtask/src/generate.rs",
    "docs/accounts.md": "tests/e2e/test_page_stacks.py",
    "docs/announcements.md": "tests/e2e/test_page_stacks.py",
    "docs/benchmarks/README.md": "tests/bench/test_bench.py",
    "docs/callbacks.md": "tests/e2e/test_deployed.py",
    "docs/command-line.md": "tests/e2e/test_command_line.py",
    "docs/dashboard.md": "tests/e2e/test_dashboard.py",
    "docs/deploy.md": "tests/e2e/test_release.py",
    "docs/footprint.md": "scripts/measure-functions",
    "docs/laptop.md": "tests/e2e/test_functions_on_aws.py",
    "docs/versions.md": "tests/e2e/test_release.py",
    "events/README.md": "tests/e2e/test_command_line.py",
    "python/README.md": "tests/python/test_wheel.py",
}


def blocks(page):
    return re.findall(r"^```sh\n(.*?)^```$", LISTED[page], re.M | re.S)


def test_every_command_of_a_page_is_run_by_a_test():
    with_commands = {page for page, text in LISTED.items() if re.search(r"^ *```sh$", text, re.M)}
    assert with_commands - {*HERE, *ELSEWHERE} == set()
    assert {*HERE} <= with_commands
    for page, test in ELSEWHERE.items():
        assert (ROOT / test).is_file(), page


def lines(text):
    """Those of all blocks of a page, with each command in one."""
    for block in re.findall(r"^ *```sh\n(.*?)^ *```$", text, re.M | re.S):
        for line in block.replace("\\\n", " ").splitlines():
            yield line.strip()


def commands(text):
    """`sagebell …` of the blocks of a page."""
    for line in lines(text):
        yield from re.findall(r"(?:^|-- )sagebell ([a-z]+[^&|>;$]*)", line)


COMMANDS = sorted({(page, command) for page, text in LISTED.items() for command in commands(text)})


def test_there_are_commands():
    assert len(COMMANDS) > 20


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_a_command_of_a_page_and_its_options_are_there(page, command):
    name, *words = command.split()
    done = subprocess.run([SAGEBELL, name, "--help"], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, f"{page}: {command}"
    for option in (word for word in words if word.startswith("--")):
        assert re.search(rf"{option}\b", done.stdout), f"{page}: {command}"


class Shell:
    """Runs blocks one after the other in one shell, as a reader would, but with ports and files of its own."""

    def __init__(self, folder, environment):
        self.folder = folder
        self.port, self.other = free_port(), free_port()
        path = f"{SAGEBELL.parent}:{BIN}:{os.environ['PATH']}"
        base = f"http://127.0.0.1:{self.port}"
        self.environment = {**environment, "PATH": path, "SAGEBELL_API": base}
        self.ready = f"until curl -sf {base}/healthz > {folder}/up; do sleep 0.1; done\n"
        self.lines = ["set -e\n"]

    def takes(self, text):
        changes = {
            "cargo build\n": "", ":7070": f":{self.port}", ":7071": f":{self.other}", "/tmp/": f"{self.folder}/",
            "sagebell local ": f"sagebell local --listen 127.0.0.1:{self.port} ",
            "--step-millis 2000": "--step-millis 50",
        }
        for was, is_ in changes.items():
            text = text.replace(was, is_)
        self.lines.append(text + (self.ready if "sagebell local " in text else ""))

    def ends(self):
        """What was said, when all of it has run."""
        process = subprocess.Popen(
            ["bash", "-c", "".join(self.lines)], cwd=ROOT, env=self.environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=(self.folder / "errors").open("w"),
        )
        try:
            # What it started in the background holds its output open until it is ended.
            process.wait(timeout=2 * PATIENCE_SECONDS)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
        said = process.communicate(timeout=PATIENCE_SECONDS)[0]
        assert process.returncode == 0, said + (self.folder / "errors").read_text()
        return said


@pytest.fixture
def shell(tmp_path, aws_environment):
    return Shell(tmp_path, aws_environment)


def test_the_blocks_of_the_pages_run_as_they_stand(shell):
    """The local stack of the quick start, and the pages that go on with it."""
    _wheel, *quick_start = blocks("docs/quick-start.md")
    for block in (*quick_start, *blocks("docs/operate.md"), *blocks("docs/waits.md"), *blocks("docs/step.md")):
        shell.takes(block)
    said = shell.ends()
    assert "exit code 0" in said
    assert re.search(r"succeeded +training +mnist-train-2026-11-02 +Completed", said)
    assert '"FailedEntryCount": 0' in said
    # Registered by curl.
    assert '"state":"waiting"' in said.replace(" ", "")
    assert re.search(r"training job \S+: Completed after", said + (shell.folder / "errors").read_text())
    assert "s3://outputs/" in said
