"""Second compensation for selected groups, diseases, levels and high costs, over the API: from the rows to the list."""

import io
from datetime import date
from typing import Any
from uuid import UUID

import openpyxl
import pytest

from shared.contracts.enrollment import GroupStart
from shared.kernel.ids import to_base32
from tests.component.claims.test_campaigns import AFTER, act, approved, done, opened, payments, published, released
from tests.component.claims.test_campaigns import reviewed as claim_of
from tests.component.claims.world import POOL, TOWNSHIP, World

POOR = (GroupStart(group="dibao", valid_from=date(2010, 1, 1), recorded_seq=1, state="member"),)
CLAUSE = "合管委〔2011〕1号第二条"


async def candidates(world: World, campaign: str) -> dict[str, dict[str, Any]]:
    rows = (await world.pool("auditor", "GET", f"/campaigns/{campaign}/candidates")).json()["items"]
    return {row["member_id"]: row for row in rows}


def row(**named: Any) -> dict[str, Any]:
    return {"clause": CLAUSE, **named}


@pytest.mark.requirement("ZA-23", "second compensation for selected groups or diseases, stated with its clause")
async def test_a_campaign_for_groups_and_diseases_from_the_rows_to_the_list(world: World) -> None:
    poor, sick, other = await world.member(groups=POOR), await world.member(), await world.member()
    await claim_of(world, poor, "10000.00")
    appendix = await claim_of(world, sick, "10000.00", diagnosis_code="K35.900")
    await claim_of(world, sick, "20000.00", diagnosis_code="K350")
    await claim_of(world, other, "10000.00")
    world.clock.set(AFTER)
    campaign = await opened(world, "600.00", only=[row(groups=["低保"]), row(diseases=["K35"])])
    found = await candidates(world, campaign)
    assert found.keys() == {str(poor), str(sick)}
    told = found[str(sick)]
    assert (told["eligible"], told["first"], told["own"], told["beside"]) == (
        "10000.00", "7000.00", "3000.00", "14000.00",
    )  # fmt: skip
    assert told["claims"] == [to_base32(UUID(appendix))], "K35 says nothing of K350"
    shown = await approved(world, campaign)
    assert shown["scope"]["only"] == [
        row(groups=["dibao"], diseases=[], levels=[]),
        row(groups=[], diseases=["K35"], levels=[]),
    ]
    restriction = [f"只补偿:人群 低保(依据:{CLAUSE})", f"只补偿:病种 K35 及 K35.x(依据:{CLAUSE})"]
    assert shown["restriction"] == restriction
    await published(world, campaign)
    notice = (await world.client.get(f"/v1/pools/{POOL}/campaigns/{campaign}/notice?area=522422")).json()
    assert (notice["restriction"], notice["document_number"]) == (restriction, "合管委〔2011〕1号")
    assert [one["amount"] for one in notice["items"]] == ["300.00", "300.00"]
    await released(world, campaign)
    answer = await world.pool("county_recheck", "GET", f"/campaigns/{campaign}/payments.xlsx")
    head = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]["A1"].value
    assert all(sentence in str(head) for sentence in restriction), head
    assert {one["psn_no"] for one in await payments(world, campaign)} == {to_base32(poor), to_base32(sick)}


async def test_all_that_a_row_names_has_to_fit(world: World) -> None:
    both, rich = await world.member(groups=POOR), await world.member()
    near = await claim_of(world, both, "10000.00", of=TOWNSHIP)
    await claim_of(world, both, "10000.00")
    await claim_of(world, rich, "10000.00", of=TOWNSHIP)
    world.clock.set(AFTER)
    campaign = await opened(world, "600.00", only=[row(groups=["dibao"], levels=["township"])])
    ((member, told),) = (await candidates(world, campaign)).items()
    assert (member, told["claims"]) == (str(both), [to_base32(UUID(near))])
    answer = await act(world, "county_recheck", f"/{campaign}/candidates", {"only": [row(groups=["renyuan"])]})
    assert (answer.status_code, answer.json()["code"]) == (422, "campaign_groups_unknown")
    assert "dibao(低保)" in answer.json()["detail"]
    empty = await act(world, "county_recheck", f"/{campaign}/candidates", {"only": [row()]})
    assert (empty.status_code, empty.json()["code"]) == (422, "invalid_request")
    assert "写明人群、病种或医疗机构级别" in empty.text
    unsaid = await act(world, "county_recheck", f"/{campaign}/candidates", {"only": [{"diseases": ["K35"]}]})
    assert (unsaid.status_code, unsaid.json()["errors"][0]["at"]) == (422, "body.only.0.clause")
    shown = (await world.pool("auditor", "GET", f"/campaigns/{campaign}")).json()
    assert shown["run"] == 1, "what was refused computed nothing"


async def test_a_group_by_age_counts_from_the_birthday_on(world: World) -> None:
    of_age, not_yet = await world.member(birth_date=date(1950, 2, 20)), await world.member(birth_date=date(1950, 2, 21))
    for member in (of_age, not_yet):
        await claim_of(world, member, "10000.00", admitted="2010-02-20T09:00")
    world.clock.set(AFTER)
    campaign = await opened(world, "600.00", only=[row(groups=["age_60"])])
    assert (await candidates(world, campaign)).keys() == {str(of_age)}


@pytest.mark.requirement("ZA-23", "second compensation for high costs only, all of their own payments")
async def test_high_cost_is_more_than_the_amount_over_the_year(world: World) -> None:
    at, above = await world.member(), await world.member()
    await claim_of(world, at, "20000.00")  # own 6,000.00
    for amount in ("10000.00", "10001.00"):  # own 6,000.30 together
        await claim_of(world, above, amount)
    world.clock.set(AFTER)
    scope = {"high_cost": {"own_above": "6000.00", "clause": CLAUSE}}
    campaign = await opened(world, "100000.00", **scope)
    assert (await candidates(world, campaign)).keys() == {str(above)}
    shown = await approved(world, campaign)
    assert (shown["listed_amount"], shown["scope"]["high_cost"]) == ("6000.30", scope["high_cost"])
    assert shown["restriction"] == [f"只补偿:全年个人负担超过 6000.00 元的人(依据:{CLAUSE})"]
    scope["high_cost"]["own_above"] = "90000.00"
    void = await act(world, "county_recheck", f"/{campaign}/candidates", scope)
    assert void.json()["code"] == "campaign_state", "an approved list is not computed anew"


async def test_nobody_fits_and_the_message_says_what_to_check(world: World) -> None:
    await claim_of(world, await world.member(), "10000.00")
    world.clock.set(AFTER)
    campaign = await opened(world, "600.00", only=[row(diseases=["C50"])])
    answer = await act(world, "county_recheck", f"/{campaign}/simulation", {"formula": "proportional"})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_candidates")
    assert "核对选定的人群、病种、级别" in answer.json()["detail"]


async def test_what_was_paid_beside_counts_for_the_combined_cap_and_not_for_the_floor(world: World) -> None:
    member = await world.member()
    await claim_of(world, member, "10000.00", diagnosis_code="K35.9")  # 7,000 paid
    await claim_of(world, member, "20000.00")  # 14,000 paid, not selected
    world.clock.set(AFTER)
    campaign = await opened(world, "100000.00", only=[row(diseases=["K35"])])
    simulate, floor = f"/{campaign}/simulation", {"formula": "top_up", "floor_ratio": "0.8000"}
    assert (await done(world, "insurer_manager", simulate, floor))["paid"] == "1000.00", "80% of 10,000 − 7,000"
    capped = {"formula": "proportional", "combined_cap": "21500.00"}
    assert (await done(world, "insurer_manager", simulate, capped))["paid"] == "500.00", "21,500 − 7,000 − 14,000"
