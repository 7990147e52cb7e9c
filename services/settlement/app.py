"""The HTTP process of the settlement service."""

from contextlib import AsyncExitStack

from fastapi import FastAPI

from services.settlement.closing.api import router as closing
from services.settlement.funding.accounts_api import router as accounts
from services.settlement.funding.receivables_api import router as receivables
from services.settlement.funding.replenishments_api import router as replenishments
from services.settlement.funding.subsidies_api import router as subsidies
from services.settlement.funding.transfers_api import router as transfers
from services.settlement.funding.write_offs_api import router as write_offs
from services.settlement.inquiry.api import router as inquiry
from services.settlement.inquiry.fund_api import router as fund_year
from services.settlement.inquiry.indicators_api import router as indicators
from services.settlement.ledger.api import router as ledger
from services.settlement.ledger.attachments_api import router as attachments
from services.settlement.ledger.proving_api import router as proving
from services.settlement.orders.api import router as orders
from services.settlement.orders.arrivals_api import router as arrivals
from services.settlement.orders.declarations_api import router as declarations
from services.settlement.payouts.api import router as payouts
from services.settlement.payouts.deposits_api import router as deposits
from services.settlement.payouts.floats_api import router as floats
from services.settlement.payouts.payees_api import router as payees
from services.settlement.payouts.payments_api import router as payments
from services.settlement.payouts.second_api import router as second_compensation
from services.settlement.reconciliation.api import router as reconciliation
from services.settlement.reconciliation.declarations_api import router as non_executions
from services.settlement.reporting.api import router as reporting
from services.settlement.reporting.packages_api import router as packages
from services.settlement.settings import SettlementSettings
from shared.http.app import configure_process, create_service_app
from shared.http.unit import ServiceState
from shared.messaging.operator import router as operator

TITLE = "Heyi settlement 合医·基金结算"
ROUTERS = (
    ledger,
    proving,
    attachments,
    accounts,
    arrivals,
    subsidies,
    transfers,
    replenishments,
    receivables,
    write_offs,
    payees,
    payouts,
    payments,
    deposits,
    floats,
    second_compensation,
    orders,
    declarations,
    reconciliation,
    non_executions,
    closing,
    inquiry,
    fund_year,
    indicators,
    reporting,
    packages,
    operator,
)


async def _open_signer(state: ServiceState, _stack: AsyncExitStack) -> None:
    assert isinstance(state.settings, SettlementSettings)
    state.resources["ledger.signer"] = state.settings.signer()
    state.resources["ledger.earlier_keys"] = state.settings.earlier_keys()


def create_app() -> FastAPI:
    """The application of ``uvicorn services.settlement.app:create_app --factory``."""
    configure_process("settlement")
    return create_service_app(
        SettlementSettings(), service="settlement", title=TITLE, routers=ROUTERS, starts=(_open_signer,)
    )
