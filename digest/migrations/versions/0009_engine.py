"""Engine: who is at work on the database, the oldest release that may be, and numbers not given again."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString as text
from sqlmodel.sql.sqltypes import UTCDateTime as moment

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "heartbeat",
        sa.Column("id", sa.Uuid(), nullable=False),
        *(sa.Column(name, text(), nullable=False) for name in ("machine", "boot", "name")),
        sa.Column("process", sa.Integer(), nullable=False),
        *(sa.Column(name, text(), nullable=False) for name in ("what", "release")),
        *(sa.Column(name, moment(), nullable=False) for name in ("begun_at", "beat_at")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "numbergap",
        sa.Column("name", text(), nullable=False),
        sa.Column("up_to", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "compatibility",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("oldest", text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
