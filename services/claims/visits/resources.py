"""What a process of claims keeps open for visits: the coalescer and the client of enrollment."""

from contextlib import AsyncExitStack

from anyio import CapacityLimiter
from prometheus_client import CollectorRegistry, Counter, Histogram

from services.claims.visits.asking import EnrollmentDesk
from services.claims.visits.batch import SettlementRun
from services.claims.visits.batch_state import Ask, Reply
from services.claims.visits.coalescer import LIMIT, Coalescer
from services.claims.visits.paper_queries import PRINTERS
from services.claims.visits.settling import COALESCER, DESK
from shared.http.client import ClientCredentials, PeerClient
from shared.http.unit import ServiceState

_CLOSING_SHARE = 0.8
"""Of the request timeout: closing leaves time to send the answers."""


class BatchMeter:
    """The coalescer's figures in the registry of the process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._sizes = Histogram(
            "heyi_claims_batch_size", "Requests of a batch", buckets=(1, 2, 4, 8, 16, LIMIT), registry=registry
        )
        self._reruns = Counter("heyi_claims_batch_rerun", "Requests run again after a broken batch", registry=registry)
        self._alone = Counter(
            "heyi_claims_one_by_one", "Requests run one by one after two bad batches", registry=registry
        )

    def batch(self, size: int) -> None:
        """A batch was begun."""
        self._sizes.observe(size)

    def rerun(self, size: int) -> None:
        """A batch was rolled back."""
        self._reruns.inc(size)

    def one_by_one(self) -> None:
        """A request ran alone because two batches in a row had been bad."""
        self._alone.inc()


async def start(state: ServiceState, stack: AsyncExitStack) -> None:
    """Opens the resources of this capability; they close before the engine does."""
    timeout = state.settings.request_timeout_seconds
    coalescer: Coalescer[Ask, Reply] = Coalescer(
        SettlementRun(state.engine), BatchMeter(state.metrics.registry), timeout_seconds=timeout
    )
    state.resources[COALESCER] = coalescer
    state.resources[DESK] = EnrollmentDesk(await _client(state, stack))
    state.resources[PRINTERS] = CapacityLimiter(1)

    async def close() -> None:
        await coalescer.close(timeout * _CLOSING_SHARE)

    stack.push_async_callback(close)


async def _client(state: ServiceState, stack: AsyncExitStack) -> PeerClient | None:
    """A client of enrollment where its address and our credentials are set."""
    settings = state.settings
    if not (settings.enrollment_url and settings.token_url and settings.client_id and settings.client_secret):
        return None
    credentials = ClientCredentials(settings)
    stack.push_async_callback(credentials.aclose)
    client = PeerClient(settings.enrollment_url, credentials)
    stack.push_async_callback(client.aclose)
    return client
