"""Builds every service's database from nothing by its migrations and compares it with the declared tables.

``python -m tools.check_migrations [SERVICE …]``: runs `alembic check` of each service on a cluster of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.postgres.cluster import Cluster
from deploy.postgres.roles import SERVICES, blocking, database_name, ensure_all, role_name

ROOT = Path(__file__).resolve().parents[1]


def checked(cluster: Cluster, service: str) -> str:
    """What Alembic says against this service's migrations, empty where all is well."""
    url = cluster.url(database_name(service), role_name(service, "owner"))
    environment = os.environ | {f"HEYI_{service.upper()}_OWNER_DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
    for action in ("upgrade", "check"):
        command = [sys.executable, "-m", "shared.db.migrate", service, action]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return f"{service} {action}:\n{(done.stdout + done.stderr).strip()[-3000:]}"
    return ""


def main() -> None:
    """Exit 1 with what differs."""
    services = sys.argv[1:] or list(SERVICES)
    cluster = Cluster(f"test-{os.getpid()}-migrations", volatile=True)
    cluster.start()
    try:
        blocking(ensure_all(cluster.url(), cluster.password))
        with ThreadPoolExecutor(2) as pool:
            problems = [text for text in pool.map(lambda service: checked(cluster, service), services) if text]
    finally:
        cluster.remove()
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
