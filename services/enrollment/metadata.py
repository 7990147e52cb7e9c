"""All tables of enrollment on one MetaData, for ``alembic check``."""

from sqlalchemy import MetaData

from services.enrollment.financing import receipt_book_tables
from services.enrollment.financing import tables as financing_tables
from services.enrollment.registry import tables as registry_tables
from services.enrollment.roster import tables as roster_tables
from shared.db import frame
from shared.messaging import schema

metadata = MetaData()

frame.declare(metadata)
schema.declare(metadata)
registry_tables.declare(metadata)
financing_tables.declare(metadata)
receipt_book_tables.declare(metadata)
roster_tables.declare(metadata)
