"""Chapter 2: roster in, bad rows back, a sponsor pays, premiums collected and remitted, subsidies due counted."""

from __future__ import annotations

import io
from itertools import groupby
from typing import Any

from openpyxl import load_workbook

from deploy.demo import county
from deploy.demo.parties import eventually
from deploy.demo.roster import make_roster
from deploy.demo.story import Story

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RECEIPTS_A_REQUEST = 500


async def enrol(story: Story) -> None:
    """From the workbook of a township to covered members and money on its way."""
    await _roster(story)
    await _sponsor(story)
    await _collect(story)
    await _remit(story)
    await _dues(story)


async def _roster(story: Story) -> None:
    clerk = story.cast.township_clerk
    roster = make_roster(story.seed, story.households, story.households * 4, max(story.households // 25, 2))
    path = story.path("enrollment", "rosters")
    request: dict[str, Any] = {
        "params": {"year": county.YEAR}, "content": roster.content, "headers": {"Content-Type": XLSX},
    }  # fmt: skip
    first = await clerk.write("POST", path, "roster", **request)
    bad = first["to_verify"] + first["rejected"]
    story.check(bad == len(roster.bad_rows), f"{len(roster.bad_rows)} rows to go back", first)
    story.check(first["households"] == story.households, f"{story.households} households", first)
    story.done(f"名册 {first['rows']} 行,{first['households']} 户参合,{bad} 行退回 · roster in, bad rows back")
    errors = await clerk.get(f"{path}/{first['roster_id']}/errors.xlsx")
    rows = load_workbook(io.BytesIO(errors.content), read_only=True).active
    story.check(rows is not None and rows.max_row > bad, "the rows that went back, with reasons")
    again = await clerk.write("POST", path, "roster-again", **(request | {"headers": {"Content-Type": XLSX}}))
    same = again["repeated"] and again["roster_id"] == first["roster_id"]
    story.check(same, "the same file to change nothing", again)
    story.done("退回的行带着原因;同一份名册再交一次,什么都没有变 · the same file again changes nothing")
    story.facts.update(roster=roster, roster_answer=first)


async def _sponsor(story: Story) -> None:
    body = {"sponsor": "大方县民政局", "year": county.YEAR, "group": county.SPONSORED_GROUP}
    applied = await story.cast.sponsor.write("POST", story.path("enrollment", "sponsorships"), "sponsorship", json=body)
    confirmed = await story.cast.county_finance.write(
        "POST",
        story.path("enrollment", f"sponsorships/{applied['sponsorship_id']}/confirmation"),
        "sponsorship-confirmation",
        json={},
    )
    story.check(confirmed["head_count"] > 0, "a sponsored group", confirmed)
    story.facts["sponsorship"] = confirmed
    story.done(f"民政局资助 {confirmed['head_count']} 人 {confirmed['amount']} 元 · a sponsor pays")


async def _collect(story: Story) -> None:
    clerk = story.cast.township_clerk
    path = story.path("enrollment", "bills")
    # whole amounts, not what is open: the story asks for the same again when it goes on after an interruption
    bills = [b for b in await clerk.items(path, year=county.YEAR, limit=200) if b["amount"] != "0.00"]
    receipts = [
        {
            "receipt_number": f"DF2010-{number:06d}",
            "bill_id": bill["bill_id"],
            "amount": bill["amount"],
            "paid_on": story.today,
        }
        for number, bill in enumerate(bills, 1)
    ]
    covered = 0
    for at in range(0, len(receipts), RECEIPTS_A_REQUEST):
        booked = await clerk.write(
            "POST",
            story.path("enrollment", "receipts"),
            f"receipts-{at}",
            json={"receipts": receipts[at : at + RECEIPTS_A_REQUEST]},
        )
        covered += booked["members_covered"]
    story.facts["bills"] = bills
    story.done(f"{len(receipts)} 张收据,{covered} 人自 {county.STANDARD['coverage_from']} 起参合 · premiums collected")


async def _remit(story: Story) -> None:
    clerk = story.cast.township_clerk
    townships = [code for code, _ in groupby(sorted(b["township_code"] for b in story.facts["bills"]))]
    remitted = []
    for code in townships:
        told = await clerk.write(
            "POST",
            story.path("enrollment", "remittances"),
            f"remittance-{code}",
            json={"township_code": code, "up_to": story.today},
        )
        remitted.append(told)
    story.facts["remittances"] = remitted
    story.done(f"{len(remitted)} 个乡镇缴款到收入户 · townships remit")


async def _dues(story: Story) -> None:
    dues = await story.cast.county_finance.write(
        "POST", story.path("enrollment", f"subsidies/{county.YEAR}/dues"), "dues", json={}
    )
    story.facts["dues"] = dues

    async def known() -> Any:
        told = await story.cast.county_finance.read(story.path("settlement", f"subsidies/{county.YEAR}"))
        return len(told["levels"]) == len(county.PAYERS)

    await eventually("dues at settlement", known)
    story.done(f"按 {dues['head_count']} 人核定四级财政补助 {dues['total']} 元 · subsidies due of four levels")
