"""What other capabilities may ask of payouts."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.payouts import owed_store, payment_store
from services.settlement.payouts.obligations import Flow


async def obligations_of(conn: AsyncConnection, pool: str, day: date) -> list[Flow]:
    """What the obligations book has to be told of a business day."""
    return [
        Flow(row["debit"], row["credit"], row["amount_fen"]) for row in await owed_store.obligations(conn, pool, day)
    ]


async def instruction_of(conn: AsyncConnection, pool: str, instruction_id: UUID) -> Any:
    """A payment with the one that replaced it, or None."""
    return await payment_store.instruction(conn, pool, instruction_id)
