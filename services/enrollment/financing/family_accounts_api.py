"""The route of family accounts: credits of a year, township by township."""

from typing import Annotated

from fastapi import Depends, Path
from pydantic import Field

from services.enrollment.financing import family_accounts
from services.enrollment.registry.act import act_of
from services.enrollment.registry.territory import areas_named
from services.enrollment.registry.texts import Text60
from shared.contracts.wire import WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import documented
from shared.http.unit import UnitDep

router = ServiceRouter(tags=["financing"], dependencies=[Depends(areas_named)])
PoolCode = Annotated[str, Path(pattern=r"^\d{6}$")]


class CreditsBody(WireModel):
    """How much a head goes to the family accounts of a township's complete households, by which document."""

    year: Annotated[int, Field(ge=2003, le=2100)]
    township_code: Annotated[str, Field(pattern=r"^\d{8,12}$")]
    per_head: Annotated[Yuan, Field(gt=0)]
    document_number: Text60


class CreditsAnswer(WireModel):
    """What was credited now."""

    households: int
    heads: int
    amount: Yuan


@router.post(
    "/pools/{pool_code}/family-account-credits",
    openapi_extra=access(("county_director",), command="credit_family_accounts"),
    responses=documented(family_accounts.CREDIT_ABOVE_PREMIUM),
)
async def credit_family_accounts(pool_code: PoolCode, body: CreditsBody, unit: UnitDep) -> CreditsAnswer:
    """Credits the complete households of a township, each once a year; sent again it credits those complete since."""
    done = await family_accounts.credit(
        await act_of(unit), body.year, body.township_code, body.per_head, body.document_number
    )
    unit.result("family_account_credit", f"{body.year}:{body.township_code}")
    unit.note(households=done.households, amount_fen=done.amount_fen)
    return CreditsAnswer(households=done.households, heads=done.heads, amount=done.amount_fen)
