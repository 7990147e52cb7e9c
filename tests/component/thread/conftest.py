"""The prepared county, made once a session."""

import pytest

from deploy.postgres.roles import blocking
from tests.component.thread.county import Prepared, prepare
from tests.support.postgres import TestPostgres
from tests.support.tokens import TestTokens


@pytest.fixture(scope="session")
def prepared(postgres: TestPostgres, tokens: TestTokens) -> Prepared:
    """Two databases to copy from."""
    return blocking(prepare(postgres, tokens))
