"""The payment file handed to the bank (docs/decisions/0010-payment-file.md): a small subset of ISO 20022 pain.001.

Pure and deterministic: the same batch gives the same bytes. The bytes are kept when the batch is released, so a later
version of this code cannot change a file that a bank has already seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from xml.sax.saxutils import escape

from shared.kernel.dates import SHANGHAI
from shared.kernel.money import format_yuan

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
MEDIA_TYPE = "application/xml"


@dataclass(frozen=True, slots=True)
class Party:
    """Who pays or is paid: name, bank and account number as the bank needs them."""

    name: str
    bank_name: str
    account_number: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """One instruction: its id for life, who is paid, fen, and the text that the payee's statement shows."""

    end_to_end_id: str
    payee: Party
    amount_fen: int
    text: str


@dataclass(frozen=True, slots=True)
class PaymentFile:
    """All that a file says; ``transfers`` are written in the order of their ids."""

    message_id: str
    created_at: datetime
    execution_date: date
    payer: Party
    transfers: Sequence[Transfer]


def control_sum(transfers: Sequence[Transfer]) -> int:
    """Sum of the instructions in fen: the bank refuses a file whose own sum differs."""
    return sum(transfer.amount_fen for transfer in transfers)


def render(file: PaymentFile) -> bytes:
    """The file in UTF-8 with LF line ends."""
    ordered = sorted(file.transfers, key=lambda transfer: transfer.end_to_end_id)
    head = (
        f"<MsgId>{file.message_id}</MsgId><CreDtTm>{_moment(file.created_at)}</CreDtTm>"
        f"<NbOfTxs>{len(ordered)}</NbOfTxs><CtrlSum>{format_yuan(control_sum(ordered))}</CtrlSum>"
        f"<InitgPty><Nm>{escape(file.payer.name)}</Nm></InitgPty>"
    )
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<Document xmlns="{NAMESPACE}"><CstmrCdtTrfInitn>',
        f"<GrpHdr>{head}</GrpHdr>",
        f"<PmtInf><PmtInfId>{file.message_id}</PmtInfId><PmtMtd>TRF</PmtMtd>"
        f"<ReqdExctnDt><Dt>{file.execution_date.isoformat()}</Dt></ReqdExctnDt>",
        f"<Dbtr><Nm>{escape(file.payer.name)}</Nm></Dbtr>{_account('Dbtr', file.payer)}",
        *(_transfer(transfer) for transfer in ordered),
        "</PmtInf></CstmrCdtTrfInitn></Document>",
        "",
    ]
    return "\n".join(lines).encode()


def _moment(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")


def _account(side: str, party: Party) -> str:
    return (
        f"<{side}Acct><Id><Othr><Id>{escape(party.account_number)}</Id></Othr></Id><Ccy>CNY</Ccy></{side}Acct>"
        f"<{side}Agt><FinInstnId><Nm>{escape(party.bank_name)}</Nm></FinInstnId></{side}Agt>"
    )


def _transfer(transfer: Transfer) -> str:
    return (
        f"<CdtTrfTxInf><PmtId><EndToEndId>{transfer.end_to_end_id}</EndToEndId></PmtId>"
        f'<Amt><InstdAmt Ccy="CNY">{format_yuan(transfer.amount_fen)}</InstdAmt></Amt>'
        f"<Cdtr><Nm>{escape(transfer.payee.name)}</Nm></Cdtr>{_account('Cdtr', transfer.payee)}"
        f"<RmtInf><Ustrd>{escape(transfer.text)}</Ustrd></RmtInf></CdtTrfTxInf>"
    )
