"""Papers as PDF, A4, in an embedded font, with lines to sign on and the number of each page."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from services.settlement.reporting.form import Column, Cover, Form, Printed, cell_text, money_zh
from shared.kernel.money import capital_yuan
from shared.printing import page

MEDIA_TYPE = "application/pdf"
_RIGHT = ("money", "count")


def papers(printed: Sequence[Printed], made_at: datetime) -> bytes:
    """The papers in order, each beginning a page; the same papers at the same moment are the same bytes."""
    blocks: list[page.Block] = []
    for number, one in enumerate(printed):
        if number:
            blocks.append(page.NewPage())
        blocks += _blocks(one.form, one.cover)
    first = printed[0]
    foot = f"打印:{first.cover.printed_by} {first.cover.printed_at}"
    crosswise = any(one.form.wide for one in printed)
    return page.paper(blocks, made_at, first.form.title_zh, foot, crosswise=crosswise).pdf


def _blocks(form: Form, cover: Cover) -> Iterator[page.Block]:
    yield page.Title(form.title_zh, form.period_zh)
    if form.standing_zh:
        yield page.Heading(f"【{form.standing_zh}】")
    about = [("核算对象", form.about_zh)] if form.about_zh else []
    yield page.Pairs([("编制单位", cover.unit_zh), ("金额单位", "元"), *about, *form.facts])
    total = sum(column.weight for column in form.columns)
    columns = [page.Column(c.zh, c.weight / total, _align(c)) for c in form.columns]
    rows: Sequence[page.Row] = [
        page.Row([cell_text(c, cell) for c, cell in zip(form.columns, row.cells, strict=True)], row.strong)
        for row in form.rows
    ]
    told = (form.title_zh, form.about_zh, form.period_zh, cover.unit_zh, form.standing_zh)
    yield page.Table(columns, rows, "  ".join(filter(None, told)), tuple(_foot(form)))


def _foot(form: Form) -> Iterator[page.Heading | page.Note]:
    """What stands under the table and is signed with it."""
    if form.in_words:
        title, fen = form.in_words
        yield page.Heading(f"{title}(大写):{capital_yuan(fen)}  ¥{money_zh(fen)}")
    for note in form.notes:
        yield page.Note(note)
    yield page.Heading("        ".join(f"{hand}:{name or '________'}" for hand, name in form.signed))


def _align(column: Column) -> page.Align:
    return "right" if column.kind in _RIGHT else "left"
