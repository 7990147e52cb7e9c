"""Policies and claims drawn at random, as plain values: what the document may say, said in every combination."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

Doc = dict[str, Any]
LEVELS = ("village", "township", "county", "prefecture", "province")
PLACES = ("in_county", "in_province", "out_of_province")
NEW_YEAR = date(2010, 1, 1)
GROUPS = ("wubao", "dibao", "only_child", "age_60", "age_70")


def draw_policy(rng: Random, number: int) -> Doc:
    """A policy document that `policy check` accepts."""
    layers = {"basic": draw_layer(rng, "eligible", ["inpatient", "outpatient"][: rng.choice((1, 2, 2, 2))])}
    for name in ("critical", "supplementary", "assistance")[: rng.choice((0, 0, 1, 1, 2, 3))]:
        base = rng.choice(("eligible", "eligible_unpaid", "cut_by_cap", "cut_by_cap"))
        layers[name] = draw_layer(rng, base, ["inpatient"] if rng.random() < 0.7 else ["inpatient", "outpatient"])
        if rng.random() < 0.4:
            layers[name]["voluntary"] = "true"
    policy: Doc = {
        "policy": f"drawn-{number}",
        "title": f"抽样方案 {number}",
        "scheme": "nrcms",
        "effective_from": NEW_YEAR + timedelta(days=rng.choice((0, 0, 0, 59))),
        "sources": {"drawn": {"title": "抽样", "verified_on": date(2026, 11, 22)}},
        "groups": {code: {"name": code} | ({"age_from": code[4:]} if code[:4] == "age_" else {}) for code in GROUPS},
        "layers": layers,
    }
    if rng.random() < 0.3:
        policy["effective_to"] = date(2010, 11, 30)
    if parameters := draw_parameters(rng):
        policy["parameters"] = parameters
    return policy


def draw_parameters(rng: Random) -> Doc:
    """Some of the parameters, some of them without source."""
    drawn: Doc = {}
    for name, values in (
        ("year_by", ("admission", "discharge", "settlement")),
        ("waiting_days", ("15", "30")),
        ("lines_after_coverage", ("excluded", "covered")),
    ):
        if rng.random() < 0.4:
            value = rng.choice(values)
            stated = rng.random() < 0.9
            drawn[name] = {"value": value} | ({"clause": "写明"} if stated else {"illustrative": "true"})
    return drawn


def origin(rng: Random) -> Doc:
    """A clause, or the mark that there is none."""
    return {"clause": "写明"} if rng.random() < 0.95 else {"illustrative": "true", "note": "推定"}


def yuan(rng: Random, most: int) -> str:
    """An amount in yuan, sometimes with fen."""
    return str(rng.randint(1, most)) if rng.random() < 0.7 else f"{rng.randint(0, most)}.{rng.randint(0, 99):02d}"


def percent(rng: Random) -> str:
    """A ratio; now and then nothing or all."""
    kind = rng.random()
    if kind < 0.06:
        return rng.choice(("0%", "100%"))
    return f"{rng.randint(1, 99)}%" if kind < 0.8 else f"{rng.randint(1, 99)}.{rng.randint(1, 99):02d}%"


def draw_layer(rng: Random, base: str, kinds: list[str]) -> Doc:
    """A payer with its buckets."""
    shared = rng.random() < 0.4
    benefits = {}
    for kind in kinds:
        benefits[kind] = draw_bucket(rng, kind)
        if shared:
            benefits[kind]["adds_to"] = [f"own.{kind}", "shared.all"]
    return {
        "name": "层",
        "payer": "付款人",
        "account": "1001.02",
        "book": "basic",
        "risk_bearer": "pool",
        "base": base,
        "benefits": benefits,
    } | origin(rng)


def draw_bucket(rng: Random, kind: str) -> Doc:
    """Rows that do not overlap, caps and raises."""
    bucket: Doc = {"name": kind, "kind": kind, "account": "5001.01", "rules": {}}
    for number, whens in enumerate(draw_whens(rng), start=1):
        bucket["rules"][f"r{number}"] = draw_row(rng, whens)
    bucket["caps"] = {f"c{n}": draw_cap(rng, kind) for n in range(rng.choice((0, 1, 1, 2, 3)))}
    bucket["bonuses"] = {f"b{n}": draw_bonus(rng) for n in range(rng.choice((0, 0, 1, 2)))}
    return bucket


def draw_whens(rng: Random) -> Iterator[list[Doc]]:
    """Conditions of one to five rows; a cell of level and place belongs to one row or none."""
    rows: list[list[Doc]] = [[] for _ in range(rng.randint(1, 5))]
    for place in PLACES:
        for level in LEVELS:
            if rng.random() < 0.1:
                continue
            cell: Doc = {"level": level, "place": place}
            rows[rng.randrange(len(rows))].append(cell | draw_extra(rng))
    flag = rng.choice(("emergency", "migrant", "referred", "designation", "ownership"))
    for row in rows:
        if not row:
            continue
        if rng.random() < 0.25 and not any(flag in when for when in row):
            one, other = (
                ("true", "false")
                if flag in ("emergency", "migrant", "referred")
                else (("designated", "none") if flag == "designation" else ("public", "private"))
            )
            yield [when | {flag: one} for when in row]
            yield [when | {flag: other} for when in row]
        else:
            yield row


def draw_extra(rng: Random) -> Doc:
    """Now and then a further condition."""
    if rng.random() < 0.6:
        return {}
    name, values = rng.choice(
        (
            ("designation", ("designated", ["designated", "none"])),
            ("ownership", ("public", ["public", "private"])),
            ("referred", ("true",)),
        )
    )
    return {name: rng.choice(values)}


def draw_row(rng: Random, whens: list[Doc]) -> Doc:
    """A row of the table."""
    row: Doc = {"name": "行", "when": whens} | origin(rng)
    if rng.random() < 0.05:
        return row | {"nothing": "true"}
    if rng.random() < 0.25:
        ends = sorted(rng.sample(range(100, 40_000), rng.randint(1, 3)))
        row["bands"] = [{"up_to": str(end), "ratio": percent(rng)} for end in ends] + [{"ratio": percent(rng)}]
    else:
        row["ratio"] = percent(rng)
    if rng.random() < 0.7:
        row["deductible"] = yuan(rng, 800)
        if rng.random() < 0.05:
            row["deductible"] = {"value": row["deductible"], "illustrative": "true"}
        if rng.random() < 0.3:
            row["deductible_per"] = "person_year"
        if rng.random() < 0.2:
            row["deductible_waived_from"] = str(rng.randint(2, 4))
    return row


def draw_cap(rng: Random, kind: str) -> Doc:
    """A limit."""
    period = rng.choice(("admission", "person_day", "person_year", "person_year", "household_year"))
    most = {"admission": 15_000, "person_day": 6_000, "person_year": 60_000, "household_year": 120_000}[period]
    amount: Any = yuan(rng, most if kind == "inpatient" else most // 10)
    if rng.random() < 0.03:
        amount = {"value": amount, "illustrative": "true"}
    return {"name": "封顶线", "amount": amount, "period": period} | origin(rng)


def draw_bonus(rng: Random) -> Doc:
    """A raise for groups."""
    by = {"points": f"{rng.randint(1, 30)}%"} if rng.random() < 0.6 else {"factor": f"{rng.randint(1, 40)}%"}
    stacks = {"stacks": "true"} if rng.random() < 0.3 else {}
    return {"name": "特殊人群", "groups": rng.sample(GROUPS, rng.randint(1, 3))} | by | stacks | origin(rng)


# ---------------------------------------------------------------- people and claims


def draw_catalogue(rng: Random) -> Doc:
    """Entries of every class, with own share, ceilings and restrictions."""
    catalogue: Doc = {}
    for number in range(14):
        kind = rng.choice(("A", "A", "A", "B", "B", "C", "none"))
        ceilings: Doc = {}
        if rng.random() < 0.3:
            ceilings["*"] = rng.randint(1, 5_000) * 1_000_000
        if rng.random() < 0.2:
            ceilings[rng.choice(LEVELS)] = rng.randint(1, 5_000) * 100_000
        catalogue[f"i{number}"] = {
            "class": kind,
            "own": rng.choice((500, 1_000, 3_333)) if kind == "B" else 0,
            "ceilings": ceilings,
            "restricted": rng.random() < 0.1,
        }
    catalogue["plain"] = {"class": "A", "own": 0, "ceilings": {}, "restricted": False}
    return catalogue


def draw_person(rng: Random) -> Doc:
    """Who is ill: household, birth, groups, coverage, layers joined."""
    coverage: list[tuple[date, date | None]] = [(NEW_YEAR, date(2010, 12, 31))]
    kind = rng.random()
    if kind < 0.15:
        coverage = [(date(2009, 1, 1), date(2009, 12, 31)), (NEW_YEAR, None)]
    elif kind < 0.3:
        coverage = [(NEW_YEAR + timedelta(days=rng.randint(1, 300)), date(2010, 12, 31))]
    elif kind < 0.4:
        coverage = [(date(2009, 1, 1), date(2010, 3, 31)), (date(2010, 6, 1), None)]
    elif kind < 0.5:
        coverage.append((date(2011, 1, 1), date(2011, 12, 31)))
    return {
        "household": rng.randint(1, 20),
        "birth": rng.choice((None, date(1920, 1, 1) + timedelta(days=rng.randint(0, 30_000)))),
        "groups": {code for code in GROUPS[:3] if rng.random() < 0.2},
        "coverage": coverage,
        "joined": {name for name in ("critical", "supplementary", "assistance") if rng.random() < 0.7},
    }


def draw_claim(rng: Random, person: Doc, catalogue: Doc, names: list[str]) -> Doc:
    """An admission or a visit of a person; `names` are the policy's names without source."""
    chance = rng.random
    inpatient = chance() < 0.65
    admitted = NEW_YEAR + timedelta(days=int(chance() * 368) - 2)
    stay = int(chance() * 15) if inpatient else 0
    settled = admitted + timedelta(days=stay + int(chance() * 3))
    accepts = chance() < 0.3
    claim: Doc = {
        "kind": "inpatient" if inpatient else "outpatient",
        "admitted": admitted,
        "discharged": None if chance() < 0.1 else admitted + timedelta(days=stay),
        "settled": settled,
        "level": LEVELS[int(chance() * 5)],
        "place": PLACES[int(chance() * chance() * 3)],
        "ownership": "private" if chance() < 0.25 else "public",
        "designation": "none" if chance() < 0.2 else "designated",
        "emergency": chance() < 0.2,
        "migrant": chance() < 0.2,
        "referred": chance() < 0.4,
        "suspended": chance() < 0.01,
        "agreement": {"outpatient"} if chance() < 0.02 else None,
        "third_party": "none",
        "earlier": None,
        "accepts": accepts,
        "accepted": {name for name in names if chance() < 0.9} if accepts else set(),
        "catalogue": catalogue,
        "lines": draw_lines(rng, inpatient, admitted, stay),
    }
    if chance() < 0.03:
        claim["third_party"] = "pending" if chance() < 0.5 else "liable"
    if chance() < 0.06:
        claim["earlier"] = (int(chance() * 40_000), int(chance() * 500_000))
    return claim | person


def draw_lines(rng: Random, inpatient: bool, admitted: date, stay: int) -> list[Doc]:
    """A bill of up to six lines; amounts from nothing to far over every cap."""
    chance = rng.random
    lines = []
    most = 10 ** (3 + chance() * (4.5 if inpatient else 3))
    for number in range(1, 2 + int(chance() * chance() * 6) - (chance() < 0.02)):
        kind = chance()
        lines.append(
            {
                "number": number,
                "code": "plain" if kind < 0.5 else f"i{int(kind * 32) - 16}" if kind < 0.97 else "unheard",
                "amount": int(chance() * most),
                "quantity": 10_000 if chance() < 0.5 else int(chance() * 100_000),
                "day": None if chance() < 0.7 else admitted + timedelta(days=int(chance() * (stay + 1))),
                "met": chance() < 0.5,
            }
        )
    return lines
