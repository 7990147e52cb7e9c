"""compose.yaml and the Kubernetes manifests: complete, with the commands and settings that the code has."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.postgres.roles import SERVICES
from deploy.state import ROOT
from shared.http.settings import ServiceSettings

DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))


def _compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return document


def _documents() -> list[dict[str, Any]]:
    return [doc for file in MANIFESTS for doc in yaml.safe_load_all(file.read_text(encoding="utf-8"))]


def _modules(command: list[str]) -> list[str]:
    """The modules of ours that a command runs."""
    return re.findall(r"\b((?:services|shared|deploy)\.[a-z_.]+)", " ".join(command))


def _exists(module: str) -> bool:
    path = ROOT / Path(*module.split("."))
    return path.is_dir() or path.with_suffix(".py").exists()


def test_every_service_has_migrations_an_api_and_a_worker() -> None:
    services = _compose()["services"]
    names = {(doc["kind"], doc["metadata"]["name"]) for doc in _documents()}
    for service in SERVICES:
        for part in ("migrate", "api", "worker"):
            assert f"{service}-{part}" in services
        assert {
            ("Job", f"{service}-migrate"),
            ("Deployment", f"{service}-api"),
            ("Deployment", f"{service}-worker"),
        } <= names
        assert ("Service", f"{service}-api") in names


def test_commands_run_modules_that_exist() -> None:
    commands = [service["command"] for service in _compose()["services"].values() if "command" in service]
    for doc in _documents():
        if doc["kind"] in ("Job", "Deployment"):
            commands += [container["command"] for container in doc["spec"]["template"]["spec"]["containers"]]
    assert len(commands) >= 24
    for command in commands:
        assert all(_exists(module) for module in _modules(command)), command


@pytest.mark.parametrize("service", SERVICES)
def test_settings_are_those_of_the_service(service: str) -> None:
    prefix = f"HEYI_{service.upper()}_"
    known = {prefix + name.upper() for name in ServiceSettings.model_fields}
    compose = set(_compose()["services"][f"{service}-api"]["environment"])
    maps = [doc for doc in _documents() if doc["kind"] == "ConfigMap" and doc["metadata"]["name"] == service]
    assert compose <= known
    assert set(maps[0]["data"]) <= known
    assert compose == set(maps[0]["data"])


def test_nothing_local_reaches_production() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8") + "".join(
        m.read_text(encoding="utf-8") for m in MANIFESTS
    )
    for word in ("CLOCK_FILE", "BUS: postgres", "ENVIRONMENT: local", "deploy.gateway", "_KEY:"):
        assert word not in text


def test_the_image_holds_what_the_commands_need() -> None:
    container = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    for tree in ("services", "shared", "deploy", "heyi_verify", "policies", "console"):
        assert f"COPY {tree} {tree}" in container
    assert "--require-hashes" in container
    assert "USER 10001" in container
