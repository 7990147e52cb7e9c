"""Which bus a process uses, from its settings."""

from typing import Any

from shared.messaging.bus.base import Bus
from shared.messaging.bus.kafka import KafkaBus
from shared.messaging.bus.postgres import PostgresBus


def open_bus(settings: Any) -> Bus:
    """The bus of HEYI_<SERVICE>_BUS; raises ValueError where its address is missing."""
    if settings.bus == "postgres":
        if settings.bus_url is None:
            raise ValueError("BUS=postgres needs BUS_URL")
        return PostgresBus(settings.bus_url.get_secret_value())
    if not settings.kafka_bootstrap:
        raise ValueError("BUS=kafka needs KAFKA_BOOTSTRAP")
    return KafkaBus(settings.kafka_bootstrap)
