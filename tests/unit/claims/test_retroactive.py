"""The facts of a claim come back from its record as they were."""

import json
from datetime import date

import orjson

from services.claims.benefits.model import AccumulatorKey, Carried, Earlier, Facts, Institution, Interval, Item
from services.claims.visits.bill import Bill
from services.claims.visits.kept import kept_bill, kept_facts, stored_facts

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


def test_what_the_hospital_said_of_restrictions_comes_back_whatever_a_line_was_refused_for() -> None:
    bill = Bill(["r", "r", "r"], ["限"] * 3, [None] * 3, [1] * 3, [1] * 3, [1] * 3, [False, True, False])
    plain = Facts(Institution("township", "in_county"), (), ITEMS, {})
    columns = ("item_codes", "item_names", "days", "prices_micro", "quantities_e4", "amounts_fen")
    kept = (bill.codes, bill.names, bill.days, bill.prices_micro, bill.quantities_e4, bill.amounts_fen)
    record = dict(zip(columns, kept, strict=True))
    record |= {
        "reasons": ["not_covered_on_day", "eligible", "restriction_not_met"],
        "facts": json.loads(orjson.dumps(stored_facts(plain, met=bill.met))),
    }
    assert kept_bill(record) == bill
