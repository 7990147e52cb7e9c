"""The usual slips of a YAML file in the office's words, on the line where they stand.

The parser names the line on which it gave up, mostly the one after the slip, and speaks of tokens. Here the lines that
it was reading are looked at as text, for what people do write: a colon without a blank, a full-width colon, a tab, a
no-break space.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

_PROBLEMS = {
    "mapping values are not allowed": "多出一个冒号:多半是缩进不齐,或者文字里有冒号而没有加引号",
    "did not find expected key": "缩进与同一级的其他行不齐",
    "could not find expected ':'": "缺少冒号和它后面的空格",
    "found character that cannot start any token": "不能以这个符号开头:缩进只用空格,以 @ ` % 开头的文字加引号",
    "did not find expected ','": "括号没有写完,或者缺少逗号",
    "did not find expected '-'": "列表的缩进不齐,每一项以“- ”开头",
    "found unexpected end of stream": "引号没有写完",
    "block sequence entries are not allowed": "列表要另起一行,每一项以“- ”开头",
    "did not find expected <document start>": "这一行与前面的缩进不齐",
}
"""What the parser says, by its beginning, and what that means."""
_OTHERWISE = "请核对这一行的冒号、缩进、引号和括号"
_READING = 3
"""Lines before the one on which the parser gave up that may hold the slip."""
_NAME = r"[A-Za-z0-9_.\u4e00-\u9fff-]+"
_FULL_WIDTH = re.compile(rf"^\s*(?:- )?\s*({_NAME})\s*\uff1a")
_NO_BLANK = re.compile(rf"^\s*(?:- )?\s*({_NAME}):(?=[^\s/])")
_INDENT = re.compile(r"^[ \t]*")
_BEFORE_VALUE = re.compile(rf"^\s*(?:-\s)?\s*(?:{_NAME}:)?\s*")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""What YAML does not take anywhere in a file."""
_BLANKS = {"\u00a0": "不间断空格", "\u3000": "全角空格", "\u2003": "宽空格"}


def advice(text: str, first: int, last: int, problem: str) -> tuple[int, str]:
    """(line, what is wrong) of a parser's complaint about the lines `first` to `last`; lines count from 0."""
    lines = text.splitlines()
    for number in range(max(0, min(last - 1, max(first, last - _READING))), min(last + 1, len(lines))):
        if told := _slip(lines[number]):
            return number, told
    for number in range(max(first, 0), min(last, len(lines))):
        if lines[number].count('"') % 2:
            return number, "引号没有写完"
    for said, meant in _PROBLEMS.items():
        if problem.startswith(said):
            return last, meant
    return last, _OTHERWISE


def line_of_control(text: str) -> int:
    """The line of the first control character, from 0."""
    found = _CONTROL.search(text)
    return text.count("\n", 0, found.start()) if found is not None else 0


def misspelt(key: str) -> str | None:
    """What is wrong with a name that has a colon in it, as `level:county` within braces, or a blank that is none; None
    where nothing is."""
    if told := _blank_in(key):
        return told
    for colon in (":", "\uff1a"):
        name, found, value = key.partition(colon)
        if found and name and value:
            return f"冒号后面缺一个空格,应写 {name}: {value}" if colon == ":" else _full_width(name)
    return None


def like(name: str, known: Iterable[str]) -> str:
    """The name that is nearly the same, as a question; empty where there is none."""
    close = get_close_matches(name, sorted(known), n=1)
    return f":是不是 {close[0]}?" if close else ""


def _slip(line: str) -> str | None:
    """The slip in a line, or None."""
    if "\t" in _INDENT.findall(line)[0]:
        return "缩进里有制表符(Tab),请改用空格"
    if (match := _BEFORE_VALUE.match(line)) is not None and (told := _blank_in(match[0])):
        return told
    if (match := _FULL_WIDTH.match(line)) is not None:
        return _full_width(match[1])
    if (match := _NO_BLANK.match(line)) is not None:
        return f"“{match[1]}”的冒号后面缺一个空格"
    return None


def _blank_in(text: str) -> str | None:
    for blank, name in _BLANKS.items():
        if blank in text:
            return f"行里有{name},请改用普通空格"
    return None


def _full_width(name: str) -> str:
    return f"“{name}”后面是全角的冒号,应是半角的冒号加一个空格"
