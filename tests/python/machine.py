"""The programs of this checkout, as the tests of the Python package start them."""

import contextlib
import json
import pathlib
import re
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "target" / "debug" / "sagebell-bundle"
# Generous: nothing here measures time, it only must not hang for ever.
PATIENCE_SECONDS = 60


def until(condition, what):
    """Polls a condition of another process until it holds."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {PATIENCE_SECONDS} s")


def call(method, url, body=None):
    """One HTTP call: (status, parsed JSON). Status 0: nobody answers."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    except OSError:
        return 0, None
    return status, json.loads(text) if text else None


@contextlib.contextmanager
def running(*words, says):
    """A program, once it has said where it listens: gives the URL."""
    words = [str(word) for word in (BUNDLE, *words)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for line in process.stdout:
            if says in line:
                # What it says later must not fill the pipe.
                threading.Thread(target=process.stdout.read, daemon=True).start()
                yield re.search(r"http://[0-9.:]+", line)[0]
                break
    finally:
        process.kill()
        process.wait()


class Fake:
    """A fake SageMaker, and what a test makes it do."""

    def __init__(self, url):
        self.url = url

    def control(self, method, what, body=None):
        status, answer = call(method, f"{self.url}/_fake/{what}", body)
        assert status in (200, 204), (what, status, answer)
        return answer

    def lives(self, *lives):
        self.control("PUT", "lives", list(lives))

    def requests(self, operation):
        asked = self.control("GET", "requests")["requests"]
        return [request["input"] for request in asked if request["operation"] == operation]


@contextlib.contextmanager
def fake(*words):
    options = ("--listen", "127.0.0.1:0", "--step-millis", "20", *words)
    with running("fake-sagemaker", *options, says="listening on") as url:
        yield Fake(url)


class Monitor:
    """The local stack."""

    def __init__(self, url):
        self.url = url

    def replay(self, *events):
        files = [str(ROOT / "events" / f"{event}.json") for event in events]
        words = [str(BUNDLE), "sagebell", "replay", *files, "--api", self.url]
        subprocess.run(words, check=True, capture_output=True, timeout=PATIENCE_SECONDS)


@contextlib.contextmanager
def monitor(folder):
    options = ("--listen", "127.0.0.1:0", "--store", folder / "monitor.db")
    with running("sagebell", "local", *options, says="sagebell listens on") as url:
        yield Monitor(url)
