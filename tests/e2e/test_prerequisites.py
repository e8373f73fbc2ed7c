"""scripts/prerequisites, on a machine where a program is missing."""

import shutil
import subprocess

from conftest import PATIENCE_SECONDS, ROOT

# What the script itself calls.
OWN = ["bash", "dirname", "sort", "xargs", "echo"]


def run(path, *names):
    command = [ROOT / "scripts" / "prerequisites", *names]
    environment = {"PATH": str(path)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS)


def machine(folder, *programs):
    """A folder for PATH with only these programs."""
    for program in programs:
        (folder / program).symlink_to(shutil.which(program))
    return folder


def test_what_is_missing_is_named_with_the_command_that_installs_it(tmp_path):
    done = run(machine(tmp_path, *OWN, "git"), "git", "valgrind", "tc", "ip")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "programs are missing. Install them: sudo apt-get install iproute2 valgrind\n"


def test_nothing_is_said_where_nothing_is_missing(tmp_path):
    done = run(machine(tmp_path, *OWN, "git"), "git")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_rust_is_asked_for_first(tmp_path):
    done = run(machine(tmp_path, *OWN))
    assert done.returncode == 1 and "Rust is missing" in done.stderr, done.stderr


def test_a_name_that_is_not_in_the_table_is_refused(tmp_path):
    done = run(machine(tmp_path, *OWN), "valgrnd")
    assert done.returncode == 2 and "valgrnd" in done.stderr, done.stderr
