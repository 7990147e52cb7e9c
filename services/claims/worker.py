"""The event process of claims: relay, the coverage projection, the sealer of the audit log."""

from services.claims.settings import ClaimsSettings
from services.claims.visits.events import consumer
from shared.messaging.worker import run_worker


def main() -> None:
    """Runs until it is told to end."""
    run_worker(ClaimsSettings(), "claims", [consumer()])


if __name__ == "__main__":
    main()
