"""The event process of claims: relay, the coverage projection, the sealer of the audit log."""

from services.claims.settings import ClaimsSettings
from services.claims.visits import accounts, events
from shared.messaging.worker import run_worker


def main() -> None:
    """Runs until it is told to end."""
    run_worker(ClaimsSettings(), "claims", [events.consumer(), accounts.consumer()])


if __name__ == "__main__":
    main()
