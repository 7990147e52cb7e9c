"""What was sent in for areas is seen again by whoever has all of them. Pure."""

from collections.abc import Sequence

SENT_WITHIN = """
NOT EXISTS (SELECT FROM unnest(string_to_array(areas, ',')) AS sent WHERE NOT EXISTS (
        SELECT FROM unnest($2::text[]) AS mine WHERE sent >= mine AND sent < mine || ':'))
"""
"""The condition of a row whose column ``areas`` says for which areas it was sent in; ``$2`` are the caller's areas."""


def sent_for(areas: Sequence[str]) -> str:
    """The areas as that column keeps them."""
    return ",".join(sorted(areas))
