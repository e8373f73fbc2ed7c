"""The programs that come with the package: the command line, the step, and the fake SageMaker."""

from __future__ import annotations

import functools
import importlib.metadata
import pathlib

from ._errors import SagebellError

# One binary has all of them; its first argument says which.
_BINARY = "sagebell-bundle"


def command(program: str, *words: str) -> list[str]:
    """The words that start a program."""
    return [_binary(), program, *words]


@functools.cache
def _binary() -> str:
    # The installer wrote down where it put the file, which differs between virtual environments,
    # users' folders and `--target`
    # (https://packaging.python.org/en/latest/specifications/recording-installed-packages/).
    try:
        files = importlib.metadata.files("sagebell") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == _BINARY:
            path = pathlib.Path(str(file.locate())).resolve()
            if path.is_file():
                return str(path)
    raise SagebellError(
        f"the program {_BINARY} of the package sagebell is missing. Install the package again: "
        "pip install --force-reinstall sagebell"
    )
