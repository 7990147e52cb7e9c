"""What of the bank journal still stands, as SQL for all who list it (pure)."""

REVERSED = "order_reversal"
"""A movement that takes back one which no statement shows; ``source_id`` is that movement's id (0171)."""


def stands(by: str = "") -> str:
    """The condition that movement ``m`` neither takes another back nor was taken back itself, ``by`` a day if given.

    Both stay in the journal and cancel each other; neither waits for a line of a statement.
    """
    until = f" AND b.booked_on <= {by}" if by else ""
    return f"""m.kind <> '{REVERSED}' AND NOT EXISTS (
  SELECT FROM movement b WHERE b.pool_code = m.pool_code AND b.account = m.account AND b.kind = '{REVERSED}'
    AND b.source_id = m.id{until})"""


INTEREST, INTEREST_CORRECTED = "interest", "interest_corrected"
"""Interest that a second person recognised, and what the bank took back of it; ``source_id`` of the latter is the
movement that it takes back."""
OF_INTEREST = f"kind IN ('{INTEREST}', '{INTEREST_CORRECTED}')"


def taken_back(movement: str) -> str:
    """The condition that a movement is money that came in for a receivable and that the bank took back; ``source_id``
    is the movement that it takes back (0299)."""
    return f"{movement}.kind IN ('receivable_taken_back:seen', 'recovery_taken_back:seen')"
