"""Traces (W3C trace context) through HTTP and events. A process has one provider, made by ``configure``."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_propagator = TraceContextTextMapPropagator()


class Tracing:
    """Makes the spans of one service; without an OTLP endpoint they are made and counted but sent nowhere."""

    def __init__(self, service: str, otlp_endpoint: str | None = None) -> None:
        self.provider = TracerProvider(resource=Resource.create({"service.name": f"heyi-{service}"}))
        if otlp_endpoint:
            self.provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(otlp_endpoint)))
        self._tracer = self.provider.get_tracer("heyi")

    @contextmanager
    def span(
        self, name: str, headers: Mapping[str, str] | None = None, *, kind: SpanKind = SpanKind.INTERNAL
    ) -> Iterator[Span]:
        """A span that continues the trace of ``headers`` (``traceparent``) if they carry one."""
        span = self._tracer.start_span(name, context=_parent(headers) if headers else None, kind=kind)
        with trace.use_span(span, end_on_exit=True):
            yield span

    def shutdown(self) -> None:
        """Sends what is left."""
        self.provider.shutdown()


def _parent(headers: Mapping[str, str]) -> otel_context.Context | None:
    """The caller's context; only the two headers that tell of it are read."""
    given = headers.get("traceparent")
    if given is None:
        return None
    state = headers.get("tracestate")
    return _propagator.extract({"traceparent": given} if state is None else {"traceparent": given, "tracestate": state})


def current_traceparent() -> str | None:
    """The ``traceparent`` of the current span, for outbox rows, messages and outgoing calls."""
    span = trace.get_current_span(otel_context.get_current())
    found = span.get_span_context()
    if not found.is_valid:
        return None
    return f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}"
