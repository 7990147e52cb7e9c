"""A wholly rewritten book and the proof of one voucher, from exports of the real database (contracts §9)."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.settlement.ledger import export
from services.settlement.ledger.posting import Posting
from services.settlement.ledger.proof import prove
from services.settlement.ledger.refusals import LEDGER_ENTRY_NOT_SEALED, LEDGER_VOUCHER_UNKNOWN
from services.settlement.ledger.sealing import seal_through
from services.settlement.ledger.signing import Signer
from shared.db.counting import count_statements
from shared.db.scope import transaction
from shared.kernel.errors import Problem
from tests.component.ledger.conftest import MACHINE, POOL, Ledger, open_ledger, voucher
from tests.component.ledger.test_posting import NOW
from tests.support.postgres import TestPostgres

SIGNER = Signer.from_hex("33" * 32)
DAYS, A_DAY = 3, 7
CHANGED = 9


async def _story(ledger: Ledger, changed: int = 0) -> None:
    """Three sealed days of seven vouchers; ``changed`` names one that is booked with another amount."""
    for day in range(1, DAYS + 1):
        on = date(2010, 3, day)
        fen = {n: 100 * n for n in range((day - 1) * A_DAY + 1, day * A_DAY + 1)}
        if changed in fen:
            fen[changed] = 99_900
        flows = {n: Posting("1009.01", "4001", amount) for n, amount in fen.items()}
        await ledger.post(*[voucher(f"e{n}", flow, posting_date=on, value_date=on) for n, flow in flows.items()])
        async with transaction(ledger.engine, MACHINE) as conn:
            await seal_through(conn, POOL, "basic", on, today=on, now=NOW, signer=SIGNER)


@pytest.fixture(scope="module")
async def true(postgres: TestPostgres) -> AsyncIterator[Ledger]:
    """The book as it was."""
    async with open_ledger(postgres) as ledger:
        await _story(ledger)
        yield ledger


@pytest.fixture(scope="module")
async def rewritten(postgres: TestPostgres) -> AsyncIterator[Ledger]:
    """The whole book made again by the real functions, with one amount changed, sealed again with the same key."""
    async with open_ledger(postgres) as ledger:
        await _story(ledger, CHANGED)
        yield ledger


async def _export(ledger: Ledger, path: Path) -> Path:
    async with transaction(ledger.engine, MACHINE, read_only=True, repeatable=True) as conn:
        lines = [json.dumps(d, ensure_ascii=False) async for d in export.documents(conn, POOL, "basic", NOW)]
    return _written(path, "\n".join(lines) + "\n")


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


async def _prove(ledger: Ledger, number: int) -> dict[str, Any]:
    async with transaction(ledger.engine, MACHINE, read_only=True) as conn:
        return await prove(conn, POOL, "basic", number)


async def _roots(ledger: Ledger, path: Path) -> Path:
    rows = await ledger.rows("SELECT * FROM day_seal ORDER BY seal_number")
    return _written(path, json.dumps({"items": [export.seal_fields(row) for row in rows]}))


async def _verify(*arguments: Path | str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "heyi_verify", *map(str, arguments), "--key", SIGNER.public_key.hex()]
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)


@pytest.mark.requirement("ZZ-35", "a book rewritten whole with the true key is told by the roots kept outside")
async def test_a_wholly_rewritten_book_is_told_only_by_outside_roots(
    true: Ledger, rewritten: Ledger, tmp_path: Path
) -> None:
    forged, kept = await _export(rewritten, tmp_path / "forged"), await _roots(true, tmp_path / "roots")
    assert await rewritten.replay() == []
    alone = await _verify(forged)
    assert alone.returncode == 0 and "--roots" in alone.stdout
    told = await _verify(forged, "--roots", kept)
    assert told.returncode == 1
    assert [line.split("。")[0] for line in told.stdout.splitlines()] == [
        f"[rewritten] 2010-03-{day:02d} 留存在外的根与导出不符：账本被重写" for day in (2, 3)
    ]
    honest = await _verify(await _export(true, tmp_path / "true"), "--roots", kept)
    assert honest.returncode == 0, honest.stdout


@pytest.mark.parametrize("number", [1, 2, 7, 8, 9, 14, 15, 21])
async def test_each_voucher_is_proved_under_the_outside_root(true: Ledger, tmp_path: Path, number: int) -> None:
    file, kept = tmp_path / "proof.json", await _roots(true, tmp_path / "roots")
    file.write_text(json.dumps(await _prove(true, number)))
    done = await _verify(file, "--proof", "--roots", kept)
    assert done.returncode == 0, done.stdout + done.stderr


async def test_a_proof_from_the_rewritten_book_is_told(true: Ledger, rewritten: Ledger, tmp_path: Path) -> None:
    file, kept = tmp_path / "proof.json", await _roots(true, tmp_path / "roots")
    file.write_text(json.dumps(await _prove(rewritten, CHANGED)))
    assert (await _verify(file, "--proof")).returncode == 0
    told = await _verify(file, "--proof", "--roots", kept)
    assert (told.returncode, told.stdout.split()[0]) == (1, "[rewritten]")


async def test_a_proof_costs_the_same_few_statements(true: Ledger) -> None:
    for number in (1, 10):
        with count_statements() as counted:
            await _prove(true, number)
        assert counted.total() == 6, counted  # scope, book, voucher, postings, seal, hashes


async def test_what_has_no_proof(true: Ledger) -> None:
    for number, kind in ((99, LEDGER_VOUCHER_UNKNOWN), (DAYS * A_DAY + 1, LEDGER_ENTRY_NOT_SEALED)):
        if kind is LEDGER_ENTRY_NOT_SEALED:
            await true.post(voucher("open"))
        with pytest.raises(Problem) as refused:
            await _prove(true, number)
        assert refused.value.kind is kind
