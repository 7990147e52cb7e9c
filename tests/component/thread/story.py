"""A story of commands to both services, each with the answer that the paper expects of it.

Commands are sent once, twice in a row or twice at once under one key. Longer than most because every command stands
here beside what it must come to.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, Protocol, TypeVar
from uuid import UUID, uuid4

import httpx
from hypothesis import strategies as st

from shared.kernel.dates import shanghai_date
from shared.kernel.money import format_yuan, parse_yuan
from tests.component.claims.world import line
from tests.component.funds.world import EXPENDITURE
from tests.component.thread import checks
from tests.component.thread.county import CLINIC, COUNTY_HOSPITAL, TOWNSHIP_HOSPITAL, County
from tests.component.thread.paper import Paper, PaperClaim

T = TypeVar("T")
Send = Callable[[str], Awaitable[httpx.Response]]

CHECK_EVERY = 8
HOSPITALS = {COUNTY_HOSPITAL: "county", TOWNSHIP_HOSPITAL: "township", CLINIC: "village"}
PLACES = {"inpatient": (COUNTY_HOSPITAL, TOWNSHIP_HOSPITAL), "outpatient": (CLINIC, TOWNSHIP_HOSPITAL)}
REFUSED_FIRST = ("cutoff_not_received", "cutoff_batched", "cutoff_incomplete", "nothing_to_pay")
CANCELLABLE = ("settled", "approved", "rejected", "returned")
BILLS = {
    "inpatient": st.one_of(st.integers(1, 500_000), st.integers(3_000_000, 9_000_000)),
    "outpatient": st.one_of(st.integers(1, 10_000), st.integers(20_000, 60_000)),
}


class Draw(Protocol):
    """Hypothesis' ``data.draw``."""

    def __call__(self, strategy: st.SearchStrategy[T], label: Any = None) -> T: ...


class Story:
    """One county, from its first claim on. ``reached`` counts what came about, by kind."""

    def __init__(self, county: County, draw: Draw, reached: Counter[str]) -> None:
        self.county, self.draw, self.reached = county, draw, reached
        self.paper = Paper()

    async def play(self, steps: int) -> None:
        """Begins with two payments at the bank, so that it goes far; ends with every event delivered."""
        for member, hospital in enumerate(PLACES["inpatient"]):
            claim = await self._register(self.county.members[member], "inpatient", hospital, "once")
            await self._approve(claim, 0, "hospital")
            await self._cut_off(hospital)
        await self.county.deliver(self.paper.claims, random.Random(0))
        await self._batch(list(self.paper.cutoffs))
        await self.release()
        for step in range(1, steps + 1):
            await getattr(self, self.draw(st.sampled_from(self._possible()), "command"))()
            if step % CHECK_EVERY == 0:
                await checks.check(self.county, self.paper)
        await self.county.deliver(self.paper.claims, random.Random(0), repeated=5)
        await checks.check(self.county, self.paper)
        await checks.both_agree(self.county, self.paper)

    def _possible(self) -> list[str]:
        """Names of the commands that can be given now, those wanted more often several times."""
        return [name for name, (weight, ready) in COMMANDS.items() if ready(self) for _ in range(weight)]

    def undelivered(self) -> bool:
        """Whether settlement has not been given all."""
        return any(self.county.told.get(claim.id) != claim.status for claim in self.paper.claims.values())

    # -- the hospital

    async def settle(self) -> None:
        """A visit is registered and settled."""
        kind = self.draw(st.sampled_from(["inpatient", "outpatient"]))
        member = self.draw(st.sampled_from(self.county.members))
        await self._register(member, kind, self.draw(st.sampled_from(PLACES[kind])), self._how())

    async def settle_again(self) -> None:
        """A visit whose claim was cancelled; refused where another claim was made of it since."""
        before = self._one(self.paper.in_state("cancelled"))
        if await self._settle(before, self._how()) is not None:
            self.reached["settle again"] += 1

    async def _register(self, member_id: UUID, kind: str, hospital: str, how: str) -> PaperClaim:
        visit_id = await self.county.care.visit(member_id, kind=kind, of=hospital)
        draft = PaperClaim(UUID(int=0), visit_id, member_id, hospital, kind, 0, self.county.clock.now(), date.min, 0)
        claim = await self._settle(draft, how)
        assert claim is not None
        self.reached["settle"] += 1
        return claim

    async def _settle(self, like: PaperClaim, how: str) -> PaperClaim | None:
        """Settles the visit of ``like`` with a drawn bill; None where a live claim stands in the way."""
        fen = self.draw(BILLS[like.kind], "bill")
        bill, settle = line("A1", format_yuan(fen)), self.county.care.settle
        live = any(c.visit_id == like.visit_id and c.status != "cancelled" for c in self.paper.claims.values())
        expected = self.paper.expected_benefit(like.member_id, like.kind, HOSPITALS[like.hospital], fen)
        answer = await self._send(how, lambda key: settle(like.visit_id, bill, of=like.hospital, key=key))
        if live:
            self._refused(answer, "visit_settled")
            return None
        told = done(answer, 201)
        assert parse_yuan(told["benefit"]) == expected, told
        claim = PaperClaim(
            id=UUID(told["claim_id"]),
            visit_id=like.visit_id,
            member_id=like.member_id,
            hospital=like.hospital,
            kind=like.kind,
            benefit=expected,
            settled_at=self.county.clock.now(),
            settled_on=shanghai_date(self.county.clock.now()),
            order=len(self.paper.claims),
            payable=expected,
        )
        self.paper.claims[claim.id] = claim
        self.reached["capped"] += told["outcome"] in ("capped", "cap_exhausted")
        return claim

    async def cancel(self) -> None:
        """A claim whose state allows it; what stands on it decides."""
        await self._cancel(self._one(self.paper.in_state(*CANCELLABLE)))

    async def cancel_too_late(self) -> None:
        """A claim that a later one of the same person stands on, after the hour."""
        await self._cancel(self._one(self._stood_on()))

    def _stood_on(self) -> list[PaperClaim]:
        now = self.county.clock.now()
        return [c for c in self.paper.claims.values() if self.paper.cancellation(c, now).startswith("later_claim")]

    async def _cancel(self, claim: PaperClaim) -> None:
        expected, cancel = self.paper.cancellation(claim, self.county.clock.now()), self.county.care.cancel
        answer = await self._send(self._how(), lambda key: cancel(str(claim.id), of=claim.hospital, key=key))
        if expected != "done":
            self._refused(answer, expected)
            self.reached["cancel too late"] += expected.startswith("later_claim")
            return
        assert done(answer, 200)["status"] == "cancelled"
        self.reached["cancel what was taken back"] += claim.taken_back
        claim.status, claim.payable = "cancelled", 0
        self.reached["cancel"] += 1

    # -- the review

    async def approve(self) -> None:
        """Whole, or less a share of the benefit, up to all of it."""
        percent = self.draw(st.one_of(st.just(0), st.integers(1, 100)), "percent cut")
        bearer = self.draw(st.sampled_from(["hospital", "nobody"]))
        await self._approve(self._one(self.paper.in_state("settled")), percent, bearer)

    async def _approve(self, claim: PaperClaim, percent: int, bearer: str) -> None:
        share = claim.benefit * percent // 100
        cut = {"bearer": bearer, "amount": format_yuan(share), "fund_share": format_yuan(share), "reason": "超标准收费"}
        told = await self._review(claim, "approval", {"cuts": [cut] if share else []})
        if told is not None:
            claim.status, claim.payable = "approved", claim.benefit - (share if bearer != "nobody" else 0)
            assert parse_yuan(told["claim"]["payable"]) == claim.payable
            self.reached["approve with cuts" if share else "approve"] += 1

    async def reject(self) -> None:
        """For its price, or because the care never was."""
        ground = self.draw(st.sampled_from(["price", "fictitious", "not_his"]))
        await self._reject(self._one(self.paper.in_state("settled")), ground)

    async def _reject(self, claim: PaperClaim, ground: str) -> None:
        told = await self._review(claim, "rejection", {"ground": ground, "bearer": "hospital", "note": "核查不符"})
        if told is not None:
            claim.status, claim.payable, claim.taken_back = "rejected", 0, ground != "price"
            assert told["taken_back"] == claim.taken_back
            self.reached["reject and take back" if claim.taken_back else "reject"] += 1

    async def send_back(self) -> None:
        """Back to the hospital, which may cancel and settle again."""
        await self._send_back(self._one(self.paper.in_state("settled")))

    async def _send_back(self, claim: PaperClaim) -> None:
        if await self._review(claim, "return", {"ground": "papers", "note": "缺病历"}) is not None:
            claim.status, claim.payable = "returned", 0
            self.reached["return"] += 1

    async def _review(self, claim: PaperClaim, verb: str, body: Any) -> Any:
        """The answer to a decision; None where the claim is not under review."""
        path, post = f"/claims/{claim.id}/{verb}", self.county.care.pool
        answer = await self._send(self._how(), lambda key: post("insurer_reviewer", "POST", path, json=body, key=key))
        if claim.status == "settled":
            return done(answer, 200)
        self._refused(answer, "not_under_review")
        return None

    async def go_astray(self) -> None:
        """A decision or a cancellation of a claim in whatever state, or a cut-off with nothing to release."""
        claim = self._one(list(self.paper.claims.values()))
        act = self.draw(st.sampled_from(["cancel", "approve", "reject", "return", "cut off"]))
        if act == "cut off":
            await self._cut_off(self.draw(st.sampled_from(list(HOSPITALS))))
        elif act == "cancel":
            await self._cancel(claim)
        elif act == "approve":
            await self._approve(claim, 0, "hospital")
        elif act == "reject":
            await self._reject(claim, "fictitious")
        else:
            await self._send_back(claim)

    async def cut_off(self) -> None:
        """Everything approved of a hospital is released."""
        await self._cut_off(self.draw(st.sampled_from(sorted({c.hospital for c in self.paper.in_state("approved")}))))

    async def _cut_off(self, hospital: str) -> None:
        body = {"institution_code": hospital, "up_to": shanghai_date(self.county.clock.now()).isoformat()}
        approved = [claim for claim in self.paper.in_state("approved") if claim.hospital == hospital]
        post = self.county.care.pool
        answer = await self._send(
            self._how(), lambda key: post("insurer_approver", "POST", "/cutoffs", json=body, key=key)
        )
        if not approved:
            self._refused(answer, "nothing_to_release")
            return
        told = done(answer, 201)
        assert (told["claims"], parse_yuan(told["amount"])) == (len(approved), sum(c.payable for c in approved))
        self.paper.cutoffs[UUID(told["cutoff_id"])] = [claim.id for claim in approved]
        for claim in approved:
            claim.status = "released"
        self.reached["cut off"] += 1

    # -- between the services

    async def deliver(self) -> None:
        """Settlement is given what is pending, or half of it, in any order, and some of what it had again."""
        repeated = min(self.draw(st.integers(0, 4), "again"), len(self.county.given))
        how = random.Random(self.draw(st.integers(0, 99), "order"))
        await self.county.deliver(self.paper.claims, how, self.draw(st.sampled_from([1.0, 0.5]), "share"), repeated)
        self.reached["deliver"] += 1
        self.reached["deliver again"] += repeated > 0

    async def time_passes(self) -> None:
        """Beyond the hour, within it, a day."""
        self.county.clock.advance(timedelta(minutes=self.draw(st.sampled_from([61, 20, 60 * 24]), "minutes")))

    # -- the money

    async def batch(self) -> None:
        """Cut-offs that can be batched, one or all; where there is none, one that has not wholly arrived."""
        fit = [cutoff for cutoff in self.paper.cutoffs if self._batchable(cutoff) == "done"]
        if not fit:
            chosen = [self._one([cutoff for cutoff in self.paper.cutoffs if cutoff not in self.paper.batched])]
        else:
            chosen = fit if self.draw(st.booleans()) else [self._one(fit)]
        await self._batch(chosen)

    async def batch_anything(self) -> None:
        """Cut-offs in whatever state, two at a time."""
        cutoffs = list(self.paper.cutoffs)
        await self._batch(list(dict.fromkeys([self._one(cutoffs), self._one(cutoffs)])))

    async def _batch(self, chosen: Sequence[UUID]) -> None:
        expected = [code for code in map(self._batchable, chosen) if code != "done"]
        if not expected and not sum(map(self.paper.payable_of, chosen)):
            expected = ["nothing_to_pay"]
        body = {"cutoff_ids": [str(cutoff) for cutoff in chosen]}
        if not expected and self.draw(st.booleans(), "two keys"):
            answer = await self._race("/batches", body, "cutoff_batched")
        else:
            answer = await self._post("/batches", body)
        if expected:
            self._refused(answer, min(expected, key=REFUSED_FIRST.index))
            return
        made = done(answer, 201)
        assert parse_yuan(made["amount"]) == sum(map(self.paper.payable_of, chosen))
        self.paper.batched |= set(chosen)
        self.paper.prepared.append(made | {"cutoffs": chosen, "replaces": None})
        self.reached["batch"] += 1

    def _batchable(self, cutoff: UUID) -> str:
        """'done', or the code of the refusal: settlement pays whole cut-offs that it knows and has not batched."""
        arrived = [self.county.told.get(claim) == "released" for claim in self.paper.cutoffs[cutoff]]
        if cutoff in self.paper.batched:
            return "cutoff_batched"
        return "done" if all(arrived) else "cutoff_incomplete" if any(arrived) else "cutoff_not_received"

    async def give_up(self) -> None:
        """A batch that was not released: its cut-offs, or the payment it was to replace, are free again."""
        made = self._one(self.paper.prepared)
        body = {"reason": "金额有误"}
        done(await self._post(f"/batches/{made['id']}/cancellation", body, role="insurer_approver"), 200)
        self.paper.prepared.remove(made)
        self.paper.batched -= set(made["cutoffs"])
        if made["replaces"] is not None:
            self.paper.returned.append(made["replaces"])
        self.reached["give up"] += 1

    async def release(self) -> None:
        """By a second person, after the first was refused."""
        made = self._one(self.paper.prepared)
        path = f"/batches/{made['id']}/release"
        self._refused(await self._post(path, role="insurer_approver", subject="insurer_finance-1"), "four_eyes")
        told = done(await self._post(path, role="insurer_approver"), 200)
        self.paper.prepared.remove(made)
        self.paper.at_bank += sorted(told["instructions"], key=lambda item: str(item["institution_code"]))
        self.reached["release"] += 1

    async def confirm(self) -> None:
        """The bank's statement shows one payment, or all."""
        chosen = list(self.paper.at_bank) if self.draw(st.booleans()) else [self._one(self.paper.at_bank)]
        await self._statement("out", chosen)
        self.paper.at_bank = [item for item in self.paper.at_bank if item not in chosen]
        self.paper.confirmed += chosen
        self.reached["confirm"] += 1

    async def bounce(self) -> None:
        """The bank's statement shows that a payment came back."""
        item = self._one(self.paper.confirmed)
        await self._statement("in", [item])
        self.paper.confirmed.remove(item)
        self.paper.returned.append(item)
        self.reached["bounce"] += 1

    async def _statement(self, way: str, items: Sequence[Any]) -> None:
        lines = [(way, parse_yuan(item["amount"]), item["end_to_end_id"]) for item in items]
        body = self.county.money.statement_body(EXPENDITURE, *lines)
        told = done(await self._post("/bank-statements", body), 201)
        assert (told["matched"], told["open"]) == (len(lines), 0), told
        self.county.money.bank[EXPENDITURE] = parse_yuan(body["closing_balance"])

    async def repay(self) -> None:
        """A payment that came back is paid again, and once only."""
        item = self._one(self.paper.returned)
        path = f"/payments/{item['id']}/repayment"
        if self.draw(st.booleans(), "two keys"):
            answer = await self._race(path, None, "payment_replaced_already")
        else:
            answer = await self._post(path)
        made = done(answer, 201)
        assert made["amount"] == item["amount"]
        self.paper.returned.remove(item)
        self.paper.prepared.append(made | {"cutoffs": [], "replaces": item})
        self._refused(await self._post(path), "payment_replaced_already")
        self.reached["repay"] += 1

    async def repay_what_was_paid(self) -> None:
        """A payment that did not come back is not paid again."""
        item = self._one(self.paper.confirmed)
        self._refused(await self._post(f"/payments/{item['id']}/repayment"), "payment_not_returned")

    async def replenish(self) -> None:
        """What was paid and not applied for is applied for, re-checked, approved and moved."""
        money = self.county.money
        waiting = parse_yuan(await money.term("e", "paid_not_applied"))
        answer = await self._post("/replenishments", {})
        if waiting <= 0:
            self._refused(answer, "nothing_to_replenish")
            return
        made = done(answer, 201)
        assert parse_yuan(made["applied"]) == waiting
        path = f"/replenishments/{made['id']}"
        done(await self._post(f"{path}/recheck", {}, role="county_recheck"), 200)
        done(await self._post(f"{path}/approval", role="county_finance"), 200)
        moved = await self._post(f"{path}/transfer", role="county_finance", subject="county_finance-2")
        assert moved.is_success, moved.text
        await money.arrive(moved.json(), released=True)
        self.reached["replenish"] += 1

    # -- drawing and sending

    def _one(self, found: Sequence[T]) -> T:
        return found[self.draw(st.integers(0, len(found) - 1), "which")]

    def _how(self) -> str:
        return self.draw(st.sampled_from(["once", "once", "in a row", "at once"]), "sent")

    async def _post(
        self, path: str, body: Any = None, *, role: str = "insurer_finance", subject: str | None = None
    ) -> httpx.Response:
        send = self.county.money.send
        return await self._send(self._how(), lambda key: send(path, body, role=role, subject=subject, key=key))

    async def _race(self, path: str, body: Any, code: str) -> httpx.Response:
        """The same command under two keys at once: the answer of the one that is first; the other is refused."""
        send = self.county.money.send
        answers = await asyncio.gather(*(send(path, body, key=str(uuid4())) for _ in range(2)))
        first, second = sorted(answers, key=lambda answer: answer.status_code)
        self._refused(second, code)
        self.reached["two keys at once"] += 1
        return first

    async def _send(self, how: str, send: Send) -> httpx.Response:
        """Sends once or twice under one key; of two answers one is the other's replay, or both are refusals."""
        key = str(uuid4())
        if how == "once":
            return await send(key)
        answers = await asyncio.gather(send(key), send(key)) if how == "at once" else [await send(key), await send(key)]
        first, second = sorted(answers, key=lambda answer: "Idempotency-Replayed" in answer.headers)
        assert first.status_code == second.status_code, [answer.text for answer in answers]
        if first.is_success:
            assert second.content == first.content
            assert "Idempotency-Replayed" not in first.headers
            assert second.headers["Idempotency-Replayed"] == "true"
        self.reached[f"key {how}"] += 1
        return first

    def _refused(self, answer: httpx.Response, code: str) -> None:
        assert answer.status_code in (403, 404, 409, 422), answer.text
        assert answer.json()["code"] == code, answer.text
        self.reached[f"refused: {code}"] += 1


def done(answer: httpx.Response, status: int) -> Any:
    """The body of an answer that has to have this status."""
    assert answer.status_code == status, answer.text
    return answer.json()


Ready = Callable[[Story], object]
COMMANDS: Mapping[str, tuple[int, Ready]] = MappingProxyType(
    {
        "settle": (3, lambda s: True),
        "settle_again": (2, lambda s: s.paper.in_state("cancelled")),
        "cancel": (3, lambda s: s.paper.in_state(*CANCELLABLE)),
        "cancel_too_late": (2, lambda s: s._stood_on()),
        "approve": (4, lambda s: s.paper.in_state("settled")),
        "reject": (2, lambda s: s.paper.in_state("settled")),
        "send_back": (1, lambda s: s.paper.in_state("settled")),
        "go_astray": (3, lambda s: True),
        "cut_off": (3, lambda s: s.paper.in_state("approved")),
        "deliver": (2, lambda s: s.undelivered()),
        "time_passes": (3, lambda s: True),
        "batch": (3, lambda s: s.paper.cutoffs.keys() - s.paper.batched),
        "batch_anything": (1, lambda s: s.paper.batched),
        "give_up": (2, lambda s: s.paper.prepared),
        "release": (4, lambda s: s.paper.prepared),
        "confirm": (3, lambda s: s.paper.at_bank),
        "bounce": (3, lambda s: s.paper.confirmed),
        "repay": (3, lambda s: s.paper.returned),
        "repay_what_was_paid": (2, lambda s: s.paper.confirmed),
        "replenish": (2, lambda s: s.paper.confirmed),
    }
)
"""Command ▸ how often it is wanted beside the others, and whether it can be given now."""
EXPECTED = (
    "settle", "capped", "settle again", "cancel", "approve", "approve with cuts", "reject", "reject and take back",
    "return", "cut off", "deliver", "deliver again", "batch", "give up", "release", "confirm", "bounce", "repay",
    "replenish", "key in a row", "key at once", "two keys at once", "cancel too late",
    "cancel what was taken back",
    "refused: claim_released", "refused: visit_settled", "refused: not_under_review", "refused: nothing_to_release",
    "refused: cutoff_batched", "refused: cutoff_not_received", "refused: four_eyes", "refused: payment_not_returned",
    "refused: payment_replaced_already",
)  # fmt: skip
"""What the stories together have to come to."""
