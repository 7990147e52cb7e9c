"""Visits and coverage from the rows that hold them. Pure."""

from typing import Any

from services.claims.benefits.model import Interval
from services.claims.visits.coverage import Coverage, intervals, named_from_rows, timeline_from_rows
from services.claims.visits.deciding import Visit
from services.claims.visits.elsewhere import elsewhere_from_row
from services.claims.visits.entitlements import from_rows
from shared.kernel.dates import shanghai_date


def visit_of(row: Any) -> Visit:
    """A visit from its row."""
    discharged_at = row["discharged_at"]
    return Visit(
        id=row["id"],
        institution_code=row["institution_code"],
        institution_number=row["institution_number"],
        member_id=row["member_id"],
        kind=row["kind"],
        status=row["status"],
        admitted_at=row["admitted_at"],
        admitted_on=row["admitted_on"],
        discharged_at=discharged_at,
        discharged_on=None if discharged_at is None else shanghai_date(discharged_at),
        diagnosis_code=row["diagnosis_code"],
        diagnosis_name=row["diagnosis_name"],
        circumstances=tuple(row["circumstances"]),
        third_party=row["third_party"],
        line_sheets=row["line_sheets"],
        third_party_share=row["third_party_share"],
        mother_id=row["mother_id"],
        newborn_of=mothers_coverage(row),
        elsewhere=elsewhere_from_row(row["elsewhere"]),
        channel=row["channel"],
        facts_seq=row["facts_seq"],
        submitted_on=row["submitted_on"],
        missing_papers=tuple(row["missing_papers"]),
    )


def mothers_coverage(row: Any) -> tuple[Interval, ...]:
    """The days on which the mother of a newborn is covered, where the row was read with her."""
    told = row.get("mothers_timeline")
    return () if told is None else intervals(timeline_from_rows(told))


def coverage_of(row: Any) -> Coverage:
    """Coverage from a row of the projection."""
    return Coverage(
        member_id=row["member_id"],
        household_id=row["household_id"],
        blind_index=row["blind_index"],
        township_code=row["township_code"],
        village_code=row["village_code"],
        birth_date=row["birth_date"],
        sex=row["sex"],
        sequence=row["sequence"],
        timeline=timeline_from_rows(row["timeline"]),
        groups=named_from_rows(row["groups"]),
        layers=named_from_rows(row["layers"]),
        doubted=row["doubted"],
        entitlements=from_rows(row["entitlements"]),
        entitlement_seq=row["entitlement_seq"],
    )
