"""PostgreSQL: engine, row scope, statements through the driver, the frame's own tables, migrations."""
