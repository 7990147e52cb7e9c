"""Households, members, bills and sponsors as files: what the JSON lists say, within the areas of the token."""

from tests.component.enrollment.conftest import OTHER_POOL, POOL, YEAR, Office, sheet
from tests.component.enrollment.test_rosters import HEAD, SON, WIFE, number, row
from tests.support.exports import assert_as_listed, column, of_csv, taken_away

HOUSEHOLDS, MEMBERS, BILLS = (
    f"/v1/pools/{POOL}/households", f"/v1/pools/{POOL}/members", f"/v1/pools/{POOL}/bills?year={YEAR}",
)  # fmt: skip


async def people(county: Office) -> None:
    others = [
        row(name, "户主", number("19600101", 105 + n), household=str(2 + n), head=name)
        for n, name in enumerate(("张三", "=1+1", "李四"))
    ]
    await county.enrolled(sheet([HEAD, WIFE, SON, *others]))


async def test_households_members_and_bills(county: Office) -> None:
    await people(county)
    headers = county.tokens.headers("county_director", pools=(POOL,))
    households = await assert_as_listed(county.client, HOUSEHOLDS, headers)
    bills = await assert_as_listed(county.client, BILLS, headers)
    assert sorted(column(households, "家庭编号")) == sorted(column(bills, "家庭编号"))
    members = await assert_as_listed(county.client, MEMBERS, headers)
    numbers = {number("19600101", 105 + n) for n in range(3)}
    assert not numbers & {cell for line in [*households, *members] for cell in line}, "no file shows an ID number"
    raw = (await county.client.get(HOUSEHOLDS + "?format=csv", headers=headers)).text
    certificates = column(households, "医疗证号")
    assert all(f"'{certificate}" in raw for certificate in certificates), "a long number stays a text"
    audited = await county.rows("SELECT action FROM audit WHERE outcome = 'read' AND detail ? 'format'")
    assert sorted({line["action"] for line in audited}) == ["list_bills", "list_households", "list_members"]


async def test_a_township_takes_away_its_own_area_alone(county: Office) -> None:
    await people(county)
    nowhere = county.tokens.headers("township_clerk", pools=(POOL,), areas=("52242299",))
    for path in (HOUSEHOLDS, MEMBERS, BILLS):
        assert len(await taken_away(county.client, path, nowhere)) == 1
    stranger = county.tokens.headers("township_clerk", pools=(OTHER_POOL,))
    answer = await county.client.get(HOUSEHOLDS + "?format=xlsx", headers=stranger)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_pool")


async def test_sponsors(county: Office) -> None:
    await county.enrolled(sheet([HEAD, row("李秀英", "配偶", WIFE[8], group="低保")]))
    body = {"sponsor": "县民政局", "year": YEAR, "group": "dibao"}
    await county.done("sponsor", "POST", f"/pools/{POOL}/sponsorships", json=body)
    headers = county.tokens.headers("county_finance", pools=(POOL,))
    rows = await assert_as_listed(county.client, f"/v1/pools/{POOL}/sponsorships", headers, times=("applied_at",))
    assert column(rows, "申报时间") == ["2010-03-01 09:00:00"]


async def test_what_is_still_to_be_collected_says_at_whose_door(county: Office) -> None:
    await county.enrolled(sheet([HEAD, WIFE]))
    clerk = county.tokens.headers("township_clerk", pools=(POOL,))
    rows = await taken_away(county.client, BILLS + "&open=true", clerk)
    assert (column(rows, "村"), column(rows, "户主姓名")) == (["化联村"], [HEAD[5]])
    finance = await taken_away(county.client, BILLS, county.tokens.headers("county_finance", pools=(POOL,)))
    assert column(finance, "户主姓名") == [HEAD[5][0] + "**"[: len(HEAD[5]) - 1]]


async def test_codes_are_words_in_the_language_of_the_reader(county: Office) -> None:
    await county.enrolled(sheet([HEAD, WIFE]))
    headers = county.tokens.headers("township_clerk", pools=(POOL,))
    members = f"/v1/pools/{POOL}/members"
    rows = await taken_away(county.client, members, headers)
    assert sorted(column(rows, "与户主关系")) == ["户主", "配偶"]
    english = await county.client.get(members + "?format=csv", headers=headers | {"Accept-Language": "en"})
    shown = of_csv(english.content)
    assert set(column(shown, "Relation")) == {"head", "spouse"}
    assert set(column(shown, "Status")) == {"enrolled"}
    listed = (await county.client.get(members, headers=headers)).json()["items"]
    assert {one["relation"] for one in listed} == {"head", "spouse"}
