"""Figures of relay and consumers, in the registry of the worker process."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REASONS = ("error", "behind", "gap", "unreadable")


class MessagingMetrics:
    """What the worker counts. A gap or an event in error raises ``heyi_parked_events``, on which alarms stand."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.relayed = Counter("heyi_relay_events", "Events sent and marked", registry=registry)
        self.relay_errors = Counter("heyi_relay_errors", "Passes of the relay that failed", registry=registry)
        self.relay_holder = Gauge("heyi_relay_holder", "1 where this process is the relay", registry=registry)
        self.outbox_age = Gauge(
            "heyi_outbox_age_seconds", "Real seconds since the outbox was last seen empty", registry=registry
        )
        self.events = Counter("heyi_consumer_events", "Events by what became of them", ["consumer", "step"],
                              registry=registry)  # fmt: skip
        self.batches_redone = Counter(
            "heyi_consumer_batches_redone", "Batches done again one by one", ["consumer"], registry=registry
        )
        self.batch_seconds = Histogram(
            "heyi_consumer_batch_seconds", "Seconds of one pool's part of a batch", ["consumer"], registry=registry
        )
        self.lag = Gauge("heyi_consumer_lag", "Records after the position", ["consumer"], registry=registry)
        self.poll_age = Gauge("heyi_consumer_poll_age_seconds", "Real seconds since the last poll", ["consumer"],
                              registry=registry)  # fmt: skip
        self.parked = Gauge("heyi_parked_events", "Parked events by reason", ["consumer", "reason"], registry=registry)
        self.failures = Counter("heyi_worker_failures", "Failed turns of a loop or job", ["name"], registry=registry)

    def show_parked(self, consumer: str, counts: Mapping[str, int]) -> None:
        """Sets the gauges of a consumer; reasons without events show 0."""
        for reason in REASONS:
            self.parked.labels(consumer, reason).set(counts.get(reason, 0))
