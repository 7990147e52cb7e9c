"""Any order of settling, reviewing, cancelling, releasing, paying, bouncing and repaying leaves everything tied."""

import asyncio
import random
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from shared.kernel.ids import new_id
from tests.component.funds.world import HOSPITAL, OTHER_HOSPITAL, World

ACTS = 60
SEEDS = 3


class Story:
    """Draws steps at random; remembers only what is possible next."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.random = world, random.Random(seed)
        self.claims: dict[UUID, str] = {}
        self.due: dict[UUID, int] = {}
        self.cutoffs: list[UUID] = []
        self.prepared: list[dict] = []
        self.at_bank: list[dict] = []
        self.paid: list[dict] = []
        self.bounced: list[dict] = []
        self.applied: dict[str, str] = {}

    def some(self, state: str) -> UUID | None:
        """A claim in a state."""
        found = [claim for claim, is_in in self.claims.items() if is_in == state]
        return self.random.choice(found) if found else None

    async def settle(self) -> bool:
        claim = new_id(self.world.clock.now())
        await self.world.feed(self.world.settled(claim, self.random.randrange(1, 50_000)))
        self.claims[claim] = "settled"
        return True

    async def review(self) -> bool:
        if (claim := self.some("settled")) is None:
            return False
        how = self.random.choice(["approved", "approved", "approved", "rejected", "returned", "cancelled"])
        if how == "approved":
            cut = self.random.choice([0, 0, self.random.randrange(self.world.benefits[claim])])
            self.due[claim] = self.world.benefits[claim] - cut
            await self.world.feed(self.world.approved(claim, cut))
        else:
            await self.world.feed(getattr(self.world, how)(claim))
        self.claims[claim] = how
        return True

    async def cancel_approved(self) -> bool:
        if (claim := self.some("approved")) is None or self.random.random() < 0.5:
            return False
        await self.world.feed(self.world.cancelled(claim, "approved", self.due[claim]))
        self.claims[claim] = "cancelled"
        return True

    async def release(self) -> bool:
        amounts = {c: self.due[c] for c, state in self.claims.items() if state == "approved"}
        if not amounts:
            return False
        cutoff, events = self.world.cutoff(amounts, self.random.choice([HOSPITAL, OTHER_HOSPITAL]))
        self.random.shuffle(events)
        for event in events:
            await self.world.feed(event)
        self.claims |= dict.fromkeys(amounts, "released")
        self.cutoffs.append(cutoff)
        return True

    async def prepare(self) -> bool:
        if not self.cutoffs:
            return False
        await self._prepared_once("/batches", {"cutoff_ids": [str(c) for c in self.cutoffs]})
        self.cutoffs = []
        return True

    async def _prepared_once(self, path: str, body: Any = None) -> None:
        """Sent twice at once under two keys: one batch, one refusal."""
        both = await asyncio.gather(self.world.send(path, body), self.world.send(path, body))
        assert sorted(a.status_code for a in both) == [201, 409], [a.text for a in both]
        self.prepared += [a.json() for a in both if a.status_code == 201]

    async def send(self) -> bool:
        if not self.prepared:
            return False
        self.at_bank.append(await self.world.release(self.prepared.pop()))
        return True

    async def give_up(self) -> bool:
        if not self.prepared or self.random.random() < 0.5:
            return False
        batch = self.prepared.pop()
        await self.world.done(f"/batches/{batch['id']}/cancellation", {"reason": "金额有误"}, role="insurer_approver")
        again = batch["instructions"][0]["replaces"]
        if again:
            await self._prepared_once(f"/payments/{again}/repayment")
        else:
            held = await self.world.get("/cutoffs?open=true&limit=200")
            self.cutoffs = [UUID(cutoff["id"]) for cutoff in held["items"]]
        return True

    async def confirm(self) -> bool:
        if not self.at_bank:
            return False
        batch = self.at_bank.pop(self.random.randrange(len(self.at_bank)))
        await self.world.confirm(batch)
        self.paid.append(batch)
        return True

    async def bounce(self) -> bool:
        if not self.paid:
            return False
        batch = self.paid.pop(self.random.randrange(len(self.paid)))
        await self.world.bounce(batch)
        self.bounced.append(batch)
        return True

    async def pay_again(self) -> bool:
        if not self.bounced:
            return False
        for item in self.bounced.pop()["instructions"]:
            await self._prepared_once(f"/payments/{item['id']}/repayment")
        return True

    async def apply(self) -> bool:
        answer = await self.world.send("/replenishments", {})
        if answer.status_code != 201:
            assert answer.json()["code"] == "nothing_to_replenish", answer.text
            return False
        self.applied[answer.json()["id"]] = "applied"
        return True

    async def decide(self) -> bool:
        if (application := self._application("applied")) is None:
            return False
        path = f"/replenishments/{application}"
        lines = (await self.world.get(f"{path}/lines?limit=200"))["items"]
        payments = [line["line"] for line in lines if not line["amount"].startswith("-")]
        refused = self.random.sample(payments, self.random.choice([0, 1, 1]))
        body = {"refusals": [{"line": x, "bearer": "hospital", "reason": "复核不符"} for x in refused]}
        answer = await self.world.send(f"{path}/recheck", body, role="county_recheck")
        if answer.status_code == 200:
            self.applied[application] = "rechecked"
            return True
        # money that came back lowers what is applied for, and what came back cannot be refused
        assert answer.json()["code"] in ("refusals_exceed_application", "replenishment_lines_invalid"), answer.text
        await self.world.done(f"{path}/send-back", {"reason": "退回更正"}, role="county_recheck")
        del self.applied[application]
        return True

    async def transfer(self) -> bool:
        if (application := self._application("rechecked")) is None:
            return False
        path = f"/replenishments/{application}"
        approved = await self.world.done(f"{path}/approval", role="county_finance")
        self.applied[application] = "approved"
        if approved["to_transfer"] != "0.00":
            sent = await self.world.done(f"{path}/transfer", role="county_finance", subject="county_finance-2")
            if self.random.random() < 0.7:
                await self.world.arrive(sent, released=True)
        return True

    def _application(self, state: str) -> str | None:
        return next((a for a, is_in in self.applied.items() if is_in == state), None)


STEP_NAMES = (
    "settle settle settle review review review cancel_approved release prepare give_up send confirm bounce pay_again "
    "confirm apply apply decide transfer"
).split()


@pytest.mark.requirement("ZZ-14", "no order of acts breaks an identity, pays twice or unbalances a book")
@pytest.mark.parametrize("number", range(SEEDS))
async def test_any_order_of_acts_leaves_everything_tied(world: World, seed: int, number: int) -> None:
    await world.fund("900000000.00", "400000000.00")
    story, acts = Story(world, seed + number), Counter[str]()
    while acts.total() < ACTS:
        name = story.random.choice(STEP_NAMES)
        acts[name] += await getattr(story, name)()
        if acts.total() % 5 == 0:
            await world.identities()
    await world.identities()
    await world.check_books()
    print(f"seed {seed + number}: {dict(acts)}")
    assert min(acts[name] for name in ("prepare", "send", "confirm")) > 0
