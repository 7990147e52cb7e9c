"""What other capabilities may ask about hospitals and their agreements."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.benefits.model import Institution, Policy
from services.claims.benefits.payment_document import PaymentDoc, kept_payment
from services.claims.benefits.queries import NO_POLICY, policy_from
from services.claims.catalogue.queries import NO_CATALOGUE
from services.claims.providers import payments_store
from services.claims.providers.model import ACTIVE, SUSPENDED, place_of
from shared.db.sql import fetchrow
from shared.kernel.errors import define

INSTITUTION_UNKNOWN = define(
    "institution_unknown",
    404,
    "没有登记这家医疗机构",
    "The institution is not registered",
    "医疗机构 {institution_code} 在 {day} 没有登记,请核对编码,或由管理部门先登记。",
    "Institution {institution_code} is not registered on {day}: check the code, or have it registered first.",
)

_INSTITUTION = "SELECT * FROM institution_on($1, $2, $3)"


@dataclass(frozen=True, slots=True)
class Reference:
    """All that the reference tables say about a claim: one statement when the policy is known in this process."""

    policy: Policy
    institution: Institution
    catalogue_version: str


def references_sql(pairs: str) -> str:
    """SQL that gives `reference_from` a row for each pair of the query ``pairs`` (columns code and day); $1 is the
    pool. For callers that find the pairs in the same statement."""
    return f"""
SELECT q.code AS asked_code, q.day AS asked_day, i.institution_code AS known_code, i.level, i.ownership, i.area_code,
       i.state, i.kinds, i.place, p.hash, p.accepted, c.code AS catalogue_version
FROM ({pairs}) AS q(code, day)
LEFT JOIN LATERAL institution_on($1, q.code, q.day) i ON true
LEFT JOIN LATERAL policy_on($1, q.day) p ON true
LEFT JOIN LATERAL catalogue_on($1, q.day) c ON true
"""


_REFERENCE = references_sql("SELECT $2::text, $3::date")


async def institution_on(conn: AsyncConnection, pool_code: str, institution_code: str, day: date) -> Institution:
    """The hospital as the engine needs it on a day (of admission: rulings §12). Raises INSTITUTION_UNKNOWN."""
    return _institution(
        pool_code, institution_code, day, await fetchrow(conn, _INSTITUTION, pool_code, institution_code, day)
    )


async def institution_name_on(conn: AsyncConnection, pool_code: str, institution_code: str, day: date) -> str:
    """The hospital's name on a day. Raises INSTITUTION_UNKNOWN."""
    row = await fetchrow(conn, _INSTITUTION, pool_code, institution_code, day)
    if row is None:
        raise INSTITUTION_UNKNOWN(institution_code=institution_code, day=day)
    return str(row["name"])


async def reference_on(conn: AsyncConnection, pool_code: str, institution_code: str, day: date) -> Reference:
    """Policy, hospital and catalogue version of a claim admitted on `day`.

    Raises INSTITUTION_UNKNOWN, NO_POLICY, NO_CATALOGUE.
    """
    return await reference_from(conn, pool_code, await fetchrow(conn, _REFERENCE, pool_code, institution_code, day))


async def reference_from(conn: AsyncConnection, pool_code: str, row: Any) -> Reference:
    """`reference_on` from a row of `references_sql`; another statement only where the policy is new here."""
    day = row["asked_day"]
    institution = _institution(pool_code, row["asked_code"], day, row if row["known_code"] else None)
    if row["hash"] is None:
        raise NO_POLICY(pool_code=pool_code, day=day)
    if row["catalogue_version"] is None:
        raise NO_CATALOGUE(pool_code=pool_code, day=day)
    policy = await policy_from(conn, pool_code, row["hash"], tuple(row["accepted"]))
    return Reference(policy, institution, row["catalogue_version"])


def _institution(pool_code: str, institution_code: str, day: date, row: Any) -> Institution:
    if row is None:
        raise INSTITUTION_UNKNOWN(institution_code=institution_code, day=day)
    state = row["state"]
    return Institution(
        level=row["level"],
        place=row["place"] or place_of(pool_code, row["area_code"]),
        ownership=row["ownership"],
        designation="designated" if state in (ACTIVE, SUSPENDED) else "none",
        kinds=frozenset(row["kinds"]) if state in (ACTIVE, SUSPENDED) else None,
        suspended=state == SUSPENDED,
        code=institution_code,
    )


@dataclass(frozen=True, slots=True)
class PaidBy:
    """The decided document by which a hospital is paid for a kind of care."""

    id: UUID
    hash: str
    document: PaymentDoc


async def paid_by(conn: AsyncConnection, pool_code: str, institution_code: str, kind: str, day: date) -> PaidBy | None:
    """By which document a hospital is paid on a day; None where it is paid what patients got."""
    row = await payments_store.document_on(conn, pool_code, institution_code, kind, day)
    return None if row is None else PaidBy(row["id"], row["hash"], kept_payment(row["canonical"]))


async def payment_document(conn: AsyncConnection, pool_code: str, document_id: UUID) -> PaymentDoc:
    """A document that a statement of the same scope names."""
    row = await payments_store.get(conn, pool_code, document_id)
    return kept_payment(row["canonical"])
