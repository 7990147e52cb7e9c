"""Whose hand and whose eyes: preparers and checkers of vouchers, conflicts of interest, what a watcher may read."""

from typing import Any

import pytest

from services.settlement.app import ROUTERS
from services.settlement.orders.kinds import KINDS
from shared.http.access import EXTENSION
from shared.http.edge import EdgeRoute
from tests.component.funds.world import EXPENDITURE, HOSPITAL, INCOME, OTHER_HOSPITAL, World


async def hands(world: World, source: str) -> list[tuple[str, str, str]]:
    """Preparer, checker and poster of vouchers by the beginning of their source."""
    rows = await world.rows(
        "SELECT preparer, checker, poster FROM voucher WHERE source_event LIKE $1 ORDER BY number", f"{source}%"
    )
    return [tuple(row) for row in rows]


async def test_who_enters_a_fact_alone_is_its_preparer_and_never_its_checker(world: World) -> None:
    await world.fund()
    assert await hands(world, "arrival:") == [("county_finance-1", "county_finance-2", "system")]
    await world.paid("70.00")
    assert await hands(world, "payment:") == [("insurer_finance-1", "rule:payment", "system")]
    assert (await hands(world, "transfer:"))[0] == ("county_finance-1", "county_finance-2", "system")
    await world.collect("5.00")
    assert await hands(world, "premium:") == [("system", "rule:premium", "system")]


@pytest.mark.requirement("ZA-11", "each account has one keeper: finance does not act on the county office's account")
async def test_finance_does_not_act_on_the_income_account(world: World) -> None:
    body = world.statement_body(INCOME)
    problem = await world.refused("keeper_only", "/bank-statements", body, role="county_finance")
    assert "county_office" not in problem["detail"]
    transfer = {"kind": "income_to_fiscal", "amount": "1.00"}
    await world.refused("keeper_only", "/transfers", transfer, role="county_finance")
    await world.done("/bank-statements", body, role="county_recheck")


@pytest.mark.requirement("WC-07", "nobody decides on an application that pays the hospital of his home unit")
async def test_an_application_is_not_decided_by_somebody_of_its_hospital(world: World) -> None:
    await world.fund()
    await world.paid("70.00")
    path = f"/replenishments/{(await world.done('/replenishments', {}))['id']}"
    for act, body in (("recheck", {}), ("send-back", {"reason": "缺附件"})):
        away = {"role": "county_recheck", "home_institution": HOSPITAL}
        problem = await world.refused("conflict_of_interest", f"{path}/{act}", body, **away)
        assert "home" not in problem["detail"]
    await world.done(f"{path}/recheck", {}, role="county_recheck", home_institution=OTHER_HOSPITAL)
    away = {"role": "county_finance", "home_institution": HOSPITAL}
    await world.refused("conflict_of_interest", f"{path}/approval", **away)
    await world.done(f"{path}/approval", role="county_finance")
    payee = {"payee_name": "甲", "bank_name": "农行", "account_number": "95599000000009"}
    away = {"role": "county_recheck", "home_institution": HOSPITAL, "method": "PUT"}
    await world.refused("conflict_of_interest", f"/payees/{HOSPITAL}", payee, **away)


async def test_who_paid_in_is_sealed_and_its_reading_is_logged(world: World) -> None:
    body = world.statement_body(EXPENDITURE, ("in", 100, "??"))
    body["lines"][0] |= {"counterparty": "王小明 6222000012345678", "text": "退款 13885700001"}
    await world.done("/bank-statements", body)
    (stored,) = await world.rows("SELECT counterparty_sealed, narrative_sealed FROM statement_line")
    assert not any("6222" in bytes(x).decode(errors="replace") or "1388" in str(bytes(x)) for x in stored)
    (whole,) = (await world.get("/open-items", "auditor"))["at_bank_not_in_book"]
    assert (whole["counterparty"], whole["text"]) == ("王小明 6222000012345678", "退款 13885700001")
    (masked,) = (await world.get("/open-items", "supervisor"))["at_bank_not_in_book"]
    assert (masked["counterparty"], masked["text"]) == ("王***", "退***")
    logged = await world.rows("SELECT role FROM audit WHERE action = 'list_open_items' AND outcome = 'read'")
    assert [row["role"] for row in logged] == ["auditor", "supervisor"]


async def test_a_refusal_speaks_one_language(world: World) -> None:
    await world.fund()
    made = await world.done("/advances", {"amount": "1.00"}, role="county_finance")
    path = f"/transfers/{made['id']}/release"
    headers = world.tokens.headers("county_finance") | {"Idempotency-Key": "en", "Accept-Language": "en"}
    english = (await world.client.post(f"/v1/pools/522422{path}", headers=headers)).json()["detail"]
    assert english.isascii(), english
    chinese = (await world.refused("four_eyes", path, role="county_finance"))["detail"]
    assert "prepare" not in chinese
    await world.done(path, role="county_finance", subject="county_finance-2")
    chinese = (await world.refused("transfer_already_released", path, role="county_finance", subject="c"))["detail"]
    assert "已放行" in chinese
    assert "released" not in chinese


def routes() -> list[tuple[bool, dict[str, Any]]]:
    """Of every route of settlement whether it writes, and its access rule."""
    found = []
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, EdgeRoute)
            rule = (route.openapi_extra or {})[EXTENSION]
            found.append((bool(route.methods & {"POST", "PUT"}) and not rule.get("query", False), rule))
    return found


@pytest.mark.requirement("LS-16", "the auditor reads collection, use and every paper, and can change nothing")
def test_the_auditor_reads_all_and_writes_nothing() -> None:
    assert [rule["command"] for writes, rule in routes() if writes and "auditor" in rule["roles"]] == []
    may_read = {rule["command"] for writes, rule in routes() if not writes and "auditor" in rule["roles"]}
    collection = {"show_subsidies", "list_transfers", "list_money_orders"}
    use = {"list_replenishments", "list_payment_claims", "list_vouchers", "export_book"}
    papers = {"print_month", "print_journal", "print_bank_reconciliation", "print_book_paper", "print_pool_paper"}
    assert collection | use | papers <= may_read


HANDLING = {
    "register_bank_account", "import_bank_statement", "import_bank_statement_bulk", "match_open_items",
    "recognise_interest", "read_open_line", "prepare_transfer", "release_transfer", "cancel_transfer", "issue_float",
    "attach_to_voucher",
    "apply_for_replenishment", "prepare_batch",
    "release_batch", "cancel_batch", "dispatch_batch", "pay_again", "declare_not_executed", "confirm_not_executed",
    "prepare_money_order", "approve_money_order", "refuse_money_order", "return_money_order",
    "declare_money_order_not_executed", "confirm_money_order_not_executed", "record_late_execution",
    "ask_write_off", "approve_write_off", "refuse_write_off",
    "withdraw_not_executed", "confirm_withdrawal_of_not_executed",
    "withdraw_money_order_not_executed", "confirm_withdrawal_of_money_order_not_executed",
    "propose_money_order_reversal", "approve_money_order_reversal", "refuse_money_order_reversal",
}  # fmt: skip
"""What the insurer does: its own account, payments, applications; the orders of its own book, and what that book gives
up: of which book is asked with the write-off."""


@pytest.mark.requirement("ZZ-13", "the insurer pays and applies; it decides nothing about the fund")
async def test_the_insurer_pays_and_decides_nothing_about_the_fund(world: World) -> None:
    done = {rule["command"] for writes, rule in routes() if writes and {r for r in rule["roles"] if "insurer_" in r}}
    assert done == HANDLING
    for kind in KINDS.values():
        if any(role.startswith("insurer_") for role in kind.roles):
            assert kind.book in ("critical_illness", "supplementary"), kind.code
    order = {"kind": "risk_fund_deposit", "amount": "1.00", "reason": "缴存"}
    await world.refused("order_wrong_hand", "/money-orders", order)
    await world.refused("forbidden_role", "/advances", {"amount": "1.00"})


@pytest.mark.parametrize("same", ["zhang", "ZHANG", " Zhang "])
async def test_one_person_is_not_two_by_capitals_or_blanks(world: World, same: str) -> None:
    """The ledger takes preparer and checker for one without regard to these; so does every act of two persons."""
    await world.fund()
    cutoff, _ = await world.release_claims("100.00")
    made = await world.done("/batches", {"cutoff_ids": [str(cutoff)]}, subject="Zhang")
    release = f"/batches/{made['id']}/release"
    await world.refused("four_eyes", release, role="insurer_approver", subject=same)
    (batch,) = await world.rows("SELECT prepared_by FROM batch")
    assert batch["prepared_by"] == "zhang"
    await world.done(release, role="insurer_approver", subject="zhang2")


async def test_a_token_that_names_nobody_is_refused(world: World) -> None:
    problem = await world.refused("unauthenticated", "/replenishments", {}, subject="  ")
    assert "没有写明是谁" in problem["detail"]
