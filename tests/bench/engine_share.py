"""What share of a settlement's CPU over HTTP is the decision itself: at most a quarter for twenty lines.

The decision is timed alone on the same bill, policy and catalogue; the settlement is the CPU of the API process (not of
the database) over real uvicorn, with 32 connections. Both are CPU time, so that a busy machine blurs little.
``python -m tests.bench.engine_share [seconds]``
"""

import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import uvloop

from deploy.postgres.cluster import Cluster, free_port
from deploy.postgres.roles import blocking, ensure_database, ensure_roles, role_name
from services.claims.benefits.engine import adjudicate
from services.claims.benefits.library import loaded
from services.claims.benefits.model import ClaimInput, Facts, Institution, Interval, Item, Line
from shared.kernel.clock import write_clock
from tests.bench import load
from tests.bench.results import Result, tell
from tests.bench.settlement import CONNECTIONS, LINES, Bench, cpu_of_children, prepare, ready, serve
from tests.component.claims.world import COUNTY
from tests.support.postgres import ServiceDatabase, migrate
from tests.support.services import START, environment
from tests.support.tokens import TestTokens

MOST = 0.25
REPEATS = 2_000


def decision_ms() -> float:
    """CPU of one decision over the bill that the settlements send."""
    day = date(2010, 2, 20)
    lines = tuple(Line(i + 1, "A1", (i + 1) * 1_000 + 500 + i, 10_000, day=day) for i in range(LINES))
    claim = ClaimInput("inpatient", day, date(2010, 3, 1), lines, discharged_on=date(2010, 2, 27))
    known = (Interval(date(2010, 1, 1), None),)
    facts = Facts(Institution("county", "in_county"), known, {"A1": Item("A1", "A", name="项目A1")}, {})
    policy = loaded("dafang-2010").policy
    started = time.process_time()
    for _ in range(REPEATS):
        adjudicate(claim, facts, policy)
    return (time.process_time() - started) * 1000 / REPEATS


async def settlement_ms(bench: Bench, seconds: float) -> float:
    """CPU of the API's workers a settlement."""
    assert bench.server is not None
    await load.run("127.0.0.1", bench.port, bench.requests(), connections=CONNECTIONS, seconds=2)  # warm
    before = cpu_of_children(bench.server.pid)
    seen = await load.run("127.0.0.1", bench.port, bench.requests(), connections=CONNECTIONS, seconds=seconds)
    if set(seen.statuses) != {201}:
        raise SystemExit(f"unexpected answers {seen.statuses}: {seen.first_error.decode()}")
    return (cpu_of_children(bench.server.pid) - before) * 1000 / seen.statuses[201]


def result(alone_ms: float, whole_ms: float) -> Result:
    """The share as the table of all benchmarks shows it."""
    return Result(
        name=f"decision of {LINES} lines / its settlement over HTTP",
        figure=f"{alone_ms / whole_ms:.1%}",
        goal=f"at most {MOST:.0%}",
        detail=f"{alone_ms:.3f} of {whole_ms:.2f} ms CPU of the API process, {CONNECTIONS} connections",
    )


def main(seconds: float = 8) -> float:
    """Builds the settlement benchmark's world, measures both, prints the share; exits with 1 over a quarter."""
    cluster, tokens = Cluster(f"share-{os.getpid()}"), TestTokens()
    cluster.start()
    server: subprocess.Popen[bytes] | None = None
    try:
        blocking(ensure_roles(cluster.url(), cluster.password))
        blocking(ensure_database(cluster.url(), "claims", "bench_share"))
        kinds = ("owner", "app", "worker", "reader", "backup")
        urls = {kind: cluster.url("bench_share", role_name("claims", kind)) for kind in kinds}
        database = ServiceDatabase("claims", "bench_share", admin=cluster.url("bench_share"), **urls)
        migrate("claims", database.owner)
        clock, port = Path(f"/tmp/heyi-share-{os.getpid()}.json"), free_port()
        write_clock(clock, START)
        variables = environment(database, tokens, CLOCK_FILE=str(clock))
        blocking(prepare(database, tokens, variables))
        server = serve(port, variables)
        blocking(ready(port))
        bench = Bench(cluster, database, tokens, port, tokens.mint("hospital", institutions=(COUNTY,)), server)
        whole = uvloop.run(settlement_ms(bench, seconds))
        alone = decision_ms()
        share = alone / whole
        tell(result(alone, whole))
        if share > MOST:
            raise SystemExit(f"over {MOST:.0%}")
        return share
    finally:
        if server is not None:
            server.terminate()
            server.wait(20)
        cluster.remove()
        tokens.close()


if __name__ == "__main__":
    main(*map(float, sys.argv[1:2]))
