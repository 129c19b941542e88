"""The job queue on PostgreSQL: Procrastinate's tables in a schema of their own, made, brought up to date and swept.

Nothing of the truth stands here. A job only says "look whether there is something to do of this"; one that is lost is
made again by whoever looks next, and one that comes twice finds nothing to do.
"""

from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text
from sqlmodel import Session

from digest.database import NETWORK, SILENCE_MS, Database
from digest.errors import Refused
from digest.sending.bulk import rowcount

if TYPE_CHECKING:
    from procrastinate import PsycopgConnector

SCHEMA: Final = "digest_jobs"
OPTIONS: Final = f"-c search_path={SCHEMA} -c idle_in_transaction_session_timeout={SILENCE_MS}"
TIMEOUT: Final = 4.0  # seconds for a connection to the queue; who leaves must not wait for longer
STALE: Final = 60  # seconds without a beat after which Procrastinate's worker is taken for dead; it beats every 10
MISSING: Final = (
    "Procrastinate, which hands the work out on PostgreSQL, is not installed. "
    "Run: pip install 'digest-mailer[postgres]'; or start `digest worker` without --queues."
)
NOT_READY: Final = "The job queue is not in this database yet, or not up to date. Run `digest database upgrade`."


def is_installed() -> bool:
    """Return whether Procrastinate is there: it comes with the extra ``postgres``."""
    return find_spec("procrastinate") is not None


def state(database: Database) -> str:
    """Return where the queue stands: ready, missing, outdated, or not installed; "" on SQLite, which has none."""
    if database.is_sqlite:
        return ""
    if not is_installed():
        return "not installed"
    with database.reading() as session:
        applied = _applied(session.connection())
    if applied is None:
        return "missing"
    return "ready" if applied >= _migrations()[-1].name else "outdated"


def prepare(database: Database) -> str:
    """Make the queue's tables, or bring them to the installed Procrastinate; safe to repeat. Returns the state."""
    if not is_installed():
        return "not installed"
    with database.engine.begin() as connection:
        applied = _applied(connection)
        if applied is None:
            whole = (resources.files("procrastinate.sql") / "schema.sql").read_text(encoding="utf-8")
            _apply(connection, whole, _migrations()[-1].name)
    for one in _migrations():
        if applied is not None and one.name > applied:  # each by itself: a new word of an enumeration is for the next
            with database.engine.begin() as connection:
                _apply(connection, one.read_text(encoding="utf-8"), one.name)
    return state(database)


def require(database: Database) -> None:
    """Refuse where jobs cannot be handed out, with a sentence that says how to mend it."""
    if database.is_sqlite:
        raise Refused(
            "--queues needs PostgreSQL; this is SQLite, which one machine works on. Start `digest worker` without it, "
            "or move: digest database copy --to postgresql://..."
        )
    found = state(database)
    if found != "ready":
        raise Refused(MISSING if found == "not installed" else NOT_READY)


def connector(database: Database, connections: int) -> "PsycopgConnector":
    """Return Procrastinate's way to the queue's tables, with at most so many connections."""
    from procrastinate import PsycopgConnector  # noqa: PLC0415 - only where there is a queue

    url = database.engine.url
    given = str(url.query.get("options", ""))
    patience = {name: value for name, value in NETWORK.items() if name not in url.query}
    plain = url.set(drivername="postgresql").difference_update_query(["options"])
    return PsycopgConnector(
        conninfo=plain.render_as_string(hide_password=False),
        min_size=1,
        max_size=connections,
        timeout=TIMEOUT,
        kwargs={"options": f"{given} {OPTIONS}".strip(), **patience},
    )


def waiting(database: Database) -> frozenset[str]:
    """Return the queueing locks of the jobs that nobody has begun."""
    query = text(f"SELECT queueing_lock FROM {SCHEMA}.procrastinate_jobs WHERE status = 'todo'")  # noqa: S608 - ours
    with database.reading() as session:
        return frozenset(session.execute(query).scalars())


def sweep(database: Database) -> int:
    """Forget the jobs of dead workers and what is kept of old ticks; returns how many jobs. Their work is not lost."""
    names = {"jobs": f"{SCHEMA}.procrastinate_jobs", "workers": f"{SCHEMA}.procrastinate_workers"}
    dead = (
        "DELETE FROM {jobs} WHERE status NOT IN ('todo', 'doing') OR (status = 'doing' AND NOT EXISTS (SELECT 1 FROM "
        "{workers} AS one WHERE one.id = worker_id AND one.last_heartbeat > now() - make_interval(secs => :stale)))"
    )
    old = "DELETE FROM {schema}.procrastinate_periodic_defers WHERE defer_timestamp < extract(epoch FROM now()) - 3600"
    with database.writing() as session:
        _in_schema(session)
        gone = rowcount(session.execute(text(dead.format(**names)), {"stale": STALE}))
        session.execute(text(old.format(schema=SCHEMA)))
    return gone


def clear(database: Database) -> None:
    """Forget all jobs, as after a restore: whoever looks next makes those that are needed."""
    if database.is_sqlite or state(database) in ("missing", "not installed"):
        return
    with database.writing() as session:
        _in_schema(session)
        session.execute(text(f"DELETE FROM {SCHEMA}.procrastinate_jobs"))  # noqa: S608 - our own name


def _in_schema(session: Session) -> None:
    session.execute(text(f"SET LOCAL search_path TO {SCHEMA}"))


def _applied(connection: Connection) -> str | None:
    """Return the name of the last of Procrastinate's migrations that is applied; None where there is no queue."""
    if connection.execute(text(f"SELECT to_regclass('{SCHEMA}.procrastinate_jobs')")).scalar() is None:
        return None
    said = text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :name")
    return connection.execute(said, {"name": SCHEMA}).scalar() or ""


def _migrations() -> list[Path]:
    from procrastinate.schema import migrations_path  # noqa: PLC0415 - only where there is a queue

    return sorted(migrations_path.glob("*.sql"))


def _apply(connection: Connection, script: str, name: str) -> None:
    """Run one of Procrastinate's scripts in our schema, and note how far that brings it."""
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    connection.execute(text(f"SET LOCAL search_path TO {SCHEMA}"))
    connection.execution_options(no_parameters=True).exec_driver_sql(script)
    connection.execution_options(no_parameters=False).execute(text(f"COMMENT ON SCHEMA {SCHEMA} IS '{name}'"))
