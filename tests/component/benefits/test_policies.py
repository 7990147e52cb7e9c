"""The life of a policy over the API (rulings §8), and what claims read of it."""

from datetime import date

import pytest

from services.claims.benefits.library import text_of
from services.claims.benefits.queries import policy_by_hash, policy_for
from shared.db.counting import count_statements
from shared.kernel.errors import Problem
from tests.component.benefits.conftest import ACCEPTED, OTHER_POOL, POOL, Office

LIST = f"/pools/{POOL}/policies"


@pytest.mark.requirement("DF-09", "a policy version goes from proposal to committee decision and is in force by date")
@pytest.mark.requirement("DF-03", "the ratios in force are open to everybody, without a token")
async def test_the_life_of_a_version(office: Office) -> None:
    handed_in = await office.submit()
    assert handed_in.status_code == 201
    assert handed_in.json()["status"] == "proposed"
    assert handed_in.json()["illustrative"] == ACCEPTED
    policy_id = handed_in.json()["id"]

    early = await office.call("county_director", "POST", f"{LIST}/{policy_id}/decision", json=_decision())
    assert early.status_code == 409
    assert early.json()["code"] == "policy_state"

    checked = await office.call("county_recheck", "POST", f"{LIST}/{policy_id}/check")
    assert checked.status_code == 200
    assert any("没有规定" in finding["message"] for finding in checked.json()["findings"])

    decided = await office.call("county_director", "POST", f"{LIST}/{policy_id}/decision", json=_decision())
    assert decided.status_code == 200
    assert decided.json()["status"] == "in_force"
    assert decided.json()["not_accepted"] == [ACCEPTED[1]]
    assert decided.json()["retroactive"] == {"admitted_from": "2010-01-01", "admitted_to": "2010-03-01"}

    listed = (await office.call("auditor", "GET", LIST)).json()["items"]
    assert [item["status"] for item in listed] == ["in_force"]
    table = await office.call("auditor", "GET", f"{LIST}/{policy_id}/table")
    assert "县内乡镇卫生院:不设起付线,补偿 80%" in table.text
    public = await office.call(None, "GET", f"/pools/{POOL}/policy-table")
    assert public.text == table.text
    none = await office.call(None, "GET", f"/pools/{POOL}/policy-table", params={"on": "2009-12-31"})
    assert (none.status_code, none.json()["code"]) == (409, "no_policy_in_force")
    again = await office.call("county_recheck", "POST", f"{LIST}/{policy_id}/check")
    assert again.status_code == 409


async def test_todays_checks_look_at_what_was_accepted_earlier(office: Office) -> None:
    old = await office.decided()
    text = text_of("dafang-2010").replace("effective_from: 2010-01-01", "effective_from: 2010-06-01")
    later = await office.decided(text.replace("policy: dafang-2010", "policy: dafang-2010-06"))
    path = f"/pools/{POOL}/policy-findings"
    told = (await office.call("auditor", "GET", path)).json()["items"]
    assert [(one["id"], one["status"], one["usable"]) for one in told] == [
        (later, "decided", True),
        (old, "in_force", True),
    ]
    assert any("没有规定" in one["message"] and one["line"] for one in told[1]["findings"])
    # As if a check had come since: the source that the document rests on is not among its sources, a member is unknown.
    await office.rows("ALTER TABLE policy DISABLE TRIGGER USER")
    broken = "UPDATE policy SET canonical = jsonb_set(canonical::jsonb, $2, $3)::text WHERE id = $1"
    await office.rows(broken, old, ["source"], '"nowhere"')
    await office.rows(broken, later, ["bonus_pool"], "1")
    later_one, old_one = (await office.call("county_recheck", "GET", path)).json()["items"]
    assert (old_one["usable"], later_one["usable"]) == (False, False)
    assert [one["message"] for one in old_one["findings"]][:1] == ["sources 里没有 nowhere"]
    assert old_one["findings"][0]["severity"] == "error"
    assert "不认识这一项" in later_one["findings"][0]["message"]
    assert (await office.call("sponsor", "GET", path)).status_code == 403


@pytest.mark.requirement("ZZ-49", "the insurer proposes a policy and can neither check nor decide one")
@pytest.mark.requirement("DF-09", "whoever hands in or checks a version is told what it does not go on counting")
async def test_a_version_that_counts_anew_within_the_year_is_told_when_it_is_handed_in(office: Office) -> None:
    await office.decided()
    text = text_of("dafang-2010").replace("policy: dafang-2010", "policy: dafang-2010-06")
    text = text.replace("effective_from: 2010-01-01", "effective_from: 2010-06-01")
    text = text.replace("      inpatient:\n", "      hospital:\n")
    handed_in = await office.submit(text)
    told = [one for one in handed_in.json()["findings"] if "不再计入" in one["message"]]
    assert [one["path"] for one in told] == ["layers.basic.benefits.hospital.caps.year"]
    assert told[0]["message"].startswith("住院补偿全年封顶线重新累计,本年此前的补偿不再计入;要接着累计,请沿用")
    checked = await office.call("county_recheck", "POST", f"{LIST}/{handed_in.json()['id']}/check")
    assert checked.json()["findings"] == handed_in.json()["findings"]


async def test_the_insurer_decides_nothing(office: Office) -> None:
    policy_id = (await office.submit()).json()["id"]
    for role in ("insurer_manager", "insurer_approver", "insurer_reviewer", "insurer_finance", "insurer_intake"):
        for step, body in (("check", None), ("decision", _decision())):
            answer = await office.call(role, "POST", f"{LIST}/{policy_id}/{step}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_role")
        if role != "insurer_manager":
            assert (await office.submit(role=role)).status_code == 403


async def test_the_author_neither_checks_nor_decides(office: Office) -> None:
    handed_in = await office.submit(role="county_director", subject="li")
    assert handed_in.json()["status"] == "draft"
    path = f"{LIST}/{handed_in.json()['id']}"
    own = await office.call("county_director", "POST", f"{path}/check", subject="LI")
    assert (own.status_code, own.json()["code"]) == (403, "four_eyes")
    await office.call("county_recheck", "POST", f"{path}/check", subject="wang")
    own = await office.call("county_director", "POST", f"{path}/decision", subject="li", json=_decision())
    assert (own.status_code, own.json()["code"]) == (403, "four_eyes")
    other = await office.call("county_director", "POST", f"{path}/decision", subject="zhao", json=_decision())
    assert other.status_code == 200


async def test_a_bad_document_names_its_lines_and_moves_nothing(office: Office) -> None:
    text = text_of("dafang-2010").replace("ratio: 70%", "ratio: 170%").replace("deductible: 200", "deductible: -1")
    answer = await office.submit(text)
    assert answer.status_code == 422
    lines = text.splitlines()
    told = {error["line"]: error["reason"] for error in answer.json()["errors"]}
    assert {"ratio: 170%" in lines[line - 1] or "deductible: -1" in lines[line - 1] for line in told} == {True}
    assert len(told) == 2
    assert await office.rows("SELECT 1 FROM policy") == []


async def test_the_same_document_is_recorded_once(office: Office) -> None:
    first = await office.submit()
    assert first.status_code == 201
    answer = await office.submit(text_of("dafang-2010").replace("ratio: 80%", "ratio: 0.8000 # 八成"))
    assert (answer.status_code, answer.json()["code"]) == (409, "policy_already_recorded")


async def test_a_document_of_another_pool_is_refused(office: Office) -> None:
    answer = await office.submit(text_of("dafang-2010").replace("522422", "522423"))
    assert (answer.status_code, answer.json()["code"]) == (422, "policy_of_another_pool")


async def test_decisions_are_held_to_their_document(office: Office) -> None:
    policy_id = (await office.submit()).json()["id"]
    await office.call("county_recheck", "POST", f"{LIST}/{policy_id}/check")
    path = f"{LIST}/{policy_id}/decision"
    ahead = await office.call("county_director", "POST", path, json=_decision() | {"decided_on": "2010-03-02"})
    assert (ahead.status_code, ahead.json()["code"]) == (422, "decided_in_the_future")
    names = {"accept_illustrative": ["basic.inpatient.county"]}
    unknown = await office.call("county_director", "POST", path, json=_decision() | names)
    assert (unknown.status_code, unknown.json()["code"]) == (422, "accepted_unknown")


async def test_another_pool_sees_and_decides_nothing(office: Office) -> None:
    policy_id = await office.decided()
    answer = await office.call("auditor", "GET", f"{LIST}/{policy_id}", pools=(OTHER_POOL,))
    assert answer.status_code == 403
    other = await office.call("auditor", "GET", f"/pools/{OTHER_POOL}/policies/{policy_id}", pools=(OTHER_POOL,))
    assert (other.status_code, other.json()["code"]) == (404, "policy_unknown")


async def test_versions_follow_each_other_by_date(office: Office) -> None:
    first = await office.decided()
    later = text_of("dafang-2010").replace("policy: dafang-2010", "policy: dafang-2010-07")
    later = later.replace("effective_from: 2010-01-01\n\nsource", "effective_from: 2010-07-01\n\nsource")
    second = await office.decided(later.replace("ratio: 70%", "ratio: 72%"))
    states = {item["id"]: item["status"] for item in (await office.call("auditor", "GET", LIST)).json()["items"]}
    assert states == {first: "in_force", second: "decided"}
    async with office.reading() as conn:
        assert (await policy_for(conn, POOL, date(2010, 6, 30))).id == "dafang-2010"
        newer = await policy_for(conn, POOL, date(2010, 7, 1))
        assert newer.id == "dafang-2010-07"
        assert newer.accepted == frozenset(ACCEPTED)
        assert await policy_by_hash(conn, POOL, newer.hash) is newer
        with count_statements() as counted:
            await policy_for(conn, POOL, date(2010, 7, 2))
        assert counted.total() == 1
        with pytest.raises(Problem, match="no_policy_in_force"):
            await policy_for(conn, POOL, date(2009, 12, 31))


async def test_a_decided_version_cannot_be_changed_in_the_database(office: Office) -> None:
    await office.decided()
    with pytest.raises(Exception, match="a decided policy does not change"):
        await office.rows("UPDATE policy SET accepted = '{}'")


async def test_the_public_calculator_needs_no_token_and_stores_nothing(office: Office) -> None:
    await office.decided()
    body = {"kind": "inpatient", "level": "prefecture", "eligible": "10000.00"}
    by_pool = await office.call(None, "POST", f"/pools/{POOL}/quote", json=body)
    assert by_pool.status_code == 200
    assert by_pool.json()["benefit"] == "5880.00"
    assert by_pool.json()["patient"] == "4120.00"
    assert "10,000.00 − 200.00 = 9,800.00" in by_pool.json()["slip"]
    by_document = await office.call(None, "POST", "/quote", json=body | {"policy": "dafang-2010"})
    assert by_document.json()["benefit"] == "5880.00"
    english = await office.call(
        None, "POST", "/quote", json=body | {"policy": "dafang-2010"}, headers={"Accept-Language": "en"}
    )
    assert "Settlement slip" in english.json()["slip"]
    assert await office.rows("SELECT 1 FROM idempotency WHERE pool_code = '-'") == []
    no_policy = await office.call(None, "POST", f"/pools/{OTHER_POOL}/quote", json=body)
    assert (no_policy.status_code, no_policy.json()["code"]) == (409, "no_policy_in_force")


CLAIM = """institution: {level: prefecture}
catalogue: {drug: {class: B, own_share: 10%, name: 头孢}, bed: {class: A, ceilings: {'*': 30}}}
lines:
  - {code: drug, amount: 1000}
  - {code: bed, amount: 80, quantity: 2}
used: {basic.inpatient.benefit: 59800}
"""


async def test_a_claim_written_out_is_calculated_for_everybody(office: Office) -> None:
    await office.decided()
    headers = {"Content-Type": "application/yaml"}
    paths = (f"/pools/{POOL}/quote/claim", "/quote/claim?policy=dafang-2010")
    for path in paths:
        answer = await office.call(None, "POST", path, content=CLAIM.encode(), headers=headers)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["eligible"], told["benefit"], told["outcome"]) == ("960.00", "200.00", "capped")
        assert "头孢" in told["slip"]
        wrong = CLAIM.replace("basic.inpatient.benefit", "basic.other") + "discharged: 2000-01-01\n"
        refused = await office.call(None, "POST", path, content=wrong.encode(), headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "claim_document_invalid")
        assert [(one["line"], one["path"]) for one in refused.json()["errors"]] == [
            (7, "discharged"), (6, "used.basic.other"),
        ]  # fmt: skip
        for bad in (CLAIM.encode("gbk"), b"value: 3\n" + CLAIM.encode()):
            refused = await office.call(None, "POST", path, content=bad, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (422, "claim_document_invalid")
        large = await office.call(None, "POST", path, content=(CLAIM + "#" * 33_000).encode(), headers=headers)
        assert large.status_code == 413
    assert await office.rows("SELECT 1 FROM idempotency WHERE pool_code = '-'") == []
    unknown = await office.call(None, "POST", "/quote/claim?policy=nope", content=CLAIM.encode(), headers=headers)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "policy_document_unknown")


BAD_QUESTIONS: list[tuple[dict[str, object], str]] = [
    ({"eligible": 10000}, "invalid_request"),
    ({"eligible": "-1.00"}, "amount_negative"),
    ({"groups": ["nobody"]}, "group_unknown"),
    ({"level": "moon"}, "invalid_request"),
    ({"surprise": "1"}, "invalid_request"),
]


async def test_bad_questions_are_refused(office: Office) -> None:
    for change, code in BAD_QUESTIONS:
        body = {"kind": "inpatient", "level": "county", "eligible": "1.00", "policy": "dafang-2010"} | change
        answer = await office.call(None, "POST", "/quote", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), change


def _decision() -> dict[str, object]:
    return {
        "document_number": "方合管〔2009〕12号",
        "decided_on": "2009-12-20",
        "accept_illustrative": [ACCEPTED[0]],
    }


@pytest.mark.requirement("ZZ-53", "the supplementary layer is decided by the public side and not by the insurer")
async def test_the_health_bureau_decides_the_supplementary_layer(office: Office) -> None:
    text = text_of("zhengzhou-2011").replace("effective_from: 2011-05-12", "effective_from: 2010-02-01", 1)
    proposed = await office.submit(text)
    assert (proposed.status_code, proposed.json()["status"]) == (201, "proposed")
    path = f"{LIST}/{proposed.json()['id']}"
    refused = await office.call("insurer_manager", "POST", f"{path}/check")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden_role")
    assert (await office.call("county_recheck", "POST", f"{path}/check")).status_code == 200
    body = _decision() | {"accept_illustrative": proposed.json()["illustrative"]}
    refused = await office.call("insurer_manager", "POST", f"{path}/decision", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden_role")
    decided = await office.call("city_health", "POST", f"{path}/decision", json=body)
    assert (decided.status_code, decided.json()["status"]) == (200, "in_force")
    bill = {"kind": "inpatient", "level": "county", "eligible": "500000.00"}
    told = (await office.call(None, "POST", f"/pools/{POOL}/quote", json=bill)).json()
    assert [layer["benefit"] for layer in told["layers"]] == ["100000.00", "120000.00"]
