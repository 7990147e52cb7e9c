"""The ledger over HTTP on real PostgreSQL: who may read what, what is refused, and an export that verifies offline."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from services.settlement.ledger.posting import Posting
from services.settlement.ledger.signing import Signer
from shared.db.counting import count_statements
from tests.component.ledger.conftest import OTHER_POOL, POOL, Ledger, fund, open_ledger, voucher
from tests.support.postgres import TestPostgres
from tests.support.services import TEST_KEYS, running_app
from tests.support.tokens import TestTokens

BASIC = f"/v1/pools/{POOL}/books/basic"
SIGNER = Signer.from_hex(TEST_KEYS["SIGNING_KEY"])


class Api:
    """The service's client, with a token of a role for each call."""

    def __init__(self, ledger: Ledger, client: httpx.AsyncClient, tokens: TestTokens) -> None:
        self.ledger, self.client, self.tokens = ledger, client, tokens
        self._keys = 0

    async def get(self, path: str, role: str | None = "auditor", **options: Any) -> httpx.Response:
        """A read."""
        return await self.client.get(path, headers=self.tokens.headers(role, **options) if role else {})

    async def post(self, path: str, role: str = "county_finance") -> httpx.Response:
        """A write without a body."""
        self._keys += 1
        headers = self.tokens.headers(role) | {"Idempotency-Key": f"key-{self._keys}-{role}"}
        return await self.client.post(path, headers=headers)


@pytest.fixture(scope="module")
async def api(postgres: TestPostgres, tokens: TestTokens) -> AsyncIterator[Api]:
    """Books of three days; each test that writes uses a day of its own."""
    async with open_ledger(postgres) as ledger:
        await fund(ledger)
        days = [date(2010, 2, 27), date(2010, 2, 28), date(2010, 3, 1)]
        await ledger.post(
            *[
                voucher(
                    f"pay{n}", Posting("5001.01", "1001.02", 100 * n, party=f"H{n % 2}", ref=f"P-{n}"),
                    posting_date=date(2010, 3, 1), value_date=days[n % 3],
                )
                for n in range(1, 8)
            ]
        )  # fmt: skip
        async with running_app(ledger.database, tokens) as running:
            yield Api(ledger, running.client, tokens)


async def test_books_and_accounts(api: Api) -> None:
    books = (await api.get(f"/v1/pools/{POOL}/books")).json()["items"]
    assert [(b["book"], b["last_number"]) for b in books] == [("basic", 9), ("obligations", 0), ("supplementary", 0)]
    accounts = (await api.get(f"{BASIC}/accounts")).json()["items"]
    expenditure = next(a for a in accounts if a["account"] == "1001.02")
    assert (expenditure["keeper"], expenditure["guarded"], expenditure["normal_side"]) == ("insurer", True, "debit")
    assert (await api.get(f"/v1/pools/{POOL}/books/none/accounts")).status_code == 404


async def test_vouchers_page_in_a_fixed_number_of_statements(api: Api) -> None:
    seen: list[int] = []
    path = f"{BASIC}/vouchers?limit=4"
    while True:
        with count_statements() as counted:
            page = (await api.get(path)).json()
        assert counted.total() <= 6, counted
        seen += [v["number"] for v in page["items"]]
        if page["next_cursor"] is None:
            break
        path = f"{BASIC}/vouchers?limit=4&cursor={page['next_cursor']}"
    assert seen == list(range(1, 10))
    one = (await api.get(f"{BASIC}/vouchers/3")).json()
    assert one["postings"][0] | {} == {
        "line": 1, "debit": "5001.01", "credit": "1001.02", "amount": "1.00", "party": "H1", "ref": "P-1", "memo": "",
    }  # fmt: skip
    assert (await api.get(f"{BASIC}/vouchers?source_event=pay3")).json()["items"][0]["number"] == 5
    assert (await api.get(f"{BASIC}/vouchers?from=2010-02-01&to=2010-02-28")).json()["items"] == []
    assert (await api.get(f"{BASIC}/vouchers/99")).json()["code"] == "ledger_voucher_unknown"


async def test_balances_at_any_date_by_posting_and_by_value_date(api: Api) -> None:
    async def paid(query: str) -> str:
        answer = (await api.get(f"{BASIC}/balances{query}")).json()
        assert answer["ties"] and answer["debit"] == answer["credit"]
        return str(next(item["balance"] for item in answer["items"] if item["account"] == "5001.01"))

    assert await paid("") == "28.00"
    assert await paid("?at=2010-02-28") == "0.00"
    assert await paid("?at=2010-02-28&by=value") == "21.00"  # 3 + 6 on the 27th, 1 + 4 + 7 on the 28th
    assert await paid("?at=2010-02-27&by=value") == "9.00"
    available = (await api.get(f"{BASIC}/available")).json()["items"]
    assert next(a for a in available if a["account"] == "1001.02")["available"] == "472.00"


async def test_entries_of_an_account_a_party_a_number(api: Api) -> None:
    march = "from=2010-03-01&to=2010-03-31"
    page = (await api.get(f"{BASIC}/entries?account=1001.02&{march}&limit=5")).json()
    assert (page["opening"], page["closing"]) == ("0.00", "472.00")
    assert [(e["side"], e["amount"]) for e in page["items"]][:2] == [("debit", "500.00"), ("credit", "1.00")]
    rest = (await api.get(f"{BASIC}/entries?account=1001.02&{march}&limit=5&cursor={page['next_cursor']}")).json()
    assert len(page["items"]) + len(rest["items"]) == 8
    party = (await api.get(f"{BASIC}/entries?party=H1&{march}")).json()
    assert [e["ref"] for e in party["items"]] == ["P-1", "P-3", "P-5", "P-7"]
    assert [e["number"] for e in (await api.get(f"{BASIC}/entries?ref=P-4")).json()["items"]] == [6]
    assert (await api.get(f"{BASIC}/entries?account=1001.02&from=2010-04-01&to=2010-04-30")).json()["items"] == []


@pytest.mark.parametrize(
    "query",
    [
        "entries",
        "entries?account=1001.02",
        "entries?account=1001.02&from=2010-03-01",
        "entries?party=H1",
        "entries?account=1001.02&from=2010-03-01&to=2010-03-31&by=value",
        "entries?account=1001.02&from=2010-03-01&to=2010-03-31&memo=x",
        "vouchers?preparer=x",
        "vouchers?source_event=pay1&from=2010-03-01",
        "balances?at=2010-03-01&account=1001.02",
        "balances?by=entry",
        "vouchers?limit=100000",
        "vouchers?cursor=junk",
    ],
)
async def test_a_filter_that_cannot_be_served_is_refused_never_ignored(api: Api, query: str) -> None:
    answer = await api.get(f"{BASIC}/{query}")
    assert answer.status_code == 422, answer.text


async def test_who_may_not_read(api: Api) -> None:
    assert (await api.get(f"{BASIC}/vouchers", role="hospital")).status_code == 403
    assert (await api.get(f"/v1/pools/{OTHER_POOL}/books")).status_code == 403
    assert (await api.get(f"/v1/pools/{OTHER_POOL}/books", pools=(OTHER_POOL,))).json()["items"] == []
    assert (await api.get(f"{BASIC}/vouchers", role=None)).status_code == 401
    assert (await api.post(f"{BASIC}/days/2010-03-01/seal", role="insurer_finance")).status_code == 403


@pytest.mark.requirement(
    "ZZ-35", "after a change of keys the roots of both are published with the keys that check them"
)
async def test_a_book_sealed_with_two_keys_is_verified_with_what_is_published(
    postgres: TestPostgres, tokens: TestTokens, tmp_path: Path
) -> None:
    new = Signer.from_hex("44" * 32)
    async with open_ledger(postgres) as ledger:
        await fund(ledger)
        async with running_app(ledger.database, tokens) as before:
            first = await Api(ledger, before.client, tokens).post(f"{BASIC}/days/2010-02-27/seal")
            assert first.status_code == 200, first.text
        owner = await asyncpg.connect(ledger.database.admin)
        await owner.execute("INSERT INTO signing_key VALUES ($1)", new.key_id)
        await owner.close()
        told = f"{SIGNER.public_key.hex()}:2010-01-01:2010-02-27"
        changed = {"SIGNING_KEY": "44" * 32, "EARLIER_PUBLIC_KEYS": told}
        async with running_app(ledger.database, tokens, **changed) as after:
            api = Api(ledger, after.client, tokens)
            api._keys = 1
            second = await api.post(f"{BASIC}/days/2010-02-28/seal")
            assert second.status_code == 200, second.text
            roots = await api.get("/v1/roots", role=None)
            answer = await api.get(f"{BASIC}/export")
    found = roots.json()
    assert [root["key_id"] for root in found["items"]][-2:] == [SIGNER.key_id, new.key_id]
    assert found["public_keys"] == {one.key_id: one.public_key.hex() for one in (SIGNER, new)}
    days = [(one["key_id"], one["first_day"], one["last_day"]) for one in found["keys"]]
    assert days == [(SIGNER.key_id, "2010-01-01", "2010-02-27"), (new.key_id, "2010-02-28", None)]
    export, kept = tmp_path / "book.ndjson", tmp_path / "roots.json"
    export.write_bytes(answer.content)
    kept.write_text(roots.text)
    command = [sys.executable, "-m", "heyi_verify", str(export), "--roots", str(kept)]
    pinned = [part for key in found["public_keys"].values() for part in ("--key", key)]
    for given, code in ((pinned, 0), (pinned[2:], 1)):
        done = await asyncio.to_thread(subprocess.run, [*command, *given], capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr


@pytest.mark.requirement("ZZ-35", "an auditor exports a book and verifies it offline against roots published before")
async def test_seal_publish_export_verify(api: Api, tmp_path: Path) -> None:
    ahead = await api.post(f"{BASIC}/days/2010-03-02/seal")
    assert ahead.json()["code"] == "ledger_seal_not_yet"
    sealed = await api.post(f"{BASIC}/days/2010-03-01/seal")
    assert sealed.status_code == 200, sealed.text
    assert [(s["seal_number"], s["last_number"]) for s in sealed.json()["items"]] == [(1, 9)]
    assert (await api.post(f"{BASIC}/days/2010-03-01/seal")).json()["code"] == "ledger_sealed_already"
    roots = await api.get("/v1/roots", role=None)
    assert roots.json()["items"] == sealed.json()["items"]
    assert roots.json()["public_keys"] == {SIGNER.key_id: SIGNER.public_key.hex()}
    assert (await api.get(f"/v1/roots?pool_code={OTHER_POOL}", role=None)).json()["items"] == []

    await api.ledger.post(voucher("after the seal"))
    response = await api.get(f"{BASIC}/export")
    assert response.status_code == 200 and response.headers["content-type"].startswith("application/x-ndjson")
    kinds = [json.loads(line)["kind"] for line in response.text.splitlines()]
    assert (kinds[0], kinds[-1], kinds.count("voucher"), kinds.count("seal")) == ("book", "end", 10, 1)
    export, kept = tmp_path / "book.ndjson", tmp_path / "roots.json"
    export.write_text(response.text)
    kept.write_text(roots.text)
    command = [sys.executable, "-m", "heyi_verify", str(export), "--roots", str(kept), "--key", SIGNER.public_key.hex()]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (await api.get(f"/v1/pools/{POOL}/books/none/export")).status_code == 404
    assert (await api.get(f"{BASIC}/export", role="insurer_finance")).status_code == 403


async def test_a_replay_says_that_the_caches_hold(api: Api) -> None:
    answer = (await api.get(f"{BASIC}/replay")).json()
    assert (answer["ties"], answer["differences"]) == (True, [])
