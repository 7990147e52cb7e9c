"""The console on a running stack after the demo county: what it shows is what the public APIs answer."""

import os
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, expect

from deploy.state import DEMO_POOL
from tests.journey.browser import NARROW, WIDE, looking
from tests.journey.conftest import Played
from tests.support.waiting import PATIENCE_SECONDS

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "images" / "console.png"
SECTIONS = ("ring", "identities", "claims")


async def ask(stack: Played, path: str, role: str = "auditor") -> httpx.Response:
    """A public API's answer to a regulator."""
    async with httpx.AsyncClient(base_url=stack.origin, timeout=PATIENCE_SECONDS) as client:
        answer = await client.get(path, headers={"Authorization": f"Bearer {stack.token(role)}"})
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.slow
@pytest.mark.requirement("ZZ-14", "a regulator sees every account of the closed loop with its live balance")
@pytest.mark.parametrize("role", ["auditor", "county_director", "city_health"])
async def test_the_page_shows_what_the_apis_answer(played: Played, browser: Browser, role: str) -> None:
    settlement = f"/settlement/v1/pools/{DEMO_POOL}"
    ring = (await ask(played, f"{settlement}/money-ring", role)).json()
    identities = (await ask(played, f"{settlement}/identities", role)).json()["identities"]
    claims = (await ask(played, f"/claims/v1/pools/{DEMO_POOL}/claims?limit=20", role)).json()["items"]
    async with looking(browser) as look:
        for width in (WIDE, NARROW):
            await look.page.set_viewport_size({"width": width, "height": 900})
            await look.page.goto("about:blank")
            await look.page.goto(f"{played.origin}/#token={played.token(role)}")
            for section in SECTIONS:
                await expect(look.page.locator(f"#{section}")).to_have_attribute("aria-busy", "false")
            assert await look.balances() == {node["account"]: node["balance"] for node in ring["nodes"]}
            assert await look.page.locator(".identity").count() == len(identities) == 6
            assert await look.page.locator(".identity .stamp.ties").count() == sum(i["ties"] for i in identities)
            shown = await look.page.locator("tr[data-claim]").evaluate_all("rows => rows.map((r) => r.dataset.claim)")
            assert shown == [claim["claim_id"] for claim in claims]
            assert await look.sideways() == 0
        assert look.errors == []


@pytest.mark.slow
@pytest.mark.requirement("LS-23", "the number on a patient's paper finds the claim, and its paper can be printed again")
async def test_a_claim_is_found_by_the_number_on_its_slip(played: Played, browser: Browser) -> None:
    claims = f"/claims/v1/pools/{DEMO_POOL}/claims"
    (void,) = (await ask(played, f"{claims}?status=cancelled")).json()["items"]
    async with looking(browser) as look:
        await look.page.set_viewport_size({"width": NARROW, "height": 900})
        await look.page.goto(f"{played.origin}/#token={played.token('auditor')}")
        await look.page.fill("#claims-number", void["number"])
        await look.page.press("#claims-number", "Enter")
        await expect(look.page.locator("tr[data-claim]")).to_have_count(1)
        assert await look.sideways() == 0
        await look.page.click(f'tr[data-claim="{void["claim_id"]}"] button')
        await expect(look.page.locator("#claim-title")).to_have_text(f"结算 {void['number']}")
        await expect(look.page.locator(".slip")).to_contain_text("已撤销·作废")
        async with look.page.expect_download() as saved:
            await look.page.click("button.print")
        download = await saved.value
        assert download.suggested_filename == f"结算单-{void['number']}.pdf"
        paper = (await ask(played, f"{claims}/{void['claim_id']}/slip.pdf")).content
        assert (await download.path()).read_bytes() == paper
        assert look.errors == []


@pytest.mark.slow
@pytest.mark.requirement("LS-23", "inquiry goes from the page down to any claim, its steps and its slip")
async def test_any_claim_opens_to_its_trace_and_slip(played: Played, browser: Browser) -> None:
    claims = f"/claims/v1/pools/{DEMO_POOL}/claims"
    claim = (await ask(played, f"{claims}?limit=20")).json()["items"][0]["claim_id"]
    slip = (await ask(played, f"{claims}/{claim}/slip")).text
    steps = (await ask(played, f"{claims}/{claim}/trace")).json()["trace"]
    async with looking(browser) as look:
        await look.page.goto(f"{played.origin}/#token={played.token('auditor')}")
        await look.page.click(f'tr[data-claim="{claim}"] button')
        await expect(look.page.locator(".slip")).to_have_text(slip, use_inner_text=False)
        await expect(look.page.locator(".steps > li")).to_have_count(len(steps))
        assert look.errors == []


@pytest.mark.slow
async def test_the_picture_of_the_readme_is_of_this_page(played: Played, browser: Browser) -> None:
    """Takes the picture anew where HEYI_PICTURE is set; otherwise it must be there and be a picture of some size."""
    if os.environ.get("HEYI_PICTURE"):
        async with looking(browser) as look:
            await look.page.set_viewport_size({"width": WIDE, "height": 940})
            await look.page.goto(f"{played.origin}/#token={played.token('auditor')}")
            await expect(look.page.locator("#claims")).to_have_attribute("aria-busy", "false")
            await expect(look.page.locator("#identities")).to_have_attribute("aria-busy", "false")
            await expect(look.page.locator("#ring svg")).to_be_visible()
            PICTURE.parent.mkdir(exist_ok=True)
            await look.page.screenshot(path=str(PICTURE))
    assert PICTURE.read_bytes().startswith(b"\x89PNG")
    assert PICTURE.stat().st_size > 50_000
