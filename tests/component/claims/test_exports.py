"""Claims, cut-offs, institutions, agreements and a catalogue as files: what the JSON lists say, a hospital its own."""

from tests.component.claims.world import CATALOGUE, COUNTY, POOL, TOWNSHIP, World
from tests.support.exports import assert_as_listed, column, of_csv

CLAIMS = f"/v1/pools/{POOL}/claims"


async def test_claims_and_a_hospital_takes_away_its_own_alone(world: World) -> None:
    first, second = await world.member(), await world.member()
    mine = [await world.settled(first, "1000.00"), await world.settled(second, "2000.50")]
    theirs = await world.settled(await world.member(), "300.00", of=TOWNSHIP)
    headers = world.tokens.headers("auditor")
    rows = await assert_as_listed(world.client, CLAIMS, headers, times=("settled_at",))
    assert sorted(column(rows, "结算编号")) == sorted(claim["setl_id"] for claim in [*mine, theirs])
    hospital = world.tokens.headers("hospital", institutions=(COUNTY,))
    own = await assert_as_listed(world.client, CLAIMS, hospital, times=("settled_at",))
    assert set(column(own, "医疗机构编码")) == {COUNTY}, "the row policy of the reading role knows institutions"
    assert len(own) == 3
    answer = await world.client.get(f"{CLAIMS}?format=csv&status=approved", headers=hospital)
    assert of_csv(answer.content) == own[:1]


async def test_institutions_agreements_and_a_catalogue(world: World) -> None:
    headers = world.tokens.headers("county_director")
    institutions = await assert_as_listed(world.client, "/v1/institutions", headers)
    assert COUNTY in column(institutions, "医疗机构编码")
    agreements = await assert_as_listed(world.client, f"/v1/pools/{POOL}/agreements", headers)
    assert set(column(agreements, "账号(后四位)")) == {"******4567"}
    items = await assert_as_listed(world.client, f"/v1/catalogues/{CATALOGUE}/items", headers)
    assert column(items, "项目编码") == ["A1", "A2", "C1"]
    absent = await world.client.get("/v1/catalogues/none/items?format=xlsx", headers=headers)
    assert (absent.status_code, absent.json()["code"]) == (404, "catalogue_unknown")
