"""Questions to enrollment (contracts §7): asked once, before any lock, and waited for half a second at most."""

from typing import Any
from uuid import UUID

from pydantic import ValidationError

from services.claims.visits.coverage import Coverage, told
from services.claims.visits.problems import ENROLLMENT_SILENT
from shared.contracts.enrollment import CoverageChanged
from shared.http.client import PeerClient, PeerUnavailable
from shared.kernel.errors import Problem

ANSWER_SECONDS = 0.5
_RETRY_SECONDS = 5


class EnrollmentDesk:
    """Enrollment as claims asks it; without a client nobody answers."""

    def __init__(self, client: PeerClient | None) -> None:
        self._client = client

    async def of_member(self, pool_code: str, member_id: UUID) -> Coverage | None:
        """A member's coverage as enrollment knows it now; None if there is no such member. Raises ENROLLMENT_SILENT."""
        answer = await self._ask(f"/v1/pools/{pool_code}/members/{member_id}/coverage")
        return None if answer is None else answer[0]

    async def face(self, pool_code: str, member_id: UUID) -> tuple[str, str] | None:
        """Masked name and village of a member, for lists that hang out; None if there is no such member.

        Raises ENROLLMENT_SILENT.
        """
        answer = await self._get(f"/v1/pools/{pool_code}/members/{member_id}/coverage")
        if answer is None:
            return None
        try:
            return answer["masked_name"], answer["village_code"]
        except KeyError as error:
            raise ENROLLMENT_SILENT(retry_after_seconds=_RETRY_SECONDS) from error

    async def by_index(self, pool_code: str, blind_index: bytes) -> tuple[Coverage, str | None] | None:
        """Coverage and masked name of the member with a blind index, or None. Raises ENROLLMENT_SILENT."""
        return await self._ask(f"/v1/pools/{pool_code}/coverage/by-index/{blind_index.hex()}")

    async def masked_name(self, pool_code: str, member_id: UUID) -> str | None:
        """A member's masked name (张**) for a paper; None where there is no such member or no answer in time."""
        try:
            answer = await self._ask(f"/v1/pools/{pool_code}/members/{member_id}/coverage")
        except Problem:
            return None
        return None if answer is None else answer[1]

    async def _ask(self, path: str) -> tuple[Coverage, str | None] | None:
        answer = await self._get(path)
        try:
            if answer is None or answer["person_id"] is None:
                return None  # unknown, or still to be verified by the township: not a member to settle for
            return told(CoverageChanged.model_validate(answer, strict=False)), answer.get("masked_name")
        except (ValidationError, KeyError) as error:
            raise ENROLLMENT_SILENT(retry_after_seconds=_RETRY_SECONDS) from error

    async def _get(self, path: str) -> Any:
        if self._client is None:
            raise ENROLLMENT_SILENT(retry_after_seconds=_RETRY_SECONDS)
        try:
            return await self._client.get(path, timeout_seconds=ANSWER_SECONDS)
        except PeerUnavailable as error:
            raise ENROLLMENT_SILENT(retry_after_seconds=_RETRY_SECONDS) from error
