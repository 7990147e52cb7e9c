"""All tables of settlement on one MetaData, for ``alembic check``."""

from sqlalchemy import MetaData

from services.settlement.closing import tables as closing
from services.settlement.funding import tables as funding
from services.settlement.ledger import tables as ledger
from services.settlement.orders import tables as orders
from services.settlement.payouts import tables as payouts
from services.settlement.reconciliation import tables as reconciliation
from shared.db import frame
from shared.messaging import schema

metadata = MetaData()

frame.declare(metadata)
schema.declare(metadata)
for _tables in (ledger, funding, payouts, orders, reconciliation, closing):
    _tables.declare(metadata)
