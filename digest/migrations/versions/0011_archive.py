"""Archive: what is public of a publication, readers' own order, readers who went quiet, and visits to one's own pages."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString as text
from sqlmodel.sql.sqltypes import UTCDateTime as moment

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None
oldest = "0010"  # an older release knows nothing of these, and needs nothing of them


def upgrade() -> None:
    # What nobody could look at before an upgrade, nobody can after it: a newsroom opens its archive itself.
    op.add_column("publication", sa.Column("archive", text(), nullable=False, server_default="off"))
    op.add_column("publication", sa.Column("reader_order", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("publication", sa.Column("quiet_days", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("publication", sa.Column("quiet_grace", sa.Integer(), nullable=False, server_default="14"))
    op.add_column("subscriber", sa.Column("seen_at", moment(), nullable=True))
    op.create_table(
        "quietask",
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("family", text(), nullable=False),
        *(sa.Column(name, moment(), nullable=name != "at") for name in ("at", "asked_at", "answered_at")),
        *(sa.Column(name, moment(), nullable=True) for name in ("paused_at", "paused_until", "told_at")),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"]),
        sa.PrimaryKeyConstraint("subscriber_id", "family"),
    )
    op.create_index("ix_quietask_family_at", "quietask", ["family", "at"])
