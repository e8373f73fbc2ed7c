"""An HTTP proxy at which a test stands: calls that fit wait until it lets them
through, or are refused."""

import datetime
import http.client
import http.server
import json
import re
import socket
import threading
import urllib.parse

from conftest import PATIENCE_SECONDS
from tunnel import Tunnel, head_of

PLAIN = {"content-type": "text/plain"}
OWN_HEADERS = ("connection", "content-length", "date", "keep-alive", "server", "transfer-encoding")


class Gate:
    """In front of a server. A call's word is its X-Amz-Target, else method and path."""

    def __init__(self, upstream):
        self.upstream = urllib.parse.urlsplit(upstream)
        self.words = []
        self.passed = []  # the words of calls that were let through
        self.bodies = {}  # the last body of each word
        self.signers = []  # the access key of each call that was signed
        self.tunnels = []  # the WebSockets that were opened
        self.rules = []
        self.edit = None  # makes of an answer's body another one
        self.answer_date = None  # the Date header of answers, where it is not now
        self.timely = False  # whether what is signed for another time is refused, as by AWS
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def carry(self):
                gate.carry(self)

            do_GET = do_POST = do_PUT = do_DELETE = carry

            def date_time_string(self, timestamp=None):
                return gate.answer_date or super().date_time_string(timestamp)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def hold(self, word):
        """Calls with this in their word wait at the gate from now on."""
        held = Held(word)
        self.rules.append(held)
        return held

    def refuse(self, word, times=None, status=503, headers=PLAIN, body=b"refused at the gate"):
        """Calls with this in their word are refused: all, or so many."""
        self.rules.append(Refused(word, times, (status, headers, body)))
        return self.rules[-1]

    def open(self):
        for rule in self.rules:
            rule.end()
        self.rules = []

    def carry(self, handler):
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        word = handler.headers.get("x-amz-target") or f"{handler.command} {handler.path}"
        self.words.append(word)
        self.bodies[word] = body
        self.signers += re.findall(r"Credential=(\w+)/", handler.headers.get("authorization") or "")
        refusal = signed_late(handler.headers) if self.timely else None
        refusal = refusal or self.meet(word)
        if refusal:
            return answer(handler, *refusal)
        self.passed.append(word)
        if (handler.headers.get("upgrade") or "").lower() == "websocket":
            return self.tunnel(handler)
        server = http.client.HTTPConnection(self.upstream.hostname, self.upstream.port, timeout=PATIENCE_SECONDS)
        try:
            server.request(handler.command, handler.path, body, dict(handler.headers.items()))
            found = server.getresponse()
            told = self.edit(found.read()) if self.edit else found.read()
            return answer(handler, found.status, dict(found.getheaders()), told)
        except OSError:
            handler.close_connection = True
            return None
        finally:
            server.close()

    def meet(self, word):
        """The refusal of a call or a frame, if a rule refuses it; it may be held before."""
        refusals = (rule.meet() for rule in list(self.rules) if rule.word in word)
        return next((refusal for refusal in refusals if refusal), None)

    def tunnel(self, handler):
        """A frame that is refused ends its connection."""

        def meet(word):
            self.words.append(word)
            refused = self.meet(word)
            if not refused:
                self.passed.append(word)
            return not refused

        handler.close_connection = True
        try:
            upstream = socket.create_connection((self.upstream.hostname, self.upstream.port), PATIENCE_SECONDS)
        except OSError:
            return
        upstream.settimeout(None)
        with upstream:
            tunnel = Tunnel(handler.connection, upstream, meet)
            self.tunnels.append(tunnel)
            tunnel.run(head_of(handler, self.upstream.netloc))

    def count(self, word):
        return sum(word in one for one in self.words)

    def close(self):
        self.open()
        for tunnel in self.tunnels:
            tunnel.cut()
        self.server.shutdown()
        self.server.server_close()


def signed_late(headers):
    """How AWS refuses what was signed more than five minutes from its own time.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html"""
    signed = datetime.datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%S%z")
    ahead = (signed - datetime.datetime.now(datetime.UTC)).total_seconds()
    if abs(ahead) <= 300:
        return None
    what = "Signature not yet current: it is still later" if ahead > 0 else "Signature expired: it is now earlier"
    body = {"__type": "InvalidSignatureException", "message": f"{what} than AWS's time and 5 min."}
    return 400, {"content-type": "application/x-amz-json-1.1"}, json.dumps(body).encode()


class Held:
    def __init__(self, word):
        self.word = word
        self.arrived, self.released = threading.Event(), threading.Event()

    def meet(self):
        self.arrived.set()
        self.released.wait(PATIENCE_SECONDS)

    def await_arrival(self):
        assert self.arrived.wait(PATIENCE_SECONDS), f"{self.word}: no such call came"

    def end(self):
        self.released.set()


class Refused:
    def __init__(self, word, times, answer):
        self.word, self.times, self.answer = word, times, answer
        self.met = 0

    def meet(self):
        if self.times is not None and self.met >= self.times:
            return None
        self.met += 1
        return self.answer

    def end(self):
        self.times = 0


def answer(handler, status, headers, body):
    """A body that is `None` breaks off: less of it comes than the head says."""
    try:
        handler.send_response(status)
        if body is None:
            handler.send_header("content-length", "100")
            handler.end_headers()
            handler.close_connection = True
            return
        for name, value in headers.items():
            if name.lower() not in OWN_HEADERS:
                handler.send_header(name, value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
    except OSError:
        handler.close_connection = True  # the caller was killed
