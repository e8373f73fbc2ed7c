"""Connections through a proxy, as many networks want it: `HTTPS_PROXY` and `NO_PROXY` of the
environment. In front of the stack stands a server that speaks TLS."""

import json
import os
import socket
import ssl
import subprocess
import threading

import pytest

from conftest import PATIENCE_SECONDS, SAGEBELL, call, until, wait_url
from test_faults import bus_of
from test_local import TRAINING, entry

CHUNK = 65_536


def pump(source, target):
    try:
        while data := source.recv(CHUNK):
            target.sendall(data)
    except OSError:
        pass  # the other side ended it
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it is closed


def carry(one, other):
    threading.Thread(target=pump, args=(other, one), daemon=True).start()
    pump(one, other)


def head_of(connection):
    """The request line and the headers, and no byte more."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            break
        head += byte
    return head


class Server:
    """Serves each connection in a thread."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self.guarded, args=(connection,), daemon=True).start()

    def guarded(self, connection):
        try:
            self.serve(connection)
        except OSError:
            connection.close()  # e.g. a handshake that was broken off

    def close(self):
        self.socket.close()


class Front(Server):
    """The stack over TLS. It says that connections are opened at itself."""

    def __init__(self, local, certificate):
        self.local = local
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        super().__init__()
        self.url = f"https://localhost:{self.port}"

    def serve(self, connection):
        secure = self.context.wrap_socket(connection, server_side=True)
        head = head_of(secure)
        if head.startswith(b"GET /v1/connect ") and b"upgrade: websocket" not in head.lower():
            body = json.dumps({"url": self.url.replace("https", "wss") + "/v1/connect"}).encode()
            lines = ["HTTP/1.1 200 OK", "content-type: application/json", f"content-length: {len(body)}", "connection: close"]
            secure.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            return secure.close()
        # One request a connection: what follows the first is not looked at.
        if b"upgrade:" not in head.lower():
            head = head.replace(b"\r\n", b"\r\nconnection: close\r\n", 1)
        upstream = socket.create_connection(("127.0.0.1", self.local.port))
        upstream.sendall(head)
        return carry(secure, upstream)


class Proxy(Server):
    """Takes CONNECT, and nothing else (https://www.rfc-editor.org/rfc/rfc9110#name-connect)."""

    def __init__(self):
        self.asked = []
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}"

    def serve(self, connection):
        method, target, _ = head_of(connection).split(b"\r\n", 1)[0].decode().split(" ")
        self.asked.append((method, target))
        if method != "CONNECT":
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
            return connection.close()
        host, port = target.rsplit(":", 1)
        upstream = socket.create_connection((host, int(port)))
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        return carry(connection, upstream)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Of `localhost`, signed by itself: the file holds the key too."""
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    words += f" -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE -keyout {file} -out {file}.crt"
    subprocess.run(["openssl", *words.split()], check=True, capture_output=True)
    file.write_text(file.read_text() + (file.parent / f"{file.name}.crt").read_text())
    return file


@pytest.fixture
def front(local, certificate):
    front = Front(local, certificate)
    yield front
    front.close()


@pytest.fixture
def proxy():
    proxy = Proxy()
    yield proxy
    proxy.close()


def waits(front, certificate, **environment):
    command = [SAGEBELL, "wait", TRAINING, "--id", "w", "--output", "json", "--api", front.url]
    environment = {**os.environ, "SSL_CERT_FILE": f"{certificate}.crt", **environment}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def channel(local):
    return call("GET", wait_url(local.base, TRAINING, "w"))[1].get("wait", {}).get("channel")


def is_told(local, process):
    until(lambda: channel(local) == "connection" or process.poll() is not None, "it holds a connection")
    assert bus_of(local).put_events(Entries=[entry("training-completed")])["FailedEntryCount"] == 0
    lines, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0 and "no connection" not in said, said
    assert json.loads(lines.splitlines()[-1])["phase"] == "succeeded"


def test_a_connection_goes_through_the_proxy_of_the_environment(local, front, proxy, certificate):
    is_told(local, waits(front, certificate, HTTPS_PROXY=proxy.url))
    assert set(proxy.asked) == {("CONNECT", f"localhost:{front.port}")}
    # Who it is, where connections are, the connection: the front ends each after one request.
    assert len(proxy.asked) >= 3


def test_what_needs_no_proxy_goes_straight(local, front, proxy, certificate):
    is_told(local, waits(front, certificate, HTTPS_PROXY=proxy.url, NO_PROXY="localhost"))
    assert proxy.asked == []
