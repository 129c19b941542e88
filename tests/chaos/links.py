"""A machine of its own as a network namespace, with one link to the API and one to the database."""

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

IP = "ip"  # of iproute2


@dataclass(frozen=True, slots=True)
class Machine:
    """A namespace. ``api``, ``database``: our own ends of its links, as addresses."""

    name: str
    api: str
    database: str

    def down(self) -> None:
        """Break the link to the database without a word to either side."""
        _do("link", "set", f"{self.name}d", "down")

    def up(self) -> None:
        """Mend it."""
        _do("link", "set", f"{self.name}d", "up")


@contextmanager
def machine() -> Iterator[Machine | None]:
    """Make one; yields None where this machine does not allow it."""
    name = f"dm{secrets.token_hex(4)}"
    net = f"10.{secrets.randbelow(200) + 20}.{secrets.randbelow(256)}"
    made = Machine(name, f"{net}.1", f"{net}.5")
    try:
        _do("netns", "add", name)
    except (OSError, subprocess.CalledProcessError):
        yield None
        return
    try:
        for link, first in (("a", 1), ("d", 5)):
            _lay(name, f"{name}{link}", f"{net}.{first}/30", f"{net}.{first + 1}/30")
    except subprocess.CalledProcessError:
        _do("netns", "del", name)
        yield None
        return
    try:
        yield made
    finally:
        _do("netns", "del", name)  # its links go with it


def _lay(name: str, link: str, here: str, there: str) -> None:
    """Lay a link between us and a namespace, with an address at each end."""
    far = f"{link}x"
    _do("link", "add", link, "type", "veth", "peer", "name", far, "netns", name)
    _do("addr", "add", here, "dev", link)
    _do("link", "set", link, "up")
    _do("-n", name, "addr", "add", there, "dev", far)
    _do("-n", name, "link", "set", far, "up")


def _do(*order: str) -> None:
    subprocess.run([IP, *order], check=True, capture_output=True)  # noqa: S603 - iproute2, and our own words
