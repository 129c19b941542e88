"""Says in one sentence what the machine refused: a file, a folder, a pipe, the database."""

import os
import sys

ADVICE = "Look at DATABASE_URL, and whether the database is there, can be written, and has room."
NO_DRIVER = "DATABASE_URL names PostgreSQL, but its driver is not installed. Run: pip install 'digest-mailer[postgres]'"

INTERRUPTED = 130  # typer's exit code after Ctrl-C: 128 + SIGINT
STOPPED = (
    "Stopped by Ctrl-C. What was done is kept: `digest issues status ISSUE` says where a sending stands, "
    "and `digest worker` goes on with it."
)


def sentence(error: Exception) -> str | None:
    """Return what to tell a person of an error of the machine; None for one that is our own mistake."""
    if isinstance(error, ModuleNotFoundError) and error.name == "psycopg":
        return NO_DRIVER
    if isinstance(error, OSError):
        return _of_files(error)
    return _of_database(error)


def forget_output() -> None:
    """Let nothing more be written to standard output: whoever read it is gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _of_files(error: OSError) -> str:
    reason = error.strerror or str(error) or type(error).__name__
    if error.filename is None:
        return f"The machine refused: {reason}. Mend that and repeat the command."
    return f"{error.filename} cannot be used: {reason}. Mend that, or name another place, and repeat the command."


def _of_database(error: Exception) -> str | None:
    if "sqlalchemy" not in sys.modules:
        return None  # then nothing of it can have been raised, and --help stays quick
    from sqlalchemy.exc import DatabaseError, OperationalError

    if type(error) not in (DatabaseError, OperationalError) and not _is_silence(error):
        return None  # a broken constraint or a wrong statement is our own mistake
    assert isinstance(error, DatabaseError)  # noqa: S101 - for the type checker
    reason = " ".join(str(error.orig).split()).rstrip(".")
    return f"The database cannot be used: {reason}. {ADVICE}"


def _is_silence(error: Exception) -> bool:
    """Tell whether PostgreSQL ended our transaction, since it had not heard of us for long: we were cut off."""
    return type(getattr(error, "orig", None)).__name__ == "IdleInTransactionSessionTimeout"
