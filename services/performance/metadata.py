"""All tables of performance on one MetaData, for ``alembic check``."""

from sqlalchemy import MetaData

from services.performance.indicators import tables as indicator_tables
from services.performance.standards import tables as standard_tables
from shared.db import frame
from shared.messaging import schema

metadata = MetaData()

frame.declare(metadata)
schema.declare(metadata)
standard_tables.declare(metadata)
indicator_tables.declare(metadata)
