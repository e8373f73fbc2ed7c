"""Whom a function believes to be AWS, and how it gets there: `AWS_CA_BUNDLE`, the machine's own certificates, and
`HTTPS_PROXY`. AWS is a server that speaks TLS, at an endpoint of one's own."""

import json
import queue
import ssl

import pytest

from conftest import PATIENCE_SECONDS, event
from lambda_runtime import running
from test_proxies import Proxy, Server, certificate, head_of  # noqa: F401


class Table(Server):
    """DynamoDB with an empty table, over TLS. Says which operations were asked for."""

    def __init__(self, certificate):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.context.set_alpn_protocols(["h2", "http/1.1"])
        self.asked, self.protocols = queue.Queue(), set()
        super().__init__()
        self.url = f"https://localhost:{self.port}"

    def serve(self, connection):
        secure = self.context.wrap_socket(connection, server_side=True)
        self.protocols.add(secure.selected_alpn_protocol())
        while head := head_of(secure):
            headers = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
            left = int(headers["content-length"])
            while left:
                left -= len(secure.recv(left))
            self.asked.put(headers["x-amz-target"].rsplit(".", 1)[1])
            secure.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 2\r\n\r\n{}")


@pytest.fixture
def table(certificate):  # noqa: F811
    table = Table(certificate)
    yield table
    table.close()


def function(table, folder, **variables):
    return running("job-events", {
        "AWS_ENDPOINT_URL_DYNAMODB": table.url, "SAGEBELL_STORE": "dynamodb:jobs",
        "SAGEBELL_QUEUE": "sqs:http://127.0.0.1:9/q", **variables,
    }, folder)


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_certificates_of_ones_own_are_trusted(table, certificate, tmp_path, variable):  # noqa: F811
    with function(table, tmp_path, **{variable: f"{certificate}.crt"}) as job_events:
        # The connection that it opens before its first event.
        assert table.asked.get(timeout=PATIENCE_SECONDS) == "getitem"
        assert job_events.invoke(event("training-completed"))["change"] == "advanced"
        assert "putitem" in list(table.asked.queue)
    # The server would rather have HTTP/2.
    assert table.protocols == {"http/1.1"}


def test_a_server_whose_certificate_nobody_knows_is_told_nothing(table, tmp_path):
    with function(table, tmp_path) as job_events:
        job_events.asked.put(json.dumps(event("training-completed")).encode())
        outcome, body = job_events.answers.get(timeout=PATIENCE_SECONDS)
    assert outcome == "error" and b"certificate" in body, body
    assert table.asked.empty()


def test_a_bundle_that_is_not_there_is_said_at_the_start(table, tmp_path):
    with function(table, tmp_path, AWS_CA_BUNDLE="/not/there.pem") as job_events:
        assert job_events.process.wait(PATIENCE_SECONDS) != 0
    assert "AWS_CA_BUNDLE: no certificates in /not/there.pem" in (tmp_path / "job-events.log").read_text()


def test_aws_is_called_through_the_proxy_of_the_environment(table, certificate, tmp_path):  # noqa: F811
    proxy = Proxy()
    try:
        trust = {"AWS_CA_BUNDLE": f"{certificate}.crt"}
        with function(table, tmp_path, HTTPS_PROXY=proxy.url, **trust):
            assert table.asked.get(timeout=PATIENCE_SECONDS) == "getitem"
        assert set(proxy.asked) == {("CONNECT", f"localhost:{table.port}")}
        with function(table, tmp_path, HTTPS_PROXY=proxy.url, NO_PROXY="localhost", **trust):
            assert table.asked.get(timeout=PATIENCE_SECONDS) == "getitem"
        assert len(proxy.asked) == 1
    finally:
        proxy.close()


def test_what_lambda_does_not_set_is_asked_for_by_name(table, tmp_path):
    with function(table, tmp_path, AWS_SECRET_ACCESS_KEY="", AWS_USE_FIPS_ENDPOINT="yes") as job_events:
        assert job_events.process.wait(PATIENCE_SECONDS) != 0
    log = (tmp_path / "job-events.log").read_text()
    assert "AWS_SECRET_ACCESS_KEY is not set" in log and "AWS_USE_FIPS_ENDPOINT is `yes`" in log
