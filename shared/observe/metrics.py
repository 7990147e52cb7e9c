"""Prometheus metrics in a registry of the service's own."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest


class Metrics:
    """The registry of one process and the figures that every HTTP process keeps."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "heyi_requests", "Requests by route and status", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram("heyi_request_seconds", "Seconds of a request", ["route"], registry=self.registry)

        self._children: dict[
            tuple[str, int], tuple[Counter, Histogram]
        ] = {}  # looking labels up costs more than a count

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Counts an answered request and its time."""
        found = self._children.get((route, status))
        if found is None:
            found = self._children[route, status] = (self.requests.labels(route, status), self.seconds.labels(route))
        count, spent = found
        count.inc()
        spent.observe(seconds)

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self.registry)
