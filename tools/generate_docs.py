"""docs/openapi/<service>.json, docs/events/<type>.json, heyi_verify/charts.json.

``python -m tools.generate_docs [--check]``.

The interfaces that others build on, kept beside the code so that a change of one shows in the same commit. The
application of each service is built in a process of its own, without a database.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from deploy.postgres.roles import SERVICES
from deploy.topics import payloads
from services.settlement.ledger.charts import charts

ROOT = Path(__file__).resolve().parents[1]
_NOWHERE = "postgresql://nobody:nobody@127.0.0.1:9/none"


def _environment(service: str) -> dict[str, str]:
    """Settings with which an application can be built but not run."""
    facts = {
        "ENVIRONMENT": "test",
        "DATABASE_URL": _NOWHERE,
        "READER_DATABASE_URL": _NOWHERE,
        "WORKER_DATABASE_URL": _NOWHERE,
        "BUS": "postgres",
        "BUS_URL": _NOWHERE,
        "ISSUER": "https://issuer.invalid",
        "JWKS_URL": "https://issuer.invalid/jwks",
        "TOKEN_URL": "https://issuer.invalid/token",
        "CLIENT_ID": service,
        "CLIENT_SECRET": "none",
        "DATA_KEY": "00" * 32,
        "LOOKUP_KEY": "00" * 32,
        "SIGNING_KEY": "00" * 32,
        **{f"{peer.upper()}_URL": "http://127.0.0.1:9" for peer in SERVICES},
    }
    return {f"HEYI_{service.upper()}_{name}": value for name, value in facts.items()}


def openapi_of(service: str) -> str:
    """The OpenAPI document of one service, built in another process. Exits with its error when it cannot be built."""
    environment = os.environ | _environment(service) | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tools.generate_docs", "--print-openapi", service]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{service}: the application cannot be built:\n{done.stderr[-3000:]}")
    return done.stdout


def event_schemas() -> dict[str, str]:
    """File name to JSON schema for every event payload."""
    files = {}
    for payload in payloads():
        schema = payload.model_json_schema(mode="serialization")
        document = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": payload.TYPE,
            "x-topic": payload.TOPIC,
        }
        files[f"{payload.TYPE}.json"] = render(document | schema)
    return files


def published_charts() -> str:
    """Names and sides of every chart's accounts, with which the verifier compares an export."""
    return render(
        {
            chart.chart: {code: [one.name_zh, one.name_en, one.normal_side] for code, one in chart.accounts.items()}
            for chart in charts()
        }
    )


def render(document: Any) -> str:
    """JSON in one stable form."""
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def generated() -> dict[Path, str]:
    """Every generated file with its text."""
    files = {ROOT / "docs/openapi" / f"{service}.json": openapi_of(service) for service in SERVICES}
    files |= {ROOT / "docs/events" / name: text for name, text in event_schemas().items()}
    return files | {ROOT / "heyi_verify/charts.json": published_charts()}


def outdated(files: dict[Path, str]) -> list[str]:
    """Files that differ from what is generated, or are there and should not be."""
    changed = [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    present = [path for folder in ("openapi", "events") for path in (ROOT / "docs" / folder).glob("*.json")]
    return sorted(str(path.relative_to(ROOT)) for path in {*changed, *(set(present) - set(files))})


def write(files: dict[Path, str]) -> None:
    """Write all files and remove those of types that are gone."""
    for folder in ("openapi", "events"):
        (ROOT / "docs" / folder).mkdir(parents=True, exist_ok=True)
        for path in (ROOT / "docs" / folder).glob("*.json"):
            if path not in files:
                path.unlink()
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")


def main() -> None:
    """Write, or with --check fail where something is not current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--print-openapi", metavar="SERVICE")
    arguments = parser.parse_args()
    if arguments.print_openapi:
        module = importlib.import_module(f"services.{arguments.print_openapi}.app")
        sys.stdout.write(render(module.create_app().openapi()))
    elif arguments.check:
        old = outdated(generated())
        if old:
            sys.exit("以下文件不是最新的, 请运行 make docs。 Not current, run `make docs`:\n" + "\n".join(old))
    else:
        write(generated())


if __name__ == "__main__":
    main()
