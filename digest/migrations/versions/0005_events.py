"""What comes back: webhook events, clicks and soft bounces; several provider accounts; consent to personal clicks."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString as text
from sqlmodel.sql.sqltypes import UTCDateTime as moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("publication") as publication:
        publication.add_column(sa.Column("clicks", text(), nullable=False, server_default="anonymous"))
        publication.add_column(sa.Column("account", text(), nullable=False, server_default=""))
        publication.add_column(sa.Column("list_accounts", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("publication") as publication:
        for name in ("clicks", "account", "list_accounts"):
            publication.alter_column(name, server_default=None)
    op.add_column("subscriber", sa.Column("clicks_agreed_at", moment(), nullable=True))
    op.add_column("delivery", sa.Column("outcome_at", moment(), nullable=True))
    _webhook_events()
    op.create_table(
        "softbounce",
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("issue_number", sa.Integer(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("subscriber_id", "issue_number"),
    )
    _clicks()


def _webhook_events() -> None:
    op.create_table(
        "webhookevent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account", text(), nullable=False),
        sa.Column("event_id", text(), nullable=False),
        sa.Column("kind", text(), nullable=False),
        sa.Column("state", text(), nullable=False),
        sa.Column("occurred_at", moment(), nullable=False),
        sa.Column("received_at", moment(), nullable=False),
        sa.Column("next_at", moment(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("applied_at", moment(), nullable=True),
        sa.Column("note", text(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "event_id"),
    )
    op.create_index("ix_webhookevent_received_at", "webhookevent", ["received_at"])
    due = sa.text("next_at IS NOT NULL")
    op.create_index("ix_webhookevent_due", "webhookevent", ["next_at", "id"], sqlite_where=due, postgresql_where=due)


def _clicks() -> None:
    op.create_table(
        "click",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_number", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("visitor", text(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=True),
        sa.Column("method", text(), nullable=False),
        sa.Column("sign", text(), nullable=False),
        sa.Column("state", text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_click_edition_at", "click", ["edition_number", "at"])
    new = sa.text("state = 'new'")
    op.create_index("ix_click_new", "click", ["at"], sqlite_where=new, postgresql_where=new)
