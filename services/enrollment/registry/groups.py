"""Special groups of persons, as the registers of civil affairs, family planning and the townships name them."""

WU_BAO = "wubao"
DI_BAO = "dibao"
TE_KUN = "tekun"
DISABLED = "disabled"
ONLY_CHILD = "only_child"
TWO_DAUGHTERS = "two_daughters"
VILLAGE_CADRE = "village_cadre"
FORMER_CADRE = "former_village_cadre"
YOU_FU = "youfu"

NAMES = {
    WU_BAO: "五保",
    DI_BAO: "低保",
    TE_KUN: "特困",
    DISABLED: "残疾",
    ONLY_CHILD: "独生子女户",
    TWO_DAUGHTERS: "二女户",
    VILLAGE_CADRE: "在职村干部",
    FORMER_CADRE: "离任村干部",
    YOU_FU: "优抚",
}
_SPELLINGS = {
    WU_BAO: ("五保", "五保户", "五保对象", "五保供养", "农村五保"),
    DI_BAO: ("低保", "低保户", "低保对象", "农村低保", "最低生活保障"),
    TE_KUN: ("特困", "特困户", "特困人员", "特困供养"),
    DISABLED: ("残疾", "残疾人", "特困残疾人", "重度残疾", "重残"),
    ONLY_CHILD: ("独生子女户", "独生子女", "独生", "独女户"),
    TWO_DAUGHTERS: ("二女户", "双女户", "二女结扎户", "两女户"),
    VILLAGE_CADRE: ("村干部", "在职村干部", "村干"),
    FORMER_CADRE: ("离任村干部", "离职村干部", "正常离任村干部"),
    YOU_FU: ("优抚", "优抚对象", "复员军人", "烈属"),
}
ORDINARY = ("一般", "普通", "一般农户", "一般户", "无", "农业人口", "普通农户", "一般人员")
BY_SPELLING = {word: code for code, words in _SPELLINGS.items() for word in words}
CODES = tuple(NAMES)
