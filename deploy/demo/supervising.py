"""Chapter 6, those who watch: an indicator, what a hospital was paid, the export verified, the identities."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.table import Table

from deploy.demo.county import INSTITUTIONS
from deploy.demo.parties import eventually
from deploy.demo.story import Story
from deploy.state import ROOT


async def supervise(story: Story) -> bool:
    """True when every identity ties."""
    await _indicator(story)
    await _paid(story)
    await _verify(story)
    return await identities(story)


async def _indicator(story: Story) -> None:
    auditor, month = story.cast.auditor, story.today[:7]

    async def measured() -> Any:
        told = await auditor.read(story.path("performance", "indicators/review_time"), month=month)
        return told if told["measured"] >= story.facts["approved"] else None

    told = await eventually("review times at performance", measured)
    evidence = await auditor.read(story.path("performance", "indicators/review_time/evidence"), month=month)
    story.check(len(evidence["items"]) > 0, "the events behind the figure", evidence)
    hours = told["median_hours"]
    story.done(f"审核时限:{told['measured']} 笔,中位数 {hours} 小时,逐笔可查 · review time, opens to its events")


async def _paid(story: Story) -> None:
    auditor, hospital = story.cast.auditor, INSTITUTIONS[0]
    paid = await auditor.read(
        story.path("settlement", f"institutions/{hospital.code}/payments"),
        **{"from": "2010-03-01", "to": story.today},
    )
    payment = paid["payments"][0]
    claims = await auditor.items(story.path("settlement", f"payments/{payment['id']}/claims"))
    story.check(
        sum(int(c["amount"].replace(".", "")) for c in claims) == int(payment["amount"].replace(".", "")),
        "the claims to add up to the payment", claims,
    )  # fmt: skip
    trace = await auditor.read(story.path("claims", f"claims/{claims[0]['claim_id']}/trace"))
    slip = await auditor.get(story.path("claims", f"claims/{claims[0]['claim_id']}/slip"))
    story.check(bool(trace["trace"]) and "元" in slip.text, "a trace and a slip")
    story.done(f"{hospital.name} 收到 {paid['paid']} 元,{len(claims)} 笔,查到每一步 · what it was paid, to the step")


async def _verify(story: Story) -> None:
    auditor = story.cast.auditor
    export = (await auditor.get(story.path("settlement", "books/basic/export"))).content
    roots = (await auditor.get("/settlement/v1/roots")).content
    with tempfile.TemporaryDirectory(prefix="heyi-verify-") as place:
        book, outside = Path(place) / "basic.ndjson", Path(place) / "roots.json"
        book.write_bytes(export)
        outside.write_bytes(roots)
        good = _verdict(book, outside)
        at = export.index(b'"text":"') + 9
        book.write_bytes(export[:at] + bytes([export[at] ^ 1]) + export[at + 1 :])
        bad = _verdict(book, outside)
    story.check(good == 0, "the export to pass offline", good)
    story.check(bad != 0, "a changed byte to be found", bad)
    story.done("账簿导出离线验证通过,改动一个字节即被发现 · verified offline; one changed byte is found")


def _verdict(book: Path, roots: Path) -> int:
    command = [sys.executable, "-m", "heyi_verify", str(book), "--roots", str(roots)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode


async def identities(story: Story) -> bool:
    """Prints the six identities with every term; True when all tie."""
    told = await story.cast.auditor.read(story.path("settlement", "identities"))
    table = Table(title="六个恒等式 · the identities that must always tie", show_lines=False)
    table.add_column("")
    table.add_column("项目 · term", overflow="fold")
    table.add_column("元", justify="right")
    for identity in told["identities"]:
        mark = "[green]✓[/]" if identity["ties"] else "[red]✗[/]"
        table.add_row(f"[bold]{identity['code']}[/] {mark}", f"[bold]{identity['name_zh']}[/]", "")
        for side, sign in (("left", ""), ("right", "= "), ("apart", "另列 · apart: ")):
            for term in identity[side]:
                table.add_row("", f"{sign}{term['name_zh']} · {term['name_en']}", term["value"])
        table.add_section()
    story.console.print(table)
    return bool(told["ties"])
