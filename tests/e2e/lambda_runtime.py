"""A function binary with a Lambda runtime API of its own: for calls whose signer the test names, which
`cargo lambda watch` cannot play.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html; the request of a function URL: payload format 2.0,
https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

import contextlib
import http.server
import json
import os
import queue
import subprocess
import threading
import time
import urllib.parse

from conftest import PATIENCE_SECONDS, ROOT

ACCOUNT = "111122223333"


class Runtime:
    """The runtime API: one invocation after the other."""

    def __init__(self):
        self.asked, self.answers = queue.Queue(), queue.Queue()
        runtime = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                payload = runtime.asked.get()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", "1")
                self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 60_000))
                arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", arn)
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def do_POST(self):
                runtime.answers.put((self.path.rsplit("/", 1)[1], self.body()))
                self.send_response(202)
                self.send_header("content-length", "0")
                self.end_headers()

            def body(self):
                if "content-length" in self.headers:
                    return self.rfile.read(int(self.headers["content-length"]))
                chunks = b""
                while size := int(self.rfile.readline(), 16):
                    chunks += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return chunks

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def invoke(self, payload):
        """What the function answers; fails if it answers with an error."""
        self.asked.put(json.dumps(payload).encode())
        outcome, body = self.answers.get(timeout=PATIENCE_SECONDS)
        assert outcome == "response", body
        return json.loads(body)


class Function(Runtime):
    """A function of ours, run with these variables."""

    def __init__(self, name, environment, log):
        super().__init__()
        self.process = subprocess.Popen(
            [ROOT / "target" / "debug" / name], stdout=log, stderr=log,
            env={
                "PATH": os.environ["PATH"], "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test", "AWS_LAMBDA_FUNCTION_NAME": name, "AWS_LAMBDA_FUNCTION_VERSION": "1",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server.server_port}", **environment,
            },
        )

    def call(self, role, method, path, body=None, query=""):
        """(status, answer) of a call that this role signed."""
        json_headers = {"content-type": "application/json"}
        text = json.dumps(body) if body is not None else None
        answer = self.ask(role, method, path, text, query, json_headers)
        return answer["statusCode"], json.loads(answer["body"])

    def ask(self, role, method, path, body, query, headers):
        """The answer to a call that this role signed, in Lambda's form."""
        user = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/pod"
        return self.invoke({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
            "headers": headers, "isBase64Encoded": False, "body": body,
            "requestContext": {
                "accountId": ACCOUNT, "apiId": "id", "stage": "$default", "requestId": "id", "routeKey": "$default",
                "timeEpoch": int(time.time() * 1000), "domainName": "x", "domainPrefix": "x", "time": "x",
                "authorizer": {"iam": {"accountId": ACCOUNT, "userArn": user, "accessKey": "A", "callerId": "A:pod",
                                       "userId": "A"}},
                "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.1",
                         "userAgent": "a"},
            },
        })

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.server.shutdown()
        self.server.server_close()


@contextlib.contextmanager
def running(name, environment, folder):
    with open(folder / f"{name}.log", "a") as log:
        function = Function(name, environment, log)
        try:
            yield function
        finally:
            function.stop()


def wait_path(arn, wait_id):
    return f"/v1/jobs/{urllib.parse.quote(arn, safe='')}/waits/{wait_id}"
