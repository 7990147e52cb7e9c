"""How a member is related to the head of the household: codes, what they are called, and how registers write them.

The spellings are those of the household register (户口簿): its words for the relation to the head, the common short
forms, and the collective words that appear where a clerk does not tell son from daughter.
"""

from collections.abc import Mapping
from types import MappingProxyType

from shared.kernel.errors import Words

HEAD = "head"
OTHER = "other"
RELATION_WORDS: Mapping[str, Words] = MappingProxyType(
    {
        HEAD: ("户主", "head"),
        "spouse": ("配偶", "spouse"),
        "son": ("子", "son"),
        "daughter": ("女", "daughter"),
        "child": ("子女", "child"),
        "father": ("父亲", "father"),
        "mother": ("母亲", "mother"),
        "parent": ("父母", "parent"),
        "parent_in_law": ("配偶的父母", "parent-in-law"),
        "child_in_law": ("儿媳或女婿", "child-in-law"),
        "grandchild": ("孙子女", "grandchild"),
        "grandparent": ("祖父母", "grandparent"),
        "sibling": ("兄弟姐妹", "sibling"),
        OTHER: ("其他", "other"),
    }
)
_SPELLINGS = {
    HEAD: ("户主", "本人", "本人或户主", "户主本人"),
    "spouse": ("配偶", "妻", "妻子", "夫", "丈夫", "老婆", "老公", "爱人"),
    "son": (
        *("子", "儿子", "长子", "次子", "二子", "三子", "四子", "五子", "六子", "独生子", "幼子", "大儿子", "二儿子"),
        *("三儿子", "小儿子", "养子", "继子", "养子或继子", "其他儿子"),
    ),
    "daughter": (
        *("女", "女儿", "长女", "次女", "二女", "三女", "四女", "五女", "六女", "独生女", "幼女", "大女儿", "二女儿"),
        *("三女儿", "小女儿", "养女", "继女", "养女或继女", "其他女儿"),
    ),
    "child": ("子女", "儿女", "孩子", "小孩"),
    "father": ("父亲", "父", "爸爸", "养父", "继父", "继父或养父"),
    "mother": ("母亲", "母", "妈妈", "养母", "继母", "继母或养母"),
    "parent": ("父母", "其他父母关系"),
    "parent_in_law": ("岳父", "岳母", "岳父母", "公公", "婆婆", "公婆", "公爹", "婆母"),
    "child_in_law": ("儿媳", "媳妇", "儿媳妇", "女婿", "长媳", "次媳", "三媳", "儿媳或女婿"),
    "grandchild": (
        *("孙子", "孙女", "孙", "长孙", "次孙", "长孙女", "次孙女", "孙子女", "外孙", "外孙子", "外孙女", "外孙子女"),
        *("孙子或外孙子", "孙女或外孙女", "孙媳", "孙媳妇", "外孙媳妇", "孙媳妇或外孙媳妇", "孙女婿", "外孙女婿"),
        *("孙女婿或外孙女婿", "曾孙", "曾孙子", "曾孙女", "外曾孙", "外曾孙子", "外曾孙女", "重孙", "重孙子", "重孙女"),
    ),
    "grandparent": (
        *("祖父", "祖母", "祖父母", "爷爷", "奶奶", "外祖父", "外祖母", "外祖父母", "外公", "外婆", "姥姥", "姥爷"),
        *("配偶的祖父母", "曾祖父", "曾祖母", "曾祖父母", "太爷", "太奶"),
    ),
    "sibling": ("兄", "弟", "姐", "妹", "哥", "哥哥", "弟弟", "姐姐", "妹妹", "兄弟", "姐妹", "兄弟姐妹"),
    OTHER: (
        *("其他", "其它", "亲属", "其他亲属", "非亲属", "侄子", "侄儿", "侄女", "侄媳", "外甥", "外甥女", "嫂", "嫂子"),
        *(
            "弟媳",
            "姐夫",
            "妹夫",
            "伯父",
            "伯母",
            "叔父",
            "叔叔",
            "婶母",
            "舅父",
            "舅母",
            "姨父",
            "姨母",
            "姑父",
            "姑母",
        ),
        *("堂兄弟", "堂姐妹", "表兄弟", "表姐妹", "堂兄弟、堂姐妹", "表兄弟、表姐妹", "寄养", "保姆"),
    ),
}
BY_SPELLING = {word: code for code, words in _SPELLINGS.items() for word in words}
