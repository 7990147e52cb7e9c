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
