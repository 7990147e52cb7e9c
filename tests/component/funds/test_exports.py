"""Payments, batches, transfers, replenishments, the ledger and the identities as files: what the JSON lists say."""

from shared.kernel.dates import shanghai_date
from tests.component.funds.world import HOSPITAL, OTHER_HOSPITAL, POOL, World
from tests.support.exports import assert_as_listed, column, taken_away

PERIOD = "from=2010-03-01&to=2010-03-31"


async def test_what_the_office_and_the_auditor_take_away(world: World) -> None:
    await world.fund()
    first, _ = await world.release_claims("700.00", "300.50", "12.34")
    second, _ = await world.release_claims("80.00", hospital=OTHER_HOSPITAL)
    await world.confirm(await world.batch(first, second))
    await world.done("/replenishments", {})
    headers = world.tokens.headers("auditor")
    pool = f"/v1/pools/{POOL}"
    book = f"{pool}/books/basic"
    for path in ("cutoffs", "batches", "transfers"):
        await assert_as_listed(world.client, f"{pool}/{path}", headers)
    rows = await assert_as_listed(world.client, f"{pool}/replenishments", headers, times=("applied_at",))
    assert column(rows, "申请金额") == ["1092.84"]
    lines = f"{pool}/replenishments/{column(rows, '回补申请编号')[0]}/lines"
    assert len(await assert_as_listed(world.client, lines, headers)) == 5
    payments = await assert_as_listed(world.client, f"{pool}/institutions/{HOSPITAL}/payments?{PERIOD}", headers)
    assert column(payments, "金额") == ["1012.84"]
    paid = f"{pool}/payments/{column(payments, '付款内部编号')[0]}/claims"
    claims = await assert_as_listed(world.client, paid, headers)
    assert sorted(column(claims, "金额")) == ["12.34", "300.50", "700.00"]
    await _the_books(world, book, headers)
    identities = await assert_as_listed(world.client, f"{pool}/identities", headers)
    assert set(column(identities, "编号")) == set("abcdef")
    assert set(column(identities, "一侧")) == {"左边", "右边", "另列"}
    assert set(column(identities, "是否相符")) == {"是"}


async def _the_books(world: World, book: str, headers: dict[str, str]) -> None:
    """Vouchers with a row a posting, an account's entries, the balances of a day."""
    vouchers = await assert_as_listed(world.client, f"{book}/vouchers", headers)
    assert "1001.02" in column(vouchers, "贷方科目")
    entries = await assert_as_listed(world.client, f"{book}/entries?account=1001.02&{PERIOD}", headers)
    closing = set(column(entries, "期末余额"))
    balances = await assert_as_listed(world.client, f"{book}/balances", headers)
    of_account = dict(zip(column(balances, "科目代码"), column(balances, "余额"), strict=True))
    assert closing == {of_account["1001.02"]}
    assert set(column(balances, "截至日期")) == {str(shanghai_date(world.clock.now()))}


async def test_a_hospital_takes_away_its_own_payments_alone(world: World) -> None:
    await world.fund()
    mine, _ = await world.release_claims("10.00")
    await world.confirm(await world.batch(mine))
    path = f"/v1/pools/{POOL}/institutions/{HOSPITAL}/payments?{PERIOD}"
    own = await taken_away(world.client, path, world.tokens.headers("hospital", institutions=(HOSPITAL,)))
    assert column(own, "金额") == ["10.00"]
    stranger = world.tokens.headers("hospital", institutions=(OTHER_HOSPITAL,))
    answer = await world.client.get(f"{path}&format=csv", headers=stranger)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_institution")
