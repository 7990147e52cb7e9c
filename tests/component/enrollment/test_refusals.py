"""What is refused by its form: ID numbers in free texts, cursors of nobody, numbers beyond reason; in which words."""

import base64
import json
import re
from typing import Any

import pytest

from services.enrollment.registry.people import ID_NUMBER
from shared.kernel.errors import _KINDS
from tests.component.enrollment.conftest import POOL, STANDARD, YEAR, Office, sheet
from tests.component.enrollment.test_coverage import SEALER
from tests.component.enrollment.test_rosters import HEAD, SON, WIFE, row

pytestmark = pytest.mark.anyio

NUMBER = str(HEAD[8])
SOME_ID = "00000000-0000-7000-8000-000000000000"
_LETTERS = re.compile(r"[A-Za-z]{3,}")


def _texts() -> dict[str, tuple[str, str, str, Any]]:
    """Every free text of the interface, with an ID number in it."""
    pool, reason = f"/pools/{POOL}", f"经核实 {NUMBER[:6]} {NUMBER[6:]} 属实"
    lapse = {"kind": "lapse", "effective_on": "2010-02-01", "reason": reason}
    back = {"effective_on": "2010-02-01", "reason": reason}
    sponsor = {"sponsor": f"民政局{NUMBER}", "year": YEAR, "group": "wubao"}
    receipt = {"receipt_number": NUMBER, "bill_id": SOME_ID, "amount": "20.00", "paid_on": "2010-03-01"}
    born = {"name": NUMBER, "sex": "male", "birth_date": "2010-02-14"}
    area = {"kind": "village", "name": NUMBER, "parent_code": "52242202"}
    payers = {"payers": {"county": NUMBER}, "valid_from": "2010-01-01"}
    return {
        "correction": ("county_recheck", "POST", f"{pool}/members/{SOME_ID}/coverage-corrections", lapse),
        "reinstatement": ("county_recheck", "POST", f"{pool}/members/{SOME_ID}/reinstatements", back),
        "sponsor": ("sponsor", "POST", f"{pool}/sponsorships", sponsor),
        "refusal": ("county_finance", "POST", f"{pool}/sponsorships/{SOME_ID}/refusal", {"reason": reason}),
        "receipt": ("township_clerk", "POST", f"{pool}/receipts", {"receipts": [receipt]}),
        "newborn": ("township_clerk", "POST", f"{pool}/households/{SOME_ID}/newborns", born),
        "area": ("city_health", "PUT", "/areas/5224220299", area),
        "payer": ("city_health", "PUT", "/areas/52242202/payers", payers),
        "document": ("county_director", "PUT", f"{pool}/standards/2011", STANDARD | {"document_number": NUMBER}),
    }


@pytest.mark.parametrize("place", list(_texts()))
async def test_an_id_number_in_a_free_text_is_refused(county: Office, place: str) -> None:
    role, method, path, body = _texts()[place]
    before = await county.counts()
    answer = await county.call(role, method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert "身份证号" in answer.json()["errors"][0]["reason"]
    assert NUMBER not in answer.text
    assert await county.counts() == before


def _cursor(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize("cursor", [_cursor("x"), _cursor(1), _cursor(None), _cursor("a\0", "b", "c"),
                                    _cursor(1, 2, 3), _cursor("\ud800", "", ""), "汉", "%%"])  # fmt: skip
async def test_a_cursor_of_nobody_is_refused(county: Office, cursor: str) -> None:
    lists = (
        ("county_recheck", "households"),
        ("county_recheck", f"bills?year={YEAR}"),
        ("county_recheck", "sponsorships"),
        ("county_recheck", "reinstatements"),
    )
    for role, path in lists:
        year = {"year": YEAR} if "year" in path else {}
        answer = await county.call(role, "GET", f"/pools/{POOL}/{path}", params={"cursor": cursor} | year)
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid"), path


@pytest.mark.parametrize(
    "change",
    [{"coverage_to": "9999-12-31"}, {"coverage_to": "2012-12-31"}, {"premium": "99999999999999999999.00"}],
)
async def test_a_standard_beyond_reason_is_refused(county: Office, change: dict[str, str]) -> None:
    body = STANDARD | {"coverage_from": "2011-01-01", "coverage_to": "2011-12-31", "collection_until": "2011-03-31"}
    before = await county.counts()
    answer = await county.call("county_director", "PUT", f"/pools/{POOL}/standards/2011", json=body | change)
    assert answer.status_code == 422, answer.text
    assert await county.counts() == before


async def test_a_head_count_beyond_reason_is_refused(county: Office) -> None:
    path = f"/pools/{POOL}/subsidies/{YEAR}/dues"
    answer = await county.call("county_finance", "POST", path, json={"audited_head_count": 10**30})
    assert answer.status_code == 422


async def test_a_member_to_verify_is_told_in_the_same_form_without_a_person(county: Office) -> None:
    await county.enrolled(sheet([HEAD, WIFE, row("王强", "子", "1")]))
    member = (await county.rows("SELECT member_id FROM member WHERE status = 'to_verify'"))[0]["member_id"]
    told = await county.coverage(str(member))
    assert (told["status"], told["person_id"], told["blind_index"], told["timeline"]) == ("to_verify", None, None, [])
    index = SEALER.blind_index(ID_NUMBER, str(SON[8])).hex()
    unknown = await county.call("service", "GET", f"/pools/{POOL}/coverage/by-index/{index}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


async def test_refusals_are_told_in_the_readers_language_alone(county: Office) -> None:
    odd = {"kind": "village", "name": "某村", "parent_code": "52242202"}
    above = {"kind": "province", "name": "某省", "parent_code": "52"}
    town = {"kind": "township", "name": "某乡"}
    nobody = {"sponsor": "民政局", "year": YEAR, "group": "wubao"}
    calls: list[tuple[str, str, str, Any]] = [
        ("city_health", "PUT", "/areas/5224220199", odd),
        ("city_health", "PUT", "/areas/53", above),
        ("city_health", "PUT", "/areas/52242299", town),
        ("city_health", "PUT", "/areas/52242202", odd),
        ("city_health", "PUT", "/areas/52242202", {"kind": "township", "name": "某乡", "parent_code": "52"}),
        ("county_recheck", "GET", f"/pools/{POOL}/households/{SOME_ID}", None),
        ("county_recheck", "GET", f"/pools/{POOL}/rosters/{SOME_ID}", None),
        ("service", "GET", f"/pools/{POOL}/coverage/by-index/{'00' * 32}", None),
        ("sponsor", "POST", f"/pools/{POOL}/sponsorships", nobody),
        ("county_finance", "POST", f"/pools/{POOL}/sponsorships/{SOME_ID}/confirmation", {}),
        ("county_director", "POST", f"/pools/{POOL}/reinstatements/{SOME_ID}/decision", {"decision": "refused"}),
        ("county_director", "PUT", f"/pools/{POOL}/standards/2011", STANDARD),
    ]
    for role, method, path, body in calls:
        chinese = (await county.call(role, method, path, json=body)).json()
        english = (await county.call(role, method, path, json=body, headers={"Accept-Language": "en"})).json()
        assert chinese["status"] >= 400, path
        assert not _LETTERS.search(chinese["detail"].replace(SOME_ID, "")), chinese["detail"]
        assert not re.search(r"[\u4e00-\u9fff]", english["detail"]), english["detail"]


def test_no_text_of_enrollment_mixes_the_languages() -> None:
    for kind in _KINDS.values():
        assert not re.search(r"[\u4e00-\u9fff]", kind.title_en + kind.detail_en), kind.code
