"""Chapter 5: the insurer reviews and releases; batch, hold, file, statement, confirmation; replenishment."""

from __future__ import annotations

from typing import Any

from deploy.demo.bank import EXPENDITURE, FISCAL
from deploy.demo.county import INSTITUTIONS
from deploy.demo.parties import eventually
from deploy.demo.story import Story


async def review(story: Story) -> None:
    """Every settled claim is approved; one line of one claim is cut, and the hospital bears it."""
    reviewer = story.cast.insurer_reviewer
    waiting = {claim["claim_id"] for claim in await reviewer.items(story.path("claims", "review-queue"), limit=100)}
    settled = story.facts["claims"]
    story.check(waiting <= set(settled), "only the story's claims to wait for review", waiting)
    for number, claim_id in enumerate(settled):
        cuts = []
        if number == 0:
            cuts = [{"line": 1, "amount": "5.00", "fund_share": "3.50", "bearer": "hospital", "reason": "床位费超天数"}]
        await reviewer.write(
            "POST",
            story.path("claims", f"claims/{claim_id}/approval"),
            f"approve-{claim_id}",
            json={"cuts": cuts},
        )
    story.facts["approved"] = len(settled)
    story.done(f"审核通过 {len(settled)} 笔,核减一行由医院承担 · approved, one line cut")


async def release(story: Story) -> None:
    """Another person releases: from here on the claims are payable."""
    approver = story.cast.insurer_approver
    cutoffs = []
    for institution in INSTITUTIONS:
        cutoff = await approver.write(
            "POST",
            story.path("claims", "cutoffs"),
            f"cutoff-{institution.code}",
            json={"institution_code": institution.code, "up_to": story.today},
        )
        cutoffs.append(cutoff)
    wanted = {cutoff["cutoff_id"] for cutoff in cutoffs}

    async def complete() -> bool:
        known = await story.cast.insurer_finance.items(story.path("settlement", "cutoffs"))
        return wanted <= {cutoff["id"] for cutoff in known if cutoff["complete"]}

    await eventually("whole cut-offs at settlement", complete)
    story.facts["cutoffs"] = sorted(wanted)
    story.done(f"{len(cutoffs)} 家机构放行 · released by another person")


async def pay(story: Story) -> None:
    """One batch, held, released by a second person, handed to the bank, paid."""
    finance, manager = story.cast.insurer_finance, story.cast.insurer_manager
    batch = await finance.write(
        "POST", story.path("settlement", "batches"), "batch", json={"cutoff_ids": story.facts["cutoffs"]}
    )
    path = story.path("settlement", f"batches/{batch['id']}")
    await manager.write("POST", f"{path}/release", "batch-release")
    file = await finance.get(f"{path}/file")
    again = await finance.get(f"{path}/file")
    story.check(file.content == again.content, "the same file at every download")
    await finance.write("POST", f"{path}/dispatch", "batch-dispatch")
    orders = story.banks.carry_out(file.content)
    story.check(len(orders) == batch["instruction_count"], "one order a hospital", orders)
    story.facts["batch"] = batch
    story.done(f"付款批次 {batch['amount']} 元,{len(orders)} 笔,付款文件已送银行 · paid by the bank")


async def confirm(story: Story) -> None:
    """The evening's statement has confirmed the payments."""
    batch = await story.cast.insurer_finance.read(story.path("settlement", f"batches/{story.facts['batch']['id']}"))
    states = {instruction["status"] for instruction in batch["instructions"]}
    story.check(states == {"confirmed"}, "every payment confirmed by the statement", states)
    story.done("对账单确认全部付款 · the bank's statement confirms every payment")


async def replenish(story: Story) -> None:
    """What was paid is applied for, re-checked, approved and moved, each by another person."""
    cast = story.cast
    applied: Any = await cast.insurer_finance.write(
        "POST", story.path("settlement", "replenishments"), "replenishment", json={}
    )
    path = story.path("settlement", f"replenishments/{applied['id']}")
    await cast.county_recheck.write("POST", f"{path}/recheck", "replenishment-recheck", json={"refusals": []})
    await cast.county_finance.write("POST", f"{path}/approval", "replenishment-approval")
    moved = await cast.county_finance_2.write("POST", f"{path}/transfer", "replenishment-transfer")
    story.banks.transfer(FISCAL, EXPENDITURE, moved["amount"], moved["reference"])
    story.check(moved["amount"] == story.facts["batch"]["amount"], "all that was paid to come back", moved)
    story.done(f"回补 {moved['amount']} 元:申报、复核、批准、拨付 · replenished in four steps")
