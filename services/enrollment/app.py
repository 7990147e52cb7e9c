"""The HTTP process of enrollment."""

from contextlib import AsyncExitStack

import httpx
from fastapi import FastAPI

from services.enrollment.financing.api import router as financing
from services.enrollment.financing.bills_api import router as bills
from services.enrollment.financing.corrections_api import router as corrections
from services.enrollment.financing.family_accounts_api import router as family_accounts
from services.enrollment.financing.joiner_files_api import router as joiner_files
from services.enrollment.financing.layers_api import router as layers
from services.enrollment.financing.receipt_books_api import router as receipt_books
from services.enrollment.financing.receipts_api import router as receipts
from services.enrollment.financing.refunds_api import router as refunds
from services.enrollment.financing.reinstatement_api import router as reinstatements
from services.enrollment.financing.remittances_api import router as remittances
from services.enrollment.financing.sponsorships_api import router as sponsorships
from services.enrollment.financing.totals_api import router as totals
from services.enrollment.registry.act import SEALER, SERVICE
from services.enrollment.registry.api import router as registry
from services.enrollment.registry.areas_api import router as areas
from services.enrollment.registry.coverage_api import router as coverage
from services.enrollment.registry.members_api import router as members
from services.enrollment.roster.api import router as roster
from services.enrollment.settings import Settings
from shared.db.personal import Sealer
from shared.http.app import configure_process, create_service_app
from shared.http.unit import ServiceState
from shared.kernel.clock import Clock
from shared.messaging.operator import router as operator

TITLE = "Heyi enrollment 合医·参合筹资"
REGISTER = (areas, registry, coverage, members)
FINANCING = (
    financing,
    bills,
    receipt_books,
    receipts,
    remittances,
    sponsorships,
    totals,
    corrections,
    reinstatements,
    refunds,
    family_accounts,
    layers,
    joiner_files,
)


async def _open_sealer(state: ServiceState, _stack: AsyncExitStack) -> None:
    state.resources[SEALER] = Sealer(state.settings.personal_keys())


def build_app(settings: Settings, clock: Clock | None = None, token_client: httpx.AsyncClient | None = None) -> FastAPI:
    """The application; tests give clock and token client."""
    return create_service_app(
        settings,
        service=SERVICE,
        title=TITLE,
        routers=(*REGISTER, roster, *FINANCING, operator),
        starts=(_open_sealer,),
        clock=clock,
        token_client=token_client,
    )


def create_app() -> FastAPI:
    """The application of ``uvicorn services.enrollment.app:create_app --factory``."""
    configure_process(SERVICE)
    return build_app(Settings())
