"""Who paid for a voluntary layer comes in as a table: who is sound joins, the other rows go back (decision 0183)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import anyio.to_thread

from services.enrollment.financing import joiner_file_store as store
from services.enrollment.financing import layers
from services.enrollment.financing.joiner_sheet import TEMPLATE, JoinerColumn, JoinerRow, read_joiner
from services.enrollment.financing.layers import Joined, Joiner
from services.enrollment.registry.act import Act
from services.enrollment.registry.model import within
from services.enrollment.registry.people import ID_NUMBER, members_by_index
from shared.db.numbers import next_number
from shared.db.personal import Sealer
from shared.kernel.errors import define
from shared.kernel.ids import new_id
from shared.sheets.returned import Returned, row_as_text, row_from_text
from shared.sheets.workbook import read_table

ROWS_MAX = 5_000
JOINERS_TOO_MANY = define(
    "joiners_too_many",
    422,
    "名单太长",
    "The list is too long",
    "名单有 {count} 行,一次最多 {limit} 行;请分成几个文件。什么都没有登记。",
    "The table has {count} rows, at most {limit} at a time; send it in parts. Nobody was recorded.",
)
_STRANGER = "没有这位参合人员,或不归您经办"
_OTHER_NAME = "姓名与参合登记的不一致;请核对证件"
_COLUMNS = {
    "member_id": JoinerColumn.ID_NUMBER,
    "receipt_number": JoinerColumn.RECEIPT,
    "paid_on": JoinerColumn.PAID_ON,
}
"""Which column a fault of a joiner is about."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A voluntary layer's coverage year that a table is about."""

    layer: str
    year: int


def _read(content: bytes, today: date) -> list[JoinerRow]:
    return [read_joiner(row, today) for row in read_table(content, TEMPLATE)]


async def enter_file(act: Act, sealer: Sealer, areas: Sequence[str], offer: Offer, content: bytes) -> tuple[UUID, bool]:
    """Reads a workbook or CSV of who paid; the recorded file, and whether the same came before and nobody was to join.

    In a fixed number of statements whatever its length. Raises the refusals of a file, JOINERS_TOO_MANY,
    STANDARD_UNKNOWN, LAYER_UNKNOWN.
    """
    rows = await anyio.to_thread.run_sync(partial(_read, content, act.day))
    if len(rows) > ROWS_MAX:
        raise JOINERS_TOO_MANY(limit=ROWS_MAX, count=len(rows))
    list_of = await layers.opened(act, offer.layer, offer.year)
    done = await layers.join_sound(act, sealer, areas, list_of, await _joiners(act, sealer, areas, rows), _refuse)
    digest = hashlib.sha256(content).digest()
    if not done.members:
        before = await store.same(act.conn, act.pool_code, offer.layer, offer.year, digest, areas)
        if before is not None:
            return before, True
    return await _record(act, sealer, areas, offer, digest, rows, done), False


async def _joiners(
    act: Act, sealer: Sealer, areas: Sequence[str], rows: Sequence[JoinerRow]
) -> list[tuple[JoinerRow, Joiner]]:
    """The member of each row that can be read; who is not the caller's, or of another name, goes back."""
    readable = [row for row in rows if not row.faults]
    indexes = {row.number: sealer.blind_index(ID_NUMBER, row.id_number) for row in readable}
    members = await members_by_index(act.conn, act.pool_code, sorted(set(indexes.values())))
    found = []
    for row in readable:
        member = members.get(indexes[row.number])
        if member is None or not within(areas, member["village_code"]):
            row.faults.append((JoinerColumn.ID_NUMBER, _STRANGER))
        elif member["name"] != row.name:
            row.faults.append((JoinerColumn.NAME, _OTHER_NAME))
        elif row.paid_on is not None:
            found.append((row, Joiner(member["member_id"], row.receipt, row.paid_on)))
    return found


def _refuse(row: JoinerRow, field: str, told: str) -> None:
    row.faults.append((_COLUMNS[field], told))


async def _record(
    act: Act, sealer: Sealer, areas: Sequence[str], offer: Offer, digest: bytes, rows: Sequence[JoinerRow], done: Joined
) -> UUID:
    file_id, wrong = new_id(act.now), [row for row in rows if row.faults]
    number = await next_number(act.conn, act.pool_code, act.day)
    counts = (len(rows), len(done.members), done.unchanged, len(wrong), done.amount_fen)
    head = (file_id, number, offer.layer, offer.year, digest, *counts)
    await store.add(act.conn, act.pool_code, head, areas, act.by, act.now)
    sealed = [(row.number, _sealed(sealer, file_id, row)) for row in wrong]
    if sealed:
        await store.add_errors(act.conn, act.pool_code, file_id, sealed)
    return file_id


def _sealed(sealer: Sealer, file_id: UUID, row: JoinerRow) -> bytes:
    text = row_as_text(row.cells, row.faults)
    return sealer.seal("layer_file_error", f"row_sealed:{row.number}", file_id, text)


async def returned_rows(conn: Any, sealer: Sealer, pool_code: str, file_id: UUID) -> list[Returned[JoinerColumn]]:
    """The rows that a file sent back, opened."""
    rows = []
    for row in await store.errors(conn, pool_code, file_id):
        number = row["row_number"]
        text = sealer.open("layer_file_error", f"row_sealed:{number}", file_id, row["row_sealed"])
        rows.append(Returned(number, "未登记", *row_from_text(text, JoinerColumn)))
    return rows
