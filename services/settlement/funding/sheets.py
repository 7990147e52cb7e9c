"""The lists of funding as files: which columns, under which headings."""

from services.settlement.funding.accounts import BANK_ACCOUNTS
from services.settlement.funding.replenishment import STATUS
from services.settlement.funding.transfers import TRANSFER_KINDS, TRANSFER_STATUS
from shared.http.exports import exported

ACCOUNTS = {code: (account.name_zh, account.name_en) for code, account in BANK_ACCOUNTS.items()}
LAYERS = {
    "basic": ("基本医疗", "basic"),
    "family_account": ("家庭账户", "family account"),
    "critical_illness": ("大病保险", "critical illness"),
    "supplementary": ("补充保险", "supplementary cover"),
    "assistance": ("医疗救助", "medical assistance"),
    "second_compensation": ("二次补偿", "second compensation"),
}
BEARERS = {"hospital": ("医疗机构", "hospital"), "patient": ("病人", "patient"), "insurer": ("保险公司", "insurer")}

TRANSFERS = exported(
    "资金划转",
    {
        "id": "划转编号",
        "kind": "类别",
        "source": "付出账户",
        "target": "收入账户",
        "amount": "金额",
        "status": "状态",
        "reference": "银行流水号",
        "released_on": "放行日期",
        "arrived_on": "到账日期",
        "replenishment_id": "回补申请编号",
    },
    words={"kind": TRANSFER_KINDS, "source": ACCOUNTS, "target": ACCOUNTS, "status": TRANSFER_STATUS},
)
REPLENISHMENTS = exported(
    "回补申请",
    {
        "number": "回补申请单号",
        "id": "回补申请编号",
        "status": "状态",
        "line_count": "笔数",
        "applied": "申请金额",
        "refused": "剔除金额",
        "to_transfer": "应拨金额",
        "applied_at": "申请时间",
        "applied_by": "申请人",
        "rechecked_by": "复核人",
        "approved_by": "审批人",
    },
    words={"status": STATUS},
)
REPLENISHMENT_LINES = exported(
    "回补申请明细",
    {
        "line": "行号",
        "instruction_id": "付款内部编号",
        "claim_id": "结算内部编号",
        "layer": "支付层次",
        "expense_account": "支出科目",
        "amount": "金额",
        "bearer": "承担方",
        "reason": "剔除原因",
        "patient_owed": "应退患者",
        "penalty": "罚款(归财政)",
        "receivable_id": "应收编号",
        "receivable_reference": "应收文号",
        "made_good_on": "补足日期",
    },
    words={"layer": LAYERS, "bearer": BEARERS},
)
