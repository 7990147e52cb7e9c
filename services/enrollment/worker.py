"""The event process of enrollment: it hears of refunds, relays what was written and sends coverage heartbeats."""

from services.enrollment.financing.events import consumer
from services.enrollment.registry.act import SERVICE
from services.enrollment.settings import Settings
from shared.messaging.worker import run_worker


def main() -> None:
    """Runs until it is told to end."""
    run_worker(Settings(), SERVICE, [consumer()])


if __name__ == "__main__":
    main()
