"""Sends that run by themselves: finer schedules, mails to editors, and the zones of readers."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString as text
from sqlmodel.sql.sqltypes import UTCDateTime as moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
# name, type, what it is where a publication was added before
COLUMNS = (
    ("every", sa.Integer(), "1"),
    ("starts_on", text(), ""),
    ("skip_dates", sa.JSON(), "[]"),
    ("review", text(), ""),
    ("remind_minutes", sa.Integer(), "60"),
    ("reader_zones", sa.Boolean(), sa.false()),
    ("companion", text(), ""),
    ("repeats_daily", sa.Boolean(), sa.false()),
)


def upgrade() -> None:
    with op.batch_alter_table("publication") as publication:
        for name, kind, default in COLUMNS:
            publication.add_column(sa.Column(name, kind, nullable=False, server_default=default))
    with op.batch_alter_table("publication") as publication:
        for name, _, _ in COLUMNS:
            publication.alter_column(name, server_default=None)
    with op.batch_alter_table("subscriber") as subscriber:
        subscriber.add_column(sa.Column("zone", text(), nullable=False, server_default=""))
    with op.batch_alter_table("subscriber") as subscriber:
        subscriber.alter_column("zone", server_default=None)
    op.create_table(
        "editormail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("kind", text(), nullable=False),
        sa.Column("occasion", text(), nullable=False),
        sa.Column("address", text(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("sent_at", moment(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", moment(), nullable=True),
        sa.Column("error", text(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("issue_id", "kind", "occasion", "address"),
    )
    op.create_index("ix_editormail_issue_id", "editormail", ["issue_id"])
    op.create_index("ix_editormail_next_at", "editormail", ["next_at"])
    op.drop_index("ix_delivery_queued", "delivery")
    _index_queued(["issue_number", "next_attempt_at", "edition_number", "subscriber_id"])


def _index_queued(columns: list[str]) -> None:
    queued = sa.text("state = 'queued'")
    op.create_index("ix_delivery_queued", "delivery", columns, sqlite_where=queued, postgresql_where=queued)


def downgrade() -> None:
    op.drop_index("ix_delivery_queued", "delivery")
    _index_queued(["issue_number", "edition_number", "subscriber_id"])
    op.drop_table("editormail")
    with op.batch_alter_table("subscriber") as subscriber:
        subscriber.drop_column("zone")
    with op.batch_alter_table("publication") as publication:
        for name, _, _ in COLUMNS:
            publication.drop_column(name)
