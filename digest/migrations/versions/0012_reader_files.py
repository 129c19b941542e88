"""Reader files: what was brought to the desk to be imported, and how far that is."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString as text
from sqlmodel.sql.sqltypes import UTCDateTime as moment

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None
oldest = "0010"  # an older release does not look at it


def upgrade() -> None:
    op.create_table(
        "readerfile",
        sa.Column("id", sa.Uuid(), nullable=False),
        *(sa.Column(name, text(), nullable=False) for name in ("kind", "name", "who")),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("encoding", text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("state", text(), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("counts", "counted")),
        sa.Column("broken", sa.Integer(), nullable=False),
        sa.Column("problem", text(), nullable=False),
        *(sa.Column(name, moment(), nullable=False) for name in ("created_at", "changed_at")),
        sa.Column("worker", sa.Uuid(), nullable=True),
        sa.Column("lease_until", moment(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
