"""The databases of the component tests."""

from tests.component.messaging.conftest import bench, messaging_database, messaging_template

__all__ = ["bench", "messaging_database", "messaging_template"]
