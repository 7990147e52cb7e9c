"""All tables of claims on one MetaData, for ``alembic check``."""

from sqlalchemy import MetaData

from services.claims.benefits import tables as benefits_tables
from services.claims.campaigns import tables as campaigns_tables
from services.claims.cases import tables as cases_tables
from services.claims.catalogue import tables as catalogue_tables
from services.claims.increases import tables as increases_tables
from services.claims.providers import tables as providers_tables
from services.claims.review import tables as review_tables
from services.claims.statements import tables as statements_tables
from services.claims.visits import claim_tables, reversal_tables
from services.claims.visits import tables as visits_tables
from shared.db import frame
from shared.messaging import schema

metadata = MetaData()

frame.declare(metadata)
schema.declare(metadata)
for capability in (
    benefits_tables,
    catalogue_tables,
    providers_tables,
    visits_tables,
    claim_tables,
    reversal_tables,
    cases_tables,
    review_tables,
    statements_tables,
    increases_tables,
    campaigns_tables,
):
    capability.declare(metadata)
