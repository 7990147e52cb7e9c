"""What a printed slip says beside the claim's record: names of hospital, person and scheme, the items."""

from typing import Any

from services.claims.benefits.queries import policy_by_hash
from services.claims.catalogue.queries import catalogue_items
from services.claims.providers.queries import institution_name_on
from services.claims.visits.asking import EnrollmentDesk
from services.claims.visits.claims import Claim
from services.claims.visits.paper import Around
from services.claims.visits.settling import DESK
from shared.http.unit import Unit

PRINTERS = "claims.printers"
"""The limiter of papers in print in a process: each takes a tenth of a second of CPU that settlements need too."""


async def surroundings(unit: Unit, claim: Claim, detail: Any) -> Around:
    """Three statements and one question to enrollment; without its answer the name is left to be written by hand."""
    desk: EnrollmentDesk = unit.app.resources[DESK]
    pool, conn = unit.pool_code, unit.conn
    return Around(
        hospital=await institution_name_on(conn, pool, claim.institution_code, claim.admitted_on),
        person=await desk.masked_name(pool, claim.member_id),
        scheme=(await policy_by_hash(conn, pool, claim.policy_hash)).title,
        items=await catalogue_items(conn, claim.catalogue_version, detail["item_codes"]),
    )
