"""Chapter 3: the banks show the money; premiums go up to the fiscal account; the insurer gets its working capital."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from deploy.demo import county
from deploy.demo.bank import EXPENDITURE, FISCAL, INCOME
from deploy.demo.parties import eventually
from deploy.demo.story import Story
from shared.kernel.ids import to_base32
from shared.kernel.money import parse_yuan

ADVANCE = "20000.00"


async def arrive(story: Story) -> None:
    """Remittances, subsidies and the sponsor's money arrive."""
    finance = story.cast.county_finance

    async def expected() -> bool:
        told = await finance.read(story.path("settlement", "identities"))
        (premiums,) = (identity for identity in told["identities"] if identity["code"] == "a")
        wanted = sum(parse_yuan(r["amount"]) for r in story.facts["remittances"])
        return sum(parse_yuan(term["value"]) for term in premiums["left"]) == wanted

    await eventually("remittances at settlement", expected)
    for told in story.facts["remittances"]:
        reference = to_base32(UUID(told["remittance_id"]))
        story.banks.pay_in(INCOME, told["amount"], reference, f"乡镇 {told['township_code']} 缴款")
    for due in story.facts["dues"]["dues"]:
        reference = f"TG2010-{due['level']}"
        story.banks.pay_in(FISCAL, due["total"], reference, f"{due['level']} 财政补助")
        body = {"level": due["level"], "coverage_year": county.YEAR, "amount": due["total"]}
        await _recorded(story, "subsidy", f"subsidy-{due['level']}", body | {"bank_reference": reference})
    sponsored = story.facts["sponsorship"]
    story.banks.pay_in(FISCAL, sponsored["amount"], "MZ2010-1", "民政资助")
    body = {"sponsorship_id": sponsored["sponsorship_id"], "amount": sponsored["amount"]}
    await _recorded(story, "sponsor", "sponsor-arrival", body | {"bank_reference": "MZ2010-1"})
    story.done("四级补助和民政资助到账 · subsidies and the sponsor's money arrived")


async def _recorded(story: Story, kind: str, step: str, body: dict[str, Any]) -> None:
    """One person of finance records what the bank advised, another books it."""
    path = story.path("settlement", f"{kind}-arrivals")
    made = await story.cast.county_finance.write("POST", path, step, json=body | {"arrived_on": story.today})
    path = story.path("settlement", f"arrivals/{made['id']}/approval")
    await story.cast.county_finance_2.write("POST", path, f"{step}-approval")


async def up_and_down(story: Story) -> None:
    """Income account to fiscal account, fiscal account to the insurer; each prepared by one and released by another."""
    cast = story.cast
    held = story.banks.accounts[INCOME].balance_fen
    amount = f"{held // 100}.{held % 100:02d}"
    up = await cast.county_recheck.write(
        "POST",
        story.path("settlement", "transfers"),
        "transfer-up",
        json={"kind": "income_to_fiscal", "amount": amount},
    )
    await release(story, cast.county_recheck_2, up, "transfer-up")
    story.banks.transfer(INCOME, FISCAL, up["amount"], up["reference"])
    down = await cast.county_finance.write(
        "POST", story.path("settlement", "advances"), "advance", json={"amount": ADVANCE}
    )
    await release(story, cast.county_finance_2, down, "advance")
    story.banks.transfer(FISCAL, EXPENDITURE, down["amount"], down["reference"])
    story.done(f"保费 {amount} 元上划财政专户,周转金 {ADVANCE} 元拨付保险机构 · premiums up, working capital down")


async def release(story: Story, second: Any, transfer: dict[str, Any], step: str) -> None:
    """A second person sends the transfer off."""
    await second.write("POST", story.path("settlement", f"transfers/{transfer['id']}/release"), f"{step}-release")
