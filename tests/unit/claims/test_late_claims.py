"""Claims that a late decision concerns: in which order they are followed, what is payable, what counts on."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any
from uuid import UUID

from services.claims.benefits.compiler import load
from services.claims.benefits.engine import adjudicate
from services.claims.benefits.library import text_of
from services.claims.benefits.model import (
    AccumulatorKey,
    Carried,
    ClaimInput,
    Earlier,
    Facts,
    Institution,
    Interval,
    Item,
    Line,
    Policy,
)
from services.claims.visits.claims import Claim, stored_layers
from services.claims.visits.counted_order import Moved, as_counted
from services.claims.visits.counters import Ref
from services.claims.visits.retroactive import Settled, differences
from services.claims.visits.retroactive_facts import TakenBack, gone_of

DAY, MOMENT = date(2010, 3, 5), datetime(2010, 3, 5, 1, 0, tzinfo=UTC)
OLD = load(text_of("dafang-2010")).policy
NEW = load(
    text_of("dafang-2010").replace("ratio: 70%", "ratio: 80%").replace("deductible: 200", "deductible: 100")
).policy
HOUSE, PERSON = UUID(int=900), UUID(int=901)


def claim(number: int, **members: Any) -> Claim:
    of: dict[str, Any] = {
        "id": UUID(int=number), "institution_code": "H52242200001", "visit_id": UUID(int=1_000 + number),
        "member_id": PERSON, "household_id": HOUSE, "township_code": "522422100", "kind": "inpatient",
        "status": "released", "version": 3, "admitted_on": DAY, "discharged_on": DAY, "settled_on": DAY,
        "settled_at": MOMENT, "settled_by": "x", "benefit_year": 2010, "outcome": "settled", "total_fen": 0,
        "eligible_fen": 0, "benefit_fen": 0, "payable_fen": 0, "policy_id": OLD.id, "policy_hash": OLD.hash,
        "catalogue_version": "c", "coverage_sequence": 1, "layers": [],
    }  # fmt: skip
    return Claim(**(of | members))


def settled(
    number: int,
    amount_fen: int,
    facts: dict[str, Any] | None = None,
    policy: Policy = OLD,
    used: dict[AccumulatorKey, int] | None = None,
    **members: Any,
) -> Settled:
    """A stay of a county hospital as it was settled by the old version."""
    day = min(DAY, policy.effective_to or DAY)
    asked = ClaimInput("inpatient", day, day, (Line(1, "A", amount_fen),), discharged_on=day)
    covered = (Interval(date(2000, 1, 1), None),)
    known = Facts(Institution("county", "in_county"), covered, {"A": Item("A", "A")}, used or {}, **facts or {})
    result = adjudicate(asked, known, policy)
    record = {
        "total_fen": result.total_fen, "eligible_fen": result.eligible_fen, "benefit_fen": result.benefit_fen,
        "outcome": result.outcome.value, "layers": stored_layers(result.layers),
    }  # fmt: skip
    return Settled(claim(number, **(record | members)), asked, known, policy)


def part_of(one: Settled) -> Earlier | None:
    """What a part of a stay leaves for the next."""
    return adjudicate(one.input, one.facts, one.policy).so_far


def test_claims_follow_the_rows_that_they_share() -> None:
    """One moment, ids that say nothing: the person's row orders two pairs, the household's row joins them."""
    mine, ours = Ref(PERSON, "person_year", 2010, ""), Ref(HOUSE, "household_year", 2010, "")
    claims = [claim(4), claim(3, member_id=UUID(int=902)), claim(2), claim(1, settled_at=MOMENT)]
    moved = [
        Moved(UUID(int=4), mine, 7), Moved(UUID(int=2), mine, 8),
        Moved(UUID(int=2), ours, 1), Moved(UUID(int=3), ours, 2), Moved(UUID(int=77), ours, 3),
    ]  # fmt: skip
    for some in permutations(claims):
        assert [one.id.int for one in as_counted(some, moved)] == [1, 4, 2, 3]
    late = replace(claims[0], settled_at=datetime(2010, 3, 6, tzinfo=UTC))
    assert [one.id.int for one in as_counted([late, *claims[1:]], moved)] == [1, 4, 2, 3], "clocks may differ, rows not"
    other = claim(5, household_id=UUID(int=800))
    assert [one.id.int for one in as_counted([*claims, other], moved)] == [5, 1, 4, 2, 3]


def test_what_a_cancelled_claim_had_counted_is_gone_for_those_that_saw_it() -> None:
    mine, other = Ref(PERSON, "person_year", 2010, ""), Ref(PERSON, "person_year", 2011, "")
    taken = [
        TakenBack(mine, 2, 5, {"a": 300, "b": 0}),
        TakenBack(mine, 3, 7, {"a": 10}),
        TakenBack(other, 1, 9, {"a": 1}),
    ]
    seen = {move: gone_of({mine: move}, taken).get((mine, "a"), 0) for move in (1, 3, 4, 6, 8)}
    assert seen == {1: 0, 3: 300, 4: 310, 6: 10, 8: 0}, "counted before it and taken back after it"
    assert gone_of({}, taken) == {}, "a claim that did not read the row saw nothing"


def test_what_is_gone_leaves_its_room() -> None:
    """59,000 of 60,000 were used before; 20,000 of them by a claim that was cancelled since."""
    used = {AccumulatorKey("person_year", "basic.inpatient.benefit", 2010): 5_900_000}
    one = settled(1, 1_000_000, used=used)
    assert one.claim.benefit_fen == 100_000
    ref = Ref(PERSON, "person_year", 2010, "")
    gone = replace(one, gone={(ref, "basic.inpatient.benefit"): 2_000_000})
    (shown,) = differences([gone], OLD)
    assert (shown.benefit_fen, shown.to_pay_fen, shown.layers[0].before_fen) == (700_000, 600_000, 100_000)
    followed = replace(settled(2, 1_000_000, used=used), gone=gone.gone, followed=True)
    assert [each.claim.id.int for each in differences([followed, gone], OLD)] == [1], "only for what it counts"


def test_what_a_list_gives_of_a_cut_is_not_taken_from_the_next_part() -> None:
    """20,000 worked out, 5,000 paid and the rest cut by the year's cap: a list that pays 10,000 of the rest leaves what
    the next part is worth; one that pays what was never worked out makes it up."""
    part = Earlier(0, 0, 0, (Carried("basic", uncapped_fen=20_000, over_year_fen=15_000, benefit_fen=5_000),))
    (cut,) = part.raised({"basic": 10_000}).buckets
    assert (cut.uncapped_fen, cut.over_year_fen, cut.benefit_fen) == (20_000, 5_000, 15_000)
    (more,) = part.raised({"basic": 18_000}).buckets
    assert (more.uncapped_fen, more.over_year_fen, more.benefit_fen) == (23_000, 0, 23_000)


def test_an_increase_is_at_most_what_the_patient_paid_in_cash() -> None:
    one = settled(1, 100_000)
    (plain,) = differences([one], NEW)
    assert (plain.difference_fen, plain.to_pay_fen) == (10_000, 10_000)
    one.claim.account_fen = 25_000  # of the 30,000 that were his
    (bounded,) = differences([one], NEW)
    assert (bounded.difference_fen, bounded.to_pay_fen) == (10_000, 5_000)
    (count,) = bounded.increases[0].counts
    assert (count.name, count.amount) == ("basic.inpatient.benefit", 5_000)
    assert (count.cap_fen, count.benefit) == (6_000_000, True)


def test_what_is_not_reproduced_pays_nothing_more() -> None:
    one = settled(1, 100_000)
    one.claim.benefit_fen += 1
    (shown,) = differences([one], NEW)
    assert (shown.reproduced, shown.to_pay_fen) == (False, 0)


def test_the_parts_of_a_stay_share_what_the_new_version_lets_one_admission_have() -> None:
    """A cap of 30,000 each admission: what a later part keeps is not given to the first."""
    higher = text_of("dafang-2008").replace("ratio: 60%", "ratio: 70%")
    old, new = load(text_of("dafang-2008")).policy, load(higher).policy
    stay = UUID(int=5)
    first = settled(1, 4_000_000, policy=old, visit_id=stay)
    second = settled(2, 800_000, {"earlier": part_of(first)}, policy=old, visit_id=stay)
    assert (first.claim.benefit_fen, second.claim.benefit_fen) == (2_400_000, 480_000)
    shown = list(differences([first, second], new))
    assert [one.to_pay_fen for one in shown] == [120_000, 0]
    assert sum(one.claim.benefit_fen + one.to_pay_fen for one in shown) == 3_000_000, "the cap to the fen"
    third = settled(3, 4_000_000, policy=old, visit_id=UUID(int=6))
    assert [one.to_pay_fen for one in differences([third], new)] == [400_000], "a stay of one part has it all"


def test_a_later_part_stands_on_what_an_earlier_one_is_paid_more() -> None:
    raised = text_of("dafang-2008").replace("ratio: 60%", "ratio: 70%").replace("amount: 30000", "amount: 31000")
    old, new = load(text_of("dafang-2008")).policy, load(raised).policy
    stay = UUID(int=5)
    first = settled(1, 1_000_000, policy=old, visit_id=stay)
    second = settled(2, 4_000_000, {"earlier": part_of(first)}, policy=old, visit_id=stay)
    assert (first.claim.benefit_fen, second.claim.benefit_fen) == (600_000, 2_400_000)
    shown = list(differences([first, second], new))
    assert [(one.benefit_fen, one.to_pay_fen) for one in shown] == [(700_000, 100_000), (2_400_000, 0)]
