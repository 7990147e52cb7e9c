"""The event process of the settlement service: it books what the other services tell, and proves the books nightly."""

from services.settlement.closing.events import consumers
from services.settlement.ledger.jobs import jobs as ledger_jobs
from services.settlement.payouts.jobs import jobs as payout_jobs
from services.settlement.settings import SettlementSettings
from shared.messaging.worker import run_worker


def main() -> None:
    """Runs until it is told to end."""
    run_worker(SettlementSettings(), "settlement", consumers(), [*ledger_jobs(), *payout_jobs()])


if __name__ == "__main__":
    main()
