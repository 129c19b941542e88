"""Readers: what waits for a confirmation, changes of address, mails anybody can ask for, and where a consent came from."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString as text
from sqlmodel.sql.sqltypes import UTCDateTime as moment

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WAITING = sa.text("state = 'unconfirmed'")


def upgrade() -> None:
    op.add_column("consent", sa.Column("network", text(), nullable=False, server_default=""))
    op.create_index(
        "ix_subscription_waiting", "subscription", ["changed_at"], sqlite_where=WAITING, postgresql_where=WAITING
    )
    op.create_table(
        "ask",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("lists", text(), nullable=False),
        sa.Column("name", text(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("confirmed_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "move",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("address", text(), nullable=False),
        sa.Column("address_key", text(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("done_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "readermail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address_key", text(), nullable=False),
        sa.Column("kind", text(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for table, column in (("ask", "subscriber_id"), ("ask", "at"), ("move", "subscriber_id"), ("move", "at")):
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.create_index("ix_readermail_address", "readermail", ["address_key", "kind", "at"])
    op.create_index("ix_readermail_at", "readermail", ["at"])
