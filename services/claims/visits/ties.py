"""Who has to stay out of a decision: the household it touches, and the home unit that it touches (rulings §8). Pure."""

from uuid import UUID

from shared.http.problems import CONFLICT_OF_INTEREST
from shared.http.tokens import Actor

HOME_UNIT = ("所在单位", "home unit")
HOUSEHOLD = ("家庭", "household")


def check_tie(actor: Actor, institution_code: str, household_id: UUID | None = None) -> None:
    """Nobody decides about the institution of his home unit or about his household. Raises CONFLICT_OF_INTEREST."""
    if actor.home_institution is not None and actor.home_institution == institution_code:
        raise CONFLICT_OF_INTEREST(tie=HOME_UNIT)
    if actor.household_id is not None and household_id is not None and actor.household_id == str(household_id):
        raise CONFLICT_OF_INTEREST(tie=HOUSEHOLD)
