"""What regulators ask: the identities that must tie, the money ring, payments down to the claims behind them."""
