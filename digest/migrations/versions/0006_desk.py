"""The desk: people with a role, and where they are signed in."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString as text
from sqlmodel.sql.sqltypes import UTCDateTime as moment

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deskuser",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", text(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password", text(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("removed_at", moment(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("address"),
    )
    op.create_table(
        "desksession",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("seen_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["deskuser.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token"),
    )
    op.create_index("ix_desksession_user_id", "desksession", ["user_id"])
