"""Charts of accounts and permitted flows as data: ``charts/*.yaml``, loaded into the database by a migration.

A flow or an account is added by one line; a migration then calls ``load`` again. The database is what decides.

A chart that is ``like`` another shares its accounts and flows and says only what is called or kept otherwise. A file
with ``view`` is a chart for showing alone (``views``): no book is opened on it, and the database does not know it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection, text

DIRECTORY = Path(__file__).parent / "charts"
NOBODY = "-"
MACHINES = "*"


@dataclass(frozen=True, slots=True)
class Account:
    """One account; ``guarded`` ones may not fall below zero, holds included. ``keeper`` alone posts to it."""

    code: str
    name_zh: str
    name_en: str
    normal_side: str
    keeper: str | None
    guarded: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """A permitted (debit, credit); ``reason`` limits it to vouchers with that reason."""

    debit: str
    credit: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Chart:
    """The accounts and flows of one kind of book."""

    chart: str
    book: str
    title_zh: str
    title_en: str
    source: str
    accounts: dict[str, Account]
    flows: tuple[Flow, ...]

    def keeper_of(self, flow: Flow) -> str | None:
        """The one keeper whose accounts a flow touches; raises ValueError where there are two."""
        keepers = {self.accounts[code].keeper for code in (flow.debit, flow.credit)} - {None}
        if len(keepers) > 1:
            raise ValueError(
                f"{self.chart}: {flow.debit} <- {flow.credit} touches two keepers: use an account in transit"
            )
        return keepers.pop() if keepers else None


@dataclass(frozen=True, slots=True)
class Shown:
    """An account of a view."""

    code: str
    name_zh: str
    name_en: str
    normal_side: str


@dataclass(frozen=True, slots=True)
class View:
    """A chart in which books of other charts can be shown; ``mapping``: kept chart -> kept account -> shown account."""

    view: str
    title_zh: str
    title_en: str
    source: str
    accounts: dict[str, Shown]
    mapping: dict[str, dict[str, str]]


@cache
def charts() -> tuple[Chart, ...]:
    """All charts of the directory; raises ValueError for a flow of an unknown account or between two keepers."""
    documents = _documents("chart")
    found = tuple(_read(document, documents) for document in documents.values())
    for chart in found:
        for flow in chart.flows:
            if not {flow.debit, flow.credit} <= chart.accounts.keys():
                raise ValueError(f"{chart.chart}: {flow.debit} <- {flow.credit} names an unknown account")
            chart.keeper_of(flow)
        if len({(f.debit, f.credit) for f in chart.flows}) != len(chart.flows):
            raise ValueError(f"{chart.chart}: a flow is listed twice")
    return found


@cache
def views() -> dict[str, View]:
    """All charts for showing, by their name; raises ValueError where an account kept has no place in one."""
    kept = {chart.chart: chart for chart in charts()}
    found = {}
    for name, document in _documents("view").items():
        accounts = {code: Shown(code, *names) for code, names in document["accounts"].items()}
        head = {field: document[field] for field in ("view", "title_zh", "title_en", "source")}
        found[name] = View(**head, accounts=accounts, mapping=document["mapping"])
        for chart, places in document["mapping"].items():
            _check_mapping(kept[chart], places, accounts)
    return found


def _check_mapping(chart: Chart, places: dict[str, str], shown: dict[str, Shown]) -> None:
    """Every account has a place, on the same side: a total over a view is a total over the book."""
    if places.keys() != chart.accounts.keys():
        raise ValueError(f"{chart.chart}: without a place: {sorted(places.keys() ^ chart.accounts.keys())}")
    for code, place in places.items():
        if place not in shown or shown[place].normal_side != chart.accounts[code].normal_side:
            raise ValueError(f"{chart.chart}: {code} cannot be shown on {place}")


def _documents(kind: str) -> dict[str, dict[str, Any]]:
    read = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(DIRECTORY.glob("*.yaml"))]
    return {document[kind]: document for document in read if kind in document}


def chart_of(book: str) -> str:
    """The chart that a new book of this kind is opened on; raises ValueError for an unknown kind."""
    for chart in charts():
        if chart.book == book:
            return chart.chart
    raise ValueError(f"there is no chart for a book {book}")


def keeper_roles() -> Iterator[tuple[str, str]]:
    """(keeper, role) pairs; ``*`` is the keeper of the machine roles, ``-`` that of accounts without a keeper."""
    document = yaml.safe_load((DIRECTORY / "keepers.yaml").read_text())
    for keeper, roles in document["keepers"].items():
        yield from ((keeper, role) for role in roles)
    yield from ((MACHINES, role) for role in document["machine"])


def _read(document: dict[str, Any], documents: dict[str, dict[str, Any]]) -> Chart:
    base = documents[document["like"]] if "like" in document else document
    names, keepers = document.get("names", {}), document.get("keepers", {})
    if unknown := (names.keys() | keepers.keys()) - base["accounts"].keys():
        raise ValueError(f"{document['chart']}: names accounts that {base['chart']} has not: {sorted(unknown)}")
    accounts = {}
    for code, (zh, en, side, keeper, guard) in base["accounts"].items():
        keeper = keepers.get(code, keeper)
        zh, en = names.get(code, (zh, en))
        accounts[code] = Account(code, zh, en, side, None if keeper == NOBODY else keeper, guard == "guarded")
    flows = [Flow(debit, credit, None) for debit, credit in base["flows"]]
    for reason, pairs in base.get("flows_of", {}).items():
        flows += [Flow(debit, credit, reason) for debit, credit in pairs]
    head = {name: document[name] for name in ("chart", "book", "title_zh", "title_en", "source")}
    return Chart(**head, accounts=accounts, flows=tuple(flows))


_CHART = """
INSERT INTO chart (chart, book, title_zh, title_en, source) VALUES (:chart, :book, :title_zh, :title_en, :source)
ON CONFLICT (chart) DO UPDATE
  SET title_zh = excluded.title_zh, title_en = excluded.title_en, source = excluded.source
"""
_ACCOUNT = """
INSERT INTO chart_account (chart, account, name_zh, name_en, normal_side, keeper, guarded)
VALUES (:chart, :account, :name_zh, :name_en, :normal_side, :keeper, :guarded)
ON CONFLICT (chart, account) DO UPDATE SET name_zh = excluded.name_zh, name_en = excluded.name_en
"""
_FLOW = """
INSERT INTO permitted_flow (chart, debit, credit, keeper, reason)
VALUES (:chart, :debit, :credit, :keeper, :reason) ON CONFLICT (chart, debit, credit) DO UPDATE
  SET keeper = excluded.keeper, reason = excluded.reason
"""
_KEEPER = "INSERT INTO keeper_role (keeper, role) VALUES (:keeper, :role) ON CONFLICT DO NOTHING"


def load(connection: Connection) -> None:
    """Writes the charts into the database as its owner; accounts that are there already keep side, keeper and guard."""
    for chart in charts():
        connection.execute(
            text(_CHART),
            {
                "chart": chart.chart,
                "book": chart.book,
                "title_zh": chart.title_zh,
                "title_en": chart.title_en,
                "source": chart.source,
            },
        )
        connection.execute(
            text(_ACCOUNT),
            [
                {
                    "chart": chart.chart,
                    "account": a.code,
                    "name_zh": a.name_zh,
                    "name_en": a.name_en,
                    "normal_side": a.normal_side,
                    "keeper": a.keeper,
                    "guarded": a.guarded,
                }
                for a in chart.accounts.values()
            ],
        )
        connection.execute(
            text(_FLOW),
            [
                {
                    "chart": chart.chart,
                    "debit": f.debit,
                    "credit": f.credit,
                    "keeper": chart.keeper_of(f),
                    "reason": f.reason,
                }
                for f in chart.flows
            ],
        )
    connection.execute(text(_KEEPER), [{"keeper": keeper, "role": role} for keeper, role in keeper_roles()])
