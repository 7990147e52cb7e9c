"""What the chapters share: the parties, the banks, the clock, what was found on the way, and progress."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from rich.console import Console

from deploy.demo.bank import EXPENDITURE, FISCAL, INCOME, Account, Banks
from deploy.demo.county import INSTITUTIONS, POOL
from deploy.demo.parties import DemoError, Office, Party
from deploy.issuer import Issuer

INSURER = "中原人寿(演示)"
_REQUEST_SECONDS = 30.0


@dataclass
class Cast:
    """Everybody who acts. Two people share a role where four eyes are needed."""

    city_health: Party
    county_director: Party
    county_director_2: Party
    county_recheck: Party
    county_recheck_2: Party
    county_finance: Party
    county_finance_2: Party
    township_clerk: Party
    sponsor: Party
    insurer_reviewer: Party
    insurer_approver: Party
    insurer_finance: Party
    insurer_manager: Party
    auditor: Party
    operator: Party
    hospitals: dict[str, Party]

    @classmethod
    def gather(cls, office: Office) -> Cast:
        """Everybody with a token of his own."""

        def one(role: str, subject: str | None = None, **scope: Any) -> Party:
            return Party(office, role, subject or role.replace("_", "-"), **scope)

        return cls(
            city_health=one("city_health"),
            county_director=one("county_director"),
            county_director_2=one("county_director", "county-director-2"),
            county_recheck=one("county_recheck"),
            county_recheck_2=one("county_recheck", "county-recheck-2"),
            county_finance=one("county_finance"),
            county_finance_2=one("county_finance", "county-finance-2"),
            township_clerk=one("township_clerk", areas=(POOL,)),
            sponsor=one("sponsor", "civil-affairs"),
            insurer_reviewer=one("insurer_reviewer", insurer=INSURER),
            insurer_approver=one("insurer_approver", insurer=INSURER),
            insurer_finance=one("insurer_finance", insurer=INSURER),
            insurer_manager=one("insurer_manager", insurer=INSURER),
            auditor=one("auditor"),
            operator=one("operator"),
            hospitals={i.code: one("hospital", f"his-{i.code}", institutions=(i.code,)) for i in INSTITUTIONS},
        )


@dataclass
class Story:
    """One run of the thread over a county of ``households``; ``facts`` collects what later chapters need."""

    office: Office
    cast: Cast
    banks: Banks
    console: Console
    households: int
    seed: int
    today: str = "2010-03-01"
    facts: dict[str, Any] = field(default_factory=dict)

    def path(self, service: str, rest: str) -> str:
        """A path below the pool: ``/claims/v1/pools/522422/…``."""
        return f"/{service}/v1/pools/{self.office.pool_code}/{rest}"

    def done(self, text: str) -> None:
        """One line of progress: Chinese, then English after a middle dot."""
        self.console.print(f"  [green]✓[/] {text}", highlight=False)

    def check(self, true: bool, claim: str, found: Any = None) -> None:
        """Raises DemoError where the story did not go as it must."""
        if not true:
            raise DemoError(f"expected {claim}, found {found!r}")

    async def move_clock(self, day: str, time: str = "09:00") -> None:
        """Moves the business clock forward to a time of day in Shanghai."""
        answer = await self.cast.operator.clock(f"{day}T{time}")
        self.check(answer, f"the clock to move to {day}")
        self.today = day

    async def end_of_day(self, next_day: str) -> None:
        """Bank statements, then each service closes the day, settlement last; then the clock moves on."""
        await self.banks.statements(self.today)
        for service in ("enrollment", "claims"):
            await self.cast.county_director.write(
                "POST", self.path(service, f"days/{self.today}/close"), f"close-{service}-{self.today}"
            )
        await self._settlement_closes()
        self.done(f"{self.today} 日结,账簿封账 · day closed, books sealed")
        await self.move_clock(next_day)

    async def _settlement_closes(self) -> None:
        from deploy.demo.parties import eventually

        async def totals_agree() -> bool:
            told = await self.cast.county_director.read(self.path("settlement", f"days/{self.today}/control-totals"))
            return not told["sources_open"] and not told["differences"]

        await eventually(f"control totals of {self.today}", totals_agree)
        await self.cast.county_director.write(
            "POST", self.path("settlement", f"days/{self.today}/close"), f"close-settlement-{self.today}"
        )


@asynccontextmanager
async def opened(
    origin: str, issuer: Issuer, console: Console, *, households: int, seed: int, story: str
) -> AsyncIterator[Story]:
    """A story ready to be played against the services behind ``origin``."""
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=32)
    async with httpx.AsyncClient(timeout=_REQUEST_SECONDS, limits=limits, trust_env=False) as http:
        office = Office(origin, issuer, POOL, story, http)
        cast = Cast.gather(office)
        accounts = {
            FISCAL: Account(FISCAL, cast.county_finance),
            INCOME: Account(INCOME, cast.county_recheck),
            EXPENDITURE: Account(EXPENDITURE, cast.insurer_finance),
        }
        yield Story(office, cast, Banks(POOL, accounts), console, households, seed)
