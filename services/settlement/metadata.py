"""All tables of settlement on one MetaData, for ``alembic check``."""

import importlib
from importlib.util import find_spec

from sqlalchemy import MetaData

from shared.db import frame
from shared.messaging import schema

CAPABILITIES = ("ledger", "funding", "payouts", "reconciliation", "closing", "inquiry")

metadata = MetaData()

frame.declare(metadata)
schema.declare(metadata)
for _name in CAPABILITIES:
    if find_spec(f"services.settlement.{_name}.tables"):
        importlib.import_module(f"services.settlement.{_name}.tables").declare(metadata)
