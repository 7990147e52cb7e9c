"""Two API processes, 64 clients, the same few people, one request in ten broken at the database, callers that hang up.

Every answer has to be right, nobody may hang, no cap may be passed, and a process told to end has to do so in time.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import pytest

from deploy.postgres.cluster import free_port
from shared.contracts.enrollment import COVERAGE_TOPIC
from tests.component.claims.world import COUNTY, POOL, TOWNSHIP, line
from tests.support.postgres import ROOT, ServiceDatabase
from tests.support.services import environment
from tests.support.tokens import TestTokens
from tests.support.waiting import PATIENCE_SECONDS, until

CLIENTS, EACH, PEOPLE, PROCESSES = 64, 6, 12, 2
BROKEN_FEN, SOUND_FEN, CAP_FEN = 666_600, 500_000, 6_000_000
TIMEOUT_SECONDS = 6

_ARRANGE = f"""
INSERT INTO member_coverage (pool_code, member_id, blind_index, household_id, township_code, birth_date, sex, sequence,
                             timeline, groups, learnt_from, learnt_at)
SELECT '{POOL}', ('00000000-0001-7000-8000-' || lpad(n::text, 12, '0'))::uuid, sha256(int4send(n)),
       ('00000000-0002-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '522422100', '1970-05-01', 'male', 1,
       '[["2010-01-01", 1, "covered"]]', '[]', 'event', '2010-01-01'
FROM generate_series(0, {PEOPLE - 1}) n;
INSERT INTO visit (pool_code, id, institution_code, institution_number, member_id, kind, status, admitted_at,
  admitted_on, discharged_at, diagnosis_code, diagnosis_name, circumstances, third_party, line_sheets, registered_at,
  registered_by)
SELECT '{POOL}', ('00000000-0003-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
       CASE WHEN n % 2 = 0 THEN '{COUNTY}' ELSE '{TOWNSHIP}' END, 'ZY' || n,
       ('00000000-0001-7000-8000-' || lpad((n % {PEOPLE})::text, 12, '0'))::uuid, 'inpatient', 'discharged',
       '2010-02-20 01:00+00', '2010-02-20', '2010-02-27 01:00+00', 'J18.9', '肺炎', '{{}}', 'none', 0,
       '2010-02-20 01:00+00', 'hospital-1'
FROM generate_series(0, {CLIENTS * EACH - 1}) n;
INSERT INTO stream_heartbeat
SELECT 'coverage', 1, '{COVERAGE_TOPIC}', p, clock_timestamp() FROM generate_series(0, 11) p
  ON CONFLICT (consumer, generation, topic, partition) DO UPDATE SET sent_at = EXCLUDED.sent_at;
CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.total_fen = {BROKEN_FEN} THEN RAISE EXCEPTION 'broken'; END IF; RETURN NEW; END $$;
CREATE TRIGGER broken BEFORE INSERT ON claim FOR EACH ROW EXECUTE FUNCTION broken();
"""


@dataclass
class Seen:
    """What a client was answered in the end for one visit."""

    visit: int
    broken: bool
    status: int
    body: dict[str, Any] = field(default_factory=dict)


async def _listening(port: int) -> None:
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:

        async def answers() -> bool:
            try:
                return (await client.get(f"http://127.0.0.1:{port}/livez")).status_code == 200
            except httpx.HTTPError:
                return False

        await until(answers)


class Chaos:
    """Processes, clients and the draw."""

    def __init__(self, database: ServiceDatabase, tokens: TestTokens, seed: int) -> None:
        self.database = database
        self.draw = random.Random(seed)
        self.ports = [free_port() for _ in range(PROCESSES)]
        self.headers = {
            code: {"Authorization": f"Bearer {tokens.mint('hospital', institutions=(code,))}"}
            for code in (COUNTY, TOWNSHIP)
        }
        variables = environment(database, tokens, REQUEST_TIMEOUT_SECONDS=str(TIMEOUT_SECONDS))
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-m", "uvicorn", "services.claims.app:create_app", "--factory", f"--port={port}",
                 "--no-access-log", f"--timeout-graceful-shutdown={TIMEOUT_SECONDS}"],
                env=os.environ | variables | {"PYTHONPATH": str(ROOT)}, cwd=ROOT, stdout=subprocess.DEVNULL,
            )
            for port in self.ports
        ]  # fmt: skip

    async def sql(self, statement: str) -> list[Any]:
        conn = await asyncpg.connect(self.database.admin)
        try:
            return list(await conn.fetch(statement))
        finally:
            await conn.close()

    async def settle(self, client: httpx.AsyncClient, visit: int, *, broken: bool, hangs_up: bool) -> Seen:
        """Settles until there is an answer, always with the same key, at any process that takes it."""
        amount = f"{(BROKEN_FEN if broken else SOUND_FEN) // 100}.00"
        code = COUNTY if visit % 2 == 0 else TOWNSHIP
        headers = self.headers[code] | {"Idempotency-Key": f"chaos-{visit}"}
        path = f"/v1/pools/{POOL}/visits/00000000-0003-7000-8000-{visit:012d}/settlement"
        ports = self.draw.sample(self.ports, len(self.ports))
        limit = 0.004 if hangs_up else TIMEOUT_SECONDS * 2
        while True:
            url = f"http://127.0.0.1:{ports[0]}{path}"
            ports.reverse()
            try:
                answer = await client.post(url, headers=headers, json={"lines": [line("A1", amount)]}, timeout=limit)
            except httpx.HTTPError:
                pass  # hung up, or the process has ended: the same key again
            else:
                if answer.status_code not in (503, 409) or answer.json()["code"] == "visit_settled":
                    return Seen(visit, broken, answer.status_code, answer.json())
            limit = TIMEOUT_SECONDS * 2
            await asyncio.sleep(0.2)

    async def client(self, number: int, client: httpx.AsyncClient) -> list[Seen]:
        """One client's visits, one after the other."""
        return [
            await self.settle(client, number * EACH + i, broken=self.draw.random() < 0.1,
                              hangs_up=self.draw.random() < 0.1)
            for i in range(EACH)
        ]  # fmt: skip

    async def check(self, seen: list[Seen]) -> None:
        """Every answer against the database."""
        rows = {
            int(str(row["visit_id"])[-12:]): row for row in await self.sql("SELECT * FROM claim ORDER BY settled_at")
        }
        for one in seen:
            assert one.status == (500 if one.broken else 201), (one.visit, one.body)
            assert (one.visit in rows) == (not one.broken)
            if not one.broken:
                row = rows[one.visit]
                assert one.body["claim_id"] == str(row["id"])
                assert int(one.body["benefit"].replace(".", "")) == row["benefit_fen"]
                assert row["settled_by"] == "hospital-1"
                assert row["institution_code"] == (COUNTY if one.visit % 2 == 0 else TOWNSHIP)
        assert len(rows) == sum(not one.broken for one in seen)
        await self._check_counts()

    async def _check_counts(self) -> None:
        paid = await self.sql(
            "SELECT c.member_id, sum(c.benefit_fen)::bigint AS paid, count(*) AS claims, a.used, a.moves FROM claim c"
            " JOIN accumulator a ON a.owner_id = c.member_id GROUP BY 1, 4, 5"
        )
        assert len(paid) == PEOPLE
        for row in paid:
            assert row["paid"] == min(CAP_FEN, row["claims"] * SOUND_FEN * 7 // 10), "the cap, and not a fen less"
            assert json.loads(row["used"])["basic.inpatient.benefit"] == row["paid"]
            assert row["moves"] == row["claims"]
        (events,) = await self.sql(
            "SELECT count(*) AS n, sum(amount_fen)::bigint AS fen FROM outbox WHERE type LIKE '%claim.settled%'"
        )
        (claims,) = await self.sql("SELECT count(*) AS n, sum(benefit_fen)::bigint AS fen FROM claim")
        assert tuple(events) == tuple(claims)
        (keys,) = await self.sql("SELECT count(*) AS n FROM idempotency WHERE key LIKE 'chaos-%'")
        assert keys["n"] == claims["n"]

    def end(self) -> None:
        """Ends what still runs."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()


@pytest.mark.requirement("ZZ-25", "no cap is passed when many hospitals settle the same person at once")
async def test_sixty_four_clients_two_processes_one_in_ten_broken(
    claims_database: ServiceDatabase, tokens: TestTokens, seed: int
) -> None:
    chaos = Chaos(claims_database, tokens, seed)
    try:
        await chaos.sql("SELECT 1")
        conn = await asyncpg.connect(claims_database.admin)
        await conn.execute(_ARRANGE)
        await conn.close()
        await asyncio.gather(*(_listening(port) for port in chaos.ports))
        limits = httpx.Limits(max_connections=CLIENTS * 2)
        async with httpx.AsyncClient(limits=limits) as client:
            async with asyncio.timeout(3 * PATIENCE_SECONDS):
                running = [asyncio.ensure_future(chaos.client(n, client)) for n in range(CLIENTS)]
                for first in asyncio.as_completed(running):
                    await first  # somebody is done: all are in the middle of it
                    break
                told = chaos.processes[1]
                told.send_signal(signal.SIGTERM)  # in the middle of it: its clients go to the other process
                await asyncio.to_thread(told.wait, PATIENCE_SECONDS)  # the exact time is a unit test's (coalescer)
                seen = [one for client_seen in await asyncio.gather(*running) for one in client_seen]
        assert len(seen) == CLIENTS * EACH
        assert any(one.broken for one in seen)
        await chaos.check(seen)
        assert chaos.processes[0].poll() is None, "the other process lives"
    finally:
        chaos.end()
