"""The lists of claims as files: which columns, under which headings."""

from services.claims.benefits.words import BOOKS, KINDS, LAYERS, OUTCOMES, RISK_BEARERS
from services.claims.visits.problems import CASE_OUTCOMES, STATUS_WORDS
from shared.http.exports import exported

CLAIMS = exported(
    "结算单",
    {
        "number": "结算单号",
        "setl_id": "结算编号",
        "mdtrt_id": "就诊编号",
        "status": "状态",
        "kind": "就医类别",
        "institution_code": "医疗机构编码",
        "township_code": "参合乡镇",
        "member_id": "人员编号",
        "admitted_on": "入院日期",
        "discharged_on": "出院日期",
        "settled_on": "结算业务日",
        "settled_at": "结算时间",
        "benefit_year": "待遇年度",
        "outcome": "结果",
        "total": "总费用",
        "eligible": "合规费用",
        "benefit": "补偿金额",
        "patient": "个人支付",
        "account": "其中家庭账户",
        "elsewhere": "异地基本补偿",
        "midway": "中途结算",
        "part": "同次住院第几次结算",
        "paid_to": "付给",
        "payable": "应付金额",
        "layers.layer": "支付层次",
        "layers.payer": "支付方",
        "layers.book": "账簿",
        "layers.risk_bearer": "风险承担",
        "layers.amount": "各层应付",
        "cutoff_id": "放行批号",
        "policy_id": "政策编号",
        "policy_hash": "政策校验值",
        "catalogue_version": "目录版本",
        "coverage_sequence": "参合记录序号",
        "version": "版本",
        "claim_id": "结算内部编号",
        "visit_id": "就诊内部编号",
    },
    words={
        "status": STATUS_WORDS,
        "kind": KINDS,
        "outcome": OUTCOMES,
        "paid_to": {"hospital": ("医疗机构", "hospital"), "person": ("个人", "person")},
        "layers.layer": LAYERS,
        "layers.book": BOOKS,
        "layers.risk_bearer": RISK_BEARERS,
    },
)
AT_CAP = exported(
    "封顶人员",
    {
        "psn_no": "人员编号",
        "township_code": "参合乡镇",
        "village_code": "参合村",
        "cap": "封顶线代码",
        "name": "封顶线",
        "amount": "限额",
        "used": "已用",
        "reached_on": "达到封顶线的业务日",
    },
)
AT_CAP_COUNTS = exported(
    "封顶人数",
    {
        "township_code": "参合乡镇",
        "village_code": "参合村",
        "month": "达到封顶线的月份",
        "cap": "封顶线代码",
        "name": "封顶线",
        "persons": "人数",
    },
)
CASES = exported(
    "参合撤销案",
    {
        "case_id": "案件编号",
        "kind": "类别",
        "status": "状态",
        "claim_id": "结算内部编号",
        "member_id": "人员编号",
        "institution_code": "医疗机构编码",
        "coverage_sequence": "参合记录序号",
        "opened_at": "立案时间",
        "age_days": "未办天数",
        "outcome": "处理结果",
        "reason": "理由",
        "closed_by": "处理人",
        "closed_at": "处理时间",
    },
    words={
        "kind": {"coverage_withdrawn": ("参合被撤销", "coverage withdrawn")},
        "status": {"open": ("待处理", "open"), "closed": ("已处理", "closed")},
        "outcome": CASE_OUTCOMES,
    },
)
