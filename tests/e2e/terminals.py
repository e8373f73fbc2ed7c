"""Terminals for tests: what a command writes on one, and what is typed there."""

import fcntl
import os
import pty
import re
import select
import struct
import termios

from conftest import PATIENCE_SECONDS, SAGEBELL

SIZES = [(24, 80), (50, 200)]


class Terminal:
    """A command of ours, with a terminal of this size."""

    def __init__(self, *words, rows=24, columns=80, environment=None):
        self.printed = b""
        self.child, self.end = pty.fork()
        if self.child == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            environment = {**os.environ, "TERM": "xterm-256color", **(environment or {})}
            os.execve(SAGEBELL, [str(SAGEBELL), *map(str, words)], environment)

    def read(self):
        """Reads what comes next. False at the end."""
        ready, _, _ = select.select([self.end], [], [], PATIENCE_SECONDS)
        assert ready, f"nothing more came after {self.text()!r}"
        try:
            part = os.read(self.end, 65536)
        except OSError:  # the other end is closed
            part = b""
        self.printed += part
        return bool(part)

    def until(self, word):
        """Reads until this has been printed since the last call."""
        while word.encode() not in self.printed:
            assert self.read(), f"{word!r} never came: {self.text()!r}"
        printed, self.printed = self.printed, b""
        return printed.decode()

    def type(self, text):
        os.write(self.end, text.encode())

    def text(self):
        return self.printed.decode(errors="replace")

    def ends(self):
        """The exit code, once the command has ended."""
        while self.read():
            pass
        _, status = os.waitpid(self.child, 0)
        os.close(self.end)
        return os.waitstatus_to_exitcode(status)


def on_a_terminal(*words, **more):
    """What a command writes on a terminal, and its exit code."""
    terminal = Terminal(*words, **more)
    code = terminal.ends()
    return terminal.text(), code


def plain(text):
    """The text without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
