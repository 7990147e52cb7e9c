"""The processes of the stack: the same commands and settings as in production, only the addresses are local."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from deploy.postgres.cluster import Cluster
from deploy.postgres.roles import BUS, SERVICES, database_name, role_name
from deploy.state import ROOT, StateDirectory

GATEWAY = "gateway"
STOP_SECONDS = 12


@dataclass(frozen=True)
class ProcessSpec:
    """One process: its name in logs, command, environment, and the address that answers 200 when it lives."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    health: str | None = None


@dataclass(frozen=True)
class Addresses:
    """Ports of one run, all on 127.0.0.1."""

    gateway: int
    api: dict[str, int]
    worker: dict[str, int]

    @property
    def origin(self) -> str:
        """The one origin that people and hospitals use."""
        return f"http://127.0.0.1:{self.gateway}"

    def service(self, service: str) -> str:
        """Where a service's API process listens, behind the gateway."""
        return f"http://127.0.0.1:{self.api[service]}"


def base_environment() -> dict[str, str]:
    """What every process inherits: the caller's variables without any HEYI_ setting that would leak in."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HEYI_") or name in ("HEYI_HOME", "HEYI_FAULT_FILE")
    }
    return inherited | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"}


def service_environment(
    service: str, state: StateDirectory, cluster: Cluster, addresses: Addresses, bootstrap: str | None
) -> dict[str, str]:
    """The HEYI_<SERVICE>_… variables of a service's processes (without the owner's URL, which only migrations get)."""
    keys = state.keys()
    database = database_name(service)
    facts = {
        "ENVIRONMENT": "local",
        "HOST": "127.0.0.1",
        "PORT": str(addresses.api[service]),
        "WORKER_PORT": str(addresses.worker[service]),
        "DATABASE_URL": cluster.url(database, role_name(service, "app")),
        "WORKER_DATABASE_URL": cluster.url(database, role_name(service, "worker")),
        "READER_DATABASE_URL": cluster.url(database, role_name(service, "reader")),
        "BUS": "kafka" if bootstrap else "postgres",
        "BUS_URL": cluster.url(database_name(BUS), role_name(BUS, "app")),
        "ISSUER": addresses.origin,
        "AUDIENCE": "heyi",
        "JWKS_URL": f"{addresses.origin}/.well-known/jwks.json",
        "TOKEN_URL": f"{addresses.origin}/token",
        "CLIENT_ID": service,
        "CLIENT_SECRET": keys["client_secrets"][service],
        "CLOCK_FILE": str(state.clock_file),
        "DATA_KEY": keys["data_keys"][service],
        "LOOKUP_KEY": keys["lookup_key"],
        "SIGNING_KEY": keys["signing_keys"][service],
        **{f"{peer.upper()}_URL": addresses.service(peer) for peer in SERVICES if peer != service},
    }
    if bootstrap:
        facts["KAFKA_BOOTSTRAP"] = bootstrap
    prefix = f"HEYI_{service.upper()}_"
    return base_environment() | {prefix + name: value for name, value in facts.items()}


def owner_environment(service: str, cluster: Cluster) -> dict[str, str]:
    """What a migration process gets."""
    url = cluster.url(database_name(service), role_name(service, "owner"))
    return base_environment() | {f"HEYI_{service.upper()}_OWNER_DATABASE_URL": url}


def api_process(service: str, environment: dict[str, str], addresses: Addresses) -> ProcessSpec:
    """The HTTP process of a service."""
    command = _uvicorn(f"services.{service}.app:create_app", addresses.api[service])
    return ProcessSpec(f"{service}-api", command, environment, f"{addresses.service(service)}/livez")


def worker_process(service: str, environment: dict[str, str], addresses: Addresses) -> ProcessSpec:
    """The event process of a service."""
    command = (sys.executable, "-m", f"services.{service}.worker")
    return ProcessSpec(f"{service}-worker", command, environment, f"http://127.0.0.1:{addresses.worker[service]}/livez")


def gateway_process(state: StateDirectory, cluster: Cluster, addresses: Addresses) -> ProcessSpec:
    """The one origin: reverse proxy, console, local issuer, business clock."""
    owners = [cluster.url(database_name(service), role_name(service, "owner")) for service in SERVICES]
    environment = base_environment() | {
        "HEYI_GATEWAY_STATE": str(state.path),
        "HEYI_GATEWAY_ORIGIN": addresses.origin,
        "HEYI_GATEWAY_UPSTREAMS": " ".join(f"{service}={addresses.service(service)}" for service in SERVICES),
        "HEYI_GATEWAY_OWNERS": " ".join(owners),
    }
    command = _uvicorn("deploy.gateway:create_app", addresses.gateway)
    return ProcessSpec(GATEWAY, command, environment, f"{addresses.origin}/livez")


def _uvicorn(factory: str, port: int) -> tuple[str, ...]:
    listen = ("--host", "127.0.0.1", "--port", str(port))
    quiet = ("--no-access-log", "--no-server-header", "--log-level", "warning")
    return (sys.executable, "-m", "uvicorn", factory, "--factory", *listen, *quiet, "--timeout-graceful-shutdown", "10")
