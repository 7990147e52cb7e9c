"""What is missing is named with its package; nothing is skipped in silence."""

import pytest

import deploy.packages
from deploy.home import DeployError
from deploy.packages import need


def test_a_program_that_is_there_is_used() -> None:
    assert need("sh", "dash", "tests").endswith("/sh")


def test_an_ordinary_user_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy.packages, "is_root", lambda: False)
    with pytest.raises(DeployError, match="apt-get install openjdk-17-jre-headless"):
        need("no-such-java", "openjdk-17-jre-headless", "运行 Kafka")


def test_a_failed_installation_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy.packages, "is_root", lambda: True)
    monkeypatch.setattr(deploy.packages, "_apt_install", lambda package: "E: no network")
    monkeypatch.setattr(deploy.packages.shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    with pytest.raises(DeployError, match="E: no network"):
        need("no-such-browser", "chromium", "网页")


def test_a_package_without_a_program_is_proved_by_what_it_brings() -> None:
    assert need("a font", "fonts-x", "中文", proof=lambda: "/usr/share/fonts/x.ttc") == "/usr/share/fonts/x.ttc"
