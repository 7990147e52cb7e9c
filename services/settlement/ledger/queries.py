"""What other capabilities may ask the ledger."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.ledger import store


async def account_names(conn: AsyncConnection, pool_code: str, book: str) -> dict[str, tuple[str, str]]:
    """Chinese and English names of a book's accounts by code; empty for a book that is not open."""
    return {row["account"]: (row["name_zh"], row["name_en"]) for row in await store.accounts(conn, pool_code, book)}
