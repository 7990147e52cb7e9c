"""Where data lives, and that nobody's directories are changed."""

import os
import stat
from pathlib import Path

import pytest

import deploy.home
from deploy.home import home, make_directory, server_account
from deploy.state import StateDirectory


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if we were not root."""
    monkeypatch.setattr(deploy.home, "is_root", lambda: False)
    monkeypatch.delenv("HEYI_HOME", raising=False)


@pytest.mark.usefixtures("ordinary")
def test_an_ordinary_user_keeps_data_in_his_state_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert home() == tmp_path / "state" / "heyi"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    assert home() == tmp_path / "person" / ".local" / "state" / "heyi"
    assert server_account().popen == {}


def test_root_keeps_data_in_var_lib(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        assert server_account().uid is None
        return
    monkeypatch.delenv("HEYI_HOME", raising=False)
    assert home() == Path("/var/lib/heyi")
    assert server_account().uid not in (None, 0)


def test_existing_directories_keep_their_permissions(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    made = make_directory(closed / "a" / "b", mode=0o750)
    assert _mode(closed) == 0o700
    assert _mode(made) == 0o750
    assert _mode(made.parent) == 0o755
    make_directory(made, mode=0o777)
    assert _mode(made) == 0o750


def test_two_checkouts_have_two_clusters(tmp_path: Path) -> None:
    assert StateDirectory(tmp_path / "a").cluster_name != StateDirectory(tmp_path / "b").cluster_name


def test_the_umask_of_the_caller_closes_nothing(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        assert _mode(make_directory(tmp_path / "x" / "y")) == 0o755
    finally:
        os.umask(before)
