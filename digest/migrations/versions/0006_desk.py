"""The desk: people with a role, where they are signed in, and what they say to each other about an issue."""

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
        sa.Column("second", text(), nullable=False),
        sa.Column("second_used", sa.Integer(), nullable=False),
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
    op.create_table(
        "comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("article_id", sa.Uuid(), nullable=True),
        sa.Column("at", moment(), nullable=False),
        sa.Column("who", text(), nullable=False),
        sa.Column("text", text(), nullable=False),
        sa.Column("resolved_at", moment(), nullable=True),
        sa.Column("resolved_by", text(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_comment_issue_id", "comment", ["issue_id"])
