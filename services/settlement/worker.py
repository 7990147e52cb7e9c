"""The event process of the settlement service: it books what the other services tell, and proves the books nightly."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from services.settlement.metadata import CAPABILITIES
from services.settlement.settings import SettlementSettings
from shared.messaging.consumer import Consumer
from shared.messaging.worker import Job, run_worker


def consumers() -> list[Consumer]:
    """What each capability listens to: ``consumers()`` of its ``events`` module."""
    return [consumer for listed in _calls("events", "consumers") for consumer in listed]


def jobs() -> list[Job]:
    """What each capability repeats: ``jobs()`` of its ``jobs`` module."""
    return [job for listed in _calls("jobs", "jobs") for job in listed]


def _calls(module: str, function: str) -> list[Any]:
    names = [f"services.settlement.{name}.{module}" for name in CAPABILITIES]
    return [getattr(import_module(name), function)() for name in names if find_spec(name)]


def main() -> None:
    """Runs until it is told to end."""
    run_worker(SettlementSettings(), "settlement", consumers(), jobs())


if __name__ == "__main__":
    main()
