"""Entitlements that need an application (rulings §13): submitted, checked by the township, decided by the county."""
