"""What the documents say exists: code names, files, commands and routes."""

import importlib
import re
from functools import cache
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from shared.http.audit_api import router as audit_log

ROOT = Path(__file__).resolve().parents[3]
CODE = ("services", "shared", "deploy", "heyi_verify")
PAGES = [
    *(ROOT / name for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md")),
    ROOT / "docs" / "architecture.md",
    ROOT / "docs" / "glossary.md",
    *sorted((ROOT / "docs" / "guides").glob("*.md")),
]
_ROW = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
_ROUTE = re.compile(r"\b(GET|POST|PUT|DELETE) /(enrollment|claims|settlement|performance)(/v1/[^\s`?,;,;▸)]*)")
_MAKE = re.compile(r"make ([a-z]+)")


@cache
def code() -> str:
    """All code as one text, names in small letters with spaces for underscores."""
    files = [
        path
        for directory in CODE
        for suffix in ("*.py", "*.yaml", "*.sql")
        for path in (ROOT / directory).rglob(suffix)
    ]
    return _plain("\n".join(path.read_text() for path in files))


@cache
def routes() -> frozenset[tuple[str, str, str]]:
    """Method, service and path, names of parameters apart, of every route that a service declares."""
    found = set()
    for path in sorted((ROOT / "services").glob("*/*/*.py")):
        if path.stem == "api" or path.stem.endswith("_api"):
            service = path.relative_to(ROOT / "services").parts[0]
            module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
            for route in module.router.routes:
                found |= {(method, service, f"/v1{_shape(route.path)}") for method in route.methods}
            for route in audit_log.routes:  # create_service_app gives it to every service
                assert isinstance(route, APIRoute)
                found |= {(method, service, f"/v1{_shape(route.path)}") for method in route.methods}
    return frozenset(found)


def _shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


def _plain(text: str) -> str:
    return text.lower().replace("_", " ").replace("-", " ")


def test_every_term_of_the_glossary_occurs_in_code() -> None:
    terms = _ROW.findall((ROOT / "docs" / "glossary.md").read_text())
    assert len(terms) > 80
    assert [term for term in terms if _plain(term) not in code()] == []


def test_no_term_stands_twice_in_the_glossary() -> None:
    terms = _ROW.findall((ROOT / "docs" / "glossary.md").read_text())
    assert sorted(terms) == sorted(set(terms))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    missing = [link for link in _LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    in_code = re.findall(r"`([^`]+)`", page.read_text()) + re.findall(
        r"```[a-z]*\n(.*?)```", page.read_text(), re.DOTALL
    )
    named = {target for text in in_code for target in _MAKE.findall(text)}
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_routes_exist(page: Path) -> None:
    named = [(method, service, _shape(path)) for method, service, path in _ROUTE.findall(page.read_text())]
    assert [route for route in named if route not in routes()] == []
    if page.parent.name == "guides":
        assert named
