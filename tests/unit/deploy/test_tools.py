"""The checkers of `make check` find what they are for and leave the rest alone."""

import pytest

from tools.check_sql import in_python, in_sql
from tools.coverage import Shown, marks, page


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT now()",
        "SELECT NOW ( )",
        "INSERT INTO t VALUES (current_date)",
        "CREATE TABLE t (a timestamptz DEFAULT CURRENT_TIMESTAMP)",
        "SELECT clock_timestamp()",
        "SET LOCAL TIME ZONE 'Asia/Shanghai'",
        "SELECT settled_at::date FROM claim",
        "SELECT date_trunc('day', settled_at) FROM claim",
        "SELECT extract(year FROM settled_at) FROM claim",
        "SELECT CAST(settled_at AS date)",
        "UPDATE t SET at = 'now'",
    ],
)
def test_the_clock_of_the_database_is_refused(sql: str) -> None:
    assert list(in_sql(sql))
    assert list(in_python(f'SQL = """{sql} WHERE x"""', business=False))


def test_it_is_refused_in_a_part_of_a_statement() -> None:
    assert list(in_python('CHANGES = "checked_by = $3, checked_at = now()"', business=False))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT $1::timestamptz AS now",
        "SELECT (settled_at AT TIME ZONE 'Asia/Shanghai')::date FROM claim",
        "SELECT knows() FROM t -- not now()",
        "SELECT clock_timestamp() -- real time: a lease",
        "SELECT date_trunc('day', settled_at, 'Asia/Shanghai') FROM claim",
    ],
)
def test_times_that_are_given_are_allowed(sql: str) -> None:
    assert not list(in_sql(sql))


def test_business_code_may_not_ask_the_clock_of_python() -> None:
    source = "from datetime import datetime, date\nx = datetime.now(UTC)\ny = date.today()\n"
    assert [line for line, _ in in_python(source, business=True)] == [2, 3]
    assert not list(in_python(source, business=False))
    assert not list(in_python("x = datetime.now(UTC)  # real time: a lease\n", business=True))
    assert not list(in_python('"""SELECT now() is what we never write."""\n', business=True))


def test_marks_are_read_with_their_test() -> None:
    source = """
import pytest
pytestmark = pytest.mark.requirement("ZZ-06", "whole file")
@pytest.mark.requirement("ZZ-14", "flows")
async def test_flows(): ...
"""
    assert sorted(marks(source, "tests/x.py")) == [
        Shown("ZZ-06", "whole file", "tests/x.py"),
        Shown("ZZ-14", "flows", "tests/x.py::test_flows"),
    ]
    with pytest.raises(SystemExit):
        list(marks('import pytest\n@pytest.mark.requirement("ZZ-14")\ndef test_x(): ...', "tests/x.py"))


def test_an_unknown_row_is_an_error_and_open_rows_are_listed() -> None:
    rows = {"ZZ-06": "whole households", "ZZ-14": "flows", "ZZ-32": "context: posts"}
    text = page(rows, [Shown("ZZ-06", "a|b", "t")])
    assert "| ZZ-06 | a\\|b | `t` |" in text
    assert "- ZZ-14: flows" in text
    assert "- ZZ-32: posts" in text
    with pytest.raises(SystemExit, match="XX-01"):
        page(rows, [Shown("XX-01", "a", "t")])
