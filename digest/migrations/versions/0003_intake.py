"""What comes in: feeds and their tags, what each source says, pictures, pages, same stories, and keys."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString as text
from sqlmodel.sql.sqltypes import UTCDateTime as moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
TABLES = ["apikey", "picture", "sourcetag", "articlepage", "articlepair", "articlesource", "articlewords", "feed"]
CHUNK = 1_000


def upgrade() -> None:
    op.create_table(
        "apikey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", text(), nullable=False),
        sa.Column("digest", text(), nullable=False),
        sa.Column("made_at", moment(), nullable=False),
        sa.Column("used_at", moment(), nullable=True),
        sa.Column("revoked_at", moment(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "picture",
        sa.Column("url", text(), nullable=False),
        sa.Column("lead", text(), nullable=False),
        sa.Column("lead_width", sa.Integer(), nullable=True),
        sa.Column("lead_height", sa.Integer(), nullable=True),
        sa.Column("thumb", text(), nullable=False),
        sa.Column("error", text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("tried_at", moment(), nullable=False),
        sa.Column("next_at", moment(), nullable=True),
        sa.PrimaryKeyConstraint("url"),
    )
    op.create_index("ix_picture_next_at", "picture", ["next_at"])
    op.create_table(
        "sourcetag",
        sa.Column("source", text(), nullable=False),
        sa.Column("tag", text(), nullable=False),
        sa.Column("label", text(), nullable=False),
        sa.Column("target", text(), nullable=False),
        sa.Column("articles", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", moment(), nullable=False),
        sa.Column("last_seen_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("source", "tag"),
    )
    op.create_table(
        "articlepage",
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("looked_at", moment(), nullable=False),
        sa.Column("next_at", moment(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("says", text(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"]),
        sa.PrimaryKeyConstraint("article_id"),
    )
    op.create_index("ix_articlepage_next_at", "articlepage", ["next_at"])
    op.create_table(
        "articlepair",
        sa.Column("first", sa.Uuid(), nullable=False),
        sa.Column("second", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Float(), nullable=True),
        sa.Column("title", sa.Float(), nullable=True),
        sa.Column("verdict", text(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("who", text(), nullable=False),
        sa.ForeignKeyConstraint(["first"], ["article.id"]),
        sa.ForeignKeyConstraint(["second"], ["article.id"]),
        sa.PrimaryKeyConstraint("first", "second"),
    )
    op.create_index("ix_articlepair_second", "articlepair", ["second"])
    op.create_table(
        "articlesource",
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("source", text(), nullable=False),
        sa.Column("guid", text(), nullable=True),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("regions", sa.JSON(), nullable=False),
        sa.Column("region", text(), nullable=True),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("editors_choice", sa.Boolean(), nullable=False),
        sa.Column("evergreen", sa.Boolean(), nullable=False),
        sa.Column("cluster", text(), nullable=True),
        sa.Column("status", text(), nullable=True),
        sa.Column("seen_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"]),
        sa.PrimaryKeyConstraint("article_id", "source"),
    )
    op.create_index("ix_articlesource_source_guid", "articlesource", ["source", "guid"])
    op.create_index("ix_articlesource_cluster", "articlesource", ["cluster"])
    op.create_index("ix_article_cluster", "article", ["cluster"])
    op.create_table(
        "articlewords",
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("published_at", moment(), nullable=False),
        sa.Column("language", text(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"]),
        sa.PrimaryKeyConstraint("article_id"),
    )
    op.create_index("ix_articlewords_published_at", "articlewords", ["published_at"])
    op.create_table(
        "feed",
        sa.Column("id", text(), nullable=False),
        sa.Column("url", text(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", text(), nullable=False),
        sa.Column("region", text(), nullable=True),
        sa.Column("language", text(), nullable=False),
        sa.Column("keep_query", sa.JSON(), nullable=False),
        sa.Column("every_minutes", sa.Integer(), nullable=False),
        sa.Column("added_at", moment(), nullable=False),
        sa.Column("etag", text(), nullable=False),
        sa.Column("last_modified", text(), nullable=False),
        sa.Column("tried_at", moment(), nullable=True),
        sa.Column("succeeded_at", moment(), nullable=True),
        sa.Column("next_at", moment(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", text(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["region"], ["region.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_feed_next_at", "feed", ["next_at"])
    with op.batch_alter_table("region") as region:
        region.add_column(sa.Column("aliases", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("region") as region:
        region.alter_column("aliases", server_default=None)
    _remember_sources()


def _remember_sources() -> None:
    """Say for each stored article what its source must have said, as far as the article still tells."""
    metadata = sa.MetaData()
    article = sa.Table("article", metadata, *(sa.Column(name, kind) for name, kind in COLUMNS.items()))
    source = sa.Table("articlesource", metadata, *(sa.Column(name, kind) for name, kind in SOURCE_COLUMNS.items()))
    connection = op.get_bind()
    last = None
    while True:
        query = sa.select(article).order_by(article.c.id).limit(CHUNK)
        rows = connection.execute(query if last is None else query.where(article.c.id > last)).mappings().all()
        if not rows:
            return
        connection.execute(sa.insert(source), [_source(dict(row)) for row in rows])
        last = rows[-1]["id"]


COLUMNS: dict[str, Any] = {
    "id": sa.Uuid(),
    "source": sa.String(),
    "guid": sa.String(),
    "regions": sa.JSON(),
    "topics": sa.JSON(),
    "editors_choice": sa.Boolean(),
    "evergreen": sa.Boolean(),
    "cluster": sa.String(),
    "imported_at": moment(),
    "by_hand": sa.JSON(),
}
SOURCE_COLUMNS: dict[str, Any] = {
    "article_id": sa.Uuid(),
    "source": sa.String(),
    "guid": sa.String(),
    "categories": sa.JSON(),
    "regions": sa.JSON(),
    "region": sa.String(),
    "topics": sa.JSON(),
    "editors_choice": sa.Boolean(),
    "evergreen": sa.Boolean(),
    "cluster": sa.String(),
    "seen_at": moment(),
}


def _source(row: dict[str, Any]) -> dict[str, Any]:
    evidence = row["regions"] or {}
    fed = [region for region, kind in evidence.items() if kind == "feed"]
    return {
        "article_id": row["id"],
        "source": row["source"],
        "guid": row["guid"],
        "categories": [],
        "regions": [region for region, kind in evidence.items() if kind == "tag"],
        "region": fed[0] if fed else None,
        "topics": row["topics"] or [],
        "editors_choice": row["editors_choice"] and "editors_choice" not in (row["by_hand"] or {}),
        "evergreen": row["evergreen"],
        "cluster": row["cluster"],
        "seen_at": row["imported_at"],
    }


def downgrade() -> None:
    op.drop_index("ix_article_cluster", "article")
    with op.batch_alter_table("region") as region:
        region.drop_column("aliases")
    for table in reversed(TABLES):
        op.drop_table(table)
