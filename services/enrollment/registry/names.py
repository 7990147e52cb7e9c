"""The order of Chinese names: by pinyin, syllable by syllable, kept beside the name (contracts §12; the database has
no collation for it)."""

from functools import lru_cache

from pypinyin import Style, pinyin

_COMPOUND = {
    "欧阳": "ou1 yang2",
    "司马": "si1 ma3",
    "上官": "shang4 guan1",
    "诸葛": "zhu1 ge3",
    "东方": "dong1 fang1",
    "皇甫": "huang2 fu3",
    "尉迟": "yu4 chi2",
    "公孙": "gong1 sun1",
    "令狐": "ling2 hu2",
    "长孙": "zhang3 sun1",
    "宇文": "yu3 wen2",
    "万俟": "mo4 qi2",
    "澹台": "tan2 tai2",
    "单于": "chan2 yu2",
    "夏侯": "xia4 hou2",
    "慕容": "mu4 rong2",
}
"""Surnames of two characters."""
_SURNAME = {
    "单": "shan4",
    "曾": "zeng1",
    "任": "ren2",
    "仇": "qiu2",
    "区": "ou1",
    "查": "zha1",
    "朴": "piao2",
    "解": "xie4",
    "华": "hua4",
    "盖": "ge3",
    "翟": "zhai2",
    "乐": "yue4",
    "缪": "miao4",
    "种": "chong2",
    "秘": "bi4",
    "宁": "ning4",
    "纪": "ji3",
    "燕": "yan1",
    "召": "shao4",
    "折": "she2",
    "覃": "qin2",
    "繁": "po2",
    "谌": "chen2",
    "员": "yun4",
    "冼": "xian3",
    "那": "na1",
    "葛": "ge3",
    "应": "ying1",
    "过": "guo1",
    "哈": "ha3",
    "尹": "yin3",
}
"""Surnames that are read otherwise than the same character in other words."""


@lru_cache(maxsize=20_000)
def name_order(name: str) -> str:
    """The key that sorts a name by pinyin with tones as plain bytes; equal readings by their characters."""
    for table, size in ((_COMPOUND, 2), (_SURNAME, 1)):
        surname = table.get(name[:size])
        if surname is not None:
            return f"{' '.join((surname, *_read(name[size:])))}\t{name}"
    return f"{' '.join(_read(name))}\t{name}"


def _read(text: str) -> list[str]:
    """Syllables with tone numbers; what is not Chinese stands for itself in lower case."""
    if not text:
        return []
    return [syllable.lower() for (syllable, *_) in pinyin(text, style=Style.TONE3, neutral_tone_with_five=True)]
