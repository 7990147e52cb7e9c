"""The base of event payloads."""

from typing import ClassVar

from pydantic import ConfigDict

from shared.contracts.wire import WireModel


class EventPayload(WireModel):
    """Data of one event type. Consumers ignore members they do not know; a new meaning is a new TYPE."""

    model_config = ConfigDict(extra="ignore")

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]
