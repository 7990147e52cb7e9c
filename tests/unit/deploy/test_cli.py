"""The command line: tokens for a role, the clock, and sentences instead of tracebacks."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from typer.testing import CliRunner

from deploy import cli
from deploy.cli import HUMAN_ROLES, app
from deploy.issuer import ROLES
from deploy.state import ROOT, StateDirectory
from shared.http import tokens
from tests.unit.ledger import book

ORIGIN = "http://127.0.0.1:9"
run = CliRunner()


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    """A stack that ran once and does not run now."""
    directory = StateDirectory(tmp_path / "state")
    directory.make()
    directory.write(origin=ORIGIN, pools=["522422", "522423"])
    return directory


def _claims(state: StateDirectory, *arguments: str) -> dict[str, Any]:
    done = run.invoke(app, ["token", *arguments, "--state", str(state.path)])
    assert done.exit_code == 0, done.output
    keys: Any = state.issuer().jwks()
    return dict(jwt.decode(done.output.strip(), KeySet.import_key_set(keys)).claims)


def test_the_issuer_knows_the_roles_that_the_services_know() -> None:
    assert set(ROLES) == tokens.ROLES
    assert set(HUMAN_ROLES) == tokens.ROLES - {"public", "service"}


def test_a_token_names_role_scope_issuer_and_audience(state: StateDirectory) -> None:
    claims = _claims(state, "county_finance")
    assert (claims["iss"], claims["aud"], claims["role"]) == (ORIGIN, "heyi", "county_finance")
    assert claims["pools"] == ["522422", "522423"]
    hospital = _claims(state, "hospital", "--pool", "522422", "--institution", "H1", "--subject", "doctor")
    assert (hospital["pools"], hospital["institutions"], hospital["sub"]) == (["522422"], ["H1"], "doctor")


def test_the_key_of_the_issuer_stays(state: StateDirectory) -> None:
    assert state.issuer().jwks() == state.issuer().jwks()


def test_an_unknown_role_is_told_with_the_known_ones(state: StateDirectory) -> None:
    done = run.invoke(app, ["token", "king", "--state", str(state.path)])
    assert done.exit_code == 1
    assert "county_finance" in done.stderr
    assert "Traceback" not in done.stderr


def test_before_the_first_start_the_way_is_told(tmp_path: Path) -> None:
    for command in (["token", "auditor"], ["clock", "show"]):
        done = run.invoke(app, [*command, "--state", str(tmp_path / "none")])
        assert done.exit_code == 1
        assert "heyi up" in done.stderr


def test_a_stack_that_does_not_run_is_told(state: StateDirectory) -> None:
    done = run.invoke(app, ["clock", "set", "2010-03-31T18:00", "--state", str(state.path)])
    assert done.exit_code == 1
    assert "make run" in done.stderr


def test_the_clock_begins_on_the_first_of_march_2010(state: StateDirectory) -> None:
    done = run.invoke(app, ["clock", "show", "--state", str(state.path)])
    assert done.output.startswith("2010-03-01T08:00")
    assert json.loads(state.clock_file.read_text())["business_at"] == "2010-03-01T00:00:00+00:00"


def test_republishing_needs_a_topic_of_a_service(state: StateDirectory) -> None:
    command = ["events", "republish", "--topic", "heyi.weather.v1", "--pool", "522422", "--from", "2010-03-01"]
    done = run.invoke(app, [*command, "--state", str(state.path)])
    assert done.exit_code == 1
    assert "heyi.weather.v1" in done.stderr


def test_the_audit_log_of_every_service_is_fetched_and_checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each service's log of the pool and of no pool; one that is damaged decides the exit status."""
    asked: list[str] = []

    def fetch(_: object, path: str, file: Path) -> None:
        asked.append(path)
        cut = path == "/claims/v1/audit"
        head = {"kind": "audit", "format": "heyi-audit-1", "pool_code": "-", "after": 0, "previous": "00" * 32}
        end = {"kind": "end", "last_number": 3 if cut else 0, "last_hash": "00" * 32}
        file.write_text(f"{json.dumps(head)}\n{json.dumps(end)}\n")

    monkeypatch.setattr("deploy.cli._fetch", fetch)
    whole = run.invoke(app, ["audit", "verify", "--pool", "522422", "--state", str(tmp_path)])
    assert whole.exit_code == 1
    assert asked == [
        f"/{service}/v1{path}"
        for service in ("enrollment", "claims", "settlement", "performance")
        for path in ("/pools/522422/audit", "/audit")
    ]
    assert run.invoke(app, ["audit", "verify"]).exit_code == 1, "a file, or a pool"


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_commands_that_are_printed_are_those_of_the_readme(readme: str) -> None:
    blocks = (ROOT / readme).read_text(encoding="utf-8").split("```\n")
    commands = cli.commands_to_try("http://127.0.0.1:8420", "522422")
    assert any(block.splitlines() == list(commands) for block in blocks)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["quote", "--policy", "dafang-2010", "--level", "foo"], "--level 的值不对"),
        (["quote", "--polic", "dafang-2010"], "没有 --polic 这个选项"),
        (["quote"], "缺少 --policy"),
        (["clock", "set"], "缺少"),
        (["nonsense"], "命令写法不对"),
    ],
)
def test_a_mistake_in_the_command_line_is_told_in_chinese_too(
    arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["python", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    shown = capsys.readouterr().err
    assert ended.value.code == 2
    assert told in shown and "--help" in shown and "deploy.cli" not in shown


@pytest.mark.requirement("ZZ-35", "beside the roots that an auditor kept, those of the server checked hide nothing")
def test_the_roots_given_are_the_only_ones(
    state: StateDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The server's own roots reach the end of whatever book it shows: the kept ones end at the second day."""
    documents = book.export(book.vouchers(12))
    seals = [one for one in documents if one["kind"] == "seal"]
    monkeypatch.setattr(cli, "_fetch", lambda _, path, file: file.write_text("\n".join(book.text(documents))))
    monkeypatch.setattr(cli, "_published_roots", lambda base: iter(seals))
    kept = tmp_path / "kept.json"
    kept.write_text(json.dumps({"items": seals[:-1]}))
    verify = ["verify", "--pool", "522422", "--state", str(state.path), "--json", "--key", book.PUBLIC.hex()]

    def told(*more: str) -> dict[str, Any]:
        assert run.invoke(app, [*verify, *more]).exit_code == 0
        return dict(json.loads(capfd.readouterr().out))

    assert told("--roots", str(kept))["unproven"] == [seals[-1]["first_number"], 12]
    assert told()["unproven"] is None
    assert told("--key", "00" * 32)["with_keys"], "a second pinned key takes nothing from the first"
