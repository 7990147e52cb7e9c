"""The HTTP process of the claims service."""

import gc

import httpx
from fastapi import FastAPI

from services.claims.benefits.api import router as benefits
from services.claims.benefits.quote_api import router as quotes
from services.claims.benefits.templates_api import router as templates
from services.claims.campaigns.api import router as campaigns
from services.claims.campaigns.lists_api import router as campaign_lists
from services.claims.campaigns.objections_api import router as objections
from services.claims.cases.api import router as cases
from services.claims.catalogue.api import router as catalogue
from services.claims.increases.api import router as increases
from services.claims.increases.readjudications_api import router as readjudications
from services.claims.providers.api import router as providers
from services.claims.providers.payments_api import router as payments
from services.claims.review.api import router as review
from services.claims.review.reversals_api import router as reversals
from services.claims.settings import ClaimsSettings
from services.claims.statements.api import router as statements
from services.claims.visits import resources
from services.claims.visits.api import router as visits
from services.claims.visits.at_cap_api import router as at_cap
from services.claims.visits.claims_api import router as claims
from services.claims.visits.coverage_cases_api import router as coverage_cases
from services.claims.visits.given_api import router as elsewhere
from services.claims.visits.settling_api import router as settling
from services.claims.visits.uploads_api import router as uploads
from services.claims.visits.window_api import router as window
from shared.http.app import configure_process, create_service_app
from shared.kernel.clock import Clock
from shared.messaging.operator import router as operator

TITLE = "Heyi claims 合医·审核结算"
_BUSIEST = (settling, visits, uploads, claims, review)
_RULES = (benefits, quotes, templates, catalogue, providers, payments)
ROUTERS = (
    *_BUSIEST,
    window,
    elsewhere,
    at_cap,
    coverage_cases,
    cases,
    reversals,
    campaigns,
    campaign_lists,
    objections,
    increases,
    readjudications,
    statements,
    *_RULES,
    operator,
)


def build(
    settings: ClaimsSettings, *, clock: Clock | None = None, token_client: httpx.AsyncClient | None = None
) -> FastAPI:
    """The application over given settings; tests give a clock of their own."""
    return create_service_app(
        settings,
        service="claims",
        title=TITLE,
        routers=ROUTERS,
        starts=(resources.start,),
        clock=clock,
        token_client=token_client,
    )


def create_app() -> FastAPI:
    """The application of ``uvicorn services.claims.app:create_app --factory``."""
    configure_process("claims")
    app = build(ClaimsSettings())
    gc.collect()
    gc.freeze()  # modules and routes live as long as the process: the collector need not look at them again
    gc.set_threshold(20_000, 50, 100)
    return app
