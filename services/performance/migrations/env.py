"""Alembic's entry: the environment of every service is the same (shared.db.migrate)."""

from shared.db.migrate import run_environment

run_environment()
