"""Tools of development: what `make check` runs, generated documents, the environment."""
