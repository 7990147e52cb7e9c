"""Which topics there are: the event payloads of shared/contracts name them; a new topic needs no list of its own.

Topics are made here and never automatically (contracts §6).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable

import asyncpg

import shared.contracts
from shared.contracts.base import EventPayload
from shared.messaging.bus.postgres import create_schema, create_topics


def payloads() -> list[type[EventPayload]]:
    """Every event payload of shared/contracts, by TYPE."""
    for module in pkgutil.iter_modules(shared.contracts.__path__, "shared.contracts."):
        importlib.import_module(module.name)
    return sorted(_named(EventPayload), key=lambda payload: payload.TYPE)


def _named(base: type[EventPayload]) -> Iterable[type[EventPayload]]:
    """The classes below `base` in shared.contracts that name a type."""
    for payload in base.__subclasses__():
        if "TYPE" in payload.__dict__ and payload.__module__.startswith("shared.contracts."):
            yield payload
        yield from _named(payload)


def topic_names() -> list[str]:
    """The topics of all payloads, sorted."""
    return sorted({payload.TOPIC for payload in payloads()})


async def prepare_local_bus(owner_url: str) -> None:
    """Tables and topics of the local bus in its own database; safe to repeat."""
    connection = await asyncpg.connect(owner_url)
    try:
        await create_schema(connection)
        await create_topics(connection, topic_names())
    finally:
        await connection.close()
