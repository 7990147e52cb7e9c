"""Visits and claims: coverage as claims knows it, look-up, registration, fee lines, quote, settlement, cancellation."""
