"""The lists of the review as files: which columns, under which headings."""

from services.claims.benefits.words import BOOKS, KINDS, LAYERS, RISK_BEARERS
from shared.http.exports import exported

CUTOFFS = exported(
    "放行批次",
    {
        "cutoff_id": "放行批号",
        "institution_code": "医疗机构编码",
        "up_to": "截至日期",
        "claims": "件数",
        "amount": "金额",
        "released_at": "放行时间",
        "released_by": "放行人",
    },
)
REVERSALS = exported(
    "冲销结算",
    {
        "number": "冲销单号",
        "claim_id": "原结算编号",
        "kind": "就医类别",
        "institution_code": "医疗机构编码",
        "township_code": "参合乡镇",
        "member_id": "人员编号",
        "benefit_year": "待遇年度",
        "total": "总费用",
        "eligible": "合规费用",
        "benefit": "补偿金额",
        "account": "其中家庭账户",
        "payable": "应付金额",
        "layers.layer": "支付层次",
        "layers.payer": "支付方",
        "layers.book": "账簿",
        "layers.risk_bearer": "风险承担",
        "layers.amount": "各层应付",
        "layers.recover": "其中向第三方追偿",
        "reason": "冲销原因",
        "reversed_on": "冲销业务日",
        "reversed_at": "冲销时间",
        "reversed_by": "经办人",
        "reversal_id": "冲销编号",
    },
    words={
        "kind": KINDS,
        "layers.layer": LAYERS,
        "layers.book": BOOKS,
        "layers.risk_bearer": RISK_BEARERS,
    },
)
