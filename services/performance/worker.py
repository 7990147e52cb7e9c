"""The event process of the performance service: it listens to claims and measures."""

from services.performance.indicators.events import consumer
from services.performance.settings import PerformanceSettings
from shared.messaging.worker import run_worker


def main() -> None:
    """Runs until it is told to end."""
    run_worker(PerformanceSettings(), "performance", [consumer()])


if __name__ == "__main__":
    main()
