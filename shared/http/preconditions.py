"""ETag, If-Match and If-None-Match for what people edit in place (contracts §13, decision 0041).

Two people who read the same and change it one after the other: the second must be told, not lose the first one's
change. What has an edition answers its ETag to GET and PUT; a PUT that would replace an edition names it in If-Match.
"""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Response

from shared.http.problems import EXISTS_ALREADY, PRECONDITION_FAILED, PRECONDITION_REQUIRED
from shared.kernel.canonical import canonical_json

_ANY = "*"


def etag(*edition: Any) -> str:
    """The strong ETag of an edition: its version, or the members that together are it (texts, integers, None)."""
    return f'"{hashlib.sha256(canonical_json([*edition])).hexdigest()[:20]}"'


def show(response: Response, tag: str) -> None:
    """Answers the ETag."""
    response.headers["ETag"] = tag


@dataclass(frozen=True, slots=True)
class Precondition:
    """What the caller says that he has read."""

    if_match: tuple[str, ...] = ()
    if_none_match: tuple[str, ...] = ()

    def check(self, current: str | None, *, needed: bool = True) -> None:
        """Lets a change of the edition ``current`` pass, None where there is nothing yet.

        Raises PRECONDITION_REQUIRED where ``needed`` and nothing was said, PRECONDITION_FAILED where another edition
        was read, EXISTS_ALREADY where there should be none. To be called under the lock of what changes.
        """
        if current is not None and (_ANY in self.if_none_match or current in self.if_none_match):
            raise EXISTS_ALREADY()
        if self.if_match:
            if current is None or (_ANY not in self.if_match and current not in self.if_match):
                raise PRECONDITION_FAILED()
        elif needed and current is not None:
            raise PRECONDITION_REQUIRED()


def _tags(header: str | None) -> tuple[str, ...]:
    """A weak tag never matches here, since it does not promise the same content."""
    return tuple(tag for part in (header or "").split(",") if (tag := part.strip()))


async def _of_headers(
    if_match: Annotated[str | None, Header(description="the ETag as it was read", max_length=400)] = None,
    if_none_match: Annotated[
        str | None, Header(description="`*`: only where there is none yet", max_length=400)
    ] = None,
) -> Precondition:
    return Precondition(_tags(if_match), _tags(if_none_match))


PreconditionDep = Annotated[Precondition, Depends(_of_headers)]
