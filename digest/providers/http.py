"""HTTP to the email APIs: one connection per worker thread, and what a failed call means for the batch."""

import threading
from collections.abc import Mapping

import httpx

from digest.sending.provider import NotTaken, UnknownOutcome

Answer = httpx.Response
# Nothing of the request can have been read: no connection was ever made.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Caller:
    """Posts to one host. Each thread has a client of its own with one connection: a shared pool is 2-3 times slower."""

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        *,
        connect: float,
        read: float,
        write: float,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """``connect``, ``read``, ``write``: time-outs in seconds. ``transport``: for tests."""
        self._base_url = base_url.rstrip("/")
        self._headers = {"User-Agent": "digest-mailer", **headers}
        self._timeout = httpx.Timeout(connect=connect, read=read, write=write, pool=connect)
        self._transport = transport
        self._tls = None if transport else httpx.create_ssl_context()  # costs 20-75 ms: made once
        self._local = threading.local()
        self._clients: list[httpx.Client] = []
        self._lock = threading.Lock()

    def post(self, path: str, body: bytes) -> Answer:
        """Post JSON; returns the answer, whatever its status. Raises NotTaken or UnknownOutcome when none came."""
        try:
            return self._client().post(self._base_url + path, content=body)
        except _NOT_SENT as error:
            raise NotTaken(f"{self._base_url} cannot be reached: {_in_words(error)}.") from error
        except httpx.HTTPError as error:
            raise UnknownOutcome(f"{self._base_url} gave no answer: {_in_words(error)}.") from error

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            clients, self._clients = self._clients, []
        for client in clients:
            client.close()
        self._local = threading.local()

    def _client(self) -> httpx.Client:
        found: httpx.Client | None = getattr(self._local, "client", None)
        if found is None:
            found = self._new()
            self._local.client = found
            with self._lock:
                self._clients.append(found)
        return found

    def _new(self) -> httpx.Client:
        return httpx.Client(
            headers={**self._headers, "Content-Type": "application/json"},
            timeout=self._timeout,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            verify=self._tls if self._tls is not None else True,
            transport=self._transport,
            follow_redirects=False,
        )


def retry_after(answer: Answer) -> float | None:
    """Return the seconds an answer asks to wait (Retry-After in seconds); None if it does not say."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else None


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()
