"""Policies and claims drawn at random, as plain values: what the document may say, said in every combination."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

Doc = dict[str, Any]
LEVELS = ("village", "township", "county", "prefecture", "province")
PLACES = ("in_county", "in_province", "out_of_province")
THIRD_PARTY = ("pending", "liable", "shared", "advanced", "accident")
NEW_YEAR = date(2010, 1, 1)
DISEASES = ("K35", "E11", "I10", "O80", "C34", "N18", "K35.9", "E11.2")
"""Codes as policies and cards name them."""
SENT = ("K35", "K35.900", "K35.1", "E11.9", "E11.201", "I10", "I10.x00", "O80.0", "C34", "C34.900", "N18.9", "E1")
"""Codes as hospitals send them."""
CIRCUMSTANCES = ("emergency", "migrant", "referred")
CARDS = ("chronic", "special")
PLACES_OF_PAYMENT = {
    "basic": ("1001.02", "basic", "5001.01", "pool"),
    "critical_illness": ("1001", "critical_illness", "5001", "pool"),
    "supplementary": ("1001", "supplementary", "5001", "insurer"),
    "assistance": ("1001", "assistance", "5002", "government"),
}
"""Account, book, account of the benefits, and who bears the risk."""
GROUPS = ("wubao", "dibao", "only_child", "age_60", "age_70")


def draw_policy(rng: Random, number: int) -> Doc:
    """A policy document that `policy check` accepts."""
    kinds = ["inpatient", "outpatient"][: rng.choice((1, 2, 2, 2))]
    layers = {"basic": draw_layer(rng, "basic", "eligible", kinds)}
    for name in ("critical_illness", "supplementary", "assistance")[: rng.choice((0, 0, 1, 1, 2, 3))]:
        base = rng.choice(("eligible", "eligible_unpaid", "cut_by_cap", "cut_by_cap"))
        kinds = ["inpatient"] if rng.random() < 0.7 else ["inpatient", "outpatient"]
        layers[name] = draw_layer(rng, name, base, kinds)
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
    if rng.random() < 0.4:
        policy["family_account"] = draw_account(rng)
    if rng.random() < 0.4:
        policy["circumstances"] = {name: draw_circumstance(rng) for name in CIRCUMSTANCES if rng.random() < 0.6}
    if rng.random() < 0.4:
        policy["window"] = {"deadlines": draw_deadlines(rng)}
    return policy


def draw_circumstance(rng: Random) -> Doc:
    """Whether a circumstance counts as stated or by a decided case only."""
    kind = rng.random()
    if kind < 0.3:
        return {"counts": "stated"} | origin(rng)
    return ({"counts": "decided"} if kind < 0.8 else {"notice_days": "3"}) | origin(rng)


def draw_deadlines(rng: Random) -> Doc:
    """One deadline for all care, or one for a kind of it."""
    found: Doc = {}
    for kinds in rng.choice((({},), ({"kinds": "inpatient"},), ({"kinds": "outpatient"}, {"kinds": ["inpatient"]}))):
        until = rng.choice(({"by": "01-15"}, {"by": "03-31"}, {"days": "5"}, {"days": str(rng.randint(1, 60))}))
        found[f"d{len(found)}"] = {"name": "受理期限"} | kinds | until | origin(rng)
    return found


def draw_account(rng: Random) -> Doc:
    """A family account."""
    return {
        "name": "家庭账户",
        "kinds": rng.choice(("outpatient", ["inpatient", "outpatient"])),
        "covers": rng.choice(("eligible", "all")),
        "payer": "家庭账户",
        "account": "1001.02",
        "book": "basic",
        "expense_account": "5002",
    } | origin(rng)


def draw_parameters(rng: Random) -> Doc:
    """Some of the parameters, some of them without source."""
    drawn: Doc = {}
    for name, values in (
        ("year_by", ("admission", "discharge", "settlement", "lines")),
        ("waiting_days", ("15", "30")),
        ("newborn_days", ("28", "90")),
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


def draw_layer(rng: Random, layer: str, base: str, kinds: list[str]) -> Doc:
    """A payer with its buckets; only the lowest layer sees the bill."""
    account, book, expense, bearer = PLACES_OF_PAYMENT[layer]
    lowest = layer == "basic"
    shared = rng.random() < 0.4
    benefits: Doc = {}
    for kind in kinds:
        for name, asks in draw_conditions(rng, kind, lowest):
            benefits[name] = draw_bucket(rng, kind, lowest) | asks | {"account": expense}
            if "items" in asks:
                benefits[name].pop("floor", None)
            if shared:
                benefits[name]["adds_to"] = [f"own.{kind}", "shared.all"]
    return {
        "name": "层",
        "payer": "付款人",
        "account": account,
        "book": book,
        "risk_bearer": bearer,
        "base": base,
        "benefits": benefits,
    } | origin(rng)


def draw_conditions(rng: Random, kind: str, lowest: bool) -> Iterator[tuple[str, Doc]]:
    """Names and conditions of the buckets of a kind of care; the ordinary one nearly always among them."""
    found: list[tuple[str, Doc]] = []
    if rng.random() < 0.95:
        found.append((kind, {}))
    if rng.random() < 0.3:
        found.append((f"{kind}-card", {"entitlement": rng.choice(CARDS)}))
    if rng.random() < 0.2:
        found.append((f"{kind}-disease", {"diseases": rng.sample(DISEASES, rng.randint(1, 3))}))
    if lowest and rng.random() < 0.2:
        found.append((f"{kind}-items", {"items": [f"i{n}" for n in rng.sample(range(14), rng.randint(1, 6))]}))
    rng.shuffle(found)
    yield from found or [(kind, {})]


def draw_bucket(rng: Random, kind: str, lowest: bool) -> Doc:
    """Rows that do not overlap, caps, raises and everything else that a bucket may say."""
    bucket: Doc = {"name": kind, "kind": kind, "rules": {}}
    yearly = rng.random() < 0.15
    if yearly:
        bucket["yearly"] = "true"
    for number, whens in enumerate(draw_whens(rng), start=1):
        bucket["rules"][f"r{number}"] = draw_row(rng, whens, yearly)
        if rng.random() < 0.25:
            for turn, diseases in enumerate(draw_diseases(rng)):
                bucket["rules"][f"d{number}{turn}"] = draw_row(rng, whens, yearly) | diseases
    bucket["caps"] = {f"c{n}": draw_cap(rng, kind) for n in range(rng.choice((0, 1, 1, 2, 3)))}
    how_many = rng.choice((0, 1, 2, 2) if yearly else (0, 0, 1, 2))  # whose raises change places within the year
    bucket["bonuses"] = {f"b{n}": draw_bonus(rng) for n in range(how_many)}
    draw_beside(rng, bucket, lowest)
    if lowest and "floor" not in bucket:
        for row in bucket["rules"].values():
            if "limit" in row and rng.random() < 0.5:
                row["limit"]["excess"] = rng.choice(("hospital", "hospital", "patient"))
    return bucket


def draw_diseases(rng: Random) -> Iterator[Doc]:
    """Diseases of one or two rows that do not overlap."""
    codes = rng.sample(DISEASES, rng.randint(1, 4))
    half = rng.randint(1, len(codes))
    for mine in (codes[:half], codes[half:]):
        if mine:
            over = {"off_path_over": str(rng.randint(100, 30_000))} if rng.random() < 0.3 else {}
            yield {"diseases": mine if len(mine) > 1 or rng.random() < 0.5 else mine[0]} | over


def draw_beside(rng: Random, bucket: Doc, lowest: bool) -> None:
    """Floor, waivers, accidents, essential medicines."""
    if rng.random() < 0.15:
        of = rng.choice(("eligible", "total")) if lowest else "eligible"
        bucket["floor"] = {"name": "保底", "ratio": f"{rng.randint(5, 60)}%", "of": of} | origin(rng)
    if rng.random() < 0.25:
        who: Doc = {"emergency": "true"} if rng.random() < 0.5 else {}
        if not who or rng.random() < 0.5:
            who["groups"] = rng.sample(GROUPS, 2)
        bucket["waivers"] = {f"w{rng.randint(1, 9)}": {"name": "免起付线"} | who | origin(rng) for _ in range(2)}
    if lowest and rng.random() < 0.4:
        cap = {"cap": yuan(rng, 3_000)} if rng.random() < 0.5 else {}
        bucket["accident"] = {"name": "意外伤害", "factor": f"{rng.randint(10, 90)}%"} | cap | origin(rng)
    if lowest and rng.random() < 0.2:
        bucket["essential"] = {"name": "基本药物", "points": f"{rng.randint(1, 20)}%"} | origin(rng)
    if bucket.get("yearly") == "true":
        for name in ("waivers", "accident", "essential"):
            bucket.pop(name, None)


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


def draw_row(rng: Random, whens: list[Doc], yearly: bool) -> Doc:
    """A row of the table."""
    row: Doc = {"name": "行", "when": whens} | origin(rng)
    kind = rng.random()
    if kind < 0.05:
        return row | {"nothing": "true"}
    if kind < 0.12 and not yearly:
        fixed: Any = yuan(rng, 3_000)
        return row | {"fixed": fixed if kind < 0.11 else {"value": fixed, "illustrative": "true"}}
    if kind < 0.17 and not yearly:
        return row | draw_patient_part(rng)
    if kind < 0.33:
        ends = sorted(rng.sample(range(100, 40_000), rng.randint(1, 3)))
        row["bands"] = [{"up_to": str(end), "ratio": percent(rng)} for end in ends] + [{"ratio": percent(rng)}]
    else:
        row["ratio"] = percent(rng)
    if rng.random() < 0.15 and not yearly:
        row["limit"] = draw_limit(rng, 1)
    if rng.random() < 0.7:
        row["deductible"] = yuan(rng, 800)
        if rng.random() < 0.05:
            row["deductible"] = {"value": row["deductible"], "illustrative": "true"}
        if rng.random() < 0.3 and not yearly:
            row["deductible_per"] = "person_year"
        if rng.random() < 0.2 and not yearly:
            row["deductible_waived_from"] = str(rng.randint(2, 4))
    return row


def draw_patient_part(rng: Random) -> Doc:
    """What the patient pays in yuan, with or without a price above it."""
    part = rng.randint(1, 3_000)
    drawn: Doc = {"patient": str(part)}
    if rng.random() < 0.1:
        drawn["patient"] = {"value": drawn["patient"]} | rng.choice(({"clause": "写明"}, {"illustrative": "true"}))
    if rng.random() < 0.5:
        drawn["limit"] = draw_limit(rng, part + 1)
    return drawn


def draw_limit(rng: Random, least: int) -> Doc:
    """The price of a disease, with or without a shared excess."""
    shared = {"shared_up_to": f"{rng.randint(1, 50)}%", "share": percent(rng)} if rng.random() < 0.5 else {}
    return {"amount": f"{least + rng.randint(0, 8_000)}.{rng.randint(0, 99):02d}"} | shared


def draw_cap(rng: Random, kind: str) -> Doc:
    """A limit."""
    most = {
        "admission": 15_000,
        "visit": 15_000,
        "person_day": 6_000,
        "person_year": 60_000,
        "household_year": 120_000,
        "disease_year": 20_000,
    }
    period = rng.choice((*most, "person_year"))
    if period == "person_day" and kind == "inpatient":
        period = "admission"
    amount: Any = yuan(rng, most[period] if kind == "inpatient" else most[period] // 10)
    if rng.random() < 0.03:
        amount = {"value": amount, "illustrative": "true"}
    more: Doc = {"diseases": rng.sample(DISEASES, 2)} if rng.random() < 0.15 else {}
    if period not in ("admission", "visit", "disease_year"):
        more = {}
    if period == "household_year" and rng.random() < 0.5:
        more["per_head"] = rng.choice(("true", "true", "false"))
    return {"name": "封顶线", "amount": amount, "period": period} | more | origin(rng)


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
            "essential": rng.random() < 0.3,
        }
    catalogue["plain"] = {"class": "A", "own": 0, "ceilings": {}, "restricted": False, "essential": False}
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
    household = rng.randint(1, 20)
    newborn = rng.random() < 0.12
    return {
        "household": household,
        "insured": household % 6 or None,
        "mother": [(NEW_YEAR, date(2010, rng.choice((6, 12)), 30))] if newborn else [],
        "credit": 0 if household % 4 == 0 else household * 20_000,
        "cards": [draw_card(rng) for _ in range(rng.choice((0, 0, 1, 2)))],
        "birth": NEW_YEAR + timedelta(days=rng.randint(0, 360))
        if newborn
        else rng.choice((None, date(1920, 1, 1) + timedelta(days=rng.randint(0, 30_000)))),
        "groups": {code for code in GROUPS[:3] if rng.random() < 0.2},
        "coverage": coverage,
        "joined": {name for name in ("critical_illness", "supplementary", "assistance") if rng.random() < 0.7},
    }


def draw_card(rng: Random) -> tuple[str, str, date, date | None]:
    """A card: kind, disease, valid from, to."""
    start = NEW_YEAR + timedelta(days=rng.randint(-200, 200))
    return rng.choice(CARDS), rng.choice(DISEASES), start, rng.choice((None, start + timedelta(days=180)))


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
        "third_party_share": 0,
        "earlier": None,
        "engine_earlier": None,
        "parts": 0,
        "elsewhere": None,
        "decided": {name for name in CIRCUMSTANCES if chance() < 0.5},
        "submitted": None,
        "late_approved": chance() < 0.2,
        "disease": "" if chance() < 0.4 else SENT[int(chance() * len(SENT))] if chance() < 0.9 else "Z99",
        "off_path": chance() < 0.1,
        "from_account": 0,
        "accepts": accepts,
        "accepted": {name for name in names if chance() < 0.9} if accepts else set(),
        "catalogue": catalogue,
        "lines": draw_lines(rng, inpatient, admitted, stay),
    }
    if chance() < 0.25:
        claim["submitted"] = admitted + timedelta(days=stay + int(chance() ** 3 * 500))
    if chance() < 0.12:
        claim["third_party"] = THIRD_PARTY[int(chance() * 5)]
    if claim["third_party"] == "shared":
        claim["third_party_share"] = int(chance() * 10_000)
    if chance() < 0.12:
        claim["from_account"] = int(chance() * 20_000)
    if chance() < 0.03:
        claim |= {"lines": [], "elsewhere": draw_elsewhere(rng)}
    if claim["elsewhere"] is None and chance() < 0.06:
        claim["parts"] = 1 + int(chance() * 3)
    return claim | person


def draw_part(rng: Random, claim: Doc, so_far: Doc, engines: Any) -> Doc:
    """The next part of an admission that was settled midway, sometimes in the new year; what was decided may change."""
    admitted = claim["admitted"]
    stay = 15 if claim["discharged"] is None else (claim["discharged"] - admitted).days
    return claim | {
        "earlier": so_far,
        "engine_earlier": engines,
        "settled": claim["settled"] + timedelta(days=rng.choice((0, 3, 40))),
        "lines": draw_lines(rng, claim["kind"] == "inpatient", admitted, stay),
        "emergency": claim["emergency"] if rng.random() < 0.9 else not claim["emergency"],
    }


def draw_elsewhere(rng: Random) -> Doc:
    """A basic settlement that was made elsewhere."""
    total = rng.randint(0, 20_000_000)
    eligible = rng.randint(0, total)
    benefit = rng.randint(0, eligible)
    return {
        "total": total,
        "eligible": eligible,
        "benefit": benefit,
        "over_cap": rng.choice((0, rng.randint(0, eligible - benefit))),
    }


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
