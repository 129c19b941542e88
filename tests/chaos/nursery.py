"""Gives birth to worker processes quickly: it has the product loaded, and forks for each that is wanted.

A child runs the ``digest`` command itself, ``digest worker`` most of all, with the pauses of the product made shorter
and its batches smaller, and may be told to kill itself at a point. Orders come as lines of JSON on standard input;
``python -m tests.chaos.nursery`` is started by ``workers.Nursery``. When its orders end, it ends all its children.
"""

import gc
import json
import os
import signal
import sys
import time
import traceback
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import configure_mappers

from digest.sending.work import Kind
from tests.chaos import worlds
from tests.chaos.plan import POINTS, SCHEDULE

if TYPE_CHECKING:
    from collections.abc import Callable

LEASE, CONNECT, WRITE = 3.2, 0.5, 0.3  # seconds; the shortest lease that outlives a call on a busy machine
DIED = "@died"
# The product's own pauses, which no setting names, made shorter.
PAUSES: dict[str, dict[str, Any]] = {
    "digest.sending.retry": {"FIRST_WAIT": timedelta(seconds=0.15), "FACTOR": 2, "WINDOW_MARGIN": timedelta(0)},
    "digest.settings": {"LEASE_MARGIN_SECONDS": 0.3},
    "digest.sending.sender": {"LEASE_MARGIN": timedelta(seconds=0.2), "LOOK_AGAIN": 0.05},
    "digest.engine.local": {"TICK_SECONDS": 1.0, "IDLE_SECONDS": 0.2, "LOOK_SECONDS": 0.05},
    "digest.engine.queued": {
        "LOOK_SECONDS": 0.2,
        "REST_SECONDS": 0.1,
        "FETCH_SECONDS": 0.3,
        "EVERY": {Kind.tick: "* * * * * *"},
    },
}
PROVIDERS = {"sendgrid": "SendGrid", "resend": "Resend", "postmark": "Postmark"}
PRELOADED = (
    "digest.cli", "digest.bootstrap", "digest.migrating", "digest.engine.local", "digest.engine.queued",
    "digest.providers.registry", "digest.proofs", "digest.sending.control", "digest.sending.waiting",
    "digest.editors.standing", "digest.issues.finding", "digest.tables", "sqlalchemy.dialects.postgresql",
    "psycopg", "alembic.command",
)  # fmt: skip


def main() -> None:
    """Obey until there are no more orders."""
    for name in PRELOADED:
        import_module(name)
    configure_mappers()
    gc.collect()
    gc.freeze()  # else each child would look through all that was loaded
    children: dict[int, int | None] = {}
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "start":
            child = os.fork()
            if child == 0:
                live(order)
            children[child] = None
            print(child, flush=True)
        else:
            print(json.dumps(_look(children, order["pid"])), flush=True)
    for child, code in children.items():
        if code is None:
            os.kill(child, signal.SIGKILL)


def _look(children: dict[int, int | None], pid: int) -> int | None:
    """Return how a child ended: its exit code, or minus the signal; None while it lives."""
    if children[pid] is None:
        found, status = os.waitpid(pid, os.WNOHANG)
        children[pid] = os.waitstatus_to_exitcode(status) if found else None
    return children[pid]


def live(order: dict[str, Any]) -> None:
    """Run a command of the product, and end."""
    os.setsid()
    log = os.open(order["log"], os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for here, there in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(here, there)
    code: Any = 70
    try:
        prepare(order)
        worlds.enter(order["world"])
        sys.argv = ["digest", "-C", order["folder"], *order["arguments"]]
        import_module("digest.cli").main()
        code = 0
    except SystemExit as left:
        code = left.code or 0
    except BaseException:  # noqa: BLE001 - as the interpreter itself would say it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def prepare(order: dict[str, Any]) -> None:
    """Make the pauses shorter and the batches smaller, and set the traps."""
    pauses = {**PAUSES, "digest.sending.freezing": {"CHUNK": order["chunk"]}}
    pauses["digest.engine.local"] = {**PAUSES["digest.engine.local"], "SHARE": order["share"]}
    for module, constants in pauses.items():
        for name, value in constants.items():
            assert hasattr(import_module(module), name), f"{module}.{name} is gone: mend tests/chaos/nursery.py"
            setattr(import_module(module), name, value)
    provider = getattr(import_module(f"digest.providers.{order['provider']}.sending"), PROVIDERS[order["provider"]])
    features = replace(provider.features, max_recipients=order["per_call"])
    if features.idempotency is not None and order["window"] is not None:
        features = replace(features, idempotency=timedelta(seconds=order["window"]))
    provider.features = features
    vars_of = import_module("digest.bootstrap")
    vars_of.App.refresher = property(lambda _app: None)  # the newsroom of the tests has no pages to look at
    if order["point"]:
        trap(order["point"], order["nth"], provider)


def trap(point: str, nth: int, provider: Any) -> None:
    """Let the process kill itself the n-th time it comes to a point."""
    module, name, after = {**POINTS, **SCHEDULE}[point]
    owner = provider if module == "provider" else import_module(module)
    real: Callable[..., Any] = getattr(owner, name)
    left = [nth]

    def sprung(*given: Any, **named: Any) -> Any:
        if not after:
            step()
        result = real(*given, **named)
        if after:
            step()
        return result

    def step() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.write(2, f"{DIED} {time.time()} {point}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, sprung)


if __name__ == "__main__":
    main()
