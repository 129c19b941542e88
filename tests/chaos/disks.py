"""Disks that are full: a small one of memory where this machine lets us have one, and always a limit on all files."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine, text

from tests.chaos.places import Ground

SIZE = 64  # MiB
CRUMBS = 4096  # bytes: no page of a database is smaller


@contextmanager
def small(folder: Path) -> Iterator[Path | None]:
    """Make a disk of its own at a folder; yields None where this machine does not allow it."""
    folder.mkdir()
    order = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "none", str(folder)]
    if os.geteuid() or subprocess.run(order, capture_output=True, check=False).returncode:  # noqa: S603 - ours
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607 - ours


def fill(disk: Path) -> Callable[[], None]:
    """Leave no room on a disk; returns how to make room again."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, CRUMBS):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return ballast.unlink


@contextmanager
def on_a_disk_of_its_own(ground: Ground, folder: Path) -> Iterator[tuple[Ground, Path] | None]:
    """Make a ground like another one whose databases lie on a small disk; yields it and the disk, or None."""
    data = _data_of(ground.server) if ground.server else folder / "data"
    home = data.parent
    with small(home / f"disk-{uuid4().hex[:8]}") as disk:
        if disk is None:
            yield None
        elif ground.server:
            space = f"small_{uuid4().hex[:8]}"
            os.chown(disk, data.stat().st_uid, data.stat().st_gid)
            made = Ground(folder, ground.server, space=space)
            made.say(f"CREATE TABLESPACE {space} LOCATION '{disk}'")
            try:
                yield made, disk
            finally:
                made.close()
                made.say(f"DROP TABLESPACE {space}")
        else:
            yield Ground(folder, home=disk), disk


def _data_of(server: str) -> Path:
    """Return the folder of a PostgreSQL server's data; what lies beside it, it may look into."""
    admin = create_engine(server.replace("postgresql://", "postgresql+psycopg://"))
    with admin.connect() as connection:
        data: Any = connection.execute(text("SHOW data_directory")).scalar_one()
    admin.dispose()
    return Path(data)
