"""Payment files of batches: made at the release, sealed and kept for ever, the same bytes at every download."""

import hashlib
from typing import Any
from uuid import UUID

from services.settlement.funding import commands as funding
from services.settlement.funding.booking import Desk
from services.settlement.payouts import payee_commands, store
from services.settlement.payouts.hands import check_either
from services.settlement.payouts.paymentfile import Party, PaymentFile, Transfer, control_sum, render
from services.settlement.payouts.problems import BATCH_STATE, BATCH_UNKNOWN
from services.settlement.payouts.purses import Purse, purse_of
from services.settlement.payouts.states import STATUS
from shared.db.personal import Sealer
from shared.kernel.errors import Words
from shared.kernel.ids import to_base32

DOWNLOAD = ("下载付款文件", "download the file of")
HOLDS_DECLARED = ("中有付款经两人申明未执行", "one with a payment declared not executed by two persons")


async def expect_none_declared(conn: Any, pool: str, batch_id: UUID, act: Words) -> None:
    """No payment of the batch was declared not executed, so that its file may reach the bank. Raises BATCH_STATE."""
    made = await store.instructions(conn, pool, batch_id)
    if any(i["status"] in ("not_executed", "paid_twice") for i in made):
        raise BATCH_STATE(batch=batch_id, status=HOLDS_DECLARED, act=act)


async def file_of(conn: Any, pool: str, role: str, batch_id: UUID, sealer: Sealer) -> tuple[str, bytes]:
    """Message id and bytes of a batch's file, the same at every download. Raises BATCH_UNKNOWN, KEEPER_ONLY, and
    BATCH_STATE before the release and once a payment of it was declared not executed."""
    known = await store.batch(conn, pool, batch_id)
    if known is None:
        raise BATCH_UNKNOWN(batch=batch_id)
    check_either(purse_of(known["layer"]), role)
    kept = await store.file(conn, pool, batch_id)
    if kept is None:
        raise BATCH_STATE(batch=batch_id, status=STATUS[known["status"]], act=DOWNLOAD)
    await expect_none_declared(conn, pool, batch_id, DOWNLOAD)
    content = sealer.open("payment_file", "content_sealed", f"{pool}/{batch_id}", kept["content_sealed"]).encode()
    if hashlib.sha256(content).digest() != kept["sha256"]:
        raise RuntimeError("the kept payment file does not have its digest")
    return kept["message_id"], content


async def keep_file(desk: Desk, batch_id: UUID, sealer: Sealer, purse: Purse) -> None:
    """Makes the file of a released batch and keeps it. Raises ACCOUNT_NOT_REGISTERED."""
    payer = await _payer(desk, sealer, purse.bank.code)
    transfers = [
        Transfer(
            row["end_to_end_id"],
            Party(
                row["payee_name"],
                row["bank_name"],
                sealer.open(
                    "payee",
                    "number_sealed",
                    payee_commands.payee_place(desk.pool_code, row["institution_code"], row["payee_version"]),
                    row["number_sealed"],
                ),
            ),
            row["amount_fen"],
            f"{purse.file_text} {row['claim_count']} 笔",
        )
        for row in await store.instructions(desk.conn, desk.pool_code, batch_id)
    ]
    message_id = to_base32(batch_id)
    content = render(PaymentFile(message_id, desk.now, desk.day, payer, transfers))
    sealed = sealer.seal("payment_file", "content_sealed", f"{desk.pool_code}/{batch_id}", content.decode())
    await store.add_file(
        desk.conn,
        (
            desk.pool_code,
            batch_id,
            message_id,
            sealed,
            hashlib.sha256(content).digest(),
            control_sum(transfers),
            desk.now,
        ),
    )


async def _payer(desk: Desk, sealer: Sealer, code: str) -> Party:
    account = await funding.registered_account(desk, code, sealer)
    return Party(account.holder_name, account.bank_name, account.account_number)
