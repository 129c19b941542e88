"""Alembic's entry: runs the migrations on the engine that digest.migrating hands in."""

from alembic import context

from digest.tables import METADATA

engine = context.config.attributes["engine"]
with engine.execution_options(digest_writes=True).connect() as connection:
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
