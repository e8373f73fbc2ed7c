"""An HTTP proxy between a function and AWS that knows which API call it carries:
it writes each one down, and breaks the ones it is told to."""

import contextlib
import dataclasses
import enum
import http.client
import http.server
import io
import json
import socket
import struct
import threading
import urllib.parse

# Hop by hop, or made anew.
OWN_HEADERS = ("connection", "content-length", "date", "keep-alive", "server", "transfer-encoding")
# How each service says "not so fast": the answers that its SDK retries.
THROTTLES = {
    "DynamoDB": (400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
    "SQS": (400, "com.amazonaws.sqs#RequestThrottled"),
    "EventBridge": (400, "ThrottlingException"),
    "SageMaker": (400, "ThrottlingException"),
    "API Gateway": (429, "LimitExceededException"),
}
SERVICES = {"DynamoDB_20120810": "DynamoDB", "AmazonSQS": "SQS", "AWSEvents": "EventBridge", "SageMaker": "SageMaker"}

JSON = {"content-type": "application/x-amz-json-1.0"}
# In the path of a call about one connection, before its id.
CONNECTIONS = "/@connections/"
# A function's first call, before any invocation, asks for nothing that there is.
CONNECTING = " nothing"


class Fault(enum.Enum):
    THROTTLED = "refused for the rate, nothing is done"
    SERVER_ERROR = "HTTP 503 and no JSON, as a load balancer answers; nothing is done"
    SILENCE = "nothing is done, and no answer comes"
    RESET = "the connection is reset, nothing is done"
    REFUSED_WITHIN = "HTTP 200, and within the answer each entry is refused; nothing is done"
    LOST_ANSWER = "it is done, and the connection is reset instead of an answer"
    # Of connections: statuses and names as in "PostToConnection" and "GetConnection" (Amazon API Gateway
    # Management API reference).
    GONE = "HTTP 410 GoneException: the waiter's connection is closed"
    FORBIDDEN = "HTTP 403 ForbiddenException: the function may not ask"


# How API Gateway refuses what is about one connection.
REFUSALS = {Fault.GONE: (410, "GoneException"), Fault.FORBIDDEN: (403, "ForbiddenException")}


@dataclasses.dataclass
class Attempt:
    """One request for one API call. The SDK's retries of a call share its id."""

    service: str
    name: str
    call: str
    request: dict
    answer: dict | None = None


class Broken:
    """Of the calls of this name the one at this place, counted from zero: its first
    attempt meets the fault, or, if that lasts, all of them and all later calls."""

    def __init__(self, name, place, fault, lasting):
        self.name, self.place, self.fault, self.lasting = name, place, fault, lasting
        self.calls, self.met = [], 0

    def meets(self, attempt):
        if attempt.name != self.name:
            return None
        if attempt.call not in self.calls:
            self.calls.append(attempt.call)
        place = self.calls.index(attempt.call)
        if not (place >= self.place if self.lasting else place == self.place and not self.met):
            return None
        self.met += 1
        return self.fault


def subject(operation, request):
    """What an operation is about, where one operation is used for several things."""
    if operation in ("GetItem", "PutItem"):
        key = request.get("Key") or request["Item"]
        if key["PK"]["S"].startswith("CONNECTION#"):
            return " connection"
        kind, _, _ = key["SK"]["S"].partition("#")
        return {"STATE": " job", "WAIT": " wait", "HEARTBEAT": " heartbeat", "CONNECTION": CONNECTING}[kind]
    if operation == "UpdateItem":
        return " count"
    if operation == "Query":
        return f" {request.get('IndexName', 'waits')}"
    if operation == "PutEvents":
        return f" {request['Entries'][0]['DetailType']}"
    return ""


def refused(entries):
    """The answer of a batch of which nothing was taken, to SQS's question or to EventBridge's."""
    if "Id" in entries[0]:
        failed = [{"Id": one["Id"], "Code": "InternalError", "SenderFault": False} for one in entries]
        return {"Successful": [], "Failed": failed}
    failed = [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"} for _ in entries]
    return {"FailedEntryCount": len(entries), "Entries": failed}


class AwsProxy:
    """In front of AWS and, if it is elsewhere, of SageMaker."""

    def __init__(self, aws_port, sagemaker_port):
        self.ports = {"SageMaker": sagemaker_port}
        self.aws_port = aws_port
        self.attempts, self.connections, self.lock = [], 0, threading.Lock()
        self.pushed = []  # what was told down connections: (connection, frame)
        self.broken = None
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                if CONNECTIONS in self.path:
                    return proxy.push(self)
                return proxy.carry(self)

            def do_GET(self):
                return proxy.tell(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @contextlib.contextmanager
    def breaking(self, broken):
        """Meanwhile calls break."""
        with self.lock:
            self.broken = broken
        try:
            yield
        finally:
            with self.lock:
                self.broken = None

    def note(self, attempt):
        """Writes the attempt down, and says what it meets."""
        with self.lock:
            if attempt.name.endswith(CONNECTING):
                self.connections += 1
                return None
            self.attempts.append(attempt)
            return self.broken and self.broken.meets(attempt)

    def calls(self):
        """The API calls so far, retries not counted, in order."""
        with self.lock:
            first = {}
            for attempt in self.attempts:
                # The answer that counted is the last one.
                first[attempt.call] = attempt
            return list(first.values())

    def mark(self):
        """From here on the journal is empty."""
        with self.lock:
            self.attempts = []

    def carry(self, handler):
        body = handler.rfile.read(int(handler.headers["content-length"]))
        target, operation = handler.headers["x-amz-target"].split(".")
        request = json.loads(body)
        attempt = Attempt(
            SERVICES[target], operation + subject(operation, request), handler.headers["amz-sdk-invocation-id"], request
        )
        fault = self.note(attempt)
        if fault is Fault.REFUSED_WITHIN:
            return send(handler, 200, json.dumps(refused(request["Entries"])).encode(), JSON)
        if fault and fault is not Fault.LOST_ANSWER:
            return fail(handler, attempt.service, fault)
        status, headers, answer = self.forward(handler, attempt.service, body)
        if fault is Fault.LOST_ANSWER:
            return reset(handler)
        with contextlib.suppress(ValueError):
            attempt.answer = json.loads(answer)
        send(handler, status, answer, headers)

    def push(self, handler):
        """Answers for API Gateway, whose connection it is: whatever it is told is received."""
        frame = json.loads(handler.rfile.read(int(handler.headers["content-length"])))
        connection = urllib.parse.unquote(handler.path.split(CONNECTIONS)[1])
        self.of_connections(handler, "PostToConnection", frame, lambda: self.pushed.append((connection, frame)))

    def tell(self, handler):
        """Answers for API Gateway that a connection is open."""
        self.of_connections(handler, "GetConnection", {}, lambda: None)

    def of_connections(self, handler, name, request, do):
        call = handler.headers["amz-sdk-invocation-id"]
        fault = self.note(Attempt("API Gateway", name, call, request))
        if fault and fault is not Fault.LOST_ANSWER:
            return fail(handler, "API Gateway", fault)
        do()
        return reset(handler) if fault else send(handler, 200, b"{}", JSON)

    def forward(self, handler, service, body):
        behind = http.client.HTTPConnection("127.0.0.1", self.ports.get(service, self.aws_port))
        with contextlib.closing(behind):
            behind.request("POST", handler.path, body, dict(handler.headers))
            answer = behind.getresponse()
            headers = {name: value for name, value in answer.getheaders() if name.lower() not in OWN_HEADERS}
            return answer.status, headers, answer.read()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def fail(handler, service, fault):
    """Answers with the fault, or not at all; nothing is done."""
    if fault is Fault.SILENCE:
        # Until the client has had enough.
        with contextlib.suppress(OSError):
            handler.connection.recv(1)
    if fault in (Fault.SILENCE, Fault.RESET):
        return reset(handler)
    if fault is Fault.SERVER_ERROR:
        return send(handler, 503, b"<html>503</html>", {"content-type": "text/html"})
    status, name = THROTTLES[service] if fault is Fault.THROTTLED else REFUSALS[fault]
    error = {"__type": name, "message": "slow down", "Message": "slow down"}
    return send(handler, status, json.dumps(error).encode(), JSON | {"x-amzn-errortype": name})


def send(handler, status, body, headers):
    # The client may have given up meanwhile.
    with contextlib.suppress(OSError):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


def reset(handler):
    """RST, not a polite end."""
    handler.close_connection = True
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    for end in (handler.rfile, handler.wfile, handler.connection):
        with contextlib.suppress(OSError):
            end.close()
    # What the handler still does with them is for nobody.
    handler.rfile = handler.wfile = io.BytesIO()
