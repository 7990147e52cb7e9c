"""What to write instead, in Chinese and in English, where a value of a request does not have its declared form.

Two tables: by the kind of error that pydantic tells, and by the pattern that a text has to follow. A contract test
walks over the OpenAPI documents, so that every pattern of a request has words here.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from shared.kernel.dates import MONTH_PATTERN
from shared.kernel.errors import Words

_DAY = (
    "日期写作“年-月-日”,如“2010-03-01”,并且要有这一天",
    "a day is written as year-month-day, such as 2010-03-01, and has to exist",
)
_TIME = (
    "时间写作“年-月-日T时:分:秒”,如“2010-03-08T09:00:00”(北京时间),并且要有这一天",
    "a time is written as 2010-03-08T09:00:00 (of Shanghai), and its day has to exist",
)
_ID = (
    "要写系统给出的编号,如“01890000-0000-7000-8000-000000000000”或 26 位的短编号;请从查询结果中原样复制",
    "an id as the system gave it, such as 01890000-0000-7000-8000-000000000000 or its 26 characters: copy it whole",
)
_INTEGER = ("要写整数,如“2010”", "a whole number, such as 2010")
_TRUTH = ("要写“true”或“false”", "true or false")
_TEXT = ("要写成带双引号的字符串", "a string in double quotes")
_OBJECT = ("要写成对象“{{…}}”", "an object in braces")
_LIST = ("要写成列表“[…]”", "a list in brackets")
_JSON = ("正文不是完整的 JSON,请核对引号、逗号和括号", "the body is not whole JSON: check quotes, commas and brackets")

OF_KIND: Mapping[str, Words] = MappingProxyType(
    {
        "missing": ("缺少这一项", ""),
        "extra_forbidden": ("没有这一项,请去掉", ""),
        "greater_than": ("须大于 {gt}", ""),
        "greater_than_equal": ("不得小于 {ge}", ""),
        "less_than": ("须小于 {lt}", ""),
        "less_than_equal": ("不得大于 {le}", ""),
        "string_too_short": ("至少 {min_length} 个字符", ""),
        "string_too_long": ("最多 {max_length} 个字符", ""),
        "too_short": ("至少 {min_length} 项", ""),
        "too_long": ("最多 {max_length} 项", ""),
        "literal_error": ("只能是 {expected}", ""),
        "enum": ("只能是 {expected}", ""),
        "date_type": _DAY,
        "date_parsing": _DAY,
        "date_from_datetime_parsing": _DAY,
        "date_from_datetime_inexact": _DAY,
        "datetime_type": _TIME,
        "datetime_parsing": _TIME,
        "datetime_from_date_parsing": _TIME,
        "datetime_object_invalid": _TIME,
        "timezone_aware": (
            "时间要带时区,如“2010-03-08T09:00:00+08:00”",
            "with an offset, as in 2010-03-08T09:00:00+08:00",
        ),
        "uuid_type": _ID,
        "uuid_parsing": _ID,
        "uuid_version": _ID,
        "int_type": _INTEGER,
        "int_parsing": _INTEGER,
        "int_parsing_size": ("这个数太大", "this number is too large"),
        "int_from_float": _INTEGER,
        "bool_type": _TRUTH,
        "bool_parsing": _TRUTH,
        "string_type": _TEXT,
        "string_unicode": ("文字编码要用 UTF-8", "a text is encoded in UTF-8"),
        "dict_type": _OBJECT,
        "mapping_type": _OBJECT,
        "model_type": _OBJECT,
        "model_attributes_type": _OBJECT,
        "typed_dict_type": _OBJECT,
        "list_type": _LIST,
        "json_invalid": _JSON,
        "json_type": _JSON,
    }
)
"""The words for pydantic's kinds of error; where the English is empty, pydantic's own says the same."""

_MONTH = ("月份写作“年-月”,如“2010-03”,月在 01 到 12 之间", "a month is written as year-month, such as 2010-03")
_AREA = (
    "行政区划代码只有数字,如县“522422”、乡镇“52242201”、村“5224220101”",
    "digits of an area code, such as 52242201",
)
_TOWNSHIP = ("乡镇代码只有数字,如“52242201”", "digits of a township's code, such as 52242201")
_AMOUNT = (
    "金额写作两位小数的字符串,如“40.00”,不加逗号和单位",
    'an amount is a string of yuan with exactly two places and no commas, such as "40.00"',
)
_LETTERS = ("只能用数字、英文字母和“-”", "digits, Latin letters and hyphens only")
_CODE = ("只能用小写字母、数字和“_ . -”", "small letters, digits and _ . - only")

OF_PATTERN: Mapping[str, Words] = MappingProxyType(
    {
        r"^\d{6}$": ("统筹区代码是 6 位数字,如“522422”", "a pool's code has six digits, such as 522422"),
        r"^20\d{2}-(0[1-9]|1[0-2])$": _MONTH,
        MONTH_PATTERN: (
            "月份写作“年-月”,如“2010-03”,在 2003-01 到 2100-12 之间",
            "a month is written as year-month, such as 2010-03, within 2003-01 and 2100-12",
        ),
        r"^\d{4}-\d\d-\d\dT\d\d:\d\d": _TIME,
        r"^\d{6}-\d{8}-\d{6,9}$": (
            "单号写作“统筹区-日期-序号”,如“522422-20100308-000123”",
            "a number is pool-day-serial, such as 522422-20100308-000123",
        ),
        r"^\d{0,12}$": _AREA,
        r"^\d{2,12}$": _AREA,
        r"^\d{6,12}$": _AREA,
        r"^(\d{6,12})?$": _AREA,
        r"^[0-9]{6,12}$": _AREA,
        r"^\d{7,9}$": _TOWNSHIP,
        r"^\d{8,12}$": _TOWNSHIP,
        r"^([0-9]{4}|[0-9]{6})$": ("地区代码是 4 位(市)或 6 位(县)数字", "four digits of a city or six of a county"),
        r"^[A-Z0-9]{12}$": (
            "医疗机构编码是 12 位大写字母和数字,如“H52242200001”",
            "an institution's code has 12 capitals and digits, such as H52242200001",
        ),
        r"^[0-9]{8,32}$": ("银行账号是 8 到 32 位数字", "a bank account has 8 to 32 digits"),
        r"^[0-9A-Za-z-]+$": _LETTERS,
        r"^[0-9A-Za-z-]{1,20}$": _LETTERS,
        r"^[0-9A-Za-z-]{1,30}$": _LETTERS,
        r"^[A-Za-z0-9._-]{1,32}$": (
            "只能用英文字母、数字和“. _ -”,最多 32 个字符",
            "Latin letters, digits and . _ -, at most 32",
        ),
        r"^\d{4}$": ("市的代码是 4 位数字,如“5224”", "four digits of a city, such as 5224"),
        r"^[a-z0-9][a-z0-9_-]{0,63}$": _CODE,
        r"^[a-z_]{1,40}$": _CODE,
        r"^[\x21-\x7e]+$": (
            "银行流水号只能用英文字母、数字和英文符号,不能有空格和汉字",
            "a bank's number has Latin letters, digits and signs, no blanks",
        ),
        r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$": (
            "只能用英文字母、数字和“. _ -”,以字母或数字开头,最多 64 个字符",
            "Latin letters, digits and . _ -, at most 64, the first a letter or digit",
        ),
        r"^[a-z0-9_.-]{0,64}$": _CODE,
        r"^[a-z_]+$": (
            "只能用小写字母和下划线,可写哪些见种类清单",
            "small letters and underscores; see the list of kinds",
        ),
        r"^[0-9a-f]{64}$": ("是 64 位的十六进制索引", "an index of 64 hexadecimal characters"),
        r"^-?(0|[1-9]\d{0,12})\.\d{2}$": _AMOUNT,
        r"^-?\d{1,15}(\.\d{1,6})?$": (
            "要写数字,最多六位小数,不加逗号和单位",
            "digits with up to six places, no commas",
        ),
    }
)
"""The words for a text that does not follow its pattern."""

UNTOLD = ("写法不对,请看接口文档中这一项的说明", "")
"""For a kind of error that no form of ours gives today."""


def reason(error: Mapping[str, Any]) -> Words:
    """What is wrong at one place and what to write; a message of ours may hold both languages: ``中文 / English``."""
    message = str(error["msg"]).removeprefix("Value error, ")
    chinese, divided, english = message.partition(" / ")
    if divided and any("\u4e00" <= character <= "\u9fff" for character in chinese):
        return chinese, english
    facts = dict(error.get("ctx", {}))
    if "expected" in facts:  # pydantic's list of codes: 'a', 'b' or 'c'
        facts["expected"] = (
            re.sub("'([^']*)'", "“\\1”", str(facts["expected"])).replace(", ", "、").replace(" or ", "或")
        )
    kind = str(error.get("type", ""))
    words = (
        OF_PATTERN.get(str(facts.get("pattern")), UNTOLD)
        if kind == "string_pattern_mismatch"
        else OF_KIND.get(kind, UNTOLD)
    )
    told = defaultdict(lambda: "…", facts)
    return words[0].format_map(told), words[1].format_map(told) or message
