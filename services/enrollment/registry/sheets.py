"""The lists of the register as files: which columns, under which headings."""

from services.enrollment.registry.identity import FEMALE, MALE
from services.enrollment.registry.relations import RELATION_WORDS
from shared.http.exports import exported

SEXES = {MALE: ("男", "male"), FEMALE: ("女", "female")}
STATUSES = {
    "enrolled": ("已参合", "enrolled"),
    "to_verify": ("待核实", "to verify"),
    "ended": ("已终止", "ended"),
}
HOUSEHOLDS = exported(
    "参合家庭",
    {
        "township_code": "乡镇代码",
        "village_code": "村代码",
        "group": "组",
        "household_number": "户号",
        "certificate_number": "医疗证号",
        "head_name": "户主姓名",
        "enrolled": "参合人数",
        "to_verify": "待核实人数",
        "household_id": "家庭编号",
    },
)
MEMBERS = exported(
    "参合人员",
    {
        "certificate_number": "医疗证号",
        "name": "姓名",
        "relation": "与户主关系",
        "sex": "性别",
        "birth_date": "出生日期",
        "status": "状态",
        "township_code": "乡镇代码",
        "village_code": "村代码",
        "member_id": "人员编号",
        "household_id": "家庭编号",
    },
    words={"relation": RELATION_WORDS, "sex": SEXES, "status": STATUSES},
)
