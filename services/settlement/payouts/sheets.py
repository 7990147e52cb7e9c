"""The lists of payouts as files: which columns, under which headings."""

from services.settlement.funding.sheets import ACCOUNTS, LAYERS
from services.settlement.payouts.states import PAYMENT_STATUS, STATUS
from shared.http.exports import exported

PAYMENTS = exported(
    "医疗机构付款",
    {
        "end_to_end_id": "付款编号",
        "layer": "支付层次",
        "account": "付款账户",
        "institution_code": "医疗机构编码",
        "set_off": "抵扣金额",
        "withheld": "预留质量保证金",
        "amount": "金额",
        "claim_count": "件数",
        "status": "状态",
        "confirmed_on": "到账日期",
        "returned_on": "退票日期",
        "deadline": "银行回单期限",
        "replaces": "原付款",
        "batch_id": "批次编号",
        "id": "付款内部编号",
    },
    items="payments",
    words={"layer": LAYERS, "account": ACCOUNTS, "status": PAYMENT_STATUS},
)
BATCHES = exported(
    "付款批次",
    {
        "number": "批次单号",
        "id": "批次编号",
        "layer": "支付层次",
        "status": "状态",
        "instruction_count": "笔数",
        "amount": "金额",
        "business_day": "业务日",
        "prepared_by": "编制人",
        "released_by": "放行人",
    },
    words={"layer": LAYERS, "status": STATUS},
)
CUTOFFS = exported(
    "已放行结算期",
    {
        "id": "放行批号",
        "institution_code": "医疗机构编码",
        "expected_count": "应到件数",
        "expected_amount": "应到金额",
        "received_count": "已到件数",
        "received_amount": "已到金额",
        "complete": "是否到齐",
        "batch_id": "批次编号",
    },
)
PAID_CLAIMS = exported(
    "付款所含结算单",
    {
        "claim_id": "结算内部编号",
        "layer": "支付层次",
        "amount": "金额",
        "paid": "实付金额",
        "set_off": "抵扣金额",
        "withheld": "预留质量保证金",
        "expense_account": "支出科目",
        "kind": "就医类别",
        "township_code": "参合乡镇",
        "cutoff_id": "放行批号",
    },
    words={"layer": LAYERS, "kind": {"inpatient": ("住院", "inpatient"), "outpatient": ("门诊", "outpatient")}},
)
