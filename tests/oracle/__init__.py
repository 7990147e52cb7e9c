"""A second opinion on every benefit decision, written apart from the engine."""
