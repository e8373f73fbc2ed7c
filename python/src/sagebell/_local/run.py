"""`run_local`: a pipeline's steps on this machine."""

from __future__ import annotations

import datetime
import os
import pathlib
import time
import uuid
from collections.abc import Mapping
from typing import Any

from .._errors import PipelineRefused, StepFailed
from . import checks, resolve
from . import sagemaker as side
from .graph import Graph, Running, TaskFailed
from .report import Report, Show
from .resolve import About, Unresolved
from .result import LocalRun
from .spec import Pipeline, Spec, load


def run_local(
    pipeline: Pipeline,
    arguments: Mapping[str, Any] | None = None,
    *,
    sagemaker: str = "aws",
    folder: str | os.PathLike[str] = "local_outputs",
    show: Show = print,
) -> LocalRun:
    """Runs a pipeline's Sagebell steps on this machine, without a cluster.

    The steps run one after the other, in the order of their needs, by the same program as in a
    cluster, and hand their outputs on. Inputs are found as KFP finds them: what KFP refuses is refused
    here. Loops, conditions, exit handlers and pipelines within pipelines work. KFP's cache, retries and
    settings of pods do not count. Ctrl-C tells the running step to end, which stops its job.

    Args:
        pipeline: A pipeline function (`@dsl.pipeline`), or the path of a compiled pipeline.
        arguments: The arguments of the pipeline, by name.
        sagemaker: `aws`: SageMaker in your account, with the credentials of this environment. Jobs
            cost what they cost. Steps wait through the monitor, as in a cluster; `SAGEBELL_WAIT=poll`
            needs none. `fake`: a SageMaker that comes with the package and runs nothing. It needs no
            account: nothing is sent from this machine. Or the http URL of a fake that runs already.
        folder: Where outputs and artifacts go. Each run has a folder of its own in it.
        show: Is called with each line of the report.

    Returns:
        The states and outputs of the tasks, and the outputs of the pipeline.

    Raises:
        PipelineRefused: The pipeline has a task that is no step of Sagebell, or an argument is wrong.
            Nothing was started.
        StepFailed: A step failed. It has the reason, and what was done up to then.
    """
    spec = load(pipeline)
    problems = checks.problems(spec)
    if problems:
        raise PipelineRefused(spec.name, problems)
    given = _arguments(spec, arguments or {})
    now = datetime.datetime.now(datetime.timezone.utc)
    run_id = str(uuid.uuid4())
    run_name = f"{spec.name}-{now:%Y%m%d-%H%M%S}"
    place = pathlib.Path(folder).resolve() / spec.name / f"{now:%Y%m%d-%H%M%S}-{run_id[:8]}"
    about = About(run_id, run_name, "", f"{now:%Y-%m-%dT%H:%M:%SZ}")
    report = Report(show, spec.name)
    began = time.monotonic()
    with side.reach(sagemaker) as reached:
        report.begins(sagemaker)
        running = Running(spec, about, place, reached, report, {})
        try:
            outputs = Graph(running, spec.root.get("dag", {}), given, "").go()
        except TaskFailed as failed:
            run = LocalRun(spec.name, place, running.tasks, {})
            raise StepFailed(failed.path, failed.reason, run) from None
        finally:
            report.ends(running.tasks, place, time.monotonic() - began)
    return LocalRun(spec.name, place, running.tasks, outputs)


def _arguments(spec: Spec, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with their defaults. An optional one without a value is null, as in KFP."""
    declared = spec.parameters()
    problems = [f"the argument {name!r} is unknown" for name in given if name not in declared]
    found = {name: of.get("defaultValue") for name, of in declared.items() if of.get("isOptional")}
    found.update(
        (name, of["defaultValue"]) for name, of in declared.items() if "defaultValue" in of
    )
    found.update(given)
    for name, of in declared.items():
        if name not in found:
            problems.append(f"the argument {name!r} is missing")
        elif found[name] is not None or not of.get("isOptional"):
            try:
                resolve.checked({name: of}, {name: found[name]})
            except Unresolved as error:
                problems.append(str(error).replace("the input", "the argument"))
    if problems:
        raise PipelineRefused(spec.name, problems)
    return found
