"""The identities as a file: which columns, under which headings."""

from shared.http.exports import exported

IDENTITIES = exported(
    "平衡关系",
    {
        "^.as_of": "时点",
        "code": "编号",
        "name_zh": "平衡关系",
        "name_en": "英文名称",
        "ties": "是否相符",
        "difference": "差额",
        "broken": "不符之处",
        "*": "一侧",
        "*.code": "项目代码",
        "*.name_zh": "项目",
        "*.name_en": "项目英文",
        "*.value": "金额",
    },
    items="identities",
    each={"left": "左边", "right": "右边", "apart": "另列"},
)
