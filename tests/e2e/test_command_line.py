"""The manners of the command line: widths, colours, formats, names of jobs, helps, and what errors say."""

import json
import os
import re
import subprocess
import unicodedata

import pytest
import yaml

from conftest import PATIENCE_SECONDS, ROOT, SAGEBELL, Local, call, free_port, until, wait_url
from terminals import SIZES, Terminal, on_a_terminal, plain

NAME = "mnist-train-2026-11-02"
ACCOUNT = "arn:aws:sagemaker:us-east-1:111122223333"
LONG = "a-pipeline-of-a-team-with-a-long-name-and-the-step-in-it-0123456"


def put(local, name, region="us-east-1", **more):
    arn = f"arn:aws:sagemaker:{region}:111122223333:training-job/{name}"
    detail = {
        "TrainingJobName": name, "TrainingJobArn": arn, "TrainingJobStatus": "InProgress",
        "SecondaryStatus": "Downloading", "CreationTime": 1_700_000_000_000,
        "LastModifiedTime": 1_700_000_100_000, **more,
    }
    entry = {
        "Source": "aws.sagemaker", "DetailType": "SageMaker Training Job State Change",
        "Detail": json.dumps(detail), "Resources": [arn],
    }
    headers = {"x-amz-target": "AWSEvents.PutEvents", "content-type": "application/x-amz-json-1.1"}
    status, answer = call("POST", local.base, {"Entries": [entry]}, headers)
    assert (status, answer["FailedEntryCount"]) == (200, 0), answer
    return arn


def register(local, arn, wait_id):
    """Registers a wait that asks by itself."""
    status, answer = call("PUT", wait_url(local.base, arn, wait_id), {})
    assert status == 200, answer


def replay(local, *names):
    files = [ROOT / "events" / f"{name}.json" for name in names]
    assert local.run("replay", *files).returncode == 0


def width(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_no_table_is_wider_than_its_terminal(local, rows, columns):
    arn = put(local, LONG, SecondaryStatus="LaunchingMLInstances" * 3)
    put(local, "short", TrainingJobStatus="Failed", SecondaryStatus="Failed", FailureReason="no")
    register(local, arn, "w" * 128)
    for words in (["jobs"], ["timeline", arn], ["waits", arn]):
        printed, code = on_a_terminal(*words, "--api", local.base, rows=rows, columns=columns)
        lines = plain(printed).splitlines()
        assert code == 0 and len(lines) >= 2, printed
        assert max(map(width, lines)) <= columns, printed
    jobs, _ = on_a_terminal("jobs", "--api", local.base, rows=rows, columns=columns)
    if columns == 80:
        assert re.search(r"a-pipel\S*…\S*123456 ", jobs), jobs
    else:
        assert LONG in jobs, jobs


def test_what_is_piped_is_not_shortened(local):
    put(local, LONG, SecondaryStatus="LaunchingMLInstances" * 3)
    assert LONG in local.run("jobs").stdout


def test_colours_are_for_terminals_and_for_who_wants_them(local):
    put(local, NAME)
    words = ["jobs", "--api", local.base]
    assert "\x1b[" in on_a_terminal(*words)[0]
    assert "\x1b[" not in on_a_terminal(*words, environment={"NO_COLOR": "1"})[0]
    assert "\x1b[" not in on_a_terminal(*words, "--color", "never")[0]
    assert "\x1b[" not in local.run("jobs").stdout
    assert "\x1b[36mrunning\x1b[0m" in local.run("jobs", "--color", "always").stdout


def test_json_and_yaml_say_the_same(local):
    replay(local, "training-training", "training-completed", "processing-failed")
    reads = (["jobs"], ["job", f"training/{NAME}"], ["timeline", f"training/{NAME}"])
    for words in reads:
        lines = local.run(*words, "--output", "json").stdout.splitlines()
        documents = list(yaml.load_all(local.run(*words, "--output", "yaml").stdout, yaml.BaseLoader))
        assert documents == [as_texts(json.loads(line)) for line in lines] and documents


def as_texts(value):
    """As a reader of YAML that knows no types gives it."""
    match value:
        case dict():
            return {key: as_texts(one) for key, one in value.items()}
        case list():
            return [as_texts(one) for one in value]
        case str():
            return value
    return json.dumps(value)


def test_times_are_relative_for_people_and_exact_for_scripts(local):
    put(local, NAME)
    assert re.search(r"\d+ d ago", local.run("jobs").stdout)
    assert json.loads(local.run("jobs", "--output", "json").stdout)["modified_at"] == "2023-11-14T22:15:00Z"
    assert re.search(r"changed  \d+ d ago \(2023-11-14 22:15:00 UTC\)", local.run("job", f"training/{NAME}").stdout)


def test_jobs_are_filtered_by_all_that_the_api_knows(local):
    replay(local, "training-training", "processing-failed")
    put(local, NAME, region="eu-west-1")

    def arns(*words):
        done = local.run("jobs", "--output", "json", *words)
        assert done.returncode == 0, done.stderr
        return {json.loads(line)["arn"] for line in done.stdout.splitlines()}

    everything = arns()
    assert len(everything) == 3
    assert arns("--phase", "failed") | arns("--phase", "running") == arns("--phase", "failed,running") == everything
    assert len(arns("--kind", "training")) == 2
    assert len(arns("--region", "eu-west-1")) == 1 and arns("--account", "111122223333") == everything
    assert len(arns("--search", "MNIST-train")) == 2
    assert arns("--run", "nightly") == arns("--account", "000000000000") == set()
    more = local.run("jobs", "--limit", "1")
    assert "--limit 2" in more.stderr and len(more.stdout.splitlines()) == 2
    assert "No such jobs" in local.run("jobs", "--run", "nightly").stderr


def test_a_job_may_be_given_by_its_kind_and_name(local):
    arn = put(local, NAME)
    put(local, f"{NAME}-2")
    shown = json.loads(local.run("job", f"training/{NAME}", "--output", "json").stdout)
    assert shown["arn"] == arn
    other = put(local, NAME, region="eu-west-1")
    several = local.run("job", f"training/{NAME}")
    assert several.returncode == 2 and arn in several.stderr and other in several.stderr
    shown = json.loads(local.run("job", f"training/{NAME}", "--region", "eu-west-1", "--output", "json").stdout)
    assert shown["arn"] == other
    new = ["--region", "us-east-1", "--account", "111122223333", "--max-wait", "1s", "--output", "json"]
    waited = local.run("wait", "training/new", *new)
    assert waited.returncode == 3
    assert json.loads(waited.stdout)["arn"].endswith(":111122223333:training-job/new")


@pytest.mark.parametrize(
    ("words", "step"),
    [
        (["job", "training/unknown"], "sagebell jobs --kind training"),
        (["job", "mnist"], "as in training/mnist"),
        (["job", "arn:aws:sagemaker:us-east-1:111122223333:training-job/unknown"], "`sagebell jobs` lists"),
        (["refresh", "arn:aws:sagemaker:us-east-1:111122223333:training-job/x"], "use a deployed one (--api)"),
        (["jobs", "--api", "http://127.0.0.1:9"], "`sagebell local` starts one"),
    ],
)
def test_an_error_says_the_next_step(local, words, step):
    command = [SAGEBELL, *words] + ([] if "--api" in words else ["--api", local.base])
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 2 and done.stdout == ""
    assert step in done.stderr, done.stderr


def help_of(*words):
    done = subprocess.run([SAGEBELL, *words, "--help"], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stderr
    return done.stdout


COMMANDS = [
    line.split()[0] for line in help_of().split("Commands:\n")[1].split("\n\n")[0].splitlines()
    if re.match(r"  \w", line) and line.split()[0] != "help"
]


def examples(command):
    return re.findall(r"^  sagebell (.+)$", help_of(command).split("Examples:")[1], re.M)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_help_has_examples_and_exit_codes(command):
    assert examples(command)
    assert re.findall(r"^  (\d)  \w", help_of(command).split("Exit codes:")[1], re.M)[0] == "0"


# What a laptop has not: a deployment, and SageMaker.
NEEDS_AWS = {"logs", "preflight", "redrive", "refresh"}
# There is no terminal to ask on.
ASKS = f"stop training/{NAME}"


@pytest.mark.parametrize("example", [example for command in COMMANDS for example in examples(command)])
def test_an_example_of_a_help_runs(local, tmp_path, aws_environment, example):
    put(local, f"{NAME}-2")
    replay(local, "training-training", "training-completed")
    register(local, f"{ACCOUNT}:training-job/{NAME}", "w")
    command = example.split()[0]
    nobody = f"http://127.0.0.1:{free_port()}"
    environment = {
        **aws_environment, "SAGEBELL_API": local.base, "AWS_ENDPOINT_URL": nobody, "AWS_MAX_ATTEMPTS": "1",
    }
    words = [word.replace("/tmp", str(tmp_path)) for word in example.split()]
    if command == "local":
        return runs_until_asked(words, tmp_path)
    if command == "dashboard":
        return serves_the_dashboard_until_asked(words, environment)
    if words == ["demo", "--keep"]:
        return shows_the_dashboard_until_asked(environment)
    if command == "watch":
        return watches_until_asked(words, environment)
    (tmp_path / "events").symlink_to(ROOT / "events")
    done = subprocess.run(
        [SAGEBELL, *words], capture_output=True, text=True, timeout=2 * PATIENCE_SECONDS, env=environment, cwd=tmp_path,
    )
    assert "Usage:" not in done.stderr
    if command in NEEDS_AWS or example == ASKS:
        assert done.returncode == 2, done.stdout + done.stderr
    else:
        assert done.returncode == 0 and done.stdout, done.stderr


def serves_the_dashboard_until_asked(words, environment):
    address = f"127.0.0.1:{free_port()}"
    words = [word.replace("127.0.0.1:7080", address) for word in words]
    words += [] if "--listen" in words else ["--listen", address]
    process = subprocess.Popen([SAGEBELL, *words], stderr=subprocess.DEVNULL, env=environment)
    try:
        until(lambda: answers(f"http://{address}/"), "the dashboard is served")
        process.terminate()
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
    finally:
        process.kill()


def answers(url):
    try:
        return call("GET", url)[0] == 200
    except OSError:
        return False


def shows_the_dashboard_until_asked(environment):
    command = [SAGEBELL, "demo", "--keep", "--color", "never"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        address = re.search(r"http://\S+/", process.stderr.readline())[0]
        status, page = call("GET", address)
        assert status == 200 and "Sagebell" in page
        process.terminate()
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
    finally:
        process.kill()
        process.stderr.close()


def watches_until_asked(words, environment):
    process = subprocess.Popen([SAGEBELL, *words], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert NAME in process.stdout.readline()
        process.terminate()
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
    finally:
        process.kill()
        process.stdout.close()


def runs_until_asked(words, folder):
    stack = Local(folder / "unused.db")
    words = [word.replace("127.0.0.1:7070", stack.listen) for word in words]
    words += [] if "--listen" in words else ["--listen", stack.listen]
    stack.process = subprocess.Popen([SAGEBELL, *words], cwd=folder, stderr=subprocess.DEVNULL)
    try:
        until(stack.up, "the example's stack answers")
        assert stack.terminate() == 0
    finally:
        stack.kill()


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh", "powershell"])
def test_completions_name_every_command(shell):
    done = subprocess.run([SAGEBELL, "completions", shell], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stderr
    assert all(command in done.stdout for command in [*COMMANDS, "phase"])


def test_bash_completes(tmp_path):
    script = tmp_path / "completions"
    script.write_text(subprocess.run([SAGEBELL, "completions", "bash"], capture_output=True, text=True).stdout)
    asks = f"""
        source {script}
        COMP_WORDS=(sagebell timel) COMP_CWORD=1
        _sagebell sagebell timel sagebell
        echo "${{COMPREPLY[*]}}"
    """
    done = subprocess.run(["bash", "-c", asks], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.stdout.split() == ["timeline"], done.stderr


def test_there_is_a_man_page_of_every_command(tmp_path):
    folder = tmp_path / "share" / "man1"
    done = subprocess.run([SAGEBELL, "man", folder], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stderr
    pages = {page.name: page.read_text() for page in folder.iterdir()}
    assert set(pages) == {"sagebell.1", *(f"sagebell-{command}.1" for command in COMMANDS)}
    assert "sagebell jobs \\-\\-phase running" in pages["sagebell-jobs.1"]
    assert os.listdir(folder.parent) == ["man1"]


def test_waits_says_who_waits(local):
    arn = put(local, NAME)
    assert "Nobody waits" in local.run("waits", arn).stderr
    register(local, arn, "my-step")
    assert re.search(r"waiting +my-step +\S+ +none +0 +just now", local.run("waits", arn).stdout)
    shown = json.loads(local.run("waits", arn, "--output", "json").stdout)
    assert (shown["wait"]["id"], shown["wait"]["state"]) == ("my-step", "waiting")


def test_a_stop_asks_first(local):
    arn = put(local, NAME)
    nobody = local.run("stop", arn)
    assert nobody.returncode == 2 and "give --yes" in nobody.stderr
    terminal = Terminal("stop", arn, "--api", local.base)
    assert NAME in terminal.until("[y/N]")
    terminal.type("n\n")
    assert terminal.ends() == 1 and "not stopped" in terminal.text()
    terminal = Terminal("stop", arn, "--api", local.base)
    terminal.until("[y/N]")
    terminal.type("y\n")
    assert terminal.ends() == 2 and "calls no SageMaker" in terminal.text()
    assert "calls no SageMaker" in local.run("stop", arn, "--yes").stderr


SHOWN, HIDDEN = "\x1b[?1049h", "\x1b[?1049l"


@pytest.mark.parametrize(("rows", "columns"), SIZES)
@pytest.mark.parametrize("ends", ["q", "\x03", "\x1b"], ids=["q", "ctrl-c", "esc"])
def test_watch_shows_jobs_live_and_leaves_the_terminal_as_it_was(local, rows, columns, ends):
    for number in range(rows):
        put(local, f"{LONG}-{number:02}"[-63:])
    terminal = Terminal("watch", "--seconds", "1", "--api", local.base, rows=rows, columns=columns)
    shown = terminal.until("q ends")
    assert SHOWN in shown and "running" in shown
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in shown.replace("\r", "").split("\n")]
    assert len(lines) == rows and max(map(width, lines)) <= columns, shown
    put(local, "it-began")
    terminal.until("it-began")
    terminal.type(ends)
    assert terminal.ends() == 0
    assert HIDDEN in terminal.text() and terminal.text().rindex(HIDDEN) > terminal.text().rfind("q ends")
    assert SHOWN not in terminal.text()


def test_watch_writes_a_line_for_each_change_where_there_is_no_terminal(local):
    put(local, NAME)
    command = [SAGEBELL, "watch", "--seconds", "1", "--api", local.base]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert re.search(rf"UTC running training {NAME} InProgress", process.stdout.readline())
        put(local, NAME, TrainingJobStatus="Completed", SecondaryStatus="Completed", LastModifiedTime=1_700_000_200_000)
        assert re.search(rf"UTC succeeded training {NAME} Completed", process.stdout.readline())
        process.terminate()
        assert process.wait(timeout=PATIENCE_SECONDS) == 0 and process.stdout.read() == ""
    finally:
        process.kill()
        process.stdout.close()


RUN = "0f8a2c1e-5b7d-4e9a-8c3f-1a2b3c4d5e6f"


def test_a_job_leads_to_its_run_in_kfp(tmp_path):
    stack = Local(tmp_path / "local.db", words=["--kfp-ui", "https://kfp.example.com/pipeline/"]).start()
    try:
        arn = put(stack, NAME)
        status, answer = call("PUT", wait_url(stack.base, arn, "w"), {"labels": {"run": RUN}})
        assert status == 200, answer
        page = f"https://kfp.example.com/pipeline/#/runs/details/{RUN}"
        shown = stack.run("job", arn).stdout.splitlines()
        assert shown[-2:] == [f"       run  {RUN}", f"   KFP run  {page}"]
        assert json.loads(stack.run("job", arn, "--output", "json").stdout)["runs"] == [{"id": RUN, "kfp_url": page}]
    finally:
        stack.kill()


def test_what_is_no_address_of_kfp_is_refused_by_name():
    command = [SAGEBELL, "local", "--kfp-ui", "javascript:alert(1)"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 2 and "--kfp-ui" in done.stderr and "http or https" in done.stderr
