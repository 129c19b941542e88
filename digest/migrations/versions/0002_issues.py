"""First release: issues, editions and the ledger."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString as text
from sqlmodel.sql.sqltypes import UTCDateTime as moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
TABLES = [
    "batch",
    "delivery",
    "editionaudience",
    "editionstory",
    "pacer",
    "publication",
    "vote",
    "issue",
    "run",
    "approval",
    "edition",
    "issuecandidate",
    "issuelog",
    "proof",
]


def upgrade() -> None:
    op.create_table(
        "batch",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issue_number", sa.Integer(), nullable=False),
        sa.Column("edition_number", sa.Integer(), nullable=False),
        sa.Column("account", text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", moment(), nullable=True),
        sa.Column("handed_over_at", moment(), nullable=True),
        sa.Column("next_attempt_at", moment(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.JSON(), nullable=True),
        sa.Column("payload_hash", text(), nullable=True),
        sa.Column("error", text(), nullable=True),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("settled_at", moment(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("ix_batch_issue_state", "batch", ["issue_number", "state"])
    op.create_table(
        "delivery",
        sa.Column("issue_number", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("edition_number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", text(), nullable=True),
        sa.Column("batch_number", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_failed_at", moment(), nullable=True),
        sa.Column("next_attempt_at", moment(), nullable=True),
        sa.Column("reason", text(), nullable=True),
        sa.Column("provider_message_id", text(), nullable=True),
        sa.Column("settled_at", moment(), nullable=True),
        sa.PrimaryKeyConstraint("issue_number", "subscriber_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_delivery_batch",
        "delivery",
        ["batch_number"],
        sqlite_where=sa.text("batch_number IS NOT NULL"),
        postgresql_where=sa.text("batch_number IS NOT NULL"),
    )
    op.create_index("ix_delivery_edition", "delivery", ["edition_number"])
    op.create_index(
        "ix_delivery_queued",
        "delivery",
        ["issue_number", "edition_number", "subscriber_id"],
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_table(
        "editionaudience",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue_number", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("audience_id", sa.Integer(), nullable=False),
        sa.Column("edition_number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("issue_number", "revision", "audience_id"),
    )
    op.create_index("ix_editionaudience_edition_number", "editionaudience", ["edition_number"])
    op.create_table(
        "editionstory",
        sa.Column("edition_number", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("issue_number", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("story_key", text(), nullable=False),
        sa.Column("block", text(), nullable=False),
        sa.Column("list_id", text(), nullable=False),
        sa.Column("region", text(), nullable=False),
        sa.Column("points", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("edition_number", "place"),
    )
    op.create_index("ix_editionstory_issue_number", "editionstory", ["issue_number"])
    op.create_index("ix_editionstory_story_key", "editionstory", ["story_key"])
    op.create_table(
        "pacer",
        sa.Column("account", text(), nullable=False),
        sa.Column("next_at", sa.Float(), nullable=False),
        sa.Column("halted", text(), nullable=False),
        sa.PrimaryKeyConstraint("account"),
    )
    op.create_table(
        "publication",
        sa.Column("id", text(), nullable=False),
        sa.Column("name", text(), nullable=False),
        sa.Column("language", text(), nullable=False),
        sa.Column("sender_name", text(), nullable=False),
        sa.Column("sender_address", text(), nullable=False),
        sa.Column("reply_to", text(), nullable=False),
        sa.Column("postal_address", text(), nullable=False),
        sa.Column("website", text(), nullable=False),
        sa.Column("logo_url", text(), nullable=False),
        sa.Column("logo_dark_url", text(), nullable=False),
        sa.Column("editor_name", text(), nullable=False),
        sa.Column("editor_role", text(), nullable=False),
        sa.Column("editors", sa.JSON(), nullable=False),
        sa.Column("template", text(), nullable=False),
        sa.Column("cadence", text(), nullable=False),
        sa.Column("zone", text(), nullable=False),
        sa.Column("cutoff", text(), nullable=False),
        sa.Column("send", text(), nullable=False),
        sa.Column("unapproved", text(), nullable=False),
        sa.Column("grace_hours", sa.Float(), nullable=False),
        sa.Column("empty", text(), nullable=False),
        sa.Column("minimum_stories", sa.Integer(), nullable=False),
        sa.Column("section_stories", sa.Integer(), nullable=False),
        sa.Column("section_briefs", sa.Integer(), nullable=False),
        sa.Column("house_bylines", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "vote",
        sa.Column("edition_number", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("edition_number", "value"),
    )
    op.create_table(
        "issue",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("publication_id", text(), nullable=False),
        sa.Column("as_of", moment(), nullable=False),
        sa.Column("send_at", moment(), nullable=True),
        sa.Column("once", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("frame", sa.JSON(), nullable=False),
        sa.Column("edits", sa.JSON(), nullable=False),
        sa.Column("held", text(), nullable=False),
        sa.Column("failed", text(), nullable=False),
        sa.Column("undo_until", moment(), nullable=True),
        sa.Column("freeze_cursor", sa.Integer(), nullable=False),
        sa.Column("audience_size", sa.Integer(), nullable=True),
        sa.Column("first_accepted_at", moment(), nullable=True),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("changed_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["publication_id"], ["publication.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index("ix_issue_publication_id", "issue", ["publication_id"])
    op.create_index("ix_issue_status", "issue", ["status"])
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("publication_id", text(), nullable=False),
        sa.Column("planned_at", moment(), nullable=False),
        sa.Column("send_at", moment(), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", text(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["publication_id"], ["publication.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("publication_id", "planned_at"),
    )
    op.create_table(
        "approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content_hash", text(), nullable=False),
        sa.Column("who", text(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("accepted", sa.JSON(), nullable=False),
        sa.Column("withdrawn_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_approval_issue_id", "approval", ["issue_id"])
    op.create_table(
        "edition",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("lists", sa.JSON(), nullable=False),
        sa.Column("set_key", text(), nullable=False),
        sa.Column("language", text(), nullable=False),
        sa.Column("without", sa.JSON(), nullable=False),
        sa.Column("readers", sa.Integer(), nullable=False),
        sa.Column("made_at_freeze", sa.Boolean(), nullable=False),
        sa.Column("subject", text(), nullable=False),
        sa.Column("preheader", text(), nullable=False),
        sa.Column("html", text(), nullable=False),
        sa.Column("text", text(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("html_bytes", sa.Integer(), nullable=False),
        sa.Column("content_hash", text(), nullable=False),
        sa.Column("losers", sa.JSON(), nullable=False),
        sa.Column("trimmed", sa.JSON(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index("ix_edition_issue_id", "edition", ["issue_id"])
    op.create_index("ix_edition_set_key", "edition", ["set_key"])
    op.create_table(
        "issuecandidate",
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"]),
        sa.PrimaryKeyConstraint("issue_id", "article_id"),
    )
    op.create_table(
        "issuelog",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("who", text(), nullable=False),
        sa.Column("what", text(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_issuelog_issue_id", "issuelog", ["issue_id"])
    op.create_table(
        "proof",
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content_hash", text(), nullable=False),
        sa.Column("readers", sa.Integer(), nullable=False),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.Column("made_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"]),
        sa.PrimaryKeyConstraint("issue_id", "revision"),
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
