"""Money that comes in, and what the insurer's account is given: receipts, subsidies, advance, replenishment."""
