"""Indicators computed from the events of other services: each figure has its definition and opens to its events."""
