"""The SageMaker that the steps of a local run call: the account's own, or a fake one."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
from collections.abc import Iterator, Mapping
from typing import Any

from .._binaries import command
from .._errors import SagebellError
from .._processes import Child

_START_SECONDS = 30.0
_STOP_SECONDS = 5.0
_UP = "listening on "
# Jobs of the fake take one or two seconds.
_STEP_MILLIS = "200"
# A step asks the fake itself: no monitor is needed, and the fake counts no quota.
_OPTIONS = ("--wait", "poll", "--poll-seconds", "0.1", "--logs", "none")


@dataclasses.dataclass(frozen=True)
class Side:
    """How steps reach their SageMaker."""

    environment: Mapping[str, str]
    # Flags of the step, which win over its inputs.
    options: tuple[str, ...] = ()
    # Inputs that are replaced where a component has them.
    replaced: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@contextlib.contextmanager
def reach(sagemaker: str) -> Iterator[Side]:
    """`aws`, `fake`, or the URL of a fake that runs already."""
    if sagemaker == "aws":
        yield Side(dict(os.environ))
    elif sagemaker == "fake":
        with _fake() as url:
            yield _of_fake(url)
    elif sagemaker.startswith("http://"):
        yield _of_fake(sagemaker)
    else:
        raise ValueError(
            f"sagemaker is {sagemaker!r}; expected 'aws', 'fake', or the http URL of a fake"
        )


def _of_fake(url: str) -> Side:
    """Nothing of this machine's configuration can lead a step to AWS, nor past the fake."""
    ours = ("AWS_", "SAGEBELL_")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(ours) and not name.lower().endswith("_proxy")
    }
    environment = {
        **kept,
        "AWS_ACCESS_KEY_ID": "fake",
        "AWS_SECRET_ACCESS_KEY": "fake",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": url,
    }
    return Side(environment, _OPTIONS, {"endpoint_url": url, "assume_role": ""})


@contextlib.contextmanager
def _fake() -> Iterator[str]:
    """Starts the fake on a free port of this machine. Gives its URL."""
    words = command("fake-sagemaker", "--listen", "127.0.0.1:0", "--step-millis", _STEP_MILLIS)
    child = Child([*words, "--until-eof"], leashed=True)
    try:
        yield _url(child)
    finally:
        for _ in child.stop(signal.SIGTERM, _STOP_SECONDS):
            pass


def _url(child: Child) -> str:
    said = []
    try:
        for _, line in child.lines(_START_SECONDS):
            if line.startswith(_UP):
                return line.removeprefix(_UP)
            said.append(line)
    except TimeoutError:
        said.append(f"no answer within {_START_SECONDS:g} s")
    raise SagebellError(f"the fake SageMaker did not start: {' '.join(said) or 'it said nothing'}")
