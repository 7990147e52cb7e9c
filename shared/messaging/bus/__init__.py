"""The transport of events: one small interface, a log in PostgreSQL for local use, and Kafka."""

from shared.messaging.bus.base import (
    PARTITIONS,
    Bus,
    Delivery,
    NotActive,
    Outbound,
    Position,
    Progress,
    Publisher,
    Subscriber,
    UnknownTopic,
    partition_of,
)

__all__ = [
    "PARTITIONS",
    "Bus",
    "Delivery",
    "NotActive",
    "Outbound",
    "Position",
    "Progress",
    "Publisher",
    "Subscriber",
    "UnknownTopic",
    "partition_of",
]
