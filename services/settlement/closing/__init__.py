"""Control totals with the other services, and the close of a business day."""
