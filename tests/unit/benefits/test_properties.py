"""What holds for every bill under every policy of the repository, and for every policy like them."""

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.claims.benefits.engine import accumulators, adjudicate
from services.claims.benefits.library import ids, loaded
from services.claims.benefits.model import (
    EACH_TIME,
    FULL_RATIO,
    LEVELS,
    PLACES,
    Band,
    Benefit,
    Cap,
    ClaimInput,
    Deductible,
    Facts,
    Institution,
    Interval,
    Item,
    Line,
    Policy,
    Reason,
    Rule,
)
from services.claims.visits.counters import Counters, Owners, Row

amounts = st.integers(0, 20_000_000)
ratios = st.integers(0, FULL_RATIO)


@st.composite
def bands(draw: Any) -> tuple[Band, ...]:
    """Ratios that rise or fall over one to three steps."""
    ends = sorted(set(draw(st.lists(st.integers(1, 5_000_000), max_size=2))))
    return tuple(Band(end, draw(ratios)) for end in [*ends, None])


@st.composite
def policies(draw: Any) -> Policy:
    """A policy of the repository, or one with drawn values in every row and cap."""
    policy = loaded(draw(st.sampled_from(ids()))).policy
    if draw(st.booleans()):
        return policy
    layer = policy.layers[0]
    benefits = {kind: _drawn(draw, benefit) for kind, benefit in layer.benefits.items()}
    return replace(policy, layers=(replace(layer, benefits=benefits),))


def _drawn(draw: Any, benefit: Benefit) -> Benefit:
    rules: dict[str, Rule] = {}
    for rule in benefit.rules:
        deductible = Deductible(draw(st.integers(0, 100_000)), draw(st.sampled_from(["admission", "person_year"])))
        rules[rule.id] = replace(rule, bands=draw(bands()), deductible=deductible)
    periods = st.sampled_from(["admission", "person_day", "person_year", "household_year"])
    caps = tuple(_cap(cap, draw(amounts), draw(periods)) for cap in benefit.caps)
    adds = {(cap.period, cap.counts) for cap in caps if cap.period != "admission"} | set(benefit.adds_to)
    table = {key: rules[rule.id] for key, rule in benefit.table.items()}
    return replace(benefit, rules=tuple(rules.values()), table=table, caps=caps, adds_to=tuple(sorted(adds)))


def _cap(cap: Cap, amount_fen: int, period: str) -> Cap:
    return replace(cap, amount_fen=amount_fen, period=period)


@st.composite
def cases(draw: Any) -> tuple[ClaimInput, Facts, Policy]:
    """A policy, a bill and what was used before."""
    policy = draw(policies())
    items = {
        f"i{n}": Item(
            f"i{n}",
            draw(st.sampled_from(["A", "B", "B", "C", "none"])),
            draw(ratios),
            draw(st.none() | st.fixed_dictionaries({"*": st.integers(0, 50_000_000)})),
            draw(st.booleans()),
        )
        for n in range(4)
    }
    drawn = st.builds(
        Line,
        st.just(0),
        st.sampled_from([*items, "unknown"]),
        amounts,
        st.integers(0, 100_000),
        st.none(),
        st.none() | st.dates(date(2009, 12, 1), date(2011, 1, 31)),
        st.booleans(),
    )
    lines = tuple(line._replace(number=n) for n, line in enumerate(draw(st.lists(drawn, max_size=6)), start=1))
    day = policy.effective_from
    claim = ClaimInput(
        kind=draw(st.sampled_from(["inpatient", "outpatient"])),
        admitted_on=day,
        settled_on=day,
        lines=lines,
        emergency=draw(st.booleans()),
        migrant=draw(st.booleans()),
    )
    place = Institution(
        draw(st.sampled_from(LEVELS)),
        draw(st.sampled_from(PLACES)),
        draw(st.sampled_from(["public", "private"])),
        draw(st.sampled_from(["designated", "designated", "none"])),
    )
    facts = Facts(
        institution=place,
        coverage=(Interval(date(2000, 1, 1), draw(st.none() | st.just(date(2010, 12, 31)))),),
        items=items,
        used={key: draw(st.integers(0, 8_000_000)) for key in accumulators(claim, policy)},
        groups=frozenset(draw(st.sets(st.sampled_from(["wubao", "only_child", "dibao"])))),
        birth_date=draw(st.dates(date(1920, 1, 1), date(2005, 12, 31))),
    )
    return claim, facts, policy


@given(cases())
def test_amounts_add_up_and_stay_within_bounds(case: tuple[ClaimInput, Facts, Policy]) -> None:
    claim, facts, policy = case
    decided = adjudicate(claim, facts, policy)
    assert 0 <= decided.benefit_fen <= decided.eligible_fen <= decided.total_fen
    assert decided.total_fen == sum(line.amount_fen for line in claim.lines)
    parts = (decided.excluded_fen, decided.over_ceiling_fen, decided.own_share_fen, decided.eligible_fen)
    assert min(parts) >= 0
    assert sum(parts) == decided.total_fen
    assert decided.patient_fen + decided.benefit_fen == decided.total_fen
    assert sum(layer.benefit_fen for layer in decided.layers) == decided.benefit_fen
    for line, result in zip(claim.lines, decided.lines, strict=True):
        assert result.number == line.number
        assert sum(result[2:]) == line.amount_fen
        assert (result.eligible_fen == line.amount_fen) or result.reason != Reason.ELIGIBLE
    if decided.outcome.refuses:
        assert decided.benefit_fen == 0
        assert not decided.movements


@given(cases())
def test_no_cap_is_passed(case: tuple[ClaimInput, Facts, Policy]) -> None:
    claim, facts, policy = case
    decided = adjudicate(claim, facts, policy)
    after = dict(facts.used)
    for movement in decided.movements:
        assert movement.amount > 0
        after[movement.key] = after.get(movement.key, 0) + movement.amount
    assert set(after) <= set(accumulators(claim, policy))
    paid = {layer.layer: layer.benefit_fen for layer in decided.layers}
    for layer in policy.layers:
        buckets = [bucket for bucket in layer.buckets if bucket.kind == claim.kind]
        counted = Counter(name for bucket in buckets for name in {name for _, name in bucket.adds_to})
        for bucket in buckets:
            for cap in bucket.caps if not (bucket.diseases or bucket.entitlement) else ():
                if cap.period in EACH_TIME:
                    assert len(buckets) > 1 or cap.diseases or paid.get(layer.id, 0) <= cap.amount_fen
                elif counted[cap.counts] == 1:  # what another bucket adds is not limited by this cap
                    keys = [key for key in after if (key.scope, key.name) == (cap.period, cap.counts)]
                    assert all(after[key] <= max(cap.amount_fen, facts.used.get(key, 0)) for key in keys)


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(case: tuple[ClaimInput, Facts, Policy], shuffle: Any) -> None:
    claim, facts, policy = case
    shuffled = list(claim.lines)
    shuffle.shuffle(shuffled)
    one, other = adjudicate(claim, facts, policy), adjudicate(replace(claim, lines=tuple(shuffled)), facts, policy)
    assert sorted(one.lines) == sorted(other.lines)
    assert replace(one, lines=()) == replace(other, lines=())


@given(cases(), st.integers(1, 1_000_000))
def test_a_larger_bill_never_pays_less(case: tuple[ClaimInput, Facts, Policy], more_fen: int) -> None:
    claim, facts, policy = case
    paid = adjudicate(claim, facts, policy).benefit_fen
    for position, line in enumerate(claim.lines):
        larger = list(claim.lines)
        larger[position] = line._replace(amount_fen=line.amount_fen + more_fen)
        assert adjudicate(replace(claim, lines=tuple(larger)), facts, policy).benefit_fen >= paid
    extra = Line(len(claim.lines) + 1, "i0", more_fen)
    assert adjudicate(replace(claim, lines=(*claim.lines, extra)), facts, policy).benefit_fen >= paid


@given(cases())
def test_who_has_used_more_never_gets_more(case: tuple[ClaimInput, Facts, Policy]) -> None:
    claim, facts, policy = case
    paid = adjudicate(claim, facts, policy).benefit_fen
    benefits = {key: used + 10_000 for key, used in facts.used.items() if key.name.endswith(".benefit")}
    assert adjudicate(claim, replace(facts, used={**facts.used, **benefits}), policy).benefit_fen <= paid


@given(cases())
def test_a_cancellation_restores_exactly(case: tuple[ClaimInput, Facts, Policy]) -> None:
    """Two settlements, the first cancelled: the counts are those of the second alone, and the first pays as before."""
    claim, facts, policy = case
    keys, owners = accumulators(claim, policy), Owners(UUID(int=1), UUID(int=2))
    counters = Counters({owners.ref(key): Row({}, 0) for key in keys})
    for key in keys:
        counters.rows[owners.ref(key)].used[key.name] = facts.used.get(key, 0)
    before = counters.used(owners, keys)
    first = adjudicate(claim, replace(facts, used=before), policy)
    counters.add(owners, UUID(int=3), "H1", keys, first.movements)
    second = adjudicate(claim, replace(facts, used=counters.used(owners, keys)), policy)
    counters.add(owners, UUID(int=4), "H2", keys, second.movements)
    for _ in range(2):
        counters.take_back_once(UUID(int=3))
    added = {movement.key: movement.amount for movement in second.movements}
    assert counters.used(owners, keys) == {
        key: amount for key in keys if (amount := before.get(key, 0) + added.get(key, 0))
    }
    counters.take_back_once(UUID(int=4))
    assert adjudicate(claim, replace(facts, used=counters.used(owners, keys)), policy) == first
