"""Transfers between two keepers: prepared, released by another person, arrived or sent back by the bank."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

from services.settlement.funding import store
from services.settlement.funding.accounts import (
    BANK_ACCOUNTS,
    BASIC,
    EXPENDITURE,
    TRANSFERS,
)
from services.settlement.funding.booking import Desk, Entry, book
from services.settlement.funding.commands import Movement, Seen, check_keeper, journal, lock_account
from services.settlement.funding.open_lines import check_no_line_could_be_it
from services.settlement.funding.problems import (
    ADVANCE_EXCEEDED,
    NOTHING_TO_SWEEP,
    TRANSFER_OF_APPLICATION,
    TRANSFER_RELEASED,
    TRANSFER_UNKNOWN,
)
from shared.http.problems import FOUR_EYES
from shared.kernel.errors import Words
from shared.kernel.ids import new_id, to_base32
from shared.kernel.money import format_yuan


async def prepare_transfer(
    desk: Desk,
    kind: str,
    role: str,
    fen: int,
    replenishment_id: UUID | None = None,
    township_code: str | None = None,
) -> Any:
    """Prepares a transfer between two keepers; another person releases it.

    Raises KEEPER_ONLY, NOTHING_TO_SWEEP, ADVANCE_EXCEEDED.
    """
    route = TRANSFERS[kind]
    check_keeper(route.keeper, role)
    if kind == "sweep":
        await lock_account(desk, EXPENDITURE)
        if fen > (available := await store.sweepable(desk.conn, desk.pool_code, EXPENDITURE)):
            raise NOTHING_TO_SWEEP(available=format_yuan(available), amount=format_yuan(fen))
    if kind == "advance_return":
        await lock_account(desk, EXPENDITURE)
        if fen > (granted := await store.advance_outstanding(desk.conn, desk.pool_code)):
            raise ADVANCE_EXCEEDED(granted=format_yuan(granted), amount=format_yuan(fen))
    transfer_id = new_id(desk.now)
    row = (transfer_id, kind, fen, to_base32(transfer_id), replenishment_id, township_code)
    await store.add_transfer(desk.conn, (desk.pool_code, *row, desk.by, desk.now))
    return await store.transfer(desk.conn, desk.pool_code, transfer_id)


async def transfer(desk: Desk, transfer_id: UUID) -> Any:
    """A transfer or None."""
    return await store.transfer(desk.conn, desk.pool_code, transfer_id)


async def renew_transfer(desk: Desk, returned: Any) -> None:
    """The same transfer once more, under a reference of its own."""
    transfer_id = new_id(desk.now)
    row = (returned["kind"], returned["amount_fen"], to_base32(transfer_id), returned["replenishment_id"], None)
    await store.add_transfer(desk.conn, (desk.pool_code, transfer_id, *row, desk.by, desk.now))


async def cancel_transfer(desk: Desk, transfer_id: UUID, role: str, reason: str) -> Any:
    """Gives up a transfer that was not released; one of an application ends with the application.

    Raises TRANSFER_UNKNOWN, KEEPER_ONLY, TRANSFER_OF_APPLICATION and TRANSFER_RELEASED.
    """
    known = await _take(desk, transfer_id)
    check_keeper(TRANSFERS[known["kind"]].keeper, role)
    if known["replenishment_id"] is not None:
        raise TRANSFER_OF_APPLICATION(transfer=transfer_id)
    if not await store.cancel_transfer(desk.conn, desk.pool_code, transfer_id, desk.by, reason):
        raise TRANSFER_RELEASED(transfer=transfer_id, status=TRANSFER_STATUS[known["status"]])
    return await store.transfer(desk.conn, desk.pool_code, transfer_id)


async def _take(desk: Desk, transfer_id: UUID) -> Any:
    """A transfer, while nothing else happens to the account that it leaves. Raises TRANSFER_UNKNOWN."""
    known = await store.transfer(desk.conn, desk.pool_code, transfer_id)
    if known is None:
        raise TRANSFER_UNKNOWN(transfer=transfer_id)
    await lock_account(desk, TRANSFERS[known["kind"]].source)
    return await store.transfer(desk.conn, desk.pool_code, transfer_id)


async def release_transfer(desk: Desk, transfer_id: UUID, role: str) -> Any:
    """The second person sends the money off: in transit until the receiver's bank statement shows it.

    Raises TRANSFER_UNKNOWN, FOUR_EYES, KEEPER_ONLY, TRANSFER_RELEASED, LINE_COULD_BE_IT (of one that came back) and the
    ledger's overdrawn.
    """
    known = await _take(desk, transfer_id)
    route = TRANSFERS[known["kind"]]
    if role not in route.release_roles:
        check_keeper(route.keeper, role)
    if known["prepared_by"] == desk.by:
        raise FOUR_EYES(act=("填制划转", "prepare the transfer"), then=("放行", "release it"))
    if known["status"] != "prepared":
        raise TRANSFER_RELEASED(transfer=transfer_id, status=TRANSFER_STATUS[known["status"]])
    fen = known["amount_fen"]
    if await store.is_repeated(desk.conn, desk.pool_code, known["replenishment_id"]):
        await check_no_line_could_be_it(desk, route.source, fen)
    await book(
        desk,
        [
            Entry(
                BASIC,
                f"transfer:{transfer_id}:released",
                desk.day,
                TRANSFER_KINDS[route.kind][0],
                ((route.in_transit, route.source, fen),),
                preparer=known["prepared_by"],
                checker=desk.by,
            )
        ],
    )
    if not await store.release_transfer(desk.conn, desk.pool_code, transfer_id, desk.by, desk.day):
        raise TRANSFER_RELEASED(transfer=transfer_id, status=TRANSFER_STATUS["released"])
    if route.source in BANK_ACCOUNTS:
        left = Movement(new_id(desk.now), route.source, -fen, known["reference"], route.kind, transfer_id, desk.day)
        await journal(desk, [left])
    return await store.transfer(desk.conn, desk.pool_code, transfer_id)


TRANSFER_STATUS: Mapping[str, Words] = MappingProxyType(
    {
        "prepared": ("待放行", "prepared"),
        "released": ("已放行", "released"),
        "arrived": ("已到账", "arrived"),
        "cancelled": ("已撤销", "cancelled"),
        "returned": ("已被银行退回", "sent back by the bank"),
    }
)


TRANSFER_KINDS: Mapping[str, Words] = MappingProxyType(
    {
        "income_to_fiscal": ("收入户缴财政专户", "income to the fiscal account"),
        "advance": ("拨付周转金", "advance"),
        "replenishment": ("拨付回补资金", "replenishment"),
        "sweep": ("支出户利息上划财政专户", "interest swept to the fiscal account"),
        "advance_return": ("退回周转金", "advance sent back"),
        "float_issue": ("拨付乡镇备用金", "cash float to a township"),
        "float_return": ("退回乡镇备用金", "cash float sent back"),
    }
)


def transfer_entries(kind: str, seen: Sequence[Seen]) -> list[Entry]:
    """What arrival of transfers of one kind books: out of transit, onto the receiver's account."""
    return _seen_entries(kind, seen, "arrived", "到账", TRANSFERS[kind].target)


def transfer_return_entries(kind: str, seen: Sequence[Seen]) -> list[Entry]:
    """What transfers of one kind book that the bank sent back: the money is where it came from."""
    return _seen_entries(kind, seen, "returned", "被银行退回", TRANSFERS[kind].source)


def executed_again_entries(kind: str, seen: Sequence[Seen]) -> list[Entry]:
    """What transfers of one kind book that the bank executed once more: on their way, under the line's id."""
    route = TRANSFERS[kind]
    return [
        Entry(
            BASIC,
            f"transfer:{s.line_id}:released",
            s.value_date,
            f"{TRANSFER_KINDS[kind][0]}由银行再次执行",
            ((route.in_transit, route.source, -s.signed_fen),),
            ref=s.reference,
        )
        for s in seen
    ]


def _seen_entries(kind: str, seen: Sequence[Seen], step: str, text: str, onto: str) -> list[Entry]:
    """Out of transit, onto an account."""
    in_transit, name = TRANSFERS[kind].in_transit, TRANSFER_KINDS[kind][0]
    return [
        Entry(
            BASIC,
            f"transfer:{s.source_id}:{step}",
            s.value_date,
            f"{name}{text}",
            ((onto, in_transit, s.signed_fen),),
        )
        for s in seen
    ]


async def transfers_arrived(desk: Desk, seen: Sequence[Seen]) -> None:
    """Marks transfers as arrived; their entries are booked by the caller before."""
    await store.transfers_arrived(desk.conn, desk.pool_code, [s.source_id for s in seen], [s.value_date for s in seen])


async def transfers_returned(desk: Desk, seen: Sequence[Seen]) -> list[Any]:
    """Marks transfers that the bank sent back; the rows, so that what they were for can be transferred anew."""
    return await store.transfers_returned(desk.conn, desk.pool_code, [s.source_id for s in seen])
