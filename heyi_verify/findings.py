"""What the verifier says, Chinese first."""

from dataclasses import dataclass

_TEXTS = {
    "edited": (
        "第 {subject} 号凭证的内容被改动：与其哈希不符",
        "voucher {subject} was edited: its content does not give its hash",
    ),
    "deleted": ("缺少凭证 {subject}：被删除", "vouchers {subject} are missing: deleted"),
    "inserted": (
        "第 {subject} 号凭证是插入的：编号重复或不在链上",
        "voucher {subject} was inserted: number repeated or off the chain",
    ),
    "reordered": ("第 {subject} 号凭证的位置被调换", "voucher {subject} stands in the wrong place: reordered"),
    "head_forged": (
        "首行的统筹地区、账簿或科目表与创世哈希不符：首行被改动，{subject}",
        "the first line's pool, book or chart does not give its genesis hash: the first line was changed; {subject}",
    ),
    "duplicate": (
        "文件第 {subject} 重复出现：各人读到的可能不同",
        "line {subject} occurs twice: readers may see different things",
    ),
    "account_altered": (
        "科目 {subject} 的名称或余额方向与公布的科目表不符",
        "account {subject}: name or side is not that of the published chart",
    ),
    "account_missing": (
        "科目 {subject} 有分录或余额,却没有科目行：被删除",
        "account {subject} has postings or a balance and no line of its own: deleted",
    ),
    "end_missing": (
        "{subject} 张凭证之后没有结束行：文件不完整",
        "no end line after {subject} vouchers: the file is incomplete",
    ),
    "count_wrong": (
        "结束行所写的凭证、分录数不是文件中的 {subject}",
        "the end line does not count the {subject} vouchers and postings of the file",
    ),
    "tail_cut": ("末尾的凭证被截去：{subject}", "vouchers at the end were cut off: {subject}"),
    "chain_broken": ("第 {subject} 号凭证与前一张不相连", "voucher {subject} does not follow from the one before"),
    "balance_forged": (
        "科目 {subject} 的余额或发生额不是分录之和",
        "account {subject}: balance or turnover is not that of the postings",
    ),
    "unbalanced": (
        "第 {subject} 号凭证的分录无效：金额须大于零，借贷科目须不同",
        "voucher {subject} has an invalid posting",
    ),
    "number_wrong": (
        "第 {subject} 号凭证的月份、月内编号或记账日期次序有误",
        "voucher {subject}: month, month number or order of dates is wrong",
    ),
    "seal_wrong": (
        "{subject} 的封账与凭证或前一次封账不符",
        "the seal of {subject} does not agree with the vouchers or the seal before",
    ),
    "seal_missing": (
        "账本已封至 {subject}，导出中缺少封账记录：被删除",
        "the book is sealed through {subject}, and seals are missing from the export: deleted",
    ),
    "rewritten": (
        "{subject} 留存在外的根与导出不符：账本被重写",
        "the outside root of {subject} disagrees with the export: rewritten",
    ),
    "proof_wrong": (
        "第 {subject} 号凭证的证明不成立:不能由它推出封账的根",
        "the proof of voucher {subject} fails: it does not lead to the root of the seal",
    ),
    "root_missing": (
        "留存在外的根中没有 {subject},无从对照",
        "the outside roots hold none of {subject}: nothing to compare with",
    ),
    "row_edited": (
        "第 {subject} 条操作记录的内容被改动：与其哈希不符",
        "audit row {subject} was edited: its content does not give its hash",
    ),
    "row_missing": ("缺少操作记录 {subject}：被删除", "audit rows {subject} are missing: deleted"),
    "row_misplaced": (
        "第 {subject} 条操作记录编号重复或位置不对",
        "audit row {subject} has a number that is repeated or out of order",
    ),
    "rows_cut": ("末尾的操作记录被截去：{subject}", "audit rows at the end were cut off: {subject}"),
    "chain_rewritten": (
        "{subject} 的日终根与记录链不符：记录被重写",
        "the day root of {subject} is not that of the chain: rewritten",
    ),
    "signature_wrong": (
        "{subject} 的签名不能用所给公钥验证",
        "the signature of {subject} does not verify under the pinned key",
    ),
}
CODES = tuple(_TEXTS)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong; ``subject`` is a voucher number, a range, an account or a day."""

    code: str
    subject: str

    def zh(self) -> str:
        """The sentence in Chinese."""
        return _TEXTS[self.code][0].format(subject=self.subject)

    def en(self) -> str:
        """The sentence in English."""
        return _TEXTS[self.code][1].format(subject=self.subject)


@dataclass(frozen=True)
class Outcome:
    """What is wrong; the vouchers or rows behind the last root kept outside, whose rewriting cannot be told; and the
    row behind which an export of the audit log begins (0: with its first)."""

    findings: list[Finding]
    unproven: tuple[int, int] | None = None
    after: int = 0
