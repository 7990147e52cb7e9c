"""The short way of a settlement through the process: the same form, checked by one compiled schema.

FastAPI's own way (dependencies, a model a line) costs more than the decision. The route keeps its declared signature,
from which OpenAPI is generated; a body that this schema refuses goes through the declared model, which tells why.
"""

from collections.abc import Awaitable, Callable
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, NamedTuple, NotRequired
from uuid import UUID

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from services.claims.visits.bill import UPLOAD_LINES_MAX, Bill, checked
from services.claims.visits.schemas import Name, SettlementIn, Word
from shared.contracts.wire import Reason
from shared.http.edge import EdgeRoute
from shared.kernel import money
from shared.kernel.ids import from_base32

_KEPT = 16_384
_FORBID = ConfigDict(extra="forbid")
_unit_price = lru_cache(_KEPT)(money.parse_unit_price)
_quantity = lru_cache(_KEPT)(money.parse_quantity)
_yuan = lru_cache(_KEPT)(money.parse_yuan)

Number = Annotated[str, StringConstraints(max_length=24)]


class _Line(TypedDict):
    __pydantic_config__ = _FORBID  # type: ignore[misc]
    item_code: Word
    item_name: Name
    day: NotRequired[date | None]
    price: Number
    quantity: Number
    amount: NotRequired[Number | None]
    restriction_met: NotRequired[bool]


class _Settlement(TypedDict):
    __pydantic_config__ = _FORBID  # type: ignore[misc]
    lines: NotRequired[Annotated[list[_Line], Field(min_length=1, max_length=UPLOAD_LINES_MAX)] | None]
    from_account: NotRequired[Number]
    midway: NotRequired[bool]
    off_path: NotRequired[Reason | None]


class Asked(NamedTuple):
    """What a settlement's body asks for."""

    lines: Bill | None
    from_account_fen: int = 0
    """What the family account is to pay, at most."""
    midway: bool = False
    off_path: str = ""
    """Why the case left the agreed path of its disease."""


_SCHEMA: TypeAdapter[Any] = TypeAdapter(_Settlement)


def settlement_asked(body: bytes) -> Asked:
    """What a settlement's body says; no lines where it holds none.

    Raises RequestValidationError for a body of another form, LINE_NEGATIVE, LINE_AMOUNT.
    """
    try:
        told = _SCHEMA.validate_json(body)
        from_account = told.get("from_account")
        from_account_fen = 0 if from_account is None else _yuan(from_account)
        if from_account_fen < 0:
            raise ValueError("an amount from the family account is not negative")
        lines = told.get("lines")
        rest = from_account_fen, told.get("midway", False), told.get("off_path") or ""
        if lines is None:
            return Asked(None, *rest)
        columns = (
            [line["item_code"] for line in lines],
            [line["item_name"] for line in lines],
            [line.get("day") for line in lines],
            [_unit_price(line["price"]) for line in lines],
            [_quantity(line["quantity"]) for line in lines],
            [None if (amount := line.get("amount")) is None else _yuan(amount) for line in lines],
            [line.get("restriction_met", False) for line in lines],
        )
    except ValueError:
        _explain(body)
        raise
    return Asked(checked(*columns), *rest)


def _explain(body: bytes) -> None:
    """Raises RequestValidationError as the declared model tells it, member by member."""
    try:
        SettlementIn.model_validate_json(body)
    except ValidationError as error:
        told = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(told) from error


def path_id(request: Request, name: str) -> UUID:
    """An id of the path, as a UUID or in its 26 characters. Raises RequestValidationError."""
    text = request.path_params[name]
    try:
        return from_base32(text) if len(text) == 26 else UUID(text)
    except ValueError as error:
        raise RequestValidationError([{"loc": ("path", name), "msg": "not an id", "type": "uuid_parsing"}]) from error


Direct = Callable[[Request], Awaitable[Response]]


class _DirectHandler(APIRoute):
    """Answers with the endpoint's ``direct`` handler where it has one."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        direct: Direct | None = getattr(self.endpoint, "direct", None)
        return direct or super().get_route_handler()


class DirectRoute(EdgeRoute, _DirectHandler):
    """A route behind the edge whose handler reads the request itself."""


def answered_by(direct: Direct) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Marks the handler that answers in place of a declared endpoint."""

    def mark(endpoint: Callable[..., Any]) -> Callable[..., Any]:
        endpoint.direct = direct  # type: ignore[attr-defined]
        return endpoint

    return mark
