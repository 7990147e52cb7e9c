"""Row policies and grants as SQL (contracts §1). Every table of a migration passes through one of these functions."""

POOLS = "(SELECT nullif(current_setting('heyi.pools', true), '')::text[])::text[]"
INSTITUTIONS = "(SELECT nullif(current_setting('heyi.institutions', true), '')::text[])::text[]"
IN_POOL = f"pool_code = ANY ({POOLS})"
HAS_SCOPE = "(SELECT nullif(current_setting('heyi.role', true), '')) IS NOT NULL"


def role(service: str, kind: str) -> str:
    """The database role of a service: owner, app, worker, reader or backup."""
    return f"heyi_{service}_{kind}"


def of_institution(column: str = "institution_code") -> str:
    """The rows of the scope's institutions."""
    return f"({column} = ANY ({INSTITUTIONS}) OR '*' = ANY ({INSTITUTIONS}))"


def grants(
    service: str,
    table: str,
    *,
    app: str,
    update_columns: str | None,
    worker: str,
    worker_update_columns: str | None = None,
) -> str:
    """GRANT statements; ``update_columns`` limits UPDATE to the named columns."""
    lines = [f"GRANT SELECT ON {table} TO {role(service, 'reader')}, {role(service, 'backup')};"]
    for kind, allowed, columns in (("app", app, update_columns), ("worker", worker, worker_update_columns)):
        if allowed:
            lines.append(f"GRANT {allowed} ON {table} TO {role(service, kind)};")
        if columns:
            lines.append(f"GRANT UPDATE ({columns}) ON {table} TO {role(service, kind)};")
    return "\n".join(lines)


def pool_table(
    service: str,
    table: str,
    *,
    app: str = "SELECT, INSERT",
    update_columns: str | None = None,
    institution_column: str | None = None,
    worker: str = "SELECT",
    worker_update_columns: str | None = None,
    worker_all_pools: bool = False,
    owner_sees: bool = False,
) -> str:
    """Policies and grants of a table with ``pool_code``: nothing set, nothing seen.

    ``worker_all_pools`` is for outbox, inbox and the audit log alone; ``owner_sees`` is for tables that a definer
    function of the owner must read or write (under FORCE he sees none otherwise).
    """
    rows = IN_POOL + (f" AND {of_institution(institution_column)}" if institution_column else "")
    granted = grants(
        service,
        table,
        app=app,
        update_columns=update_columns,
        worker=worker,
        worker_update_columns=worker_update_columns,
    )
    return _guarded(service, table, rows, "true" if worker_all_pools else IN_POOL, granted, owner_sees=owner_sees)


def free_table(
    service: str,
    table: str,
    *,
    app: str = "SELECT",
    update_columns: str | None = None,
    worker: str = "SELECT",
    worker_update_columns: str | None = None,
    owner_sees: bool = False,
) -> str:
    """Policies and grants of a table without pool (docs/tenancy.md says why): any set scope sees it."""
    granted = grants(
        service,
        table,
        app=app,
        update_columns=update_columns,
        worker=worker,
        worker_update_columns=worker_update_columns,
    )
    return _guarded(service, table, HAS_SCOPE, HAS_SCOPE, granted, owner_sees=owner_sees)


def _guarded(service: str, table: str, rows: str, worker_rows: str, granted: str, *, owner_sees: bool) -> str:
    """Row security in force with a policy for each role, and the grants; readers see the rows that requests see."""
    seen = {"app": rows, "worker": worker_rows} | ({"owner": "true"} if owner_sees else {})
    return "\n".join(
        [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;",
            *(
                f"CREATE POLICY {kind} ON {table} TO {role(service, kind)} USING ({of}) WITH CHECK ({of});"
                for kind, of in seen.items()
            ),
            f"CREATE POLICY reader ON {table} FOR SELECT TO {role(service, 'reader')} USING ({rows});",
            granted,
        ]
    )
