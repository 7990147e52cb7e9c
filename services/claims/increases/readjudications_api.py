"""Routes of claims decided again after one on which they stood was cancelled (rulings §2); their lists are approved and
withdrawn as those of late decisions are."""

from datetime import date
from uuid import UUID

from services.claims.benefits.words import LAYERS, OUTCOMES
from services.claims.increases import readjudications, store
from services.claims.increases.api import (
    OFFICE,
    WATCHERS,
    Households,
    IncreaseListOut,
    Pool,
    PreparedOut,
    page_of_lists,
    prepared_out,
)
from services.claims.increases.model import not_now
from services.claims.increases.problems import NO_READJUDICATIONS
from services.claims.increases.readjudged import ReadjudgedClaim, shown
from services.claims.visits.problems import STATUS_WORDS
from services.claims.visits.readjudging import readjudged
from shared.contracts.wire import ShortId, WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.exports import exported
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import documented
from shared.http.unit import UnitDep
from shared.kernel.ids import to_base32

router = ServiceRouter(prefix="/pools/{pool_code}", tags=["increases"])
_COLUMNS = {
    "setl_id": "结算编号",
    "member_id": "人员编号",
    "township_code": "参合乡镇",
    "institution_code": "医疗机构编码",
    "admitted_on": "入院日期",
    "settled_on": "结算业务日",
    "policy_before": "原政策",
    "policy": "重新核算的政策",
    "outcome": "重新核算的结果",
    "benefit_before": "原补偿",
    "benefit": "重新核算的补偿",
    "difference": "差额",
    "paid_more": "此前名单已补",
    "to_pay": "应补",
    "let_stand": "多补、维持不退",
    "layers.layer": "支付层次",
    "layers.benefit_before": "该层原补偿",
    "layers.benefit": "该层重新核算",
    "layers.difference": "该层差额",
    "cancelled_claims": "已取消的前面结算",
    "claim_id": "结算内部编号",
}
_WORDS = {"outcome": OUTCOMES, "layers.layer": LAYERS}
_REASONS = {
    "settled": STATUS_WORDS["settled"],
    "approved": STATUS_WORDS["approved"],
    "cut": ("整单扣减", "cut as a whole"),
    "not_reproduced": ("核算不符", "not reproduced"),
    "later_part": ("同次住院后面的结算按新方案算过", "a later part of the stay was settled by another version"),
}
DIFFERENCES = exported("重新核算差额", _COLUMNS, words=_WORDS)
WAITING = exported("待重新核算", _COLUMNS | {"left_out": "暂不列入名单的原因"}, words=_WORDS | {"left_out": _REASONS})


class ReadjudgedLayerOut(WireModel):
    """A layer as it was settled and as it is decided again."""

    layer: str
    benefit_before: Yuan
    benefit: Yuan
    difference: Yuan


class ReadjudgedOut(WireModel):
    """A claim decided again: difference = benefit − benefit_before; ``paid_more`` is what earlier lists gave for it,
    ``to_pay`` what is payable more after approval, ``let_stand`` what it had too much and keeps."""

    claim_id: UUID
    setl_id: ShortId
    cancelled_claims: list[UUID]
    member_id: UUID
    township_code: str
    institution_code: str
    admitted_on: date
    settled_on: date
    policy_before: str
    policy: str
    outcome: str
    benefit_before: Yuan
    benefit: Yuan
    difference: Yuan
    paid_more: Yuan
    to_pay: Yuan
    let_stand: Yuan
    layers: list[ReadjudgedLayerOut]


class WaitingOut(ReadjudgedOut):
    """A claim that waits to be listed; ``left_out`` says why that is not yet possible: its status, `cut` as a whole by
    the review, `not_reproduced`, or `later_part` where a later part of the stay was settled by another version."""

    left_out: str | None


def _members(one: ReadjudgedClaim) -> dict[str, object]:
    same = set(ReadjudgedOut.model_fields) & set(ReadjudgedClaim.__dataclass_fields__)
    layers = [
        {
            "layer": layer["layer"],
            "benefit_before": layer["before_fen"],
            "benefit": layer["benefit_fen"],
            "difference": layer["benefit_fen"] - layer["before_fen"],
        }
        for layer in one.layers
    ]
    return {name: getattr(one, name) for name in same} | {
        "setl_id": to_base32(one.claim_id),
        "benefit_before": one.benefit_before_fen,
        "benefit": one.benefit_fen,
        "difference": one.difference_fen,
        "paid_more": one.paid_more_fen,
        "to_pay": one.to_pay_fen,
        "let_stand": one.let_stand_fen,
        "layers": layers,
    }


@router.get(
    "/readjudications/differences",
    openapi_extra=access(WATCHERS, command="list_readjudication_differences", personal=True) | WAITING,
)
async def list_readjudication_differences(
    pool_code: Pool, unit: UnitDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[WaitingOut]:
    """Claims on no list that stood on cancelled ones: what each was decided, and what it would be by what stands now.

    `limit` counts households. Nothing is recorded.
    """
    key = read_cursor(cursor, UUID)
    found, last = await readjudged(unit, key[0] if key else None, limit)
    unit.result("pool", unit.pool_code)
    items = [WaitingOut.model_validate(_members(shown(one)) | {"left_out": not_now(one.difference)}) for one in found]
    return Page[WaitingOut](items=items, next_cursor=encode_cursor(last) if last else None)


@router.post(
    "/readjudications/lists",
    status_code=201,
    openapi_extra=access(OFFICE, command="prepare_readjudications"),
    responses=documented(NO_READJUDICATIONS),
)
async def prepare_readjudications(
    pool_code: Pool, unit: UnitDep, cursor: Cursor = None, limit: Households = 1000
) -> PreparedOut:
    """Lists what claims that stood on cancelled ones would be decided now, for the approval of another person.

    `limit` counts households; with `next_cursor` the next call goes on, each call making a list of its own.
    """
    key = read_cursor(cursor, UUID)
    return prepared_out(await readjudications.prepare(unit, key[0] if key else None, limit))


@router.get("/readjudications/lists", openapi_extra=access(WATCHERS, command="list_readjudication_lists"))
async def list_readjudication_lists(
    pool_code: Pool, unit: UnitDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[IncreaseListOut]:
    """The lists of claims decided again, the newest first."""
    key = read_cursor(cursor, UUID)
    return await page_of_lists(unit, None, key[0] if key else None, limit)


@router.get(
    "/increases/{list_id}/differences",
    openapi_extra=access(WATCHERS, command="list_readjudged", personal=True) | DIFFERENCES,
)
async def list_readjudged(
    pool_code: Pool, list_id: ShortId, unit: UnitDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[ReadjudgedOut]:
    """The claims of a list that were decided again, as they were when it was prepared."""
    key = read_cursor(cursor, UUID)
    rows = await store.readjudged(unit.conn, unit.pool_code, list_id, key[0] if key else None, limit + 1)
    unit.result("increase_list", list_id)
    following = encode_cursor(rows[limit - 1].claim_id) if len(rows) > limit else None
    items = [ReadjudgedOut.model_validate(_members(one)) for one in rows[:limit]]
    return Page[ReadjudgedOut](items=items, next_cursor=following)
