"""Traces over OTLP, when the settings name a place for them; nothing of it is imported otherwise.

A request is a span, with the wait for the writer in it. A group of pushes is a trace of its own,
linked to the requests that shared it, with a span per stage: many requests cause one commit.
"""

import time
from importlib.metadata import version
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from server.book.laps import Group, asker

EXPORT_S: Final = 5
"""A collector that is away must not hold up the end of the server."""

FAULT: Final = 500
_read_parent: Final = TraceContextTextMapPropagator().extract


class Traces:
    """Begins and ends spans, and sends them from a thread of its own."""

    def __init__(self, url: str) -> None:
        resource = Resource.create(
            {"service.name": "bincard", "service.version": version("bincard")}
        )
        self._provider = TracerProvider(resource=resource)
        exporter = OTLPSpanExporter(endpoint=url, timeout=EXPORT_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("bincard")

    def close(self) -> None:
        """Send what waits; what cannot be sent is dropped."""
        self._provider.shutdown()

    def begin(self, method: str, parent: str | None, request: str) -> Span:
        """Begin the span of a request; what it asks of the book is known by it."""
        context = _read_parent({"traceparent": parent}) if parent else None
        span = self._tracer.start_span(
            method, context, SpanKind.SERVER,
            attributes={"http.request.method": method, "bincard.request": request},
        )  # fmt: skip
        asker.set(span)
        return span

    def end(self, span: Span, method: str, route: str, status: int) -> None:
        """End the span of a request whose route and answer are known now."""
        span.update_name(f"{method} {route}")
        span.set_attributes({"http.route": route, "http.response.status_code": status})
        if status >= FAULT:
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    def group_done(self, group: Group) -> None:
        """Write down what a group of pushes went through."""
        # Laps are told by a clock that has no date.
        offset = time.time() - time.perf_counter()
        asked = [(at, span) for at, span in group.asked if isinstance(span, Span)]
        self._waits(group, asked, offset)
        links = [Link(span.get_span_context()) for _, span in asked]
        whole = self._tracer.start_span(
            "group", links=links, start_time=_ns(group.began, offset),
            attributes={"bincard.site": group.site, "bincard.pushes": len(group.asked)},
        )  # fmt: skip
        context, before = set_span_in_context(whole), group.began
        for stage, at in group.laps:
            part = self._tracer.start_span(stage, context, start_time=_ns(before, offset))
            part.end(_ns(at, offset))
            before = at
        if group.fault is not None:
            whole.set_status(Status(StatusCode.ERROR, type(group.fault).__name__))
        whole.end(_ns(before, offset))

    def _waits(self, group: Group, asked: list[tuple[float, Span]], offset: float) -> None:
        for at, span in asked:
            context = set_span_in_context(span)
            waited = self._tracer.start_span("wait", context, start_time=_ns(at, offset))
            waited.end(_ns(group.began, offset))

    def snapshot_built(self, size: int) -> None:
        """Nobody traces these."""


def _ns(at: float, offset: float) -> int:
    return int((at + offset) * 1e9)
