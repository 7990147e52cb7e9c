"""The event process of claims: relay, coverage, family accounts, what was paid, the sealer of the audit log."""

from services.claims.campaigns import events as payments
from services.claims.increases import events as increases
from services.claims.settings import ClaimsSettings
from services.claims.visits import accounts, events, paid
from shared.messaging.worker import run_worker


def main() -> None:
    """Runs until it is told to end."""
    readers = [events.consumer(), accounts.consumer(), paid.consumer(), payments.consumer(), increases.consumer()]
    run_worker(ClaimsSettings(), "claims", readers)


if __name__ == "__main__":
    main()
