"""Who sees a row by the areas it belongs to, as conditions of SQL. Pure."""

from collections.abc import Sequence


def lies_within(code: str, areas: str) -> str:
    """The condition that the code of an area lies in one of the areas of an array parameter: ``kernel.areas.within``
    as the database asks it."""
    return f"EXISTS (SELECT FROM unnest({areas}::text[]) AS mine WHERE {code} >= mine AND {code} < mine || ':')"


SENT_WITHIN = f"""
NOT EXISTS (SELECT FROM unnest(string_to_array(areas, ',')) AS sent WHERE NOT {lies_within("sent", "$2")})
"""
"""The condition of a row whose column ``areas`` says for which areas it was sent in; ``$2`` are the caller's areas.
What was sent in for areas is seen again by whoever has all of them."""


def sent_for(areas: Sequence[str]) -> str:
    """The areas as that column keeps them."""
    return ",".join(sorted(areas))
