"""What other capabilities may ask of payouts."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.payouts import store
from services.settlement.payouts.obligations import Flow


async def obligations_of(conn: AsyncConnection, pool: str, day: date) -> list[Flow]:
    """What the obligations book has to be told of a business day."""
    return [Flow(row["debit"], row["credit"], row["amount_fen"]) for row in await store.obligations(conn, pool, day)]
