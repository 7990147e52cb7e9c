"""The prepared claims database of the component tests."""

from tests.component.claims.conftest import claims_database, prepared

__all__ = ["claims_database", "prepared"]
