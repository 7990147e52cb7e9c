"""The slow, plain oracle: decides a claim by reading the policy document itself, row after row.

It imports nothing of what it judges and shares no table, no compiled form and no arithmetic with it: a policy is the
dictionary that stands in the YAML file (every value text), a claim a dictionary of plain values, amounts are fen.
Over 400 lines because it says everything that a policy may say in one place, in the order of the calculation.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple

Doc = dict[str, Any]
Counts = dict[tuple[str, str, int, str], int]
Days = list[tuple[date, date | None]]
Part = tuple[str, Doc, str, Doc]
"""A bucket that pays and the row that it applies: bucket id, bucket, row id, row."""
Running = tuple[str, Doc, list[Part]]
"""A layer that pays: id, layer, its parts."""
Steps = list[tuple[int | None, int]]
"""Ratios in 10⁻⁸, each up to an amount in fen."""
Bill = list[tuple[str, int]]
"""Codes and eligible amounts of the lines that are settled."""
WHOLE = 10_000
NOTHING_BEFORE: Doc = {"total": 0, "eligible": 0, "borne": 0, "had": {}}
"""What a first settlement of an admission stands on."""
CIRCUMSTANCES = ("emergency", "migrant", "referred")
SPENT = ("household_year", "family_account.spent", 0, "")


class Whole(NamedTuple):
    """What a bucket works on: of the whole admission, and what of this settlement nobody bears yet."""

    base: int
    total: int
    essential: int
    room: int


# ---------------------------------------------------------------- reading text


@cache
def fen(text: str) -> int:
    """`200.5` yuan as 20050 fen."""
    yuan, _, rest = text.partition(".")
    return int(yuan) * 100 + int(rest.ljust(2, "0") or 0)


@cache
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


def within(intervals: Days, day: date) -> bool:
    """Whether a day lies in one of the intervals."""
    return any(first <= day and (last is None or day <= last) for first, last in intervals)


def parameter(policy: Doc, name: str, otherwise: str) -> str:
    """A parameter of the policy, or what it is where the policy does not write it."""
    return str(plain(policy.get("parameters", {}).get(name, otherwise)))


# ---------------------------------------------------------------- the answer


def decide(policy: Doc, claim: Doc, used: Counts) -> Doc:
    """What becomes of a claim: outcome, amounts, what each layer pays, what moves which count."""
    claim = claim | {"stated": [name for name in CIRCUMSTANCES if claim[name]]}
    claim |= {name: believed(policy, claim, name) for name in CIRCUMSTANCES}
    given = claim["elsewhere"]
    total = given["total"] if given else sum(line["amount"] for line in claim["lines"])
    base = {"year": year_of(policy, claim), "total": total}
    running = paying_parts(policy, claim)
    refused = refusal(policy, claim, running)
    if refused:
        return base | refusing(claim, total, refused, [])
    lines = [count_line(policy, claim, line) for line in claim["lines"]]
    eligible = given["eligible"] if given else sum(line[4] for line in lines)
    answer = run_layers(policy, claim, used, eligible, lines, total, running)
    names = presumed(policy, claim) + answer.pop("rests")
    lacking = sorted({name for name in names if name not in claim["accepted"]})
    if claim["accepts"] and lacking:
        return base | refusing(claim, total, "illustrative_not_accepted", lacking)
    if too_late(policy, claim):
        return base | refusing(claim, total, "submitted_late", [])
    parts = tuple(sum(line[part] for line in lines) for part in (1, 2, 3))
    if given:
        parts = total - eligible, 0, 0
    return base | answer | {"eligible": eligible, "parts": parts, "lines": lines, "lacks": []}


def refusing(claim: Doc, total: int, outcome: str, lacks: list[str]) -> Doc:
    """What a refused claim comes to."""
    return {
        "outcome": outcome,
        "eligible": 0,
        "benefit": 0,
        "patient": total - (claim["elsewhere"]["benefit"] if claim["elsewhere"] else 0),
        "parts": (total, 0, 0),
        "account": 0,
        "hospital": 0,
        "so_far": None,
        "deductible": 0,
        "ratio": 0,
        "layers": {},
        "moves": {},
        "lines": [("claim_refused", line["amount"], 0, 0, 0) for line in claim["lines"]],
        "lacks": lacks,
    }


def believed(policy: Doc, claim: Doc, name: str) -> bool:
    """Whether a circumstance counts: some policies want a decided case, whatever the hospital states."""
    if name not in claim["stated"]:
        return False
    return wants_case(policy, name) is None or name in claim["decided"]


def wants_case(policy: Doc, name: str) -> Doc | None:
    """What the policy says of a circumstance, where it wants a decided case for it."""
    said = policy.get("circumstances", {}).get(name)
    return said if said is not None and said.get("counts", "decided") == "decided" else None


def deadline(policy: Doc, claim: Doc) -> tuple[str, Doc] | None:
    """Name and text of the deadline for papers that came to the window."""
    if claim["submitted"] is None:
        return None
    for name, said in policy.get("window", {}).get("deadlines", {}).items():
        if claim["kind"] in listed(said.get("kinds", ["inpatient", "outpatient"])):
            return name, said
    return None


def too_late(policy: Doc, claim: Doc) -> bool:
    """Whether papers came after their deadline and nobody approved it."""
    found = deadline(policy, claim)
    if found is None or claim["late_approved"]:
        return False
    ended = claim["discharged"] if claim["discharged"] is not None else claim["admitted"]
    if "days" in found[1]:
        return bool((claim["submitted"] - ended).days > int(found[1]["days"]))
    month, day = found[1]["by"].split("-")
    later = claim["submitted"].year - ended.year - 1
    return later > 0 or (later == 0 and (claim["submitted"].month, claim["submitted"].day) > (int(month), int(day)))


def year_of(policy: Doc, claim: Doc) -> int:
    """The year whose counts apply."""
    by = parameter(policy, "year_by", "settlement")
    if by == "admission":
        return int(claim["admitted"].year)
    if by == "lines" and claim["lines"]:
        return max(int((line["day"] or claim["admitted"]).year) for line in claim["lines"])
    ends = by in ("discharge", "lines")
    if ends and claim["discharged"] is not None:
        return int(claim["discharged"].year)
    if ends and claim["kind"] == "outpatient":
        return int(claim["admitted"].year)
    return int(claim["settled"].year)


# ---------------------------------------------------------------- may it be settled at all


def refusal(policy: Doc, claim: Doc, running: list[Running]) -> str | None:
    """Why the claim as a whole is refused before anything is computed."""
    day = claim["admitted"]
    if day < policy["effective_from"] or day > policy.get("effective_to", date.max):
        return "policy_not_in_force"
    start, mothers = covered_since(claim["coverage"], day), covered_by_mother(policy, claim)
    if start is None and not mothers:
        return "not_covered"
    waiting = int(parameter(policy, "waiting_days", "0"))
    if waiting and start is not None and not mothers and (day - start).days < waiting:
        return "waiting"
    if claim["elsewhere"] and not running:
        return "no_rule"
    refused = None if claim["elsewhere"] else refused_in_first_layer(policy, claim, running)
    if refused:
        return refused
    if claim["third_party"] in ("pending", "liable"):
        return f"third_party_{claim['third_party']}"
    return None


def covered_by_mother(policy: Doc, claim: Doc) -> bool:
    """Whether a newborn is under its mother's cover on the day."""
    return is_newborn(policy, claim) and within(claim["mother"], claim["admitted"])


def is_newborn(policy: Doc, claim: Doc) -> bool:
    """Whether the child is on admission as young as the policy says."""
    days = int(parameter(policy, "newborn_days", "0"))
    return bool(days and claim["birth"] is not None and 0 <= (claim["admitted"] - claim["birth"]).days <= days)


def covered_since(coverage: Days, day: date) -> date | None:
    """The first day of the unbroken coverage around a day."""
    start: date | None = None
    for first, last in coverage:
        if first <= day and (last is None or day <= last):
            start = first
            break
    while start is not None:
        before = [first for first, last in coverage if last is not None and last + timedelta(days=1) == start]
        if not before:
            break
        start = before[0]
    return start


def refused_in_first_layer(policy: Doc, claim: Doc, running: list[Running]) -> str | None:
    """Whether the first layer says nothing for this care, this place, this situation."""
    first_id, first = layers_of(policy)[0]
    takes_items = [b for b in first["benefits"].values() if b["kind"] == claim["kind"] and "items" in b]
    account = wants_account(policy, claim)
    if bucket_for(first, claim) is None and not takes_items and not account:
        return "kind_not_covered"
    if claim["suspended"]:
        return "institution_suspended"
    pays = bool(running) and running[0][0] == first_id
    if claim["agreement"] is not None and claim["kind"] not in claim["agreement"]:
        return "institution_not_designated"
    if pays or account:
        return None
    return "institution_not_designated" if claim["designation"] == "none" else "no_rule"


def wants_account(policy: Doc, claim: Doc) -> bool:
    """Whether the patient asks for the family account and the policy lets it pay this kind of care."""
    account = policy.get("family_account")
    return bool(account) and claim["from_account"] > 0 and claim["kind"] in listed(account["kinds"])


# ---------------------------------------------------------------- which buckets and rows


def layers_of(policy: Doc) -> list[tuple[str, Doc]]:
    """The layers in the order in which they stand."""
    return list(policy["layers"].items())


def paying_parts(policy: Doc, claim: Doc) -> list[Running]:
    """The layers that pay, each with the buckets that take items out and then the one that takes the bill."""
    found = []
    for number, (layer_id, layer) in enumerate(layers_of(policy)):
        if (layer.get("voluntary") == "true" and layer_id not in claim["joined"]) or (
            number == 0 and claim["elsewhere"]
        ):
            continue
        ids = [i for i, b in layer["benefits"].items() if b["kind"] == claim["kind"] and "items" in b]
        main = bucket_for(layer, claim)
        parts: list[Part] = []
        for bucket_id in ids if main is None else [*ids, main]:
            row = row_for(layer["benefits"][bucket_id], claim)
            if row is not None and not row[1].get("nothing"):
                parts.append((bucket_id, layer["benefits"][bucket_id], *row))
        if parts:
            found.append((layer_id, layer, parts))
    return found


def bucket_for(layer: Doc, claim: Doc) -> str | None:
    """The id of the bucket that takes the bill: a special one that fits, or the ordinary one."""
    ordinary = None
    for bucket_id, bucket in layer["benefits"].items():
        if bucket["kind"] != claim["kind"] or "items" in bucket:
            continue
        if "entitlement" not in bucket and "diseases" not in bucket:
            ordinary = bucket_id
        elif opens(bucket, claim):
            return str(bucket_id)
    return ordinary


def opens(bucket: Doc, claim: Doc) -> bool:
    """Whether the disease and the person's cards open a special bucket."""
    if "diseases" in bucket and not named_in(bucket["diseases"], claim["disease"]):
        return False
    if "entitlement" not in bucket:
        return True
    return any(
        kind == bucket["entitlement"]
        and covers(disease, claim["disease"])
        and within([(first, last)], claim["admitted"])
        for kind, disease, first, last in claim["cards"]
    )


def row_for(bucket: Doc, claim: Doc) -> tuple[str, Doc] | None:
    """The row of a bucket for the claim: one that names its disease, or an ordinary one."""
    ordinary, own = None, row_of_disease(bucket, claim)
    for row_id, row in bucket["rules"].items():
        if "diseases" not in row and any(speaks_of(when, claim) for when in listed(row["when"])):
            ordinary = row_id, row
    if own is None or claim["off_path"]:
        return ordinary
    bill = (claim["earlier"] or NOTHING_BEFORE)["total"] + sum(one["amount"] for one in claim["lines"])
    return ordinary if "off_path_over" in own[1] and bill > fen(own[1]["off_path_over"]) else own


def row_of_disease(bucket: Doc, claim: Doc) -> tuple[str, Doc] | None:
    """The row that names the diagnosis by the longest code."""
    own, longest = None, ""
    for row_id, row in bucket["rules"].items():
        code = named_in(row.get("diseases", []), claim["disease"])
        if len(code) > len(longest) and any(speaks_of(when, claim) for when in listed(row["when"])):
            own, longest = (row_id, row), code
    return own


def covers(code: str, disease: str) -> bool:
    """Whether a code speaks of a diagnosis: its own, or one under it: K35 and K35.9 of K35.900."""
    under = disease[len(code) :]
    return bool(disease) and disease.startswith(code) and (not under or "." in code or under.startswith("."))


def named_in(codes: Any, disease: str) -> str:
    """The longest of some codes that speaks of a diagnosis; nothing where none does."""
    return max((code for code in listed(codes) if covers(code, disease)), key=len, default="")


def speaks_of(when: Doc, claim: Doc) -> bool:
    """Whether everything that a condition names holds."""
    for name in ("level", "place", "ownership", "designation"):
        if name in when and claim[name] not in listed(when[name]):
            return False
    return all(
        name not in when or (when[name] == "true") == claim[name] for name in ("emergency", "migrant", "referred")
    )


# ---------------------------------------------------------------- what the decision rests on without source


def presumed(policy: Doc, claim: Doc) -> list[str]:
    """The names without source that the decision rests on before any bucket is looked at."""
    asked = ["year_by", "waiting_days", "lines_after_coverage"] + (["newborn_days"] if claim["mother"] else [])
    names = [f"parameters.{name}" for name in asked if marked(policy.get("parameters", {}).get(name))]
    if wants_account(policy, claim) and marked(policy["family_account"]):
        names.append("family_account")
    for name in sorted(claim["stated"]):
        if marked(wants_case(policy, name)):
            names.append(f"circumstances.{name}")
    if (found := deadline(policy, claim)) is not None and marked(found[1]):
        names.append(f"window.deadlines.{found[0]}")
    return names


def presumed_in(policy: Doc, claim: Doc, here: str, bucket: Doc, row_id: str, row: Doc, essential: bool) -> list[str]:
    """The names without source that a bucket with something to work on is computed with, waivers apart."""
    names = [f"{here}.{row_id}"] if marked(row) else []
    names += [
        f"{here}.{row_id}.{field}" for field in ("deductible", "ratio", "fixed", "patient") if marked(row.get(field))
    ]
    if row.get("when_stated") == "false":
        names.append(f"{here}.{row_id}.when")
    left = None if claim["off_path"] else row_of_disease(bucket, claim)
    if left is not None and left[0] != row_id and marked(left[1]):
        names.append(f"{here}.{left[0]}")
    for cap_id, cap in bucket.get("caps", {}).items():
        if speaks_of_disease(cap, claim):
            names += [f"{here}.{cap_id}"] if marked(cap) else []
            names += [f"{here}.{cap_id}.amount"] if marked(cap["amount"]) else []
    accident = claim["third_party"] == "accident"
    if accident and marked(bucket.get("accident")):
        names.append(f"{here}.accident")
    if "fixed" in row or "patient" in row:
        return names
    if not accident and marked(bucket.get("floor")):
        names.append(f"{here}.floor")
    if essential and marked(bucket["essential"]):
        names.append(f"{here}.essential")
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
        born = claim["birth"]
        if code in claim["groups"] or (
            from_age is not None and born is not None and age(born, claim["admitted"]) >= int(from_age)
        ):
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
    covers = claim["coverage"] + (claim["mother"] if is_newborn(policy, claim) else [])
    excludes = parameter(policy, "lines_after_coverage", "excluded") == "excluded"
    if excludes and line["day"] is not None and not within(covers, line["day"]):
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


def run_layers(
    policy: Doc, claim: Doc, used: Counts, eligible: int, lines: list[Any], total: int, running: list[Running]
) -> Doc:
    """What each layer pays, one after the other, and then the family account."""
    given, before = claim["elsewhere"], claim["earlier"] or NOTHING_BEFORE
    begun = given["benefit"] if given else 0
    paid, cut = begun, given["over_cap"] if given else 0
    bill = [(line["code"], one[4]) for line, one in zip(claim["lines"], lines, strict=True)]
    whole = before["eligible"] + eligible
    borne = half_up(whole * claim["third_party_share"], WHOLE) if claim["third_party"] == "shared" else 0
    others = max(0, borne - before["borne"])
    room = max(0, eligible - begun - others)
    hospital, any_cut = 0, False
    rests: list[str] = []
    first: list[Doc] = []
    amounts: dict[str, int] = {}
    had, now = dict(before["had"]), []
    counts = dict(used)
    for layer_id, layer, parts in running:
        free = max(0, whole - borne - paid - hospital)
        base = min(cut, free) if layer.get("base") == "cut_by_cap" else free
        results, taken = [], set()
        for bucket_id, bucket, row_id, row in parts:
            codes = set(listed(bucket["items"])) - taken if "items" in bucket else None
            key = layer_id, bucket_id if codes is not None else ""
            was = had.get(key, {"listed": 0, "essential": 0})
            out = was["listed"] + sum(amount for code, amount in bill if code in (codes or ()))
            mine = base if codes is None else min(base, out)
            base -= mine
            if codes is not None:
                taken |= codes
            essential = was["essential"] + essential_of(claim, bill, bucket, codes, taken)
            facts = Whole(mine, before["total"] + total, min(mine, essential), room)
            one = pay(policy, claim, counts, layer_id, layer, bucket_id, row, facts, had.get(key))
            if mine:
                here, used_up = f"{layer_id}.{bucket_id}", one["essential"]
                rests += [layer_id] if marked(layer) else []
                rests += one["waivers"] + presumed_in(policy, claim, here, bucket, row_id, row, used_up)
            had[key] = one["had"] | {"listed": out, "essential": essential}
            room -= one["benefit"] + one["hospital"]
            results.append(one)
        first, now = first or results, now + results
        amounts[layer_id] = sum(one["benefit"] for one in results)
        of_layer = [one for key, one in had.items() if key[0] == layer_id]
        paid += sum(one["benefit"] for one in of_layer)
        hospital += sum(one["hospital"] for one in of_layer)
        cut = sum(one["over_year"] for one in of_layer)
        any_cut = any_cut or any(one["benefit"] < one["before_caps"] for one in results)
    benefit, by_hospital = sum(one["benefit"] for one in now), sum(one["hospital"] for one in now)
    patient = total - begun - benefit - by_hospital
    account = account_pays(policy, claim, used, patient - others, eligible - begun - benefit - by_hospital - others)
    if account:
        counts[SPENT] = counts.get(SPENT, 0) + account
    moves = {key: amount - used.get(key, 0) for key, amount in counts.items() if amount != used.get(key, 0)}
    deductible = sum(one["deductible"] for one in first)
    return {
        "outcome": ending(eligible, first, benefit, any_cut, account),
        "benefit": benefit,
        "patient": patient,
        "account": account,
        "hospital": by_hospital,
        "deductible": deductible,
        "ratio": first[0]["ratio"] if len(first) == 1 else 0,
        "layers": amounts,
        "moves": moves,
        "rests": rests,
        "so_far": {"total": before["total"] + total, "eligible": whole, "borne": borne, "had": had},
    }


def essential_of(claim: Doc, bill: Bill, bucket: Doc, codes: set[str] | None, taken: set[str]) -> int:
    """What of these lines is essential medicines of a bucket."""
    if "essential" not in bucket:
        return 0
    listed_codes = {code for code, entry in claim["catalogue"].items() if entry["essential"]}
    wanted = listed_codes & codes if codes is not None else listed_codes - taken
    return sum(amount for code, amount in bill if code in wanted)


def ending(eligible: int, first: list[Doc], paid: int, any_cut: bool, account: int) -> str:
    """How a claim that may be settled ends."""
    if eligible == 0 and not account:
        return "nothing_eligible"
    if paid > 0:
        return "capped" if any_cut else "settled"
    if account:
        return "account_only"
    if sum(one["before_caps"] for one in first) > 0:
        return "cap_exhausted"
    return "below_deductible" if first and sum(one["deductible"] for one in first) >= eligible else "zero_benefit"


def account_pays(policy: Doc, claim: Doc, used: Counts, patient: int, eligible_left: int) -> int:
    """What the family account pays of the patient's part."""
    if not wants_account(policy, claim):
        return 0
    left = max(0, claim["credit"] - used.get(SPENT, 0))
    most = patient if policy["family_account"].get("covers", "all") == "all" else eligible_left
    return min(claim["from_account"], left, max(0, most))


# ---------------------------------------------------------------- one bucket


def pay(
    policy: Doc,
    claim: Doc,
    counts: Counts,
    layer_id: str,
    layer: Doc,
    bucket_id: str,
    row: Doc,
    whole: Whole,
    had: Doc | None,
) -> Doc:
    """What one bucket pays: what one settlement of the whole admission gives, less what its parts had before. It writes
    into the counts."""
    bucket, here, year = layer["benefits"][bucket_id], f"{layer_id}.{bucket_id}", year_of(policy, claim)
    was = had or dict.fromkeys(("base", "worked", "before_caps", "over_year", "benefit", "deductible", "hospital"), 0)
    if had is None:
        was |= {
            "number": counts.get(("person_year", f"{here}.admissions", year, ""), 0) + 1,
            "taken": counts.get(("person_year", f"{here}.deductible", year, ""), 0),
        }
    accident = bucket.get("accident") if claim["third_party"] == "accident" else None
    factor = share(accident["factor"]) if accident else WHOLE
    base, now = whole.base, max(0, whole.base - was["base"])
    deductible, ratio, hospital = was["deductible"], 0, 0
    waivers: list[str] = []
    essential = False
    counting = limited(row, base)
    if row.get("limit", {}).get("excess") == "hospital":
        hospital = base - counting
    if "fixed" in row:
        worked = before_caps = half_up(min(base, fen(plain(row["fixed"]))) * factor, WHOLE)
    elif "patient" in row:
        over = max(counting - fen(plain(row["patient"])), 0)
        worked = before_caps = half_up(over * factor, WHOLE)
    else:
        if bucket.get("yearly") == "true":
            more, worked, steps = over_the_year(policy, claim, counts, bucket, row, here, year, now)
            deductible, worked = deductible + more, was["worked"] + worked
        else:
            due = deductible_due(policy, claim, counts, bucket, row, here, year, was, waivers)
            deductible = max(deductible, min(counting, due))
            rest = max(0, counting - deductible)
            steps = best_steps(policy, claim, bucket, row, rest)
            top = worth(steps, rest)
            essential = "essential" in bucket and min(rest, whole.essential) > 0
            if essential:
                points = share(bucket["essential"]["points"]) * WHOLE
                gains = [(end, min(points, WHOLE**2 - step)) for end, step in steps]
                top += worth(gains, min(rest, whole.essential))
            worked = half_up(top * factor, WHOLE**3)
        ratio = half_up(steps[0][1], WHOLE) if len(steps) == 1 else 0
        before_caps = worked
        if "floor" in bucket and claim["third_party"] != "accident":
            of = whole.total if bucket["floor"].get("of") == "total" else base
            before_caps = max(worked, min(base, half_up(of * share(bucket["floor"]["ratio"]), WHOLE)))
    by_hospital = min(whole.room, max(0, hospital - was["hospital"]))
    part = min(whole.room - by_hospital, max(0, before_caps - was["before_caps"]))
    each_time = [fen(accident["cap"])] if accident and "cap" in accident else []
    under_other_caps, under_year_caps = [], []
    for cap in bucket.get("caps", {}).values():
        if not speaks_of_disease(cap, claim):
            continue
        if cap["period"] in ("admission", "visit"):
            each_time.append(fen(plain(cap["amount"])))
            continue
        yearly = cap["period"] in ("person_year", "household_year") and "diseases" not in cap
        (under_year_caps if yearly else under_other_caps).append(left(claim, counts, bucket, here, cap, year))
    benefit = min([part, *under_other_caps, *under_year_caps, *(max(0, c - was["benefit"]) for c in each_time)])
    gone = was["benefit"] + was["over_year"]
    reached = min([part, *under_other_caps, *(max(0, c - gone) for c in each_time)])
    over_year = max(0, reached - benefit)
    write(policy, claim, counts, layer_id, bucket_id, year, benefit, deductible - was["deductible"], now, had is None)
    return {
        "benefit": benefit,
        "before_caps": part,
        "deductible": deductible - was["deductible"],
        "ratio": ratio,
        "hospital": by_hospital,
        "waivers": waivers,
        "essential": essential,
        "had": was
        | {
            "base": base,
            "worked": worked,
            "before_caps": was["before_caps"] + part,
            "over_year": was["over_year"] + over_year,
            "benefit": was["benefit"] + benefit,
            "deductible": deductible,
            "hospital": was["hospital"] + by_hospital,
        },
    }


def limited(row: Doc, base: int) -> int:
    """What counts under the limit of a disease."""
    if "limit" not in row:
        return base
    limit = row["limit"]
    most = fen(limit["amount"])
    if base <= most:
        return base
    shared = min(base - most, half_up(most * share(limit.get("shared_up_to", "0%")), WHOLE))
    return most + half_up(shared * share(limit.get("share", "0%")), WHOLE)


def deductible_due(
    policy: Doc, claim: Doc, counts: Counts, bucket: Doc, row: Doc, here: str, year: int, was: Doc, waivers: list[str]
) -> int:
    """The deductible of the whole admission: asked as at its first part, `was` tells what was counted then. A waiver
    without source that is used goes into `waivers`."""
    full = fen(plain(row.get("deductible", "0")))
    if not full:
        return 0
    if "deductible_waived_from" in row and was["number"] >= int(row["deductible_waived_from"]):
        return 0
    for name, waiver in sorted(bucket.get("waivers", {}).items()):
        urgent = waiver.get("emergency") != "true" or claim["emergency"]
        if urgent and ("groups" not in waiver or belongs(policy, claim, waiver["groups"])):
            waivers += [f"{here}.{name}"] if marked(waiver) else []
            return 0
    if row.get("deductible_per") != "person_year":
        return full
    counted = counts.get(("person_year", f"{here}.deductible", year, ""), 0)
    return max(0, min(full - was["taken"], was["deductible"] + max(0, full - counted)))


def over_the_year(
    policy: Doc, claim: Doc, counts: Counts, bucket: Doc, row: Doc, here: str, year: int, base: int
) -> tuple[int, int, Steps]:
    """(deductible, benefit, ratios) where both look at the whole year's base."""
    before = counts.get(("person_year", f"{here}.base", year, ""), 0)
    full = fen(plain(row.get("deductible", "0")))
    steps = best_steps(policy, claim, bucket, row, max(0, before + base - full), max(0, before - full))
    paid = [half_up(worth(steps, max(0, amount - full)), WHOLE**2) for amount in (before, before + base)]
    return min(full, before + base) - min(full, before), paid[1] - paid[0], steps


def best_steps(policy: Doc, claim: Doc, bucket: Doc, row: Doc, rest: int, earlier: int = 0) -> Steps:
    """The row's ratios with the raise that gives the person most for this bill, and with equal gain the higher ones;
    of a year's amount the bill is what goes beyond the earlier one, each paid to the fen."""
    bands = row.get("bands") or [{"ratio": plain(row["ratio"])}]
    best: Steps = []
    for points, factor in [(0, 0), *raises(policy, claim, bucket)]:
        steps = []
        for band in bands:
            own = share(band["ratio"])
            raised = own * WHOLE + own * factor + points * WHOLE
            steps.append((fen(band["up_to"]) if "up_to" in band else None, min(raised, WHOLE**2)))
        if not best or gain(steps, rest, earlier) > gain(best, rest, earlier):
            best = steps
    return best


def gain(steps: Steps, rest: int, earlier: int) -> tuple[int, int, list[int]]:
    """What ratios give beyond an earlier amount: in fen as it is paid, exactly, and the ratios themselves."""
    ends = worth(steps, rest), worth(steps, earlier)
    return half_up(ends[0], WHOLE**2) - half_up(ends[1], WHOLE**2), ends[0] - ends[1], [ratio for _, ratio in steps]


def raises(policy: Doc, claim: Doc, bucket: Doc) -> list[tuple[int, int]]:
    """(points, factor) of everything that the person may have: one bonus, or the sum of those that stack."""
    single, points, factor = [], 0, 0
    for one in bucket.get("bonuses", {}).values():
        times = len(belongs(policy, claim, one["groups"]))
        mine = share(one.get("points", "0%")), share(one.get("factor", "0%"))
        if one.get("stacks") == "true":
            points, factor = points + mine[0] * times, factor + mine[1] * times
        elif times:
            single.append(mine)
    return [*single, (points, factor)]


def worth(steps: Steps, amount: int) -> int:
    """An amount through the ratios, from the first fen up; 10⁸ of it make a fen."""
    found, low = 0, 0
    for end, ratio in steps:
        high = amount if end is None else min(amount, end)
        if high > low:
            found += (high - low) * ratio
            low = high
    return found


# ---------------------------------------------------------------- caps and counts


def counted_names(here: str, bucket: Doc) -> list[str]:
    """The counts that a benefit of the bucket raises."""
    return listed(bucket.get("adds_to", f"{here}.benefit"))


def speaks_of_disease(cap: Doc, claim: Doc) -> bool:
    """Whether a cap limits care for the disease."""
    return "diseases" not in cap or named_in(cap["diseases"], claim["disease"])


def left(claim: Doc, counts: Counts, bucket: Doc, here: str, cap: Doc, year: int) -> int:
    """What a cap over a time leaves."""
    name = cap.get("counts", counted_names(here, bucket)[0])
    mine = named_in(cap.get("diseases", []), claim["disease"]) or claim["disease"].split(".")[0]
    amount = fen(plain(cap["amount"]))
    if cap.get("per_head") == "true":
        amount *= claim["insured"] if claim["insured"] is not None else 1
    counted = keys(cap["period"], name, claim, year)
    if cap["period"] == "disease_year":
        counted = [key for key in counted if key[3] == mine]
    return max(0, amount - sum(counts.get(key, 0) for key in counted))


def keys(scope: str, name: str, claim: Doc, year: int) -> list[tuple[str, str, int, str]]:
    """The keys of a count: for a disease one each code that it can be shortened to, down to the category."""
    if scope == "person_day":
        return [(scope, name, 0, claim["admitted"].isoformat())]
    if scope != "disease_year":
        return [(scope, name, year, "")]
    category, _, rest = claim["disease"].partition(".")
    shortened = [f"{category}.{rest[:length]}" for length in range(1, len(rest) + 1)]
    return [(scope, name, year, code) for code in (category, *shortened)]


def write(
    policy: Doc,
    claim: Doc,
    counts: Counts,
    layer_id: str,
    bucket_id: str,
    year: int,
    benefit: int,
    deductible: int,
    base: int,
    first_part: bool,
) -> None:
    """Adds to every count what the bucket moves."""
    bucket, here = policy["layers"][layer_id]["benefits"][bucket_id], f"{layer_id}.{bucket_id}"
    every = [(f"{one}.{name}", other) for one, layer in layers_of(policy) for name, other in layer["benefits"].items()]
    moved: list[tuple[str, str, int]] = []
    for name in counted_names(here, bucket):
        scopes = {"person_year"}
        for there, other in every:
            for cap in other.get("caps", {}).values():
                counted = cap.get("counts", counted_names(there, other)[0])
                if counted == name and cap["period"] not in ("admission", "visit"):
                    scopes.add(cap["period"])
        moved += [(scope, name, benefit) for scope in scopes]
    if any(row.get("deductible_per") == "person_year" for row in bucket["rules"].values()):
        moved.append(("person_year", f"{here}.deductible", deductible))
    if any("deductible_waived_from" in row for row in bucket["rules"].values()):
        moved.append(("person_year", f"{here}.admissions", int(first_part)))
    if bucket.get("yearly") == "true":
        moved.append(("person_year", f"{here}.base", base))
    for scope, name, amount in moved:
        for key in keys(scope, name, claim, year):
            counts[key] = counts.get(key, 0) + amount
