"""Refusals that a caller can act on (RFC 9457), in Chinese and English.

Each kind of refusal is defined once, beside the code that raises it; calling the kind makes the exception::

    VISIT_UNKNOWN = define("visit_unknown", 404, "没有这次就诊", "No such visit", "…", "…")
    raise VISIT_UNKNOWN(visit="…")
"""

from dataclasses import dataclass
from typing import Any

Words = tuple[str, str]
"""A parameter that is words: in Chinese, in English."""
_KINDS: dict[str, "ProblemType"] = {}


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One stable ``code`` with its HTTP status and its texts; details say what to do and may hold ``{parameters}``:
    numbers, ids, codes, or words as a pair (Chinese, English). ``errors`` list places, their reasons are such pairs."""

    code: str
    status: int
    title_zh: str
    title_en: str
    detail_zh: str
    detail_en: str

    def __call__(
        self, *, retry_after_seconds: int | None = None, errors: list[dict[str, Any]] | None = None, **params: Any
    ) -> "Problem":
        return Problem(self, params, retry_after_seconds, errors or [])


class Problem(Exception):
    """A refusal: nothing moved. The edge renders it as application/problem+json."""

    def __init__(
        self, kind: ProblemType, params: dict[str, Any], retry_after_seconds: int | None, errors: list[dict[str, Any]]
    ) -> None:
        super().__init__(f"{kind.code}: {kind.detail_en.format_map(in_language(params, 'en'))}")
        self.kind = kind
        self.params = params
        self.retry_after_seconds = retry_after_seconds
        self.errors = errors
        self.kept: tuple[Any, ...] = ()

    def keeping(self, *statements: Any) -> "Problem":
        """The refusal with what is kept of it beside the log, in the short transaction that logs it: that something was
        tried, never a part of what was refused."""
        self.kept = statements
        return self

    def body(self, language: str = "zh") -> dict[str, Any]:
        """The problem document; ``language`` is ``zh`` or ``en``."""
        kind, params = self.kind, in_language(self.params, language)
        title, detail = (kind.title_en, kind.detail_en) if language == "en" else (kind.title_zh, kind.detail_zh)
        document: dict[str, Any] = {
            "type": f"urn:heyi:problem:{kind.code}",
            "title": title,
            "status": kind.status,
            "code": kind.code,
            "detail": detail.format_map(params),
        }
        if self.errors:
            document["errors"] = [dict(in_language(one, language)) for one in self.errors]
        return document


def in_language(params: dict[str, Any], language: str) -> "_Lenient":
    """A parameter that is a word is given as (Chinese, English); anything else is told as it is."""
    chosen = 1 if language == "en" else 0
    return _Lenient({k: v[chosen] if isinstance(v, tuple) and len(v) == 2 else v for k, v in params.items()})


class _Lenient(dict[str, Any]):
    """A missing parameter shows as its name: a refusal must never fail while it is being told."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def define(code: str, status: int, title_zh: str, title_en: str, detail_zh: str, detail_en: str) -> ProblemType:
    """Registers a kind of refusal; a code is defined once (ValueError otherwise)."""
    if code in _KINDS:
        raise ValueError(f"problem {code} is defined twice")
    if not 400 <= status <= 599:
        raise ValueError(f"problem {code} needs a 4xx or 5xx status")
    _KINDS[code] = kind = ProblemType(code, status, title_zh, title_en, detail_zh, detail_en)
    return kind
