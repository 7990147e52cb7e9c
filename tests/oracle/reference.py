"""The slow, plain oracle: decides a claim by reading the policy document itself, row after row.

It imports nothing of what it judges and shares no table, no compiled form and no arithmetic with it: a policy is the
dictionary that stands in the YAML file (every value text), a claim a dictionary of plain values, amounts are fen.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

Doc = dict[str, Any]
WHOLE = 10_000


# ---------------------------------------------------------------- reading text


def fen(text: str) -> int:
    """`200.5` yuan as 20050 fen."""
    yuan, _, rest = text.partition(".")
    return int(yuan) * 100 + int(rest.ljust(2, "0") or 0)


def share(text: str) -> int:
    """`37.5%` as 3750 of 10,000."""
    points, _, rest = text.rstrip("%").partition(".")
    return int(points) * 100 + int(rest.ljust(2, "0") or 0)


def plain(value: Any) -> Any:
    """A value that may be wrapped in its origin."""
    return value["value"] if isinstance(value, dict) else value


def half_up(top: int, bottom: int) -> int:
    """top / bottom to the nearest whole, halves up."""
    whole, rest = divmod(top, bottom)
    return whole + (1 if rest * 2 >= bottom else 0)


def listed(value: Any) -> list[Any]:
    """One or many, as a list."""
    return value if isinstance(value, list) else [value]


# ---------------------------------------------------------------- the answer


def decide(policy: Doc, claim: Doc, used: dict[tuple[str, str, int, str], int]) -> Doc:
    """What becomes of a claim: outcome, amounts, what each layer pays, what moves which count."""
    total = sum(line["amount"] for line in claim["lines"])
    refused, names = refusal(policy, claim)
    if refused:
        return {
            "outcome": refused,
            "year": year_of(policy, claim),
            "total": total,
            "eligible": 0,
            "benefit": 0,
            "patient": total,
            "deductible": 0,
            "layers": {},
            "moves": {},
            "lines": [("claim_refused", line["amount"], 0, 0, 0) for line in claim["lines"]],
            "lacks": names,
        }
    lines = [count_line(policy, claim, line) for line in claim["lines"]]
    eligible = sum(line[4] for line in lines)
    answer = run_layers(policy, claim, used, eligible)
    return answer | {
        "year": year_of(policy, claim),
        "total": total,
        "eligible": eligible,
        "patient": total - answer["benefit"],
        "lines": lines,
        "lacks": [],
    }


def year_of(policy: Doc, claim: Doc) -> int:
    """The year whose counts apply."""
    by = parameter(policy, "year_by", "settlement")
    if by == "admission":
        return int(claim["admitted"].year)
    if by == "discharge" and claim["discharged"] is not None:
        return int(claim["discharged"].year)
    return int(claim["settled"].year)


def parameter(policy: Doc, name: str, otherwise: str) -> str:
    """A parameter of the policy, or what it is where the policy does not write it."""
    return str(plain(policy.get("parameters", {}).get(name, otherwise)))


# ---------------------------------------------------------------- may it be settled at all


def refusal(policy: Doc, claim: Doc) -> tuple[str | None, list[str]]:
    """Why the claim as a whole is refused, and the unaccepted names that it would rest on."""
    day = claim["admitted"]
    if day < policy["effective_from"] or day > policy.get("effective_to", date.max):
        return "policy_not_in_force", []
    start = covered_since(claim, day)
    if start is None:
        return "not_covered", []
    waiting = int(parameter(policy, "waiting_days", "0"))
    if waiting and (day - start).days < waiting:
        return "waiting", []
    bucket_id = bucket_for(layers_of(policy)[0][1], claim)
    if bucket_id is None:
        return "kind_not_covered", []
    if claim["suspended"]:
        return "institution_suspended", []
    row = row_for(layers_of(policy)[0][1]["benefits"][bucket_id], claim)
    pays = row is not None and not row[1].get("nothing")
    if claim["agreement"] is not None and claim["kind"] not in claim["agreement"]:
        return "institution_not_designated", []
    if not pays:
        return ("institution_not_designated" if claim["designation"] == "none" else "no_rule"), []
    if claim["third_party"] == "pending":
        return "third_party_pending", []
    if claim["third_party"] == "liable":
        return "third_party_liable", []
    lacking = [name for name in presumed(policy, claim) if name not in claim["accepted"]] if claim["accepts"] else []
    return ("illustrative_not_accepted", lacking) if lacking else (None, [])


def covered_since(claim: Doc, day: date) -> date | None:
    """The first day of the unbroken coverage around a day."""
    start: date | None = None
    for first, last in claim["coverage"]:
        if first <= day and (last is None or day <= last):
            start = first
            break
    while start is not None:
        before = [first for first, last in claim["coverage"] if last is not None and last + timedelta(days=1) == start]
        if not before:
            break
        start = before[0]
    return start


def covered_on(claim: Doc, day: date) -> bool:
    """Whether the person is covered on a day."""
    return any(first <= day and (last is None or day <= last) for first, last in claim["coverage"])


def layers_of(policy: Doc) -> list[tuple[str, Doc]]:
    """The layers in the order in which they stand."""
    return list(policy["layers"].items())


def bucket_for(layer: Doc, claim: Doc) -> str | None:
    """The id of the bucket that a claim falls into."""
    for bucket_id, bucket in layer["benefits"].items():
        if bucket["kind"] == claim["kind"]:
            return str(bucket_id)
    return None


def row_for(bucket: Doc, claim: Doc) -> tuple[str, Doc] | None:
    """The row of a bucket that speaks of the claim's situation."""
    for row_id, row in bucket["rules"].items():
        if any(speaks_of(when, claim) for when in listed(row["when"])):
            return row_id, row
    return None


def speaks_of(when: Doc, claim: Doc) -> bool:
    """Whether everything that a condition names holds."""
    for name in ("level", "place", "ownership", "designation"):
        if name in when and claim[name] not in listed(when[name]):
            return False
    return all(
        name not in when or (when[name] == "true") == claim[name] for name in ("emergency", "migrant", "referred")
    )


def presumed(policy: Doc, claim: Doc) -> list[str]:
    """Every name without source that the decision by the first layer would rest on."""
    names = [
        f"parameters.{name}"
        for name in ("year_by", "waiting_days", "lines_after_coverage")
        if marked(policy.get("parameters", {}).get(name))
    ]
    names += [layer_id for layer_id, layer in layers_of(policy) if marked(layer)]
    for layer_id, layer in layers_of(policy):
        bucket_id = bucket_for(layer, claim)
        if bucket_id is None or (layer.get("voluntary") == "true" and layer_id not in claim["joined"]):
            continue
        bucket = layer["benefits"][bucket_id]
        found = row_for(bucket, claim)
        if found is not None and not found[1].get("nothing"):
            names += presumed_in(policy, claim, f"{layer_id}.{bucket_id}", bucket, found)
    return names


def presumed_in(policy: Doc, claim: Doc, here: str, bucket: Doc, found: tuple[str, Doc]) -> list[str]:
    """The names without source of a row, of all caps of its bucket and of the raises that the person gets."""
    row_id, row = found
    names = [f"{here}.{row_id}"] if marked(row) else []
    names += [f"{here}.{row_id}.{field}" for field in ("deductible", "ratio") if marked(row.get(field))]
    if row.get("when_stated") == "false":
        names.append(f"{here}.{row_id}.when")
    for cap_id, cap in bucket.get("caps", {}).items():
        if marked(cap):
            names.append(f"{here}.{cap_id}")
        if marked(cap["amount"]):
            names.append(f"{here}.{cap_id}.amount")
    for bonus_id, bonus in bucket.get("bonuses", {}).items():
        if marked(bonus) and belongs(policy, claim, bonus["groups"]):
            names.append(f"{here}.{bonus_id}")
    return names


def marked(value: Any) -> bool:
    """Whether something is marked as not stated by its source."""
    return isinstance(value, dict) and value.get("illustrative") == "true"


def belongs(policy: Doc, claim: Doc, groups: Any) -> list[str]:
    """The groups of a list that the person belongs to on the day of admission."""
    found = []
    for code in listed(groups):
        from_age = policy["groups"][code].get("age_from")
        old = (
            from_age is not None
            and claim["birth"] is not None
            and age(claim["birth"], claim["admitted"]) >= int(from_age)
        )
        if code in claim["groups"] or old:
            found.append(code)
    return found


def age(birth: date, day: date) -> int:
    """Full years on a day."""
    years = day.year - birth.year
    return years - 1 if (day.month, day.day) < (birth.month, birth.day) else years


# ---------------------------------------------------------------- the bill


def count_line(policy: Doc, claim: Doc, line: Doc) -> tuple[str, int, int, int, int]:
    """(why, excluded, over the ceiling, own share first, eligible) of a line."""
    amount = line["amount"]
    entry = claim["catalogue"].get(line["code"])
    excludes = parameter(policy, "lines_after_coverage", "excluded") == "excluded"
    if excludes and line["day"] is not None and not covered_on(claim, line["day"]):
        return "not_covered_on_day", amount, 0, 0, 0
    if entry is None:
        return "not_in_catalogue", amount, 0, 0, 0
    if entry["class"] not in ("A", "B"):
        return "own_expense_class", amount, 0, 0, 0
    if entry["restricted"] and not line["met"]:
        return "restriction_not_met", amount, 0, 0, 0
    over = 0
    ceiling = entry["ceilings"].get(claim["level"], entry["ceilings"].get("*"))
    if ceiling is not None:
        # 10⁻⁶ yuan × 10⁻⁴ pieces: 10¹⁰ of them make a yuan, 10⁸ a fen
        over = max(0, amount - half_up(ceiling * line["quantity"], 10**8))
    own = half_up((amount - over) * entry["own"], WHOLE)
    why = "over_price_ceiling" if over else "own_share_first" if own else "eligible"
    return why, 0, over, own, amount - over - own


# ---------------------------------------------------------------- layers


def run_layers(policy: Doc, claim: Doc, used: dict[tuple[str, str, int, str], int], eligible: int) -> Doc:
    """What each layer pays, one after the other."""
    paid, cut = 0, 0
    first: Doc | None = None
    amounts: dict[str, int] = {}
    moves: dict[tuple[str, str, int, str], int] = {}
    for layer_id, layer in layers_of(policy):
        bucket_id = bucket_for(layer, claim)
        if bucket_id is None or (layer.get("voluntary") == "true" and layer_id not in claim["joined"]):
            continue
        bucket = layer["benefits"][bucket_id]
        found = row_for(bucket, claim)
        if found is None or found[1].get("nothing"):
            continue
        base = {"eligible": eligible, "eligible_unpaid": eligible - paid, "cut_by_cap": cut}[
            layer.get("base", "eligible")
        ]
        result = pay(policy, claim, used, layer_id, layer, bucket_id, found, min(base, eligible - paid))
        first = first or result
        amounts[layer_id] = result["benefit"]
        paid += result["benefit"]
        cut = result["before_caps"] - result["benefit"]
        for key, amount in result["moves"].items():
            moves[key] = moves.get(key, 0) + amount
    assert first is not None
    return {
        "outcome": ending(eligible, first, paid, cut),
        "benefit": paid,
        "deductible": first["deductible"],
        "layers": amounts,
        "moves": {key: amount for key, amount in moves.items() if amount},
    }


def ending(eligible: int, first: Doc, paid: int, cut: int) -> str:
    """How a claim that may be settled ends."""
    if eligible == 0:
        return "nothing_eligible"
    if paid > 0:
        return "capped" if cut > 0 else "settled"
    if first["before_caps"] > 0:
        return "cap_exhausted"
    return "below_deductible" if first["deductible"] >= eligible else "zero_benefit"


def pay(
    policy: Doc,
    claim: Doc,
    used: dict[tuple[str, str, int, str], int],
    layer_id: str,
    layer: Doc,
    bucket_id: str,
    found: tuple[str, Doc],
    base: int,
) -> Doc:
    """One bucket of one layer."""
    bucket, (_, row) = layer["benefits"][bucket_id], found
    here = f"{layer_id}.{bucket_id}"
    year = year_of(policy, claim)
    deductible = min(base, deductible_due(claim, used, row, here, year))
    rest = base - deductible
    before_caps = by_ratio(row, rest, bonus(policy, claim, bucket))
    benefit = before_caps
    for cap in bucket.get("caps", {}).values():
        benefit = min(benefit, left(claim, used, bucket, here, cap, year))
    return {
        "benefit": benefit,
        "before_caps": before_caps,
        "deductible": deductible,
        "moves": moves_of(claim, layer_id, layer, bucket_id, year, benefit, deductible),
    }


def deductible_due(claim: Doc, used: dict[tuple[str, str, int, str], int], row: Doc, here: str, year: int) -> int:
    """What of the deductible this settlement still has to take."""
    full = fen(plain(row.get("deductible", "0")))
    if full == 0:
        return 0
    if "deductible_waived_from" in row:
        admissions = used.get(("person_year", f"{here}.admissions", year, ""), 0)
        this_one = admissions if claim["earlier"] is not None else admissions + 1
        if this_one >= int(row["deductible_waived_from"]):
            return 0
    if row.get("deductible_per") == "person_year":
        taken = used.get(("person_year", f"{here}.deductible", year, ""), 0)
    elif claim["earlier"] is not None:
        taken = claim["earlier"][0]
    else:
        taken = 0
    return max(0, full - taken)


def bonus(policy: Doc, claim: Doc, bucket: Doc) -> tuple[int, int]:
    """(points, factor) of the best raise; points are looked at first."""
    best = (0, 0)
    for one in bucket.get("bonuses", {}).values():
        groups = belongs(policy, claim, one["groups"])
        if groups:
            times = len(groups) if one.get("stacks") == "true" else 1
            best = max(best, (share(one.get("points", "0%")) * times, share(one.get("factor", "0%")) * times))
    return best


def by_ratio(row: Doc, rest: int, raised: tuple[int, int]) -> int:
    """What is left after the deductible, times the ratio, band by band, rounded once."""
    bands = row.get("bands") or [{"ratio": plain(row["ratio"])}]
    points, factor = raised
    top, low = 0, 0
    for band in bands:
        high = min(rest, fen(band["up_to"])) if "up_to" in band else rest
        ratio = min(WHOLE * WHOLE, (share(band["ratio"]) + points) * (WHOLE + factor))
        if high > low:
            top += (high - low) * ratio
            low = high
    return half_up(top, WHOLE * WHOLE)


def counted_names(here: str, bucket: Doc) -> list[str]:
    """The counts that a benefit of the bucket raises."""
    return listed(bucket.get("adds_to", f"{here}.benefit"))


def left(claim: Doc, used: dict[tuple[str, str, int, str], int], bucket: Doc, here: str, cap: Doc, year: int) -> int:
    """What a cap leaves."""
    amount = fen(plain(cap["amount"]))
    if cap["period"] == "admission":
        return max(0, amount - (claim["earlier"][1] if claim["earlier"] is not None else 0))
    name = cap.get("counts", counted_names(here, bucket)[0])
    return max(0, amount - used.get(count(cap["period"], name, claim, year), 0))


def count(scope: str, name: str, claim: Doc, year: int) -> tuple[str, str, int, str]:
    """The key of a count."""
    if scope == "person_day":
        return scope, name, 0, claim["admitted"].isoformat()
    return scope, name, year, ""


def moves_of(
    claim: Doc, layer_id: str, layer: Doc, bucket_id: str, year: int, benefit: int, deductible: int
) -> dict[tuple[str, str, int, str], int]:
    """What the settlement adds to which count."""
    bucket = layer["benefits"][bucket_id]
    here = f"{layer_id}.{bucket_id}"
    moves: dict[tuple[str, str, int, str], int] = {}
    for name in counted_names(here, bucket):
        scopes = {"person_year"}
        for other_id, other in layer["benefits"].items():
            for cap in other.get("caps", {}).values():
                counted = cap.get("counts", counted_names(f"{layer_id}.{other_id}", other)[0])
                if counted == name and cap["period"] != "admission":
                    scopes.add(cap["period"])
        for scope in scopes:
            moves[count(scope, name, claim, year)] = benefit
    if any(row.get("deductible_per") == "person_year" for row in bucket["rules"].values()):
        moves[count("person_year", f"{here}.deductible", claim, year)] = deductible
    if any("deductible_waived_from" in row for row in bucket["rules"].values()):
        moves[count("person_year", f"{here}.admissions", claim, year)] = 0 if claim["earlier"] is not None else 1
    return {key: amount for key, amount in moves.items() if amount}
