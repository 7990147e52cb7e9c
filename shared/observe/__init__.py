"""Logs, metrics and traces; none of them ever carries personal data."""
