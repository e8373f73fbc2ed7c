"""Programs of the package as children of this process: their lines, and their end."""

from __future__ import annotations

import queue
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

# The longest line, and the most lines that wait to be read.
_LONGEST_LINE = 1_000_000
_QUEUED = 1_000


class Child:
    """A program that was started. A Ctrl-C at the terminal does not reach it by itself."""

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str] | None = None,
        *,
        merge: bool = True,
        leashed: bool = False,
    ) -> None:
        self._process = subprocess.Popen(
            words,
            env=environment,
            # One on a leash ends when its standard input does, which this process never writes to.
            stdin=subprocess.PIPE if leashed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merge else subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
            # A session of its own: this process passes signals on, and then waits.
            start_new_session=True,
        )
        self._lines: queue.Queue[tuple[str, str] | None] = queue.Queue(_QUEUED)
        streams = {"out": self._process.stdout, "err": self._process.stderr}
        self._open = 0
        for name, stream in streams.items():
            if stream:
                self._open += 1
                threading.Thread(target=self._read, args=(name, stream), daemon=True).start()

    def _read(self, name: str, stream: IO[str]) -> None:
        with stream:
            for line in iter(lambda: stream.readline(_LONGEST_LINE), ""):
                self._lines.put((name, line.rstrip("\r\n")))
        self._lines.put(None)

    def lines(
        self, seconds: float | None = None, *, idle: float | None = None
    ) -> Iterator[tuple[str, str]]:
        """Its lines as they come, each with the name of its stream, until it closes both. With `idle`,
        something named so comes after that many seconds without a line.

        Raises:
            TimeoutError: The seconds were over before.
        """
        end = None if seconds is None else time.monotonic() + seconds
        while self._open:
            left = idle if end is None else max(0.0, end - time.monotonic())
            try:
                line = self._lines.get(timeout=left)
            except queue.Empty:
                if end is not None:
                    raise TimeoutError from None
                yield "idle", ""
                continue
            if line is None:
                self._open -= 1
            else:
                yield line

    def code(self) -> int:
        """The exit code, when it has ended."""
        return self._process.wait()

    def stop(self, number: signal.Signals, seconds: float) -> Iterator[str]:
        """Asks it to end, and kills it if it has not ended after the seconds. Gives its last lines.
        A second Ctrl-C kills it at once."""
        try:
            if self._process.poll() is None:
                self._process.send_signal(number)
            for _, line in self.lines(seconds):
                yield line
            self._process.wait(seconds)
        except (TimeoutError, subprocess.TimeoutExpired):
            pass
        finally:
            if self._process.stdin:
                self._process.stdin.close()
            self._process.kill()
            self._process.wait()
