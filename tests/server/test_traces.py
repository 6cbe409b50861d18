"""Traces: a real server sends real spans to a collector on this machine, and none without one."""

import gzip
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.server.handheld import Handheld
from tests.server.running import SITE, enrolled
from tests.server.test_backups import now


class Collector:
    """Takes spans as any collector does: protobuf over HTTP."""

    def __init__(self):
        self.spans, self.resources = [], []
        collector = self

        class Taker(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.take(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                """Be quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/traces"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, request):
        for part in request.resource_spans:
            self.resources += part.resource.attributes
            self.spans += [span for scope in part.scope_spans for span in scope.spans]

    def named(self, name):
        return [span for span in self.spans if span.name == name]


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()


def attributes(span):
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def push_some(server, headers, handhelds):
    for handheld in handhelds:
        handheld.receive(1)
        with httpx.Client(base_url=server.origin, headers=headers) as http:
            http.post("/sync/push", content=handheld.push()).raise_for_status()


def test_a_push_is_traced_from_the_request_to_the_commit(founded, collector):
    founded.environment["BINCARD_TRACES_URL"] = collector.url
    device = enrolled(founded)
    founded.start()
    parent = {"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01", "X-Request-Id": "morning-1"}
    push_some(founded, {**device, **parent}, [Handheld(SITE, "1001", now)])
    assert founded.stop() == 0

    (request,) = collector.named("POST /sync/push")
    assert request.trace_id.hex() == "ab" * 16
    assert request.parent_span_id.hex() == "cd" * 8
    assert attributes(request)["http.route"] == "/sync/push"
    assert attributes(request)["http.response.status_code"] == 200
    assert attributes(request)["bincard.request"] == "morning-1"
    (group,) = collector.named("group")
    assert [link.span_id for link in group.links] == [request.span_id]
    (wait,) = collector.named("wait")
    assert wait.parent_span_id == request.span_id
    stages = sorted(
        (span for span in collector.spans if span.parent_span_id == group.span_id),
        key=lambda span: (span.start_time_unix_nano, span.end_time_unix_nano),
    )
    assert [span.name for span in stages] == [
        "open", "load", "decide", "write", "settle", "commit",
    ]  # fmt: skip
    ends = [span.end_time_unix_nano for span in stages]
    assert ends == sorted(ends)
    assert request.start_time_unix_nano <= group.start_time_unix_nano
    assert group.end_time_unix_nano <= request.end_time_unix_nano
    names = {one.key: one.value.string_value for one in collector.resources}
    assert names["service.name"] == "bincard"
    assert device["Authorization"].split()[1] not in str(collector.spans)


def test_a_collector_that_is_away_holds_nobody_up(founded, collector):
    founded.environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url.removesuffix("/v1/traces")
    device = enrolled(founded)
    collector.server.shutdown()
    collector.server.server_close()
    founded.start()
    push_some(founded, device, [Handheld(SITE, "1001", now) for _ in range(3)])
    assert founded.stop() == 0
    assert founded.run("verify").returncode == 0


def test_without_a_place_for_traces_nothing_of_them_is_imported():
    code = (
        "import sys, server.app, server.cli;"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
