"""What both buses promise, and no more: at least once, in order within a key, replay from the beginning.

Everything stronger (no effect twice, nothing out of order) is the consumer's work in its own database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

PARTITIONS = 12  # of every topic, for ever: the key's partition must never change

_SEED = 0x9747B28C
_FACTOR = 0x5BD1E995
_SHIFT = 24
_WORD = 0xFFFFFFFF

Position = tuple[str, int]  # topic, partition


class NotActive(RuntimeError):
    """This member no longer reads for its group; what it did since the last commit will be delivered to another."""


class UnknownTopic(RuntimeError):
    """The topic was not made by deploy; topics are never made on the way."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """A record to publish. ``partition`` is given only where every partition is meant (heartbeats)."""

    topic: str
    key: str
    value: bytes
    traceparent: str | None = None
    partition: int | None = None

    @property
    def target(self) -> int:
        """The partition it goes to."""
        return partition_of(self.key) if self.partition is None else self.partition


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record as a subscriber gets it."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a subscriber stands; ``lag`` is the number of records after its position, in all its partitions."""

    active: bool
    partitions: int
    polled: int
    lag: int


class Publisher(Protocol):
    """Appends records; one publisher keeps the order in which it is given them."""

    async def publish(self, records: Sequence[Outbound]) -> None:
        """Returns when every record is acknowledged; raises otherwise, and then some may have been appended."""

    async def close(self) -> None: ...


class Subscriber(Protocol):
    """One member of a group. Positions are what was polled; committed offsets are where a successor begins."""

    async def poll(self, limit: int, timeout_seconds: float) -> list[Delivery]:
        """At most about ``limit`` records after the position, waiting for the first one; empty when not active."""

    async def commit(self, offsets: Mapping[Position, int]) -> None:
        """Stores the next offset of each partition; raises NotActive when another member has taken over."""

    async def rewind(self) -> None:
        """Goes back to the committed offsets."""

    def progress(self) -> Progress: ...

    async def close(self) -> None: ...


class Bus(Protocol):
    """Opens publishers and subscribers. A group that is new begins with the first record ever published."""

    async def publisher(self) -> Publisher: ...

    async def subscriber(self, group: str, topics: Sequence[str]) -> Subscriber: ...

    async def close(self) -> None: ...


def partition_of(key: str, partitions: int = PARTITIONS) -> int:
    """The partition of a key, as Kafka's default partitioner gives it: murmur2 without its sign, modulo."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """MurmurHash2 (Austin Appleby, public domain) with the seed that Kafka's clients use; unsigned 32 bits."""
    value = _SEED ^ len(data)
    whole = len(data) & ~3
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * _FACTOR & _WORD
        word = (word ^ word >> _SHIFT) * _FACTOR & _WORD
        value = (value * _FACTOR & _WORD) ^ word
    if rest := data[whole:]:
        value = (value ^ int.from_bytes(rest, "little")) * _FACTOR & _WORD
    value = (value ^ value >> 13) * _FACTOR & _WORD
    return value ^ value >> 15
