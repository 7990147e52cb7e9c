"""Which column of a roster holds what: Chinese headings with the spellings that offices use."""

from enum import StrEnum

from shared.sheets.template import Template


class Column(StrEnum):
    """What a column of a roster tells; the value is the heading that we print."""

    TOWNSHIP = "乡镇"
    VILLAGE = "村"
    GROUP = "组"
    HOUSEHOLD = "户号"
    HEAD = "户主姓名"
    NAME = "姓名"
    RELATION = "与户主关系"
    SEX = "性别"
    ID_NUMBER = "身份证号"
    BIRTH_DATE = "出生日期"
    IDENTITY_GROUP = "人员属性"
    EXCUSE = "不参合原因"
    PHONE = "联系电话"
    REMARK = "备注"


REQUIRED = (Column.VILLAGE, Column.HOUSEHOLD, Column.NAME, Column.RELATION, Column.ID_NUMBER)

_SYNONYMS: dict[Column, tuple[str, ...]] = {
    Column.TOWNSHIP: ("乡镇名称", "乡", "镇", "乡镇街道", "所属乡镇", "街道"),
    Column.VILLAGE: ("村名", "行政村", "村居", "所属村", "村委会", "村名称", "行政村名称"),
    Column.GROUP: ("组别", "村民组", "村民小组", "组名", "自然村", "小组", "村组"),
    Column.HOUSEHOLD: ("户编号", "家庭编号", "户内号", "家庭号", "户序号", "户号编码"),
    Column.HEAD: ("户主", "户主名", "家庭户主", "户主名字"),
    Column.NAME: ("成员姓名", "参合人姓名", "参合人员姓名", "家庭成员姓名", "名字", "参合姓名", "人员姓名"),
    Column.RELATION: ("关系", "与户主的关系", "户主关系", "与户主之关系", "家庭关系"),
    Column.SEX: ("男女",),
    Column.ID_NUMBER: (
        "身份证",
        "身份证号码",
        "公民身份号码",
        "公民身份证号",
        "公民身份证号码",
        "证件号",
        "证件号码",
        "居民身份证号",
        "居民身份证号码",
    ),
    Column.BIRTH_DATE: ("出生年月", "出生年月日", "生日", "出生时间"),
    Column.IDENTITY_GROUP: ("属性", "人员类别", "参合属性", "个人属性", "户属性", "特殊人群", "身份属性", "人群类别"),
    Column.EXCUSE: ("未参合原因", "不参加原因", "未参加原因", "不参合理由"),
    Column.PHONE: ("电话", "手机", "手机号", "联系方式", "电话号码", "手机号码"),
    Column.REMARK: ("说明", "附注"),
}
TEMPLATE = Template(
    Column,
    REQUIRED,
    _SYNONYMS,
    (";空白名册可从“…/roster-template.xlsx”下载", "; an empty roster is to be had at …/roster-template.xlsx"),
)
