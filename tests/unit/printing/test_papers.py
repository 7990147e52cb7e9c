"""Papers: no character is lost silently, the same input gives the same bytes, a file holds what it shows alone."""

import re
from datetime import UTC, datetime

import pytest

from shared.printing.font import TYPEFACE, pieces
from shared.printing.page import TEXT, Column, Heading, Note, Pairs, Row, Table, Title, _Layout, paper

AT = datetime(2010, 3, 5, 9, tzinfo=UTC)
RARE = "䶮𠮷㐂堃喆犇燊垚玥湉芃珺祎翀昉龘㵘𬭳𫖯"
"""Characters of names that many fonts lack."""


def blocks(text: str = "张三", rows: int = 3) -> list[Title | Heading | Pairs | Table | Note]:
    columns = [Column("项目", 0.6), Column("金额", 0.4, "right")]
    table = Table(columns, [Row((f"第 {number} 项", "1,234.50")) for number in range(rows)])
    return [Title("单据", "附题"), Pairs([("姓名", text)]), Heading("明细"), table, Note("说明")]


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b(?!s)", pdf))


def unicode_of(pdf: bytes) -> set[str]:
    """The characters that a reader can copy out of the file."""
    found: set[str] = set()
    for stream in re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL):
        if b"beginbfchar" in stream:
            for code in re.findall(rb"<[0-9A-F]{4}> <([0-9A-F]+)>", stream):
                found.add(bytes.fromhex(code.decode()).decode("utf-16-be"))
    return found


def test_rare_characters_of_names_are_in_the_font() -> None:
    assert TYPEFACE.shown(RARE) == (RARE, ())
    printed = paper(blocks(RARE), AT, "单据")
    assert printed.lacking == ()
    assert set(RARE) <= unicode_of(printed.pdf)


@pytest.mark.parametrize("character", ["\U000323af", "\n", "\u202e", "\u200b", "\ufffe"])
def test_what_the_font_lacks_or_would_hide_is_told(character: str) -> None:
    printed = paper(blocks(f"张{character}三"), AT, "单据")
    code = f"U+{ord(character):04X}"
    assert printed.lacking == (code,)
    assert TYPEFACE.shown(f"张{character}三") == (f"张〔{code}〕三", (code,))
    assert set("〔〕字体中没有的以其编码表示") <= unicode_of(printed.pdf), "it stands on the page and under it"


def test_the_same_input_gives_the_same_bytes() -> None:
    first, second = paper(blocks(), AT, "单据"), paper(blocks(), AT, "单据")
    assert first == second
    assert paper(blocks("李四"), AT, "单据").pdf != first.pdf
    assert TYPEFACE.cut_down("壹贰") == TYPEFACE.cut_down("贰壹壹")


def laid_out(*parts: Title | Heading | Pairs | Table | Note, crosswise: bool = False) -> list[list[tuple[float, str]]]:
    """Size of type and text of all that stands on each page."""
    layout = _Layout("", crosswise=crosswise)
    for part in parts:
        layout.add(part)
    return [[(size, text) for _, _, size, text in page.texts] for page in layout._pages]


@pytest.mark.requirement("HL-08", "nobody signs a page that shows nothing")
@pytest.mark.parametrize("rows", range(28, 42))
def test_the_lines_to_sign_stand_under_rows(rows: int) -> None:
    columns = [Column("项目", 0.6), Column("金额", 0.4, "right")]
    table = Table(
        columns, [Row((f"第 {n} 项", "1.00")) for n in range(rows)], "试算平衡表", (Note("注"), Heading("制表:"))
    )
    last = [text for _, text in laid_out(Title("试算平衡表"), table)[-1]]
    assert last[-1] == "制表:"
    assert f"第 {rows - 1} 项" in last and f"第 {rows - 3} 项" in last


def test_a_page_that_goes_on_says_what_it_continues() -> None:
    table = Table([Column("日期", 1)], [Row((str(n),)) for n in range(120)], "现金日记账  2010年3月  大方县")
    first, *others = laid_out(Title("现金日记账"), table)
    assert "(续)现金日记账  2010年3月  大方县" not in [text for _, text in first]
    assert others and all(page[0][1] == "(续)现金日记账  2010年3月  大方县" for page in others)
    assert all(page[1][1] == "日期" for page in others)


@pytest.mark.parametrize("amount", ["10,000,000,000,099.99", "-999,999,999,999,999.99"])
def test_an_amount_is_never_broken(amount: str) -> None:
    columns = [Column("项目", 0.88), Column("金额", 0.12, "right")]
    ((size, _),) = [cell for cell in laid_out(Table(columns, [Row(("合计", amount))]))[0] if cell[1] == amount]
    assert size < TEXT, "in smaller type instead"


def test_only_what_is_shown_is_embedded() -> None:
    printed = paper(blocks(), AT, "单据")
    assert b"/FontFile" in printed.pdf
    shown = "".join(unicode_of(printed.pdf))
    assert set("张三单据附题姓名") <= set(shown)
    assert "李" not in shown
    assert len(printed.pdf) < 30_000, "the whole font has nineteen million bytes"


def test_a_character_that_was_not_asked_for_is_an_error() -> None:
    with pytest.raises(KeyError):
        TYPEFACE.width("\U000323af")


def test_a_long_table_goes_on_and_every_page_has_its_number() -> None:
    assert pages(paper(blocks(rows=3), AT, "单据").pdf) == 1
    long = paper(blocks(rows=120), AT, "单据")
    assert pages(long.pdf) == 4
    assert set("第页,共") <= unicode_of(long.pdf)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("起付线 200.00 元,本次", ["起", "付", "线", " ", "200.00", " ", "元,", "本", "次"]),
        ("(10,000.00 × 50%)。", ["(10,000.00", " ", "×", " ", "50%)。"]),
        ("依据:“在省”", ["依", "据:", "“在", "省”"]),
        ("", []),
    ],
)
def test_where_a_line_may_be_broken(text: str, told: list[str]) -> None:
    assert list(pieces(text)) == told
