"""What has to happen before a paid claim can be taken back."""

from typing import Any
from uuid import UUID

from services.claims.visits import paid
from shared.contracts.settlement import PaymentConfirmed
from shared.kernel.dates import shanghai_date
from shared.kernel.ids import new_id
from shared.kernel.money import parse_yuan
from tests.component.claims.test_campaigns import settlement_tells
from tests.component.claims.world import COUNTY, World


async def let_go(world: World, claim: dict[str, Any]) -> None:
    """Settlement tells that a released claim is paid, and two persons let it be cancelled."""
    fen = parse_yuan(claim["payable"])
    told = PaymentConfirmed(
        claim_id=UUID(claim["claim_id"]),
        layer="basic",
        institution_code=COUNTY,
        amount=fen,
        instruction_id=new_id(world.clock.now()),
        end_to_end_id="B1",
        paid=fen,
        set_off=0,
        withheld=0,
        confirmed_on=shanghai_date(world.clock.now()),
        at=world.clock.now(),
    )
    await settlement_tells(world, told, reader=paid.consumer)
    path = f"/claims/{claim['claim_id']}/reversal-release"
    why = {"reason": "挂错参合人", "document": "大合管办〔2010〕12号"}
    asked = await world.pool("county_recheck", "POST", path, json=why)
    assert asked.status_code == 201, asked.text
    approved = await world.pool("county_director", "POST", f"{path}/approval")
    assert approved.status_code == 200, approved.text
