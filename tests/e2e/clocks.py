"""Clocks that are wrong, and clocks that a test sets while their process runs."""

import os
import pathlib

import libfaketime

# What is not the wall clock goes on as it is: nobody can set that.
LIBRARY = {
    "LD_PRELOAD": str(next(pathlib.Path(libfaketime.__file__).parent.rglob("libfaketime.so.1"))),
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
}


def faketime(offset):
    """The environment of a process whose clock is off by so much."""
    return {**LIBRARY, "FAKETIME": offset}


class SetClock:
    """The clock of the processes that have this environment: right, until it is set."""

    def __init__(self, folder):
        self.file = folder / "clock"
        self.set("+0s")
        self.environment = {**LIBRARY, "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1"}

    def set(self, offset):
        """Puts the clock forward (`+1h`) or back (`-1h`), from the true time."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{offset}\n")
        os.replace(new, self.file)
