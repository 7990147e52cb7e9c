"""The console in a real browser: what it shows, what it asks for, and how it tells what went wrong."""

import base64
import json
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, expect

from tests.journey.browser import NARROW, WIDE, Look, looking
from tests.journey.recorded import CLAIM, IDENTITY, NODES, POOL, Recorded


def token(**claims: object) -> str:
    """A token as far as the page reads it; the services check the signature, the page cannot."""
    middle = base64.urlsafe_b64encode(json.dumps({"role": "auditor", "pools": [POOL]} | claims).encode()).decode()
    return f"e30.{middle.rstrip('=')}.c2ln"


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    with Recorded().serving() as server:
        yield server


@pytest.fixture
async def look(browser: Browser) -> AsyncIterator[Look]:
    async with looking(browser) as page:
        yield page


async def open_board(look: Look, origin: str) -> None:
    """Opens the page with a token and waits until its three sections have been read."""
    await look.page.goto(f"{origin}/#token={token()}")
    for section in ("ring", "identities", "claims"):
        await expect(look.page.locator(f"#{section}")).to_have_attribute("aria-busy", "false")


@pytest.mark.parametrize("width", [WIDE, NARROW])
async def test_balances_are_the_apis_and_the_page_is_readable(recorded: Recorded, look: Look, width: int) -> None:
    await look.page.set_viewport_size({"width": width, "height": 900})
    await open_board(look, recorded.origin)
    assert await look.balances() == {node["account"]: node["balance"] for node in NODES}
    await look.page.click("text=以表格查看余额")
    assert "12,376,139.70" in await look.page.inner_text("#ring-table tfoot")
    assert await look.page.inner_text("[data-term=interest]") == "−10.00"
    assert await look.sideways() == 0
    await look.page.click(f'[data-claim="{CLAIM}"] button')
    await expect(look.page.locator(".facts")).to_contain_text("大方县人民医院")
    await expect(look.page.locator(".slip")).to_contain_text("补偿金额")
    await expect(look.page.locator(".steps")).to_contain_text("70%")
    assert await look.sideways() == 0
    assert look.errors == []


async def test_it_only_reads_and_only_from_its_own_origin(recorded: Recorded, look: Look) -> None:
    await open_board(look, recorded.origin)
    await look.page.click(f'[data-claim="{CLAIM}"] button')
    await expect(look.page.locator(".slip")).to_be_visible()
    assert {method for method, _ in look.asked} == {"GET"}
    assert all(url.startswith(recorded.origin) for _, url in look.asked)
    assert all(sent == f"Bearer {token()}" for _, _, sent in recorded.asked)


async def test_the_token_leaves_the_address_and_ends_with_the_session(recorded: Recorded, look: Look) -> None:
    await open_board(look, recorded.origin)
    assert "token" not in look.page.url
    assert await look.page.evaluate("localStorage.length") == 0
    await look.page.click("#sign-out")
    assert await look.page.evaluate("sessionStorage.length") == 0
    await expect(look.page.locator("#board")).to_be_hidden()


async def test_without_a_token_it_asks_for_one_and_reads_nothing(recorded: Recorded, look: Look) -> None:
    await look.page.goto(recorded.origin)
    await expect(look.page.locator("#token-input")).to_be_focused()
    await look.page.fill("#token-input", "not a token")
    await look.page.press("#token-input", "Tab")
    await look.page.keyboard.press("Enter")
    await expect(look.page.locator("#token-error")).to_contain_text("这不是可用的令牌")
    assert recorded.asked == []
    await look.page.fill("#token-input", f"  {token()}\n")
    await look.page.click("text=查看")
    await expect(look.page.locator("#ring svg")).to_be_visible()


async def test_a_refusal_is_told_in_words_and_the_rest_is_still_shown(recorded: Recorded, look: Look) -> None:
    recorded.answers[f"/settlement/v1/pools/{POOL}/identities"] = 403
    await open_board(look, recorded.origin)
    await expect(look.page.locator("#identities-error")).to_have_text(
        "此令牌的角色或统筹地区无权查看这一项。(标题:怎么办)"
    )
    await expect(look.page.locator("#ring svg")).to_be_visible()
    await expect(look.page.locator(f'[data-claim="{CLAIM}"]')).to_be_visible()


async def test_an_answer_is_shown_as_text_and_never_as_markup(recorded: Recorded, look: Look) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    recorded.answers[f"/settlement/v1/pools/{POOL}/money-ring"]["nodes"][0]["name_zh"] = hostile
    recorded.answers[f"/claims/v1/pools/{POOL}/claims/{CLAIM}/slip"] = f"{hostile}\n"
    await open_board(look, recorded.origin)
    await look.page.click(f'[data-claim="{CLAIM}"] button')
    await expect(look.page.locator(".slip")).to_have_text(hostile + "\n")
    assert await look.page.locator("img[src=x]").count() == 0


async def test_what_does_not_tie_is_named_with_its_difference(recorded: Recorded, look: Look) -> None:
    broken = IDENTITY | {"ties": False, "difference": "0.01", "broken": ["1002"]}
    recorded.answers[f"/settlement/v1/pools/{POOL}/identities"] = {"identities": [IDENTITY | {"code": "a"}, broken]}
    await open_board(look, recorded.origin)
    await expect(look.page.locator("#identities-verdict")).to_contain_text("c 项不平")
    await expect(look.page.locator('[data-identity="c"] .stamp')).to_have_text("不平 差 0.01")
    await expect(look.page.locator('[data-identity="c"] .complaint')).to_have_text("单项不符:1002")
    await expect(look.page.locator('[data-identity="a"] .stamp')).to_have_text("平")


async def test_a_claim_opens_and_closes_by_keyboard_and_gives_the_focus_back(recorded: Recorded, look: Look) -> None:
    await open_board(look, recorded.origin)
    button = look.page.locator(f'[data-claim="{CLAIM}"] button')
    await button.focus()
    await look.page.keyboard.press("Enter")
    await expect(look.page.locator("#claim-dialog")).to_be_visible()
    await look.page.keyboard.press("Escape")
    await expect(look.page.locator("#claim-dialog")).to_be_hidden()
    await expect(button).to_be_focused()
