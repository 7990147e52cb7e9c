"""Routes of inquiry: the six identities and the money ring, for those who run the fund and those who watch it."""

from datetime import datetime
from typing import Any

from services.settlement.funding.accounts import (
    EXPENDITURE,
    EXPENDITURE_TO_FISCAL,
    FISCAL,
    FISCAL_TO_EXPENDITURE,
    INCOME,
    INCOME_TO_FISCAL,
    TOWNSHIP_HELD,
    TOWNSHIP_TO_INCOME,
)
from services.settlement.funding.roles import READERS
from services.settlement.inquiry import sheets, store
from services.settlement.inquiry.figures import bank_checks, terms, unheard
from services.settlement.inquiry.identities import Identity, Term, identities
from shared.contracts.wire import WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import documented
from shared.http.unit import Unit, UnitDep
from shared.kernel.dates import shanghai_date
from shared.kernel.errors import define

router = ServiceRouter()
POOL_NOT_KEPT = define(
    "pool_not_kept",
    404,
    "没有这个统筹区的账",
    "No books of this pool",
    "这里没有统筹区 {pool_code} 的账户、业务和账簿;请核对代码,新开的统筹区登记银行账户或有了第一笔业务才有账。",
    "There is no account, business or book of pool {pool_code}: check the code; a new pool has books from its first"
    " bank account or business on.",
)


class TermOut(WireModel):
    """A named term with its value, negative where it is subtracted on its side."""

    code: str
    name_zh: str
    name_en: str
    value: Yuan


class IdentityOut(WireModel):
    """One identity of rulings §20: left equals right to the fen, or ``ties`` is false."""

    code: str
    name_zh: str
    name_en: str
    ties: bool
    difference: Yuan
    left: list[TermOut]
    right: list[TermOut]
    apart: list[TermOut]
    broken: list[str]


class IdentitiesOut(WireModel):
    """All identities at one moment."""

    as_of: datetime
    ties: bool
    identities: list[IdentityOut]


def _term(term: Term) -> TermOut:
    return TermOut(code=term.name, name_zh=term.zh, name_en=term.en, value=term.sign * term.fen)


def _identity(identity: Identity) -> IdentityOut:
    return IdentityOut(
        code=identity.letter,
        name_zh=identity.zh,
        name_en=identity.en,
        ties=identity.ties,
        difference=identity.left_fen - identity.right_fen,
        left=[_term(t) for t in identity.left],
        right=[_term(t) for t in identity.right],
        apart=[_term(t) for t in identity.apart],
        broken=list(identity.broken),
    )


@router.get(
    "/pools/{pool_code}/identities",
    response_model=IdentitiesOut,
    responses=documented(POOL_NOT_KEPT),
    openapi_extra=access(READERS, command="show_identities") | sheets.IDENTITIES,
)
async def get_identities(pool_code: str, unit: UnitDep) -> IdentitiesOut:
    """六个恒等式,逐项列明 (rulings §20). The identities that must always tie, every term named."""
    await _check_kept(unit)
    year = shanghai_date(unit.now).year
    figures = await store.figures(unit.conn, pool_code, year)
    found = identities(terms(figures), bank_checks(figures), unheard(figures))
    return IdentitiesOut(as_of=unit.now, ties=all(x.ties for x in found), identities=[_identity(x) for x in found])


async def _check_kept(unit: Unit) -> None:
    """Raises POOL_NOT_KEPT: of a pool that does not exist, nought equals nought, which would look like order."""
    if not await store.knows(unit.conn, unit.pool_code):
        raise POOL_NOT_KEPT(pool_code=unit.pool_code)


class NodeOut(WireModel):
    """A node of the ring; ``held`` is set aside for payments at the bank."""

    account: str
    name_zh: str
    name_en: str
    kind: str
    balance: Yuan
    held: Yuan


class EdgeOut(WireModel):
    """A permitted way between nodes; ``in_transit`` is the account that shows money on it."""

    source: str
    target: str
    in_transit: str


class RingOut(WireModel):
    """The money ring at one moment."""

    as_of: datetime
    nodes: list[NodeOut]
    edges: list[EdgeOut]


_NODES = (
    (TOWNSHIP_HELD, "乡镇已收未缴", "held by townships", "keeper"),
    (TOWNSHIP_TO_INCOME, "乡镇缴收入户在途", "in transit to the income account", "transit"),
    (INCOME, "收入户", "income account", "bank"),
    (INCOME_TO_FISCAL, "收入户缴财政专户在途", "in transit to the fiscal account", "transit"),
    (FISCAL, "财政专户", "fiscal special account", "bank"),
    (FISCAL_TO_EXPENDITURE, "财政专户拨支出户在途", "in transit to the expenditure account", "transit"),
    (EXPENDITURE, "基金支出户（商业保险机构）", "insurer's fund expenditure account", "bank"),
    (EXPENDITURE_TO_FISCAL, "支出户退回财政专户在途", "in transit back to the fiscal account", "transit"),
)
_EDGES = (
    (TOWNSHIP_HELD, INCOME, TOWNSHIP_TO_INCOME),
    (INCOME, FISCAL, INCOME_TO_FISCAL),
    (FISCAL, EXPENDITURE, FISCAL_TO_EXPENDITURE),
    (EXPENDITURE, FISCAL, EXPENDITURE_TO_FISCAL),
)


@router.get(
    "/pools/{pool_code}/money-ring",
    response_model=RingOut,
    responses=documented(POOL_NOT_KEPT),
    openapi_extra=access(READERS, command="show_money_ring"),
)
async def get_money_ring(pool_code: str, unit: UnitDep) -> RingOut:
    """资金环:各节点当前余额 (ZZ-14). The ring of the fund's money, with the balance of each node."""
    await _check_kept(unit)
    balances: dict[str, Any] = await store.balances(unit.conn, pool_code)
    nodes = [
        NodeOut(
            account=code,
            name_zh=zh,
            name_en=en,
            kind=kind,
            balance=balances.get(code, (0, 0))[0],
            held=balances.get(code, (0, 0))[1],
        )
        for code, zh, en, kind in _NODES
    ]
    return RingOut(
        as_of=unit.now, nodes=nodes, edges=[EdgeOut(source=s, target=t, in_transit=via) for s, t, via in _EDGES]
    )
