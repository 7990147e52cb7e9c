"""The ledger (contracts §9): charts, permitted flows, books, vouchers, balances, holds, seals, and the one way in."""

from pathlib import Path

from alembic import op

from services.settlement.ledger import charts
from shared.db.rules import HAS_SCOPE, free_table, pool_table

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"
OF_A_POOL = ("book", "book_head", "voucher", "posting", "book_day", "balance", "account_day", "hold", "hold_end")
FREE = ("chart", "chart_account", "permitted_flow", "keeper_role", "signing_key")
SEALS_ARE_PUBLIC = f"""
CREATE POLICY published ON day_seal FOR SELECT TO heyi_settlement_app, heyi_settlement_worker, heyi_settlement_reader
  USING ({HAS_SCOPE})
"""

# the nightly replay must find every book, also of a pool of which nothing but events was booked yet
BOOKS_ARE_FOUND = f"""
CREATE POLICY found ON book FOR SELECT TO heyi_settlement_worker USING ({HAS_SCOPE})
"""


def upgrade() -> None:
    op.execute((SQL / "ledger_tables.sql").read_text())
    op.execute((SQL / "ledger_post.sql").read_text())
    op.execute((SQL / "ledger_more.sql").read_text())
    for table in (*OF_A_POOL, "day_seal"):
        op.execute(pool_table("settlement", table, app="SELECT", owner_sees=True))
    op.execute(pool_table("settlement", "voucher_attachment"))
    for table in FREE:
        op.execute(free_table("settlement", table, owner_sees=True))
    op.execute(SEALS_ARE_PUBLIC)
    op.execute(BOOKS_ARE_FOUND)
    charts.load(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("a ledger is not taken away; restore a backup instead")
