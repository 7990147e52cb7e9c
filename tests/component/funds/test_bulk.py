"""A county's payees in one file: line by line, and all or nothing (contracts §4)."""

import json
from typing import Any

import httpx

from tests.component.funds.world import POOL, World

OTHER_POOL = "410182"


def payee(number: int, **more: Any) -> dict[str, Any]:
    """The line of a hospital."""
    body = {"payee_name": f"第{number}卫生院", "bank_name": "农行", "account_number": f"62284800{number:04}"} | more
    return {"key": f"payee-{number}", "institution_code": f"H5224220{number:04}", "body": body}


async def send(
    world: World, path: str, lines: list[Any], role: str = "county_director", key: str | None = None
) -> httpx.Response:
    """The lines in one request; ``key`` is that of the whole, all or nothing."""
    headers = world.tokens.headers(role) | {"Content-Type": "application/x-ndjson"}
    headers |= {"Idempotency-Key": key} if key else {}
    content = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode()
    return await world.client.post(path + ("?atomic=true" if key else ""), content=content, headers=headers)


def told(answer: httpx.Response) -> list[Any]:
    assert answer.status_code == 200, answer.text
    return [json.loads(one) for one in answer.text.splitlines()]


PAYEES = f"/v1/pools/{POOL}/payees/bulk"
CONFIRMATIONS = f"/v1/pools/{POOL}/payees/confirmations/bulk"


async def registered(world: World) -> list[tuple[str, bool]]:
    rows = await world.rows("SELECT institution_code, confirmed_by FROM payee ORDER BY institution_code")
    return [(row["institution_code"], row["confirmed_by"] is not None) for row in rows]


async def test_payees_line_by_line_and_a_second_person_confirms_them(empty_world: World) -> None:
    lines = [payee(1), payee(2, account_number="6"), payee(3) | {"institution_code": ""}, payee(4)]
    done = told(await send(empty_world, PAYEES, lines))
    assert [one["status"] for one in done] == [200, 422, 422, 200]
    assert done[0]["body"] == {"institution_code": "H52242200001", "version": 1}
    assert done[1]["problem"]["errors"][0]["at"] == "body.account_number"
    assert done[2]["problem"]["errors"][0]["at"] == "institution_code"
    assert await registered(empty_world) == [("H52242200001", False), ("H52242200004", False)]
    confirmations = [
        {"key": f"c-{n}", "institution_code": f"H5224220{n:04}", "body": {"account_number": f"62284800{n:04}"}}
        for n in (1, 4, 9)
    ]
    alone = told(await send(empty_world, CONFIRMATIONS, confirmations))
    assert [one["problem"]["code"] for one in alone][:2] == ["four_eyes", "four_eyes"]
    second = told(await send(empty_world, CONFIRMATIONS, confirmations, role="county_recheck"))
    assert [one["status"] for one in second][:2] == [200, 200]
    assert second[2]["problem"]["code"] == "payee_missing"
    assert await registered(empty_world) == [("H52242200001", True), ("H52242200004", True)]


async def test_payees_all_or_none(empty_world: World) -> None:
    refused = await send(empty_world, PAYEES, [payee(1), payee(2, bank_name="")], key="whole")
    assert (refused.status_code, refused.json()["errors"][0]["at"]) == (422, "lines.2")
    assert (await registered(empty_world), await empty_world.rows("SELECT 1 FROM idempotency")) == ([], [])
    done = await send(empty_world, PAYEES, [payee(1), payee(2)], key="whole")
    assert [one["status"] for one in done.json()["lines"]] == [200, 200]
    single = await empty_world.send(
        "/payees/H52242200001", payee(1)["body"], role="county_director", method="PUT", key="payee-1"
    )
    assert single.headers["idempotency-replayed"] == "true"
    assert len(await registered(empty_world)) == 2


async def test_another_county_s_token_and_an_insurer_s_reach_no_line(empty_world: World) -> None:
    elsewhere = f"/v1/pools/{OTHER_POOL}/payees/bulk"
    assert (await send(empty_world, elsewhere, [payee(1)])).json()["code"] == "forbidden_pool"
    assert (await send(empty_world, PAYEES, [payee(1)], role="insurer_finance")).json()["code"] == "forbidden_role"
    assert await registered(empty_world) == []


async def test_bank_statements_of_several_days_in_one_file(world: World) -> None:
    def statement(day: str, opening: str, closing: str) -> dict[str, Any]:
        line = {"direction": "in", "amount": "100.00", "reference": f"X{day}", "value_date": day}
        balances = {"opening_balance": opening, "closing_balance": closing}
        return {"key": day, "body": {"account": "1002", "day": day, "lines": [line]} | balances}

    path = f"/v1/pools/{POOL}/bank-statements/bulk"
    days = [statement("2010-02-26", "0.00", "100.00"), statement("2010-02-27", "150.00", "250.00")]
    done = told(await send(world, path, days, role="county_finance"))
    assert [one["status"] for one in done] == [201, 409], done
    days[1] = statement("2010-02-27", "100.00", "200.00")
    again = told(await send(world, path, days, role="county_finance"))
    assert [(one["status"], one.get("replayed", False)) for one in again] == [(201, True), (201, False)]
