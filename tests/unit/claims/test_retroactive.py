"""The facts of a claim come back from its record as they were."""

import json
from datetime import date

import orjson

from services.claims.benefits.model import AccumulatorKey, Carried, Earlier, Facts, Institution, Interval, Item
from services.claims.visits.deciding import stored_facts
from services.claims.visits.retroactive import kept_facts

ITEMS = {"A1": Item("A1", "A")}


def test_facts_come_back_from_the_record() -> None:
    facts = Facts(
        institution=Institution("county", "in_county", "private", "designated", frozenset({"inpatient"}), True),
        coverage=(Interval(date(2010, 1, 1), date(2010, 6, 30)), Interval(date(2010, 8, 1), None)),
        items=ITEMS,
        used={
            AccumulatorKey("person_year", "basic.inpatient.benefit", 2010): 5_000,
            AccumulatorKey("disease_year", "basic.chronic.benefit", 2010, "I10"): 7,
        },
        groups=frozenset({"wubao", "dibao"}),
        birth_date=date(1950, 2, 3),
        third_party="accident",
        joined=frozenset({"supplementary"}),
        insured=4,
        earlier=Earlier(100_000, 90_000, 3, (Carried("basic", "", 90_000, benefit_fen=7, deductible_fen=30_000),)),
    )
    assert kept_facts(json.loads(orjson.dumps(stored_facts(facts))), ITEMS) == facts
    plain = Facts(Institution("township", "in_county"), (), ITEMS, {})
    assert kept_facts(json.loads(orjson.dumps(stored_facts(plain))), ITEMS) == plain
