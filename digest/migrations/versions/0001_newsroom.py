"""First release: the newsroom and its readers."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString as text
from sqlmodel.sql.sqltypes import UTCDateTime as moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None
TABLES = [
    "article",
    "audience",
    "list",
    "region",
    "subscriber",
    "suppression",
    "articleaddress",
    "articlelog",
    "consent",
    "exposure",
    "reads",
    "subscriberaudience",
    "subscription",
]


def upgrade() -> None:
    op.create_table(
        "article",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("canonical_url", text(), nullable=False),
        sa.Column("url", text(), nullable=False),
        sa.Column("guid", text(), nullable=True),
        sa.Column("source", text(), nullable=False),
        sa.Column("content_hash", text(), nullable=False),
        sa.Column("headline", text(), nullable=False),
        sa.Column("standfirst", text(), nullable=False),
        sa.Column("kicker", text(), nullable=False),
        sa.Column("byline", text(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("desk", text(), nullable=False),
        sa.Column("place", text(), nullable=False),
        sa.Column("source_line", text(), nullable=False),
        sa.Column("correction", text(), nullable=False),
        sa.Column("language", text(), nullable=False),
        sa.Column("body", text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("image_url", text(), nullable=False),
        sa.Column("image_alt", text(), nullable=False),
        sa.Column("image_credit", text(), nullable=False),
        sa.Column("image_width", sa.Integer(), nullable=True),
        sa.Column("image_height", sa.Integer(), nullable=True),
        sa.Column("published_at", moment(), nullable=False),
        sa.Column("first_seen_at", moment(), nullable=False),
        sa.Column("refreshed_at", moment(), nullable=True),
        sa.Column("imported_at", moment(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("editors_choice", sa.Boolean(), nullable=False),
        sa.Column("evergreen", sa.Boolean(), nullable=False),
        sa.Column("regions", sa.JSON(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("cluster", text(), nullable=True),
        sa.Column("by_hand", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("canonical_url"),
    )
    op.create_index("ix_article_content_hash", "article", ["content_hash"])
    op.create_index("ix_article_evergreen", "article", ["evergreen", "published_at"])
    op.create_index("ix_article_first_seen_at", "article", ["first_seen_at"])
    op.create_index("ix_article_published_at", "article", ["published_at"])
    op.create_index("ix_article_refreshed_at", "article", ["refreshed_at"])
    op.create_index("ix_article_source_guid", "article", ["source", "guid"])
    op.create_table(
        "audience",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("family", text(), nullable=False),
        sa.Column("lists", text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("family", "lists"),
    )
    op.create_table(
        "list",
        sa.Column("id", text(), nullable=False),
        sa.Column("name", text(), nullable=False),
        sa.Column("description", text(), nullable=False),
        sa.Column("family", text(), nullable=False),
        sa.Column("topic", text(), nullable=False),
        sa.Column("language", text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_list_family", "list", ["family"])
    op.create_table(
        "region",
        sa.Column("id", text(), nullable=False),
        sa.Column("parent_id", text(), nullable=True),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("kind", text(), nullable=False),
        sa.Column("countries", sa.JSON(), nullable=False),
        sa.Column("color", text(), nullable=False),
        sa.Column("color_dark", text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["region.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "subscriber",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.Uuid(), nullable=False),
        sa.Column("address", text(), nullable=False),
        sa.Column("address_key", text(), nullable=False),
        sa.Column("name", text(), nullable=False),
        sa.Column("language", text(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("paused_until", moment(), nullable=True),
        sa.Column("erased_at", moment(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("address_key"),
        sa.UniqueConstraint("ref"),
    )
    op.create_table(
        "suppression",
        sa.Column("address_key", text(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("note", text(), nullable=False),
        sa.PrimaryKeyConstraint("address_key"),
    )
    op.create_table(
        "articleaddress",
        sa.Column("canonical_url", text(), nullable=False),
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"]),
        sa.PrimaryKeyConstraint("canonical_url"),
    )
    op.create_index("ix_articleaddress_article_id", "articleaddress", ["article_id"])
    op.create_table(
        "articlelog",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("who", text(), nullable=False),
        sa.Column("what", text(), nullable=False),
        sa.Column("reason", text(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_articlelog_article_id", "articlelog", ["article_id"])
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("list_id", text(), nullable=False),
        sa.Column("action", text(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("source", text(), nullable=False),
        sa.Column("wording", text(), nullable=False),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_consent_subscriber_id", "consent", ["subscriber_id"])
    op.create_table(
        "exposure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("list_id", text(), nullable=False),
        sa.Column("edition_number", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("sent_at", moment(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("article_id", "edition_number", "place"),
    )
    op.create_index("ix_exposure_article_id", "exposure", ["article_id"])
    op.create_index("ix_exposure_sent_at", "exposure", ["sent_at"])
    op.create_table(
        "reads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("source", text(), nullable=False),
        sa.Column("period_start", moment(), nullable=False),
        sa.Column("period_end", moment(), nullable=False),
        sa.Column("views", sa.Integer(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("rank_of", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("article_id", "source", "period_start", "period_end"),
    )
    op.create_index("ix_reads_article_id", "reads", ["article_id"])
    op.create_index("ix_reads_period_end", "reads", ["period_end"])
    op.create_table(
        "subscriberaudience",
        sa.Column("family", text(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("audience_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["audience_id"], ["audience.id"]),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"]),
        sa.PrimaryKeyConstraint("family", "subscriber_id"),
    )
    op.create_index("ix_subscriber_audience_audience", "subscriberaudience", ["audience_id"])
    op.create_table(
        "subscription",
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("list_id", text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("changed_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["list.id"]),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"]),
        sa.PrimaryKeyConstraint("subscriber_id", "list_id"),
    )
    op.create_index("ix_subscription_list_state", "subscription", ["list_id", "state"])


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
