"""Structured logs, one JSON object a line on standard output."""

import logging
import re
import sys
from typing import Any

import structlog

_ID_NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9]{17}[0-9Xx](?![0-9A-Za-z])")
_PHONE = re.compile(r"(?<![0-9A-Za-z-])1[3-9][0-9]{9}(?![0-9A-Za-z-])")
_PRIVATE_NAMES = ("id_number", "phone", "account_number", "token", "authorization", "password", "secret")


def redact(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Masks members that are private by name, and ID and phone numbers inside any text."""
    for name, value in event.items():
        if any(private in name.lower() for private in _PRIVATE_NAMES):
            event[name] = "***"
        elif isinstance(value, str):
            event[name] = _PHONE.sub("***", _ID_NUMBER.sub("***", value))
    return event


def configure(service: str, process: str) -> None:
    """Sets up logging of the process: structlog, with the standard library's records in the same form."""
    chain: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*chain, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service, process=process)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            foreign_pre_chain=chain,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
