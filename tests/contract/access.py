"""The declared access table: which role may call which route, in which scope.

``tests/contract/access/*.yaml`` is reviewed by people; ``python -m tests.contract.access`` writes it anew, and the
difference is what there is to judge.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from fastapi import FastAPI

DECLARED = Path(__file__).parent / "access"
METHODS = ("get", "put", "post", "patch", "delete")


@dataclass(frozen=True)
class Route:
    """One operation of one service as its OpenAPI file has it."""

    service: str
    method: str
    path: str

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.path}"


@dataclass(frozen=True)
class Expected:
    """What the declared table says of a route."""

    scope: str
    roles: frozenset[str]


def declared(service: str) -> dict[str, Expected]:
    """The table of a service by "METHOD /path"."""
    read: dict[str, Any] = yaml.safe_load((DECLARED / f"{service}.yaml").read_text()) or {}
    return {name: Expected(rule["scope"], frozenset(rule["roles"])) for name, rule in read.items()}


def routes(service: str, openapi: dict[str, Any]) -> list[Route]:
    """Every operation of an OpenAPI document."""
    return [
        Route(service, method, path)
        for path, operations in openapi["paths"].items()
        for method in METHODS
        if method in operations
    ]


def lines_of(service: str, app: FastAPI) -> str:
    """The table as the code has it, for a person to judge."""
    document = app.openapi()
    table = {}
    for route in routes(service, document):
        rule = document["paths"][route.path][route.method]["x-heyi-access"]
        table[route.name] = {"scope": rule["scope"], "roles": rule["roles"]}
    return yaml.safe_dump(table, sort_keys=True, width=140, default_flow_style=None)


def main() -> None:
    """Writes the table of each service anew."""
    import asyncio

    from tests.support.postgres import TestPostgres
    from tests.support.services import SERVICES, build_app, environment
    from tests.support.tokens import TestTokens

    async def write() -> None:
        for service in SERVICES:
            app = build_app(service, environment(server.clone(service), tokens))
            DECLARED.mkdir(exist_ok=True)
            (DECLARED / f"{service}.yaml").write_text(lines_of(service, app))

    server, tokens = TestPostgres(), TestTokens()
    server.start()
    try:
        asyncio.run(write())
    finally:
        server.stop()
        tokens.close()


if __name__ == "__main__":
    main()
