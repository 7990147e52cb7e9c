"""The envelope is CloudEvents 1.0 in structured JSON, and errors about events quote no data."""

import json
from datetime import UTC, date, datetime

import asyncpg
import pytest

from shared.contracts.envelope import Envelope, UnreadableEvent, month_of
from shared.kernel.ids import new_id
from shared.messaging.failures import connection_failed, describe, is_contention
from tests.component.messaging.bench import Bench, envelope

REQUIRED = {"specversion", "id", "source", "type"}
OURS = {
    "subject", "time", "datacontenttype", "dataschema", "sequence", "partitionkey", "poolcode", "businessdate", "data",
}  # fmt: skip


def test_the_wire_form_has_the_named_attributes_and_nothing_empty() -> None:
    wire = json.loads(envelope("a", 7, text="合").to_bytes())
    assert set(wire) == REQUIRED | OURS, "absent optional attributes are not written"
    assert (wire["specversion"], wire["datacontenttype"]) == ("1.0", "application/json")
    assert wire["sequence"] == "0000000007", "the sequence extension is a string in lexical order"
    assert all(name.isalnum() and name == name.lower() for name in wire), "attribute names of CloudEvents"
    assert datetime.fromisoformat(wire["time"]).tzinfo is not None


def test_it_reads_what_it_wrote_and_ignores_what_it_does_not_know() -> None:
    event = envelope("a", 7)
    newer = json.loads(event.to_bytes()) | {"addedlater": "x"}
    assert Envelope.from_bytes(event.to_bytes()) == Envelope.from_bytes(json.dumps(newer).encode()) == event


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"sequence": "-1"}, "sequence"),
        ({"id": "4c4f7a3e-8f0a-4f3e-9c3c-111111111111"}, "id"),
        ({"time": "2010-03-01T09:00:00"}, "time"),
        ({"subject": ""}, "subject"),
        ({"data": [522422196503121236]}, "data"),
    ],
)
def test_what_does_not_fit_is_named_and_not_quoted(change: dict[str, object], told: str) -> None:
    wire = json.loads(envelope("a", 7).to_bytes()) | change
    with pytest.raises(UnreadableEvent) as caught:
        Envelope.from_bytes(json.dumps(wire).encode())
    assert told in str(caught.value)
    assert "522422196503121236" not in str(caught.value)


def test_the_inbox_month_is_that_of_the_id() -> None:
    assert month_of(new_id(datetime(2010, 3, 31, 23, 59, 59, tzinfo=UTC))) == date(2010, 3, 1)
    assert month_of(new_id(datetime(2010, 4, 1, tzinfo=UTC))) == date(2010, 4, 1)


async def test_an_error_of_the_database_is_told_without_its_rows(bench: Bench) -> None:
    conn = await asyncpg.connect(bench.database.admin)
    try:
        await conn.execute("CREATE TEMPORARY TABLE person (id_number text CONSTRAINT person_once UNIQUE)")
        await conn.execute("INSERT INTO person VALUES ('522422196503121236')")
        with pytest.raises(asyncpg.UniqueViolationError) as caught:
            await conn.execute("INSERT INTO person VALUES ('522422196503121236')")
    finally:
        await conn.close()
    assert describe(caught.value) == "UniqueViolationError 23505: person_once"
    assert not connection_failed(caught.value)
    assert not is_contention(caught.value)
    assert describe(ValueError("身份证 522422196503121236 重复\n第二行")) == "ValueError: 身份证 *** 重复"
