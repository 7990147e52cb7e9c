"""The settlement over HTTP as a share of the database's own floor, measured in the same run (performance.md).

Two uvicorn workers over a durable PostgreSQL, 32 connections, 20 lines sent along, tokens checked, tracing on; the
floor is ``claim_floor.sql``. Rounds are interleaved, medians reported.
``python -m tests.bench.settlement [seconds rounds]``
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import uvloop

from deploy.postgres.binaries import programs
from deploy.postgres.cluster import Cluster, free_port
from deploy.postgres.roles import blocking, ensure_database, ensure_roles, role_name
from shared.kernel.clock import write_clock
from tests.bench import load
from tests.bench.results import Result, tell
from tests.component.claims.world import COUNTY, Enrollment, World, line
from tests.support.postgres import ServiceDatabase, migrate
from tests.support.services import START, build_app, environment
from tests.support.tokens import TestTokens

CONNECTIONS, WORKERS, FLOOR_CLIENTS, LINES = 32, 2, 8, 20
START_ATTEMPTS = 600
MEMBERS, VISITS, HISTORY = 20_000, 560_000, 60_000  # a database that has been at work: plans are made for its size
STATEMENTS = 7  # of a batch: 5 as pinned in tests/component/claims/test_batch.py, BEGIN and COMMIT
HERE = Path(__file__).parent
TABLES = ("claim", "claim_detail", "accumulator_entry", "outbox", "audit", "idempotency")

_SEED = f"""
INSERT INTO member_coverage (pool_code, member_id, blind_index, household_id, township_code, birth_date, sex, sequence,
                             timeline, groups, learnt_from, learnt_at)
SELECT '522422', ('00000000-0001-7000-8000-' || lpad(n::text, 12, '0'))::uuid, sha256(int4send(n)),
       ('00000000-0002-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '522422100', '1970-05-01', 'male', 1,
       '[["2010-01-01", 1, "covered"]]', '[]', 'event', '2010-01-01'
FROM generate_series(0, {MEMBERS - 1}) n;
INSERT INTO accumulator
SELECT '522422', ('00000000-0001-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'person_year', 2010, '', '{{}}', 0
FROM generate_series(0, {MEMBERS - 1}) n;
INSERT INTO visit (pool_code, id, institution_code, institution_number, member_id, kind, status, admitted_at,
  admitted_on, discharged_at, diagnosis_code, diagnosis_name, circumstances, third_party, line_sheets, registered_at,
  registered_by)
SELECT '522422', ('00000000-0003-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '{COUNTY}', 'ZY' || n,
       ('00000000-0001-7000-8000-' || lpad((n % {MEMBERS})::text, 12, '0'))::uuid, 'inpatient', 'discharged',
       '2010-02-20 01:00+00', '2010-02-20', '2010-02-27 01:00+00', 'J18.9', '肺炎', '{{}}', 'none', 0,
       '2010-02-20 01:00+00', 'hospital-1'
FROM generate_series(0, {VISITS - 1}) n;
INSERT INTO claim (pool_code, id, institution_code, visit_id, member_id, household_id, township_code, kind, status,
  version, admitted_on, discharged_on, settled_on, settled_at, settled_by, benefit_year, outcome, total_fen,
  eligible_fen, benefit_fen, payable_fen, policy_id, policy_hash, catalogue_version, coverage_sequence, layers, number)
SELECT '522422', ('00000000-0007-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '{COUNTY}',
       ('00000000-0003-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
       ('00000000-0001-7000-8000-' || lpad((n % {MEMBERS})::text, 12, '0'))::uuid,
       ('00000000-0002-7000-8000-' || lpad((n % {MEMBERS})::text, 12, '0'))::uuid, '522422100', 'inpatient', 'settled',
       1, '2010-02-20', '2010-02-27', date '2010-02-01' + (n % 28), '2010-02-28', 'hospital-1', 2010, 'settled', 10000,
       10000, 7000, 7000, 'dafang-2010', '', 'gz-2010', 1, '[]', '522422-20100228-' || lpad(n::text, 6, '0')
FROM generate_series({VISITS - HISTORY}, {VISITS - 1}) n;
INSERT INTO claim_detail
SELECT '522422', id, institution_code, array_fill('A1'::text, ARRAY[20]), array_fill('A1'::text, ARRAY[20]),
       array_fill(NULL::date, ARRAY[20]), array_fill(1::bigint, ARRAY[20]), array_fill(1::bigint, ARRAY[20]),
       array_fill(1::bigint, ARRAY[20]), array_fill(1::bigint, ARRAY[20]), array_fill(0::bigint, ARRAY[20]),
       array_fill(0::bigint, ARRAY[20]), array_fill('eligible'::text, ARRAY[20]), '{{}}', '{{}}' FROM claim;
INSERT INTO accumulator_entry
SELECT '522422', member_id, 'person_year', 2010, '', row_number() OVER (PARTITION BY member_id), id, institution_code,
       false, '{{}}', settled_on FROM claim;
UPDATE accumulator SET moves = {VISITS};
INSERT INTO idempotency SELECT '522422', 'hospital-1', 'old-' || id, '', 'claim', id::text, 201, '{{}}', settled_at
FROM claim;
INSERT INTO audit
SELECT '522422', id, settled_at, 'hospital-1', 'hospital', 'settle_visit', 'done', 'claim', id::text, 'history', NULL,
       row_number() OVER (ORDER BY id) + 1000, ''
FROM claim;
INSERT INTO outbox
SELECT '522422', '2010-03-01', id, 'heyi.claims.history.v1', 'history', id::text, 1, id::text, 7000, '', NULL,
       settled_at, settled_at
FROM claim;
VACUUM (ANALYZE, FREEZE);
CHECKPOINT;
"""

_OURS = "(SELECT id FROM claim WHERE institution_code = $1 AND policy_hash <> '' LIMIT 1)"
_SAMPLE = (
    "SELECT item_codes::text, item_names::text, days::text, prices_micro::text, quantities_e4::text, amounts_fen::text,"
    " eligible_fen::text, over_ceiling_fen::text, own_share_fen::text, reasons::text, facts::text, decision::text"
    f" FROM claim_detail WHERE claim_id = {_OURS}",
    "SELECT total_fen::text AS total, benefit_fen::text AS benefit, policy_hash, layers::text"
    f" FROM claim WHERE id = {_OURS}",
    f"SELECT envelope, traceparent FROM outbox WHERE subject = {_OURS}::text",
    f"SELECT added::text AS used FROM accumulator_entry WHERE claim_id = {_OURS}",
    f"SELECT request_hash::text, answer::text FROM idempotency WHERE result_id = {_OURS}::text",
    f"SELECT detail::text AS audit_detail FROM audit WHERE resource_id = {_OURS}::text",
)


@dataclass
class Round:
    """One measurement of one side. CPU time is in ms a claim: of the API's workers and of the database's processes."""

    rate: float
    transactions: float
    claims: int
    api_cpu: float
    database_cpu: float
    latencies: str = ""

    def told(self) -> str:
        """One line."""
        sizes = f", {self.claims / max(self.transactions, 1):.1f} claims a transaction" if self.latencies else ""
        api = f"{self.api_cpu:.2f} ms API, " if self.api_cpu else ""
        return f"{self.rate:6.0f}/s, CPU a claim {api}{self.database_cpu:.2f} ms PostgreSQL{sizes}{self.latencies}"


@dataclass
class Bench:
    """The cluster, the two sides and where each stands among the visits."""

    cluster: Cluster
    database: ServiceDatabase
    tokens: TestTokens
    port: int
    token: str
    server: subprocess.Popen[bytes] | None = None
    sample: dict[str, str] = field(default_factory=dict)
    next_visit: int = 1
    next_floor: int = 260_000

    # -- our side

    def requests(self) -> Iterator[bytes]:
        """Settlements of one visit after the other."""
        body = json.dumps({"lines": [line("A1", f"{i + 1}5.{i:02d}", day="2010-02-21") for i in range(LINES)]}).encode()
        while True:
            number = self.next_visit
            self.next_visit += 1
            yield (
                f"POST /v1/pools/522422/visits/00000000-0003-7000-8000-{number:012d}/settlement HTTP/1.1\r\n"
                f"Host: claims\r\nAuthorization: Bearer {self.token}\r\nIdempotency-Key: bench-{number}\r\n"
                f"traceparent: 00-{number:032x}-{number:016x}-01\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            ).encode() + body

    async def http_round(self, seconds: float) -> Round:
        """Our settlement for a while."""
        before, cpu = await self.commits(), self.cpu()
        seen = await load.run("127.0.0.1", self.port, self.requests(), connections=CONNECTIONS, seconds=seconds)
        spent = [
            (after - b) * 1000 / max(seen.statuses.get(201, 1), 1) for after, b in zip(self.cpu(), cpu, strict=True)
        ]
        if set(seen.statuses) != {201}:
            raise SystemExit(f"unexpected answers {seen.statuses}: {seen.first_error.decode()}")
        transactions = await self.commits() - before
        times = f", p50 {seen.percentile(0.5):.0f} ms, p99 {seen.percentile(0.99):.0f} ms"
        return Round(seen.rate, transactions, seen.statuses[201], *spent, times)

    def cpu(self) -> tuple[float, float]:
        """CPU seconds so far of the API's workers and of the database's processes."""
        postmaster = self.cluster.pid()
        assert self.server is not None
        assert postmaster is not None
        return cpu_of_children(self.server.pid), cpu_of_children(postmaster)

    # -- the floor

    async def floor_round(self, seconds: float) -> Round:
        """pgbench for a while."""
        role = role_name("claims", "app")
        step = 30_000
        before = self.cpu()[1]
        variables = self.sample | {
            "n": "0", "base": str(self.next_floor), "step": str(step), "members": str(MEMBERS),
        }  # fmt: skip
        self.next_floor += step // 4
        command = [str(programs() / "pgbench"), "--no-vacuum", "--protocol=prepared", f"--file={HERE}/claim_floor.sql",
                   f"--client={FLOOR_CLIENTS}", "--jobs=2", f"--time={seconds:.0f}", "--host=127.0.0.1",
                   f"--port={self.cluster.port}", f"--username={role}"]  # fmt: skip
        command += [f"--define={name}={value}" for name, value in variables.items()] + [self.database.name]
        settings = {"PGPASSWORD": self.cluster.password(role), "PGOPTIONS": "-c plan_cache_mode=force_generic_plan"}
        done = await asyncio.to_thread(
            subprocess.run, command, env=os.environ | settings, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise SystemExit(f"pgbench failed:\n{done.stderr[-2000:]}")
        found = dict(part.split(" = ", 1) for part in done.stdout.splitlines() if " = " in part)
        rate = float(found["tps"].split()[0])
        spent = (self.cpu()[1] - before) * 1000 / (rate * seconds)
        return Round(rate, rate * seconds, int(rate * seconds), 0.0, spent)

    # -- arranging

    async def sql(self, statement: str, *args: Any) -> list[Any]:
        """As the superuser."""
        conn = await asyncpg.connect(self.database.admin)
        try:
            return list(await conn.fetch(statement, *args)) if args else [await conn.execute(statement)]
        finally:
            await conn.close()

    async def commits(self) -> int:
        """Transactions committed in the database so far."""
        conn = await asyncpg.connect(self.database.admin)
        try:
            await conn.execute("SELECT pg_stat_force_next_flush()")
            row = await conn.fetchrow("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
            return int(row["xact_commit"])
        finally:
            await conn.close()

    async def take_sample(self) -> dict[str, int]:
        """One settlement of ours: its rows are the floor's values. Returns the rows it wrote, by table."""
        before = await self.rows()
        request = next(self.requests())
        answer = await load.run("127.0.0.1", self.port, iter([request]), connections=1, seconds=5)
        if set(answer.statuses) != {201}:
            raise SystemExit(f"the settlement fails: {answer.first_error.decode()}")
        conn = await asyncpg.connect(self.database.admin)
        try:
            rows = [await conn.fetchrow(statement, COUNTY) for statement in _SAMPLE]
        finally:
            await conn.close()
        for row in rows:
            self.sample |= {name: value for name, value in row.items() if value is not None}
        self.sample["now"] = "2010-03-01 01:00:00+00"
        after = await self.rows()
        return {table: after[table] - before[table] for table in TABLES}

    async def rows(self) -> dict[str, int]:
        """Rows by table."""
        conn = await asyncpg.connect(self.database.admin)
        try:
            return {table: await conn.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}
        finally:
            await conn.close()


async def prepare(database: ServiceDatabase, tokens: TestTokens, variables: dict[str, str]) -> None:
    """Policy, catalogue and hospitals over the API, then people and visits in bulk."""
    app = build_app("claims", variables)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://claims") as client:
            await World(app, client, app.state.heyi.clock, database, tokens, Enrollment()).prepare()
    conn = await asyncpg.connect(database.admin)
    try:
        for statement in _SEED.split(";"):
            if statement.strip():
                await conn.execute(statement)
    finally:
        await conn.close()


def cpu_of_children(pid: int) -> float:
    """CPU seconds of a process's children, those that have ended included."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            ticks += int(fields[11]) + int(fields[12])
        elif stat.parent.name == str(pid):
            ticks += int(fields[13]) + int(fields[14])
    return ticks / os.sysconf("SC_CLK_TCK")


def serve(port: int, variables: dict[str, str]) -> subprocess.Popen[bytes]:
    """The API as in production: uvicorn, two workers."""
    command = [sys.executable, "-m", "uvicorn", "services.claims.app:create_app", "--factory", f"--port={port}",
               f"--workers={WORKERS}", "--loop=uvloop", "--http=httptools", "--no-access-log",
               "--log-level=warning"]  # fmt: skip
    return subprocess.Popen(command, env=os.environ | variables | {"PYTHONPATH": str(HERE.parents[1])})


async def ready(port: int) -> None:
    """Waits until the API is ready; exits with what it said last."""
    said = "nothing"
    async with httpx.AsyncClient() as client:
        for _ in range(START_ATTEMPTS):
            try:
                answer = await client.get(f"http://127.0.0.1:{port}/readyz")
                if answer.status_code == 200:
                    return
                said = f"{answer.status_code} {answer.text}"
            except httpx.HTTPError as error:
                said = repr(error)
            await asyncio.sleep(0.1)
    raise SystemExit(f"the API is not ready: {said}")


async def measure(bench: Bench, seconds: float, rounds: int) -> None:
    """Interleaved rounds; prints both sides and the ratio of their medians."""
    written = await bench.take_sample()
    print("rows a settlement writes:", ", ".join(f"{table} {n}" for table, n in written.items()), "(both sides)")
    await bench.http_round(min(seconds, 3))  # warm
    ours: list[Round] = []
    floor: list[Round] = []
    for number in range(1, rounds + 1):
        for name, sides, measured in (("floor", floor, bench.floor_round), ("HTTP", ours, bench.http_round)):
            sides.append(await measured(seconds))
            print(f"round {number} of {rounds}, {name:5}: {sides[-1].told()}", flush=True)
    tell(_share(ours, floor))
    tell(_cost(ours, floor))


def _middle(rounds: list[Round], what: str) -> float:
    return statistics.median(getattr(one, what) for one in rounds)


def _share(ours: list[Round], floor: list[Round]) -> Result:
    """Settlements a second, as a share of the floor's."""
    share = _middle(ours, "rate") / _middle(floor, "rate")
    size = sum(r.claims for r in ours) / sum(r.transactions for r in ours)
    return Result(
        "settlement over HTTP, share of the floor",
        f"{share:.0%}",
        "40%",
        f"{_middle(ours, 'rate'):.0f}/s of {_middle(floor, 'rate'):.0f}/s; {size:.1f} claims a transaction,"
        f" {STATEMENTS / size:.1f} statements a claim; {LINES} lines, {CONNECTIONS} connections, {WORKERS} workers",
    )


def _cost(ours: list[Round], floor: list[Round]) -> Result:
    """CPU time of a settlement, which other work on the machine disturbs less than the rate."""
    api, database, theirs = _middle(ours, "api_cpu"), _middle(ours, "database_cpu"), _middle(floor, "database_cpu")
    return Result(
        "settlement over HTTP, CPU a claim",
        f"{api + database:.2f} ms",
        "",
        f"{api:.2f} ms API and {database:.2f} ms PostgreSQL; the floor's PostgreSQL {theirs:.2f} ms, pgbench apart:"
        f" its CPU is {theirs / (api + database):.0%} of ours",
    )


def main(seconds: float = 8, rounds: int = 3) -> None:
    """Builds everything, measures, cleans up."""
    cluster, tokens = Cluster(f"bench-{os.getpid()}"), TestTokens()
    cluster.start()
    server: subprocess.Popen[bytes] | None = None
    try:
        blocking(ensure_roles(cluster.url(), cluster.password))
        blocking(ensure_database(cluster.url(), "claims", "bench_claims"))
        urls = {k: cluster.url("bench_claims", role_name("claims", k))
                for k in ("owner", "app", "worker", "reader", "backup")}  # fmt: skip
        database = ServiceDatabase("claims", "bench_claims", admin=cluster.url("bench_claims"), **urls)
        migrate("claims", database.owner)
        port = free_port()
        clock = Path(f"/tmp/heyi-bench-{os.getpid()}.json")
        write_clock(clock, START)
        variables = environment(database, tokens, CLOCK_FILE=str(clock))
        blocking(prepare(database, tokens, variables))
        server = serve(port, variables)
        blocking(ready(port))
        token = tokens.mint("hospital", institutions=(COUNTY,))
        bench = Bench(cluster, database, tokens, port, token, server)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(bench, seconds, rounds))
    finally:
        if server is not None:
            server.terminate()
            server.wait(20)
        cluster.remove()
        tokens.close()


if __name__ == "__main__":
    main(*(kind(value) for kind, value in zip((float, int), sys.argv[1:], strict=False)))
