"""What belongs together stands on one page, and a dense paper takes fewer."""

import re
from datetime import UTC, datetime

from shared.printing.page import Block, Column, Heading, Note, Row, Table, Together, paper

AT = datetime(2011, 6, 12, 8, tzinfo=UTC)


def table(rows: int) -> Table:
    return Table(
        [Column("项目", 0.5), Column("金额", 0.5, "right")], [Row((f"第 {n} 行", "1.00")) for n in range(rows)]
    )


def pages(blocks: list[Block], *, dense: bool = False) -> int:
    return len(re.findall(rb"/Type /Page\b(?!s)", paper(blocks, AT, "单据", dense=dense).pdf))


def test_what_belongs_together_is_not_torn() -> None:
    apart: list[Block] = [table(30), Heading("结果"), table(8), Note("签字")]
    kept: list[Block] = [table(30), Together([Heading("结果"), table(8), Note("签字")])]
    assert pages(apart) == pages(kept) == 2
    again: list[Block] = [Together([Heading("结果"), table(8), Note("签字")])]
    assert pages(again) == 1
    longer: list[Block] = [Note("前言"), Together([table(60)])]
    assert pages(longer) == pages([Note("前言"), table(60)]) + 1, "higher than a page: from the top of its own"


def test_a_dense_paper_takes_fewer_pages() -> None:
    assert pages([table(40)]) == 2
    assert pages([table(40)], dense=True) == 1
