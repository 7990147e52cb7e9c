"""The HTTP process of the performance service."""

from fastapi import FastAPI

from services.performance.indicators.api import router as indicators
from services.performance.settings import PerformanceSettings
from services.performance.standards.api import router as standards
from shared.http.app import configure_process, create_service_app
from shared.messaging.operator import router as operator

TITLE = "Heyi performance 合医·绩效"
ROUTERS = (standards, indicators, operator)


def create_app() -> FastAPI:
    """The application of ``uvicorn services.performance.app:create_app --factory``."""
    configure_process("performance")
    return create_service_app(PerformanceSettings(), service="performance", title=TITLE, routers=ROUTERS)
