"""A wire to the database that can be cut, or go silent and come back, as a network does."""

import select
import socket
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


class Wire:
    """A TCP listener on loopback that passes all on to a PostgreSQL server's socket."""

    def __init__(self, url: str, host: str = "127.0.0.1") -> None:
        parts = urlsplit(url)
        (folder,) = parse_qs(parts.query)["host"]
        self._server = next(str(one) for one in Path(folder).glob(".s.PGSQL.*") if not one.name.endswith(".lock"))
        self._listener = socket.create_server((host, 0))
        self.url = f"postgresql://{parts.username}@{host}:{self._listener.getsockname()[1]}{parts.path}"
        self._open: list[socket.socket] = []
        self._flows = threading.Event()
        self._flows.set()
        self._is_cut = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def silence(self) -> None:
        """Let nothing through any more, without a word to either side."""
        self._flows.clear()

    def heal(self) -> None:
        """Let everything through again, what was said meanwhile first."""
        self._flows.set()

    def cut(self) -> None:
        """Break all connections, and let nobody in."""
        self._is_cut.set()
        self._flows.set()
        self._listener.close()
        for one in self._open:
            one.close()

    def _serve(self) -> None:
        while not self._is_cut.is_set():
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            there = socket.socket(socket.AF_UNIX)
            there.connect(self._server)
            self._open += [here, there]
            threading.Thread(target=self._pass, args=(here, there), daemon=True).start()

    def _pass(self, here: socket.socket, there: socket.socket) -> None:
        ways = {here: there, there: here}
        try:
            while not self._is_cut.is_set():
                for one in select.select([here, there], [], [], 0.2)[0]:
                    said = one.recv(65_536)
                    self._flows.wait()
                    if not said:
                        return
                    ways[one].sendall(said)
        except (OSError, ValueError):
            return
        finally:
            here.close()
            there.close()
