"""One transaction for many requests: order, refusals, broken companions, keys held elsewhere, statements counted."""

import asyncio
import json
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.claims.visits import batch_state
from services.claims.visits.batch import SettlementRun
from services.claims.visits.batch_state import Ask, CancelAsk, InDoubt, Replayed, SettleAsk
from services.claims.visits.bill import checked
from services.claims.visits.coalescer import LEAVE
from shared.db.counting import count_statements
from shared.db.scope import Scope
from shared.http.idempotency import Answered, Claim, lock_name
from shared.http.tokens import Actor
from shared.http.unit import CoalescedRequest
from shared.kernel.errors import Problem
from tests.component.claims.world import COUNTY, POOL, TOWNSHIP, WAITING, World, line
from tests.support.waiting import PATIENCE_SECONDS, until

LANE = (POOL, "hospital")


def request(world: World, key: str | None = None, of: str = COUNTY) -> CoalescedRequest:
    """A request as the edge hands it over."""
    actor = Actor(f"clerk-{of}", "hospital", frozenset({POOL}), (of,))
    claim = Claim(POOL, actor.subject, key or str(uuid4()), b"h" * 32)
    scope = Scope("hospital", (POOL,), (of,))
    return CoalescedRequest(actor, scope, claim, world.clock.now(), POOL, "request-1", "settle_visit",
                            world.app.state.heyi)  # fmt: skip


def bill(amount_fen: int = 100_00, lines: int = 1) -> object:
    n = range(lines)
    return checked(["A1"] * lines, ["项目"] * lines, [None for _ in n], [amount_fen * 10_000 for _ in n],
                   [10_000 for _ in n], [amount_fen for _ in n], [False for _ in n])  # fmt: skip


def settle(world: World, visit: str, *, key: str | None = None, of: str = COUNTY, amount_fen: int = 100_00) -> Ask:
    return SettleAsk(request(world, key, of), UUID(visit), bill(amount_fen))  # type: ignore[arg-type]


def benefit(outcome: object) -> str:
    assert isinstance(outcome, Answered), outcome
    assert outcome.answer is not None
    found: str = json.loads(outcome.answer)["benefit"]
    return found


def run(world: World) -> SettlementRun:
    return SettlementRun(world.app.state.heyi.engine)


async def test_a_later_one_sees_the_earlier(world: World) -> None:
    member = await world.member()
    visits = [await world.visit(member, of=of) for of in (COUNTY, TOWNSHIP, COUNTY)]
    asks = [
        settle(world, visits[0], amount_fen=80_000_00),
        settle(world, visits[1], of=TOWNSHIP, amount_fen=80_000_00),
        settle(world, visits[2], amount_fen=100_00),
    ]
    outcomes = await run(world)(LANE, asks)
    assert [benefit(outcome) for outcome in outcomes] == ["56000.00", "4000.00", "0.00"]
    rows = await world.sql("SELECT institution_code, settled_by FROM claim ORDER BY benefit_fen DESC")
    assert [tuple(row) for row in rows] == [
        (COUNTY, f"clerk-{COUNTY}"), (TOWNSHIP, f"clerk-{TOWNSHIP}"), (COUNTY, f"clerk-{COUNTY}"),
    ]  # fmt: skip
    moves = await world.sql("SELECT move FROM accumulator_entry ORDER BY move")
    assert [row["move"] for row in moves] == [1, 2, 3]


async def test_refusals_leave_and_free_their_keys(world: World) -> None:
    member, other = await world.member(), await world.member()
    visit, open_visit = await world.visit(member), await world.visit(other, discharged=None)
    asks = [
        settle(world, visit, key="a"),
        settle(world, visit, key="b"),
        settle(world, open_visit, key="c"),
        settle(world, str(uuid4()), key="d"),
        settle(world, visit, key="e", of=TOWNSHIP),
    ]
    outcomes = await run(world)(LANE, asks)
    assert benefit(outcomes[0]) == "70.00"
    told = [outcome.kind.code for outcome in outcomes[1:] if isinstance(outcome, Problem)]
    assert told == ["visit_settled", "visit_not_discharged", "visit_unknown", "visit_unknown"]
    keys = await world.sql("SELECT key FROM idempotency WHERE subject LIKE 'clerk-%'")
    assert [row["key"] for row in keys] == ["a"]


async def test_cancel_and_settle_again_in_one_batch(world: World) -> None:
    member = await world.member()
    claim = await world.settled(member, "1000.00")
    world.clock.advance(timedelta(hours=2))
    cancel = CancelAsk(request(world), UUID(claim["claim_id"]), "错")
    asks: list[Ask] = [cancel, settle(world, claim["visit_id"]), CancelAsk(request(world), cancel.claim_id, "错")]
    cancelled, settled, twice = await run(world)(LANE, asks)
    assert isinstance(cancelled, Answered)
    assert benefit(settled) == "70.00"
    assert isinstance(twice, Problem)
    assert twice.kind.code == "claim_cancelled"
    assert await world.used(member) == {"basic.inpatient.benefit": 7000}


async def test_a_later_settlement_of_the_batch_stands_in_the_way_of_a_cancellation(world: World) -> None:
    member = await world.member()
    claim = await world.settled(member)
    visit = await world.visit(member)
    world.clock.advance(timedelta(hours=2))
    asks: list[Ask] = [settle(world, visit), CancelAsk(request(world), UUID(claim["claim_id"]), "错")]
    settled, refused = await run(world)(LANE, asks)
    assert benefit(settled) == "70.00"
    assert isinstance(refused, Problem)
    assert refused.kind.code == "later_claim"


async def test_a_key_held_elsewhere_leaves_and_holds_nobody_up(world: World) -> None:
    member = await world.member()
    visits = [await world.visit(member) for _ in range(2)]
    asks = [settle(world, visits[0], key="held"), settle(world, visits[1], key="free")]
    conn = await asyncpg.connect(world.database.app)
    try:
        transaction = conn.transaction()
        await transaction.start()
        name = lock_name(asks[0].request.claim)
        await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)
        held, free = await asyncio.wait_for(run(world)(LANE, asks), PATIENCE_SECONDS)
        assert held is LEAVE
        assert benefit(free) == "70.00"
        waiting = asyncio.ensure_future(run(world)(LANE, [asks[0]], patient=True))
        await until(lambda: world.sql(WAITING), doing=waiting)
        await transaction.rollback()
        assert benefit((await waiting)[0]) == "70.00"
    finally:
        await conn.close()


async def test_the_same_key_twice_in_one_batch(world: World) -> None:
    visit = await world.visit(await world.member())
    asks = [settle(world, visit, key="k"), settle(world, visit, key="k")]
    first, second = await run(world)(LANE, asks)
    assert benefit(first) == "70.00"
    assert second is LEAVE
    (replayed,) = await run(world)(LANE, [asks[1]])
    assert isinstance(replayed, Replayed)
    assert isinstance(first, Answered)
    assert replayed.answered.answer == first.answer


async def test_doubt_locks_and_writes_nothing(world: World) -> None:
    visit = await world.visit(await world.member())
    await world.sql("DELETE FROM stream_heartbeat")
    before = await world.counts()
    (outcome,) = await run(world)(LANE, [settle(world, visit)])
    assert isinstance(outcome, InDoubt)
    assert await world.counts() == before


async def test_a_broken_companion_breaks_nobody_else(world: World) -> None:
    """The database refuses one claim (a trigger stands for any error): its companions are settled all the same."""
    await world.sql(
        "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.total_fen = 66600 THEN RAISE EXCEPTION 'broken'; END IF; RETURN NEW; END $$"
    )
    await world.sql("CREATE TRIGGER broken BEFORE INSERT ON claim FOR EACH ROW EXECUTE FUNCTION broken()")
    visits = [await world.visit(await world.member()) for _ in range(6)]
    amounts = ["100.00", "666.00", "100.00", "100.00", "666.00", "100.00"]
    answers = await asyncio.gather(
        *(world.settle(visit, line("A1", amount)) for visit, amount in zip(visits, amounts, strict=True))
    )
    assert [answer.status_code for answer in answers] == [201, 500, 201, 201, 500, 201]
    assert (await world.counts())["claim"] == 4
    metrics = (await world.client.get("/metrics")).text
    assert "heyi_claims_batch_rerun_total" in metrics


@pytest.mark.parametrize("hospitals", [(COUNTY, TOWNSHIP)])
async def test_the_cap_holds_when_64_settle_the_same_person(world: World, hospitals: tuple[str, ...]) -> None:
    member = await world.member()
    visits = [(await world.visit(member, of=of), of) for of in hospitals * 32]
    answers = await asyncio.gather(*(world.settle(visit, line("A1", "5000.00"), of=of) for visit, of in visits))
    assert {answer.status_code for answer in answers} == {201}
    paid = [answer.json()["benefit"] for answer in answers]
    assert sum(int(amount.replace(".", "")) for amount in paid) == 6_000_000
    assert await world.used(member) == {"basic.inpatient.benefit": 6_000_000}
    moves = [row["move"] for row in await world.sql("SELECT move FROM accumulator_entry ORDER BY move")]
    assert moves == list(range(1, 65))


async def test_statements_do_not_grow_with_the_batch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pinned: what a settlement costs the database in round trips, alone and in company."""
    monkeypatch.setattr(batch_state, "_HEARD_SECONDS", float("inf"))  # five seconds may pass between the three
    visits, same = [await world.visit(await world.member()) for _ in range(34)], run(world)
    await same(LANE, [settle(world, visits[0])])  # catalogue, policy and heartbeats are known from here on
    with count_statements() as alone:
        await same(LANE, [settle(world, visits[1])])
    with count_statements() as together:
        await same(LANE, [settle(world, visit) for visit in visits[2:34]])
    assert alone.total() == together.total() == 5, "\n".join(sorted(together))


async def test_statements_of_cancellations_do_not_grow_either(world: World) -> None:
    claims = [UUID((await world.settled(await world.member()))["claim_id"]) for _ in range(9)]
    with count_statements() as alone:
        await run(world)(LANE, [CancelAsk(request(world), claims[0], "错")])
    with count_statements() as together:
        await run(world)(LANE, [CancelAsk(request(world), claim, "错") for claim in claims[1:]])
    assert alone.total() == together.total() == 8, "\n".join(sorted(together))


async def test_each_event_carries_its_own_requests_trace(world: World) -> None:
    visits = [await world.visit(await world.member()) for _ in range(3)]
    traces = [f"00-{n:032x}-{n:016x}-01" for n in (11, 22, 33)]
    paths = [f"/v1/pools/{POOL}/visits/{visit}/settlement" for visit in visits]
    await asyncio.gather(
        *(
            world.client.post(
                path,
                json={"lines": [line()]},
                headers=world.tokens.headers("hospital", institutions=(COUNTY,))
                | {"Idempotency-Key": trace, "traceparent": trace},
            )
            for path, trace in zip(paths, traces, strict=True)
        )
    )
    rows = await world.sql("SELECT envelope, traceparent FROM outbox WHERE type LIKE '%claim.settled%'")
    by_visit = {json.loads(row["envelope"])["data"]["visit_id"]: row["traceparent"] for row in rows}
    assert [by_visit[visit][3:35] for visit in visits] == [trace[3:35] for trace in traces]
