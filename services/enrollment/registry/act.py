"""What every command of enrollment needs to know about the request it serves."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.personal import Sealer
from shared.http.unit import Unit

SERVICE = "enrollment"
SEALER = "sealer"


@dataclass(frozen=True, slots=True)
class Act:
    """One request on one pool: its transaction, its one time, the business day of what it publishes, and who acts."""

    conn: AsyncConnection
    pool_code: str
    now: datetime
    day: date
    by: str


async def act_of(unit: Unit) -> Act:
    """The act of a writing request; from here on closing the business day waits for it."""
    return Act(unit.conn, unit.pool_code, unit.now, await unit.business_day(), unit.actor.subject)


def sealer_of(unit: Unit) -> Sealer:
    """The sealer of personal data of this process."""
    return cast(Sealer, unit.app.resources[SEALER])
