"""The HTTP process of the settlement service."""

from contextlib import AsyncExitStack
from importlib import import_module
from importlib.util import find_spec

from fastapi import APIRouter, FastAPI

from services.settlement.metadata import CAPABILITIES
from services.settlement.settings import SettlementSettings
from shared.http.app import configure_process, create_service_app
from shared.http.unit import ServiceState
from shared.messaging.operator import router as operator_router

TITLE = "Heyi settlement 合医·基金结算"


def routers() -> list[APIRouter]:
    """The routes of every capability, in their order."""
    found = [f"services.settlement.{name}.api" for name in CAPABILITIES]
    return [import_module(module).router for module in found if find_spec(module)] + [operator_router]


async def _open_signer(state: ServiceState, _stack: AsyncExitStack) -> None:
    assert isinstance(state.settings, SettlementSettings)
    state.resources["ledger.signer"] = state.settings.signer()


def create_app() -> FastAPI:
    """The application of ``uvicorn services.settlement.app:create_app --factory``."""
    configure_process("settlement")
    return create_service_app(
        SettlementSettings(), service="settlement", title=TITLE, routers=routers(), starts=(_open_signer,)
    )
