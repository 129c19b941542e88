"""Watching: what an account sent in an hour and on a day, signs of life, and indexes of what settled and what went wrong."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString as text
from sqlmodel.sql.sqltypes import UTCDateTime as moment

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TROUBLE = sa.text("state = 'rejected' OR state = 'uncertain'")


def upgrade() -> None:
    for name in ("hour", "hour_used", "day", "day_used"):
        op.add_column("pacer", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "pulse",
        sa.Column("name", text(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index("ix_batch_settled", "batch", ["settled_at", "state", "size"])
    columns = ["state", "settled_at", "issue_number"]
    op.create_index("ix_delivery_trouble", "delivery", columns, sqlite_where=TROUBLE, postgresql_where=TROUBLE)
