"""Opening the console in headless Chromium, and what every look at it asks: no error, no sideways scrolling."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from playwright.async_api import Browser, Page, async_playwright, expect

from tests.support.chromium import executable
from tests.support.waiting import PATIENCE_SECONDS

FLAGS = (
    "--no-sandbox",  # tests run as root, who has no user namespace to sandbox in
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE, NARROW = 1280, 400
HEIGHT = 900
PATIENCE_MS = PATIENCE_SECONDS * 1000
"""Instead of the five seconds that Playwright gives an expectation: a busy machine has not lost its page."""


@dataclass
class Look:
    """A page with everything that went wrong on it and every address that it asked."""

    page: Page
    errors: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def sideways(self) -> int:
        """Pixels by which the page is wider than the window."""
        wider: int = await self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return max(0, wider)

    async def balances(self) -> dict[str, str]:
        """The balances that the drawing shows, by account."""
        shown: dict[str, str] = await self.page.evaluate(
            """Object.fromEntries([...document.querySelectorAll('#ring [data-account]')].map((node) =>
                 [node.dataset.account, node.querySelector('[data-balance]')?.dataset.balance]))"""
        )
        return shown


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium with an empty profile of its own."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), args=list(FLAGS), timeout=PATIENCE_MS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def looking(browser: Browser, width: int = WIDE) -> AsyncIterator[Look]:
    """A page that shares nothing with any other."""
    context = await browser.new_context(viewport={"width": width, "height": HEIGHT}, locale="zh-CN")
    context.set_default_timeout(PATIENCE_MS)
    look = Look(await context.new_page())
    look.page.on("console", lambda m: look.errors.append(m.text) if m.type in ("error", "warning") else None)
    look.page.on("pageerror", lambda error: look.errors.append(str(error)))
    look.page.on("request", lambda request: look.asked.append((request.method, request.url)))
    try:
        yield look
    finally:
        await context.close()
