"""The import contracts bite: one violation of each is planted in a copy of the tree, and each must be found."""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.state import ROOT

TREES = ("services", "shared", "deploy", "heyi_verify", "tools")
# contract: the file that is changed, the import that is planted
PLANTED = {
    "services-apart": ("services/performance/settings.py", "import services.claims.settings"),
    "shared-below": ("shared/observe/metrics.py", "import services.claims.settings"),
    "shared-layers": ("shared/observe/logs.py", "import shared.db.sql"),
    "kernel-pure": ("shared/kernel/ids.py", "import sqlalchemy"),
    "services-not-deploy": ("services/claims/settings.py", "import deploy.home"),
    "verifier-alone": ("heyi_verify/__init__.py", "import shared.kernel.money"),
    "enrollment-layers": ("services/enrollment/registry/__init__.py", "import services.enrollment.financing.rules"),
    "claims-layers": ("services/claims/benefits/__init__.py", "import services.claims.review.tables"),
    "settlement-layers": ("services/settlement/ledger/__init__.py", "import services.settlement.closing.totals"),
    "performance-layers": (
        "services/performance/standards/__init__.py",
        "import services.performance.indicators.tables",
    ),
    "capability-privacy": ("services/claims/visits/bill.py", "import services.claims.benefits.store"),
    "capability-levels": ("services/claims/benefits/store.py", "import services.claims.benefits.commands"),
    "pure-rules": ("services/claims/benefits/engine.py", "import logging"),
}


def _contracts() -> dict[str, str]:
    """Identifier to name of every contract in .importlinter."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    prefix = "importlinter:contract:"
    return {section.removeprefix(prefix): parser[section]["name"] for section in parser.sections() if prefix in section}


def _lint(place: Path) -> str:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
        "--no-cache",
    ]
    environment = os.environ | {"PYTHONPATH": str(place), "COLUMNS": "200"}
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False).stdout


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the checker says about a copy of the tree with a violation of each contract."""
    place = tmp_path_factory.mktemp("planted")
    for tree in TREES:
        shutil.copytree(ROOT / tree, place / tree, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", place)
    for file, planted in PLANTED.values():
        path = place / file
        path.write_text(f"{path.read_text(encoding='utf-8')}\n{planted}\n", encoding="utf-8")
    return _lint(place)


def test_every_contract_has_a_planted_violation() -> None:
    assert set(_contracts()) == set(PLANTED)


@pytest.mark.parametrize("contract", sorted(PLANTED))
def test_a_planted_violation_is_found(report: str, contract: str) -> None:
    name = _contracts()[contract]
    assert f"{name} BROKEN" in report, report[-4000:]
