"""The ledger as files: which columns, under which headings."""

from services.settlement.ledger.posting import CLOSING, CORRECTION, LATE, NORMAL, OPENING, REVERSAL, SYSTEM
from services.settlement.ledger.refusals import BOOK_WORDS
from shared.http.exports import exported

REASONS = {
    NORMAL: ("正常", "normal"),
    LATE: ("迟到", "late"),
    CORRECTION: ("更正", "correction"),
    REVERSAL: ("冲销", "reversal"),
    OPENING: ("期初", "opening"),
    CLOSING: ("年终结转", "year-end closing"),
}
SIDES = {"debit": ("借", "debit"), "credit": ("贷", "credit")}
SYSTEM_WORDS = {SYSTEM: ("系统", "system")}

VOUCHERS = exported(
    "记账凭证",
    {
        "number": "凭证顺序号",
        "month": "会计月份",
        "month_number": "月内凭证号",
        "posting_date": "记账日期",
        "value_date": "业务日期",
        "reason": "入账原因",
        "text": "摘要",
        "*.line": "分录号",
        "*.debit": "借方科目",
        "*.credit": "贷方科目",
        "*.amount": "金额",
        "*.party": "往来单位",
        "*.ref": "业务编号",
        "*.memo": "分录摘要",
        "preparer": "制单",
        "checker": "复核",
        "poster": "记账",
        "sheets": "附件张数",
        "papers": "附件校验值",
        "reversal_of": "冲销凭证",
        "source_event": "来源事件",
        "hash": "校验值",
    },
    each={"postings": "分录"},
    words={"reason": REASONS, "poster": SYSTEM_WORDS, "preparer": SYSTEM_WORDS, "checker": SYSTEM_WORDS},
)
ENTRIES = exported(
    "明细账",
    {
        "number": "凭证顺序号",
        "month": "会计月份",
        "month_number": "月内凭证号",
        "posting_date": "记账日期",
        "value_date": "业务日期",
        "reason": "入账原因",
        "text": "摘要",
        "line": "分录号",
        "debit": "借方科目",
        "credit": "贷方科目",
        "side": "方向",
        "amount": "金额",
        "party": "往来单位",
        "ref": "业务编号",
        "memo": "分录摘要",
        "^.opening": "期初余额",
        "^.closing": "期末余额",
    },
    words={"reason": REASONS, "side": SIDES},
)
BALANCES = exported(
    "科目余额表",
    {
        "^.book": "账簿",
        "^.at": "截至日期",
        "^.by": "口径",
        "^.chart": "科目体系",
        "account": "科目代码",
        "name_zh": "科目名称",
        "name_en": "英文名称",
        "normal_side": "余额方向",
        "debit": "借方发生额",
        "credit": "贷方发生额",
        "balance": "余额",
    },
    words={
        "^.book": BOOK_WORDS,
        "^.by": {"posting": ("记账日期", "posting date"), "value": ("业务日期", "value date")},
        "normal_side": SIDES,
    },
)
