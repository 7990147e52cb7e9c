"""The frame: scope function, idempotency, audit, business day, outbox and inbox."""

from alembic import op

from shared.db import frame
from shared.messaging import schema

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    frame.create(op, "performance")
    schema.create(op, "performance")


def downgrade() -> None:
    raise NotImplementedError("the frame is not taken away; restore a backup instead")
