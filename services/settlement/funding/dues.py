"""Subsidies due as they were told, as SQL for all who read them (pure)."""


def dues(by: str = "") -> str:
    """The dues of pool ``$1``, each as it was told last, or last by the business day ``by`` if given.

    A correction is a further row and never changes what was due on an earlier day (contracts §5). ``first_day`` is the
    day since which something is due.
    """
    until = f" AND business_day <= {by}" if by else ""
    return f"""(SELECT DISTINCT ON (id) level, coverage_year, head_count, amount_fen, audited,
          min(business_day) OVER (PARTITION BY id) AS first_day
        FROM subsidy_due WHERE pool_code = $1{until} ORDER BY id, sequence DESC)"""
