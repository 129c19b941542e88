"""What may be other than usual around one process of the product: its disk, its network, its release, its pulse."""

import ctypes
import os
import resource
from importlib import import_module
from typing import Any

NETWORK = 0x40000000  # CLONE_NEWNET of setns(2)


def enter(world: dict[str, Any]) -> None:
    """Let this process live in a world, for good.

    ``room``: bytes no file may grow over; ``namespace``: a network namespace, by its name; ``release``: a folder with
    migrations of a newer release; ``beat``: seconds between the beats of its heart.
    """
    if "room" in world:
        resource.setrlimit(resource.RLIMIT_FSIZE, (world["room"], world["room"]))  # Python ignores its signal
    if "namespace" in world:
        _move(world["namespace"])
    if "release" in world:
        _know(world["release"])
    if "beat" in world:
        import_module("digest.engine.heartbeat").beating.__wrapped__.__kwdefaults__["seconds"] = world["beat"]


def _move(namespace: str) -> None:
    door = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    system = ctypes.CDLL(None, use_errno=True)
    if system.setns(door, NETWORK):
        raise OSError(ctypes.get_errno(), "this process cannot move to another network")
    os.close(door)


def _know(migrations: str) -> None:
    migrating: Any = import_module("digest.migrating")
    real = migrating._config

    def config(*given: Any) -> Any:
        made = real(*given)
        made.set_main_option("path_separator", "space")
        made.set_main_option("version_locations", f"digest:migrations/versions {migrations}")
        return made

    migrating._config = config
