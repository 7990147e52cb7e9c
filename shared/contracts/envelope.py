"""The envelope of every event: CloudEvents 1.0 in structured JSON with our extension attributes (contracts §6).

``sequence`` follows the CloudEvents sequence extension: on the wire it is a string whose lexical order is the order, so
it is padded to ten digits; inside it is an integer. Heartbeats are not counted and have sequence 0.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
)

NO_POOL = "-"
_SEQUENCE_DIGITS = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION, _FIRST_YEAR, _LAST_YEAR = 7, 1990, 2199  # partitions are made within these years only


class UnreadableEvent(ValueError):
    """The bytes are not an envelope of ours; the message says which attribute is wrong and quotes no value."""


def _sequence(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


def sequence_text(value: int) -> str:
    """The wire form of a sequence."""
    return f"{value:0{_SEQUENCE_DIGITS}d}"


Sequence = Annotated[
    int,
    BeforeValidator(_sequence),
    Field(ge=0, lt=10**_SEQUENCE_DIGITS),
    PlainSerializer(sequence_text, return_type=str),
]


_MILLISECONDS_A_DAY = 86_400_000


def _moment(event_id: UUID) -> datetime:
    return _EPOCH + timedelta(milliseconds=event_id.int >> 80)


def _version_7(value: UUID) -> UUID:
    if value.version != _VERSION or not _FIRST_YEAR <= _moment(value).year <= _LAST_YEAR:
        raise ValueError("an event id is a UUID of version 7 with a time of our age")
    return value


EventId = Annotated[UUID, AfterValidator(_version_7)]
Word = Annotated[str, Field(min_length=1, max_length=200)]


class Envelope(BaseModel):
    """One event. Members that a consumer does not know are ignored; absent optional attributes are not written."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: EventId
    source: Word
    type: Word
    subject: Word
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: Word
    sequence: Sequence
    partitionkey: Word
    poolcode: Word
    businessdate: date
    traceparent: str | None = None
    causationid: UUID | None = None
    data: dict[str, Any]

    def to_bytes(self) -> bytes:
        """The structured JSON form, UTF-8."""
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Envelope":
        """Reads the structured JSON form; raises UnreadableEvent."""
        try:
            return _ADAPTER.validate_json(raw)
        except ValidationError as error:
            places = sorted({".".join(str(part) for part in item["loc"]) or "JSON" for item in error.errors()})
            raise UnreadableEvent(f"not an event envelope: {', '.join(places)}") from None


_ADAPTER = TypeAdapter(Envelope)


def schema_of(event_type: str) -> str:
    """The URI of the payload's schema, whose document is generated into the docs."""
    return f"urn:heyi:schema:{event_type}"


def month_of(event_id: UUID) -> date:
    """The first day of the (UTC) month in which a version 7 id was made: the partition of its inbox row.

    Taken from the id alone, so that every delivery of the event looks in the same partition.
    """
    return _month_of_day((event_id.int >> 80) // _MILLISECONDS_A_DAY)


@lru_cache(1_024)
def _month_of_day(days: int) -> date:
    """Of the days since 1970; a batch has thousands of ids of a few days."""
    return (_EPOCH + timedelta(days=days)).date().replace(day=1)
