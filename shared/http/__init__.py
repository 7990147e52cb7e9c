"""The HTTP edge: tokens, access rules, one transaction a request, idempotency, problems."""
