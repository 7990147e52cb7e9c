"""Bad input at the public APIs: refused with a stable code, told in Chinese and English what to do, and nothing moved.

"Nothing moved" is every row of every table but those of the audit log, by number and content, the outbox included.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.component.claims.world import COUNTY, Enrollment, line
from tests.component.enrollment.conftest import XLSX, Office, sheet
from tests.component.funds.world import EXPENDITURE
from tests.component.thread.county import County, open_county, prepare
from tests.journey.office import HEAD, OTHER_COUNTY, POOL, WIFE, everything, number, open_office
from tests.support.postgres import TestPostgres
from tests.support.tokens import TestTokens

NUL_BYTES = b"\x00" * 600
STRANGER = "01890000-0000-7000-8000-000000000000"
Body = Callable[[Mapping[str, str]], Any]


@dataclass(frozen=True)
class Bad:
    """One bad request. ``at`` is where ``errors`` has to point; ``zh`` and ``en`` are words that say what to do."""

    name: str
    service: str
    role: str
    method: str
    path: str
    body: Body
    status: int
    code: str
    zh: str
    en: str
    at: str = ""
    token: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Counties:
    """The three services with something in them to be moved; ``known`` names it in paths and bodies."""

    clients: dict[str, httpx.AsyncClient]
    databases: dict[str, str]
    tokens: TestTokens
    known: dict[str, str]

    async def send(self, bad: Bad, language: str) -> httpx.Response:
        """The request with a fresh key."""
        token = {"institutions": (COUNTY,)} if bad.role == "hospital" else {}
        headers = self.tokens.headers(bad.role, **(token | dict(bad.token))) | {
            "Idempotency-Key": str(uuid4()),
            "Accept-Language": language,
        }
        body = bad.body(self.known)
        content: dict[str, Any] = {"json": body}
        if isinstance(body, bytes):
            content, headers["Content-Type"] = {"content": body}, XLSX
        path = "/v1" + bad.path.format(**self.known)
        if bad.method == "GET":
            content = {}
        return await self.clients[bad.service].request(bad.method, path, headers=headers, **content)

    async def stands(self, service: str) -> dict[str, tuple[int, int]]:
        """Every table's number of rows and the sum of their hashes."""
        return await everything(self.databases[service])


@pytest.fixture(scope="module")
async def office(postgres: TestPostgres, tokens: TestTokens) -> AsyncIterator[Office]:
    """Enrollment with a county and one household, whose bill is open."""
    async with open_office(postgres, tokens) as office:
        yield office


@pytest.fixture(scope="module")
async def county(postgres: TestPostgres, tokens: TestTokens) -> AsyncIterator[County]:
    """Claims and settlement with money on every account; enrollment is a stand-in that knows nobody else."""
    prepared = await prepare(postgres, tokens)
    async with AsyncExitStack() as stack:
        address = stack.enter_context(Enrollment().serving())
        yield await stack.enter_async_context(open_county(postgres, tokens, prepared, enrollment=address))


@pytest.fixture(scope="module")
async def counties(office: Office, county: County, tokens: TestTokens) -> Counties:
    """A patient in his bed, one discharged, a claim under review."""
    member = county.members[0]
    known = {
        "pool": POOL,
        "member": str(member),
        "stranger": STRANGER,
        "bill": (await office.bills())[0]["bill_id"],
        "in_bed": await county.care.visit(member, discharged=None),
        "left": await county.care.visit(member),
        "claim": (await county.care.settled(member, "1000.00"))["claim_id"],
    }
    clients = {"enrollment": office.client, "claims": county.care.client, "settlement": county.money.client}
    databases = {
        "enrollment": office.database.admin,
        "claims": county.care.database.admin,
        "settlement": county.money.database.admin,
    }
    return Counties(clients, databases, tokens, known)


# -- a roster that is refused as a whole


def roster(name: str, content: bytes, code: str, zh: str, en: str, **more: Any) -> Bad:
    """A file sent by a township clerk."""
    path = "/pools/{pool}/rosters?year=2010"
    return Bad(name, "enrollment", "township_clerk", "POST", path, lambda _: content, 422, code, zh, en, **more)


SAVE_AS = ("另存为", "ave it")
ROSTERS = [
    roster("csv", "姓名,身份证号\n王大明,1\n".encode("gbk"), "sheet_not_excel", *SAVE_AS),
    roster("nothing", b"", "sheet_not_excel", *SAVE_AS),
    roster("picture", b"\x89PNG\r\n\x1a\n" + NUL_BYTES, "sheet_not_excel", *SAVE_AS),
    roster("zip of something else", b"PK\x05\x06" + b"\x00" * 18, "sheet_not_excel", *SAVE_AS),
    roster("old xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + NUL_BYTES, "sheet_old_excel", *SAVE_AS),
    roster("cut off", sheet([HEAD, WIFE])[:-200], "sheet_not_excel", *SAVE_AS),
    roster(
        "merged cells",
        sheet([HEAD, WIFE], merge="B2:B3"),
        "sheet_merged_cells",
        "请取消合并单元格 B2:B3",
        "Unmerge B2:B3",
    ),
]

# -- money that is negative or a JSON number, members that nobody declared


def claim(name: str, path: str, body: Body, code: str, zh: str, en: str, *, role: str = "hospital", **more: Any) -> Bad:
    """A request to claims."""
    status = more.pop("status", 422)
    path = "/pools/{pool}" + path
    return Bad(name, "claims", role, more.pop("method", "POST"), path, body, status, code, zh, en, **more)


def money(name: str, service: str, role: str, path: str, body: Body, at: str, **more: Any) -> Bad:
    """A request whose form is wrong at one place."""
    method, path = more.pop("method", "POST"), "/pools/{pool}" + path
    return Bad(name, service, role, method, path, body, 422, "invalid_request", *FORM, at=at, **more)


FORM = ("请按“errors”所列逐项改正", "Correct what errors lists")
NEGATIVE = ("不要记负数", "leave out what was refunded")


def receipt(**change: Any) -> Body:
    """One receipt of the open bill."""
    sound = {"receipt_number": "R1", "amount": "40.00", "paid_on": "2010-02-20"}
    return lambda known: {"receipts": [sound | {"bill_id": known["bill"]} | change]}


def standard(**change: Any) -> Body:
    """The standard of the next year."""
    subsidies = {"central": "60.00", "province": "45.00", "city": "5.00", "county": "10.00"}
    sound = {"premium": "20.00", "coverage_from": "2011-01-01", "coverage_to": "2011-12-31", "subsidies": subsidies}
    return lambda _: sound | change


def bill(**change: Any) -> Body:
    """A fee line."""
    return lambda _: {"lines": [line() | change]}


def cut(**change: Any) -> Body:
    """An approval with one cut."""
    sound = {"line": 1, "bearer": "hospital", "amount": "10.00", "fund_share": "7.00", "reason": "超价"}
    return lambda _: {"cuts": [sound | change]}


def visit(**change: Any) -> Body:
    """A registration."""
    sound = {
        "institution_code": COUNTY,
        "institution_number": "ZY-BAD",
        "kind": "inpatient",
        "admitted_at": "2010-02-20T09:00",
        "diagnosis_code": "J18.9",
        "diagnosis_name": "肺炎",
    }
    return lambda known: sound | {"member_id": known["member"]} | change


def arrival(**change: Any) -> Body:
    """A subsidy that arrived."""
    sound = {"level": "city", "coverage_year": 2010, "amount": "5.00", "bank_reference": "T9"}
    return lambda _: sound | {"arrived_on": "2010-03-01"} | change


def statement(**change: Any) -> Body:
    """A bank statement of one line; ``changed`` changes the line."""
    changed = change.pop("changed", {})
    one = {"direction": "out", "amount": "1.00", "reference": "X"} | changed
    sound = {"account": EXPENDITURE, "day": "2010-03-31", "opening_balance": "1.00", "closing_balance": "0.00"}
    return lambda _: sound | {"lines": [one]} | change


def fixed(body: Any) -> Body:
    """A body that names nothing."""
    return lambda _: body


NOTHING = fixed({})
CLERK, DIRECTOR, REVIEWER = "township_clerk", "county_director", "insurer_reviewer"
FINANCE, COUNTY_FINANCE = "insurer_finance", "county_finance"
LINES, SETTLE, QUOTE = "/visits/{left}/lines", "/visits/{left}/settlement", "/visits/{left}/quote"
APPROVAL, STANDARDS = "/claims/{claim}/approval", "/standards/2011"
MINUS = bill(price="1.00", quantity="-1", amount="-1.00")

NEGATIVES = [
    money("receipt", "enrollment", CLERK, "/receipts", receipt(amount="-40.00"), "receipts.0.amount"),
    Bad(
        "premium", "enrollment", DIRECTOR, "PUT", "/pools/{pool}" + STANDARDS, standard(premium="-20.00"), 422,
        "standard_odd", "个人缴费须大于零", "The premium is above zero",
    ),
    claim("uploaded line", LINES, MINUS, "line_negative", *NEGATIVE),
    claim("settled line", SETTLE, MINUS, "line_negative", *NEGATIVE),
    claim("quoted line", QUOTE, MINUS, "line_negative", *NEGATIVE),
    money("price", "claims", "hospital", SETTLE, bill(price="-1.00"), "lines.0.price"),
    money("cut", "claims", REVIEWER, APPROVAL, cut(amount="-10.00", fund_share="-10.00"), "cuts.0.amount"),
    money("penalty", "claims", REVIEWER, APPROVAL, cut(penalty="-1.00"), "cuts.0.penalty"),
    money("advance", "settlement", COUNTY_FINANCE, "/advances", fixed({"amount": "-1.00"}), "amount"),
    money("advance of nothing", "settlement", COUNTY_FINANCE, "/advances", fixed({"amount": "0.00"}), "amount"),
    money("arrival", "settlement", COUNTY_FINANCE, "/subsidy-arrivals", arrival(amount="-5.00"), "amount"),
    money(
        "bank line", "settlement", FINANCE, "/bank-statements", statement(changed={"amount": "-1.00"}), "lines.0.amount"
    ),
]  # fmt: skip
NUMBERS = [
    money("receipt", "enrollment", CLERK, "/receipts", receipt(amount=40), "receipts.0.amount"),
    money("receipt with a point", "enrollment", CLERK, "/receipts", receipt(amount=40.5), "receipts.0.amount"),
    money("premium", "enrollment", DIRECTOR, STANDARDS, standard(premium=20), "premium", method="PUT"),
    money("uploaded line", "claims", "hospital", LINES, bill(amount=100), "lines.0.amount"),
    money("settled line", "claims", "hospital", SETTLE, bill(amount=100.0), "lines.0.amount"),
    money("price", "claims", "hospital", SETTLE, bill(price=100), "lines.0.price"),
    money("quantity", "claims", "hospital", SETTLE, bill(quantity=1), "lines.0.quantity"),
    money("one place", "claims", "hospital", SETTLE, bill(amount="100.0"), "lines.0.amount"),
    money("cut", "claims", REVIEWER, APPROVAL, cut(amount=10), "cuts.0.amount"),
    money("advance", "settlement", COUNTY_FINANCE, "/advances", fixed({"amount": 100}), "amount"),
    money("arrival", "settlement", COUNTY_FINANCE, "/subsidy-arrivals", arrival(amount=5.0), "amount"),
    money("balance", "settlement", FINANCE, "/bank-statements", statement(opening_balance=1), "opening_balance"),
    money("bank line", "settlement", FINANCE, "/bank-statements", statement(changed={"amount": 1}), "lines.0.amount"),
]
UNDECLARED = [
    money("receipt", "enrollment", CLERK, "/receipts", receipt(colour="red"), "receipts.0.colour"),
    money("standard", "enrollment", DIRECTOR, STANDARDS, standard(colour="red"), "colour", method="PUT"),
    money("visit", "claims", "hospital", f"/visits/{STRANGER}", visit(colour="red"), "colour", method="PUT"),
    money("settled line", "claims", "hospital", SETTLE, bill(colour="red"), "lines.0.colour"),
    money("settlement", "claims", "hospital", SETTLE, fixed({"benefit": "9.00"}), "benefit"),
    money("discharge", "claims", "hospital", "/visits/{in_bed}/discharge", fixed({"day": "2010-02-27"}), "day"),
    money("cancellation", "claims", "hospital", "/claims/{claim}/cancellation", fixed({"force": True}), "force"),
    money("cut", "claims", REVIEWER, APPROVAL, cut(colour="red"), "cuts.0.colour"),
    money("advance", "settlement", COUNTY_FINANCE, "/advances", fixed({"amount": "1.00", "to": "me"}), "to"),
    money("batch", "settlement", FINANCE, "/batches", fixed({"claims": [STRANGER]}), "claims"),
    money("bank line", "settlement", FINANCE, "/bank-statements", statement(changed={"a": 1}), "lines.0.a"),
]
STRANGERS = [
    claim(
        "visit of a stranger", f"/visits/{STRANGER}", visit(member_id=STRANGER), "member_unknown",
        "请核对身份证号", "check the ID number", method="PUT", status=404,
    ),
    claim(
        "look-up of a stranger", "/lookups", fixed({"id_number": number("19800101", 7)}), "member_unknown",
        "请核对身份证号", "check the ID number", status=404,
    ),
    claim(
        "settlement of no visit", f"/visits/{STRANGER}/settlement", bill(), "visit_unknown",
        "请先登记就诊", "register it first", status=404,
    ),
]  # fmt: skip
TIMES = [
    claim(
        "discharge before the admission", "/visits/{in_bed}/discharge", fixed({"discharged_at": "2010-02-20T08:59"}),
        "discharge_before_admission", "请核对", "check both",
    ),
    claim(
        "discharge on a day that never was", "/visits/{in_bed}/discharge", fixed({"discharged_at": "2010-02-30T09:00"}),
        "bad_time", "请写成", "write 2010",
    ),
    claim(
        "discharge next week", "/visits/{in_bed}/discharge", fixed({"discharged_at": "2010-03-20T09:00"}),
        "time_ahead", "请核对医院时钟", "check the hospital's clock",
    ),
    claim(
        "settlement before the discharge", "/visits/{in_bed}/settlement", bill(), "visit_not_discharged",
        "要先办理出院", "Discharge the inpatient", status=409,
    ),
]  # fmt: skip

# -- a token of another county


def foreign(name: str, service: str, role: str, path: str, body: Body = NOTHING, method: str = "POST") -> Bad:
    """A request that would be right with a token of the county."""
    words = (f"不含统筹区 {POOL},请", "use a token")
    token = {"pools": (OTHER_COUNTY,)}
    return Bad(name, service, role, method, "/pools/{pool}" + path, body, 403, "forbidden_pool", *words, token=token)


FOREIGN = [
    foreign("roster", "enrollment", CLERK, "/rosters?year=2010", lambda _: sheet([HEAD])),
    foreign("receipt", "enrollment", CLERK, "/receipts", receipt()),
    foreign("households", "enrollment", CLERK, "/households", method="GET"),
    foreign("visit", "claims", "hospital", f"/visits/{STRANGER}", visit(), "PUT"),
    foreign("look-up", "claims", "hospital", "/lookups", fixed({"id_number": number("19700101", 101)})),
    foreign("settlement", "claims", "hospital", SETTLE, bill()),
    foreign("cancellation", "claims", "hospital", "/claims/{claim}/cancellation", fixed({"reason": "录入错误"})),
    foreign("approval", "claims", REVIEWER, APPROVAL, cut()),
    foreign("claim", "claims", "hospital", "/claims/{claim}", method="GET"),
    foreign("advance", "settlement", COUNTY_FINANCE, "/advances", fixed({"amount": "1.00"})),
    foreign("statement", "settlement", FINANCE, "/bank-statements", statement()),
    foreign("identities", "settlement", "auditor", "/identities", method="GET"),
]

GROUPS = {
    "not excel": ROSTERS,
    "negative": NEGATIVES,
    "JSON number": NUMBERS,
    "undeclared": UNDECLARED,
    "stranger": STRANGERS,
    "time": TIMES,
    "other county": FOREIGN,
}
CASES = [pytest.param(bad, id=f"{group}: {bad.name}") for group, cases in GROUPS.items() for bad in cases]


@pytest.mark.parametrize("bad", CASES)
async def test_bad_input_is_refused_in_both_languages_and_nothing_moves(counties: Counties, bad: Bad) -> None:
    before = await counties.stands(bad.service)
    for language, words in (("zh-CN", bad.zh), ("en", bad.en)):
        answer = await counties.send(bad, language)
        assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (
            bad.status,
            "application/problem+json",
        ), answer.text
        problem = answer.json()
        assert problem["code"] == bad.code, answer.text
        assert words in problem["detail"], answer.text
        assert _is_chinese(problem["detail"]) == (language == "zh-CN")
        if bad.at:
            reasons = {error["at"].removeprefix("body."): error["reason"] for error in problem["errors"]}
            assert _is_chinese(reasons[bad.at]) == (language == "zh-CN"), reasons
    assert await counties.stands(bad.service) == before


def _is_chinese(text: str) -> bool:
    return any("一" <= character <= "鿿" for character in text)
