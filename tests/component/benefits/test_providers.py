"""Institutions and agreements over the API, and how claims see them on a day."""

from datetime import date
from typing import Any

import pytest

from services.claims.providers.queries import institution_on, reference_on
from shared.db.counting import count_statements
from shared.kernel.errors import Problem
from tests.component.benefits import test_catalogue
from tests.component.benefits.conftest import HOSPITAL, OTHER_POOL, POOL, Office

INSTITUTION = {
    "valid_from": "2006-01-01",
    "name": "大方县人民医院",
    "level": "county",
    "ownership": "public",
    "area_code": POOL,
}
AGREEMENT = {
    "valid_from": "2010-01-01",
    "kinds": ["inpatient", "outpatient"],
    "grade": "A",
    "payee": "大方县人民医院",
    "bank_name": "中国农业银行大方县支行",
    "bank_account": "6228 4800 0000 1234 567",
    "document_number": "方合管协〔2010〕1号",
    "decided_on": "2009-12-28",
}
PATH = f"/pools/{POOL}/agreements/{HOSPITAL}"


async def agreed(office: Office, **changes: Any) -> None:
    made = await office.call("county_director", "PUT", f"/institutions/{HOSPITAL}", json=INSTITUTION)
    assert made.status_code == 200, made.text
    made = await office.call("county_director", "PUT", PATH, json=AGREEMENT | changes)
    assert made.status_code == 200, made.text


async def test_an_agreement_is_dated(office: Office) -> None:
    await agreed(office)
    suspension = AGREEMENT | {"valid_from": "2010-02-01", "state": "suspended"}
    assert (await office.call("county_director", "PUT", PATH, json=suspension)).status_code == 200
    end = AGREEMENT | {"valid_from": "2010-02-20", "state": "none", "kinds": []}
    assert (await office.call("county_director", "PUT", PATH, json=end)).status_code == 200
    async with office.reading((HOSPITAL,)) as conn:
        before = await institution_on(conn, POOL, HOSPITAL, date(2009, 12, 31))
        assert (before.designation, before.kinds, before.place) == ("none", None, "in_county")
        active = await institution_on(conn, POOL, HOSPITAL, date(2010, 1, 31))
        assert (active.designation, active.suspended, active.level) == ("designated", False, "county")
        suspended = await institution_on(conn, POOL, HOSPITAL, date(2010, 2, 1))
        assert (suspended.designation, suspended.suspended) == ("designated", True)
        ended = await institution_on(conn, POOL, HOSPITAL, date(2010, 2, 20))
        assert ended.designation == "none"
        assert active.kinds == {"inpatient", "outpatient"}
        with pytest.raises(Problem, match="institution_unknown"):
            await institution_on(conn, POOL, "H99999999999", date(2010, 1, 31))


async def test_a_correction_of_the_same_day_wins(office: Office) -> None:
    await agreed(office)
    correction = AGREEMENT | {"grade": "B"}
    blind = await office.call("county_director", "PUT", PATH, json=correction)
    assert (blind.status_code, blind.json()["code"]) == (428, "precondition_required")
    read = {"If-Match": (await office.call("auditor", "GET", PATH)).headers["ETag"]}
    await office.call("county_director", "PUT", PATH, json=correction, headers=dict(read))
    assert (await office.call("auditor", "GET", PATH)).json()["grade"] == "B"
    late = await office.call("county_director", "PUT", PATH, json=AGREEMENT | {"grade": "C"}, headers=dict(read))
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert len(await office.rows("SELECT 1 FROM agreement")) == 2, "nothing is updated"


async def test_what_is_there_already_passes_and_is_not_recorded_again(office: Office) -> None:
    await agreed(office)
    made = await office.call("auditor", "GET", PATH)
    again = await office.call("county_director", "PUT", PATH, json=AGREEMENT | {"kinds": AGREEMENT["kinds"][::-1]})
    assert (again.status_code, again.headers["ETag"]) == (200, made.headers["ETag"]), "the order of kinds says nothing"
    named = await office.call("county_director", "PUT", f"/institutions/{HOSPITAL}", json=INSTITUTION)
    assert named.status_code == 200, named.text
    stale = {"If-Match": '"another"'}
    late = await office.call("county_director", "PUT", PATH, json=AGREEMENT, headers=stale)
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed"), "what was read counts all the same"
    assert len(await office.rows("SELECT 1 FROM agreement")) == 1
    assert len(await office.rows("SELECT 1 FROM institution_start")) == 1
    other = AGREEMENT | {"bank_account": "6228480000007654321"}
    blind = await office.call("county_director", "PUT", PATH, json=other)
    assert (blind.status_code, blind.json()["code"]) == (428, "precondition_required"), (
        "another account is a correction"
    )


async def test_the_bank_account_is_sealed_and_its_reading_logged(office: Office) -> None:
    await agreed(office)
    shown = (await office.call("auditor", "GET", PATH)).json()
    assert shown["bank_account_masked"] == "******4567"
    (row,) = await office.rows("SELECT bank_account, bank_account_index FROM agreement")
    assert b"1234567" not in row["bank_account"]
    whole = await office.call("insurer_finance", "GET", f"{PATH}/account")
    assert whole.json()["bank_account"] == "6228480000001234567"
    logged = await office.rows("SELECT role, action FROM audit WHERE outcome = 'read'")
    assert [(row["role"], row["action"]) for row in logged] == [("insurer_finance", "read_payee_account")]
    assert (await office.call("hospital", "GET", f"{PATH}/account", institutions=(HOSPITAL,))).status_code == 403


async def test_a_hospital_sees_its_own_agreement_only(office: Office) -> None:
    await agreed(office)
    own = await office.call("hospital", "GET", PATH, institutions=(HOSPITAL,))
    assert own.status_code == 200
    other = await office.call("hospital", "GET", PATH, institutions=("H52242200002",))
    assert (other.status_code, other.json()["code"]) == (403, "forbidden_institution")
    listed = await office.call("hospital", "GET", f"/pools/{POOL}/agreements", institutions=("H52242200002",))
    assert listed.json()["items"] == []
    listed = await office.call("hospital", "GET", f"/pools/{POOL}/agreements", institutions=(HOSPITAL,))
    assert len(listed.json()["items"]) == 1


@pytest.mark.requirement("ZZ-49", "the insurer decides no provider agreement")
async def test_the_insurer_signs_nothing(office: Office) -> None:
    for path, body in ((f"/institutions/{HOSPITAL}", INSTITUTION), (PATH, AGREEMENT)):
        answer = await office.call("insurer_manager", "PUT", path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_role")


BAD_AGREEMENTS: list[tuple[dict[str, Any], str]] = [
    ({"bank_account": "12"}, "invalid_request"),
    ({"kinds": []}, "agreement_without_kinds"),
    ({"kinds": ["dental"]}, "invalid_request"),
    ({"decided_on": "2010-03-02"}, "agreement_decided_in_the_future"),
    ({"valid_from": "2005-12-31"}, "institution_unknown"),
]


async def test_bad_agreements_are_refused(office: Office) -> None:
    await office.call("county_director", "PUT", f"/institutions/{HOSPITAL}", json=INSTITUTION)
    for change, code in BAD_AGREEMENTS:
        answer = await office.call("county_director", "PUT", PATH, json=AGREEMENT | change)
        assert answer.json()["code"] == code, change
    assert await office.rows("SELECT 1 FROM agreement") == []


@pytest.mark.requirement("LS-20", "a pool need not be the administrative parent: the agreement may say the place")
async def test_an_area_pooled_elsewhere(office: Office) -> None:
    elsewhere = INSTITUTION | {"area_code": "522423"}
    await office.call("county_director", "PUT", f"/institutions/{HOSPITAL}", json=elsewhere)
    await office.call("county_director", "PUT", PATH, json=AGREEMENT | {"place": "in_county"})
    async with office.reading() as conn:
        assert (await institution_on(conn, POOL, HOSPITAL, date(2010, 1, 1))).place == "in_county"
        assert (await institution_on(conn, POOL, HOSPITAL, date(2009, 1, 1))).place == "in_province"


async def test_a_county_changes_its_own_institutions_only(office: Office) -> None:
    await office.call("city_health", "PUT", f"/institutions/{HOSPITAL}", json=INSTITUTION | {"area_code": "520100"})
    answer = await office.call("county_director", "PUT", f"/institutions/{HOSPITAL}", json=INSTITUTION)
    assert (answer.status_code, answer.json()["code"]) == (403, "institution_elsewhere")
    assert (await office.call("auditor", "GET", f"/institutions/{HOSPITAL}")).json()["area_code"] == "520100"
    listed = (await office.call("auditor", "GET", "/institutions")).json()["items"]
    assert [institution["code"] for institution in listed] == [HOSPITAL]


async def test_all_that_a_claim_needs_is_one_statement(office: Office) -> None:
    await agreed(office)
    await office.decided()
    async with office.reading((HOSPITAL,)) as conn:
        with pytest.raises(Problem, match="no_catalogue_in_force"):
            await reference_on(conn, POOL, HOSPITAL, date(2010, 3, 1))
    await test_catalogue.decided(office)
    async with office.reading((HOSPITAL,)) as conn:
        await reference_on(conn, POOL, HOSPITAL, date(2010, 3, 1))
        with count_statements() as counted:
            reference = await reference_on(conn, POOL, HOSPITAL, date(2010, 3, 1))
    assert counted.total() == 1
    assert (reference.policy.id, reference.catalogue_version) == ("dafang-2010", test_catalogue.VERSION)
    assert reference.institution.designation == "designated"


async def test_another_pool_sees_no_agreement(office: Office) -> None:
    await agreed(office)
    listed = await office.call("auditor", "GET", f"/pools/{OTHER_POOL}/agreements", pools=(OTHER_POOL,))
    assert listed.json()["items"] == []
    assert (await office.call("auditor", "GET", PATH, pools=(OTHER_POOL,))).status_code == 403
