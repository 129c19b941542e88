"""The desk's rules: what keys may do, who must approve and test, sign-in by OpenID Connect, versions of templates."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString as text
from sqlmodel.sql.sqltypes import UTCDateTime as moment

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("apikey", sa.Column("scopes", sa.JSON(), nullable=False, server_default='["intake"]'))
    op.add_column("publication", sa.Column("four_eyes", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("publication", sa.Column("test_required", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("publication", sa.Column("testers", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("deskuser", sa.Column("openid", text(), nullable=False, server_default=""))
    op.add_column("run", sa.Column("told_at", moment(), nullable=True))
    op.execute("UPDATE run SET told_at = created_at")  # what was missed before is no news
    op.create_table(
        "runmail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("kind", text(), nullable=False),
        sa.Column("reason", text(), nullable=False),
        sa.Column("address", text(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("sent_at", moment(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", moment(), nullable=True),
        sa.Column("error", text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("run_id", "kind", "address"),
    )
    op.create_index("ix_runmail_next_at", "runmail", ["next_at"])
    op.create_index("ix_runmail_run_id", "runmail", ["run_id"])
    op.create_table(
        "desklog",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("who", text(), nullable=False),
        sa.Column("what", text(), nullable=False),
        sa.Column("about", text(), nullable=False),
        sa.Column("change", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_desklog_about", "desklog", ["about"])
    op.create_table(
        "templateversion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mjml", text(), nullable=False),
        sa.Column("text", text(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("who", text(), nullable=False),
        sa.Column("note", text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name", "number"),
    )
