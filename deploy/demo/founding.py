"""Chapter 1: areas and the pool, the year's standard, institutions, agreements, accounts, the catalogue, the policy."""

from __future__ import annotations

from deploy.demo import county
from deploy.demo.roster import AREAS
from deploy.demo.story import Story
from deploy.state import ROOT

POLICY_FILE = ROOT / "policies" / "dafang-2010.yaml"
SINCE = "2010-01-01"


async def found(story: Story) -> None:
    """Everything that must be decided before the first farmer is enrolled."""
    await _areas(story)
    await _standard(story)
    await _review_limit(story)
    await _providers(story)
    await _accounts(story)
    await _catalogue(story)
    await _policy(story)


async def _areas(story: Story) -> None:
    city = story.cast.city_health
    places = [*county.AREAS, *AREAS]
    for code, kind, name, parent in places:
        await city.write(
            "PUT",
            f"/enrollment/v1/areas/{code}",
            f"area-{code}",
            json={"kind": kind, "name": name, "parent_code": parent},
        )
    await city.write(
        "PUT",
        f"/enrollment/v1/pools/{county.POOL}",
        "pool",
        json={"name": county.POOL_NAME, "area_code": county.POOL, "valid_from": SINCE, "payers": county.PAYERS},
    )
    story.done(f"统筹区 {county.POOL} 和 {len(places)} 个地区 · the pool and its areas")


async def _standard(story: Story) -> None:
    await story.cast.county_director.write(
        "PUT", story.path("enrollment", f"standards/{county.YEAR}"), "standard", json=county.STANDARD
    )
    story.done("筹资标准每人 140 元(个人 20,财政 120)· 140 yuan a head")


async def _review_limit(story: Story) -> None:
    await story.cast.city_health.write(
        "POST",
        story.path("performance", "standards/review_time"),
        "review-limit",
        json={
            "valid_from": SINCE,
            "limit_working_days": 15,
            "document_number": "市合医协〔2009〕4号(演示)",
            "decided_on": "2009-12-15",
        },
    )
    story.done("审核时限标准 15 个工作日,由市里定 · the review limit, set by the city")


async def _providers(story: Story) -> None:
    director = story.cast.county_director
    for number, institution in enumerate(county.INSTITUTIONS):
        await director.write(
            "PUT",
            f"/claims/v1/institutions/{institution.code}",
            f"institution-{institution.code}",
            json={
                "valid_from": SINCE,
                "name": institution.name,
                "level": institution.level,
                "ownership": "public",
                "area_code": county.POOL,
            },
        )
        account = f"62284800{number:010d}"
        await director.write(
            "PUT",
            story.path("claims", f"agreements/{institution.code}"),
            f"agreement-{institution.code}",
            json={
                "valid_from": SINCE,
                "kinds": list(institution.kinds),
                "payee": institution.name,
                "bank_name": "中国农业银行大方县支行",
                "bank_account": account,
                "document_number": "方合医定〔2009〕8号(演示)",
                "decided_on": "2009-12-20",
            },
        )
        await director.write(
            "PUT",
            story.path("settlement", f"payees/{institution.code}"),
            f"payee-{institution.code}",
            json={
                "payee_name": institution.name,
                "bank_name": "中国农业银行大方县支行",
                "account_number": account,
            },
        )
        await story.cast.county_recheck.write(
            "POST",
            story.path("settlement", f"payees/{institution.code}/confirmation"),
            f"payee-confirmed-{institution.code}",
            json={"account_number": account},
        )
    story.done(f"{len(county.INSTITUTIONS)} 家定点医疗机构 · designated institutions with agreements")


async def _accounts(story: Story) -> None:
    for number, (code, account) in enumerate(story.banks.accounts.items()):
        await account.keeper.write(
            "PUT",
            story.path("settlement", f"bank-accounts/{code}"),
            f"account-{code}",
            json={
                "bank_name": "中国农业银行大方县支行",
                "bank_ownership": "state_owned",
                "holder_name": county.POOL_NAME,
                "account_number": f"23710104{number:010d}",
            },
        )
    story.done("财政专户、收入户、支出户 · the fund's three accounts, each with its keeper")


async def _catalogue(story: Story) -> None:
    director, second = story.cast.county_director, story.cast.county_director_2
    path = f"/claims/v1/catalogues/{county.CATALOGUE}"
    head = {"title": "大方县补偿目录(演示)", "region": county.POOL, "effective_from": SINCE}
    await director.write("PUT", path, "catalogue", json=head)
    await director.write("POST", f"{path}/items", "catalogue-items", json={"items": county.ITEMS})
    decision = {"document_number": "方合医目〔2009〕3号(演示)", "decided_on": "2009-12-25"}
    await second.write("POST", f"{path}/decision", "catalogue-decision", json=decision)
    story.done(f"补偿目录 {len(county.ITEMS)} 项 · the catalogue, decided by a second person")


async def _policy(story: Story) -> None:
    director, second = story.cast.county_director, story.cast.county_director_2
    submitted = await director.write(
        "POST",
        story.path("claims", "policies"),
        "policy",
        content=POLICY_FILE.read_bytes(),
        headers={"Content-Type": "application/yaml"},
    )
    policy = story.path("claims", f"policies/{submitted['id']}")
    await second.write("POST", f"{policy}/check", "policy-check")
    decided = await second.write(
        "POST",
        f"{policy}/decision",
        "policy-decision",
        json={
            "document_number": county.POLICY_ACCEPTED_BY,
            "decided_on": "2009-12-28",
            "accept_illustrative": submitted["illustrative"],
        },
    )
    story.check(decided["status"] == "in_force", "the policy to be in force", decided)
    story.facts["policy"] = submitted
    named = "、".join(submitted["illustrative"])
    story.done(f"方案 {submitted['code']} 生效;来源未写明、点名接受的:{named} · policy in force")
