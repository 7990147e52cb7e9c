"""The embedded PostgreSQL of local use and tests: binaries from a wheel, our own initdb and pg_ctl."""
