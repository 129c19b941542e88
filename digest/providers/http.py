"""HTTP to the email APIs: one connection per worker thread, and what a failed call means for the batch."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

from digest.sending.provider import NotTaken, ProviderError, UnknownOutcome

Answer = httpx.Response
# Nothing of the request can have been read: no connection was ever made.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOuts:
    """How long a call may take, in seconds."""

    connect: float
    read: float
    write: float


class Caller:
    """Speaks to one host. Each thread has a client with one connection: a shared pool is 2-3 times slower."""

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        times: TimeOuts,
        *,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """``headers``: of every call. ``transport``: for tests."""
        self._base_url = base_url.rstrip("/")
        self._headers = {"User-Agent": "digest-mailer", **headers}
        self._timeout = httpx.Timeout(connect=times.connect, read=times.read, write=times.write, pool=times.connect)
        self._transport = transport
        self._tls = None if transport else httpx.create_ssl_context()  # costs 20-75 ms: made once
        self._local = threading.local()
        self._clients: list[httpx.Client] = []
        self._lock = threading.Lock()

    def post(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Post a body, JSON unless ``headers`` say otherwise; returns the answer, whatever its status.

        Raises NotTaken or UnknownOutcome when none came.
        """
        return self._call("POST", path, body, {"Content-Type": "application/json", **(headers or {})})

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Get what stands at a path (with its query), or at a whole address; else as ``post``."""
        return self._call("GET", path, None, headers)

    def _call(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None) -> Answer:
        url = path if path.startswith(("https://", "http://")) else self._base_url + path
        try:
            return _let_go(self._client().request(method, url, content=body, headers=headers))
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
            headers=self._headers,
            timeout=self._timeout,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            verify=self._tls if self._tls is not None else True,
            transport=self._transport,
            follow_redirects=False,
        )


def _let_go(answer: Answer) -> Answer:
    """Free an answer that was read of its stream, which points back at it.

    The two would hold each other, and a call's body of a megabyte, until the collector of cycles comes by: in a process
    that only works it does so seldom, and memory grew with the list.
    """
    answer.stream = httpx.ByteStream(b"")
    return answer


def told(answer: Answer) -> Any:
    """Return what an answer to a question says, from its JSON. Raises ProviderError where it says nothing."""
    if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise ProviderError(f"the key may not ask for that ({answer.status_code}).")
    if answer.status_code != HTTPStatus.OK:
        raise ProviderError(f"it answered {answer.status_code}.")
    try:
        return answer.json()
    except ValueError as error:
        raise ProviderError("its answer is not JSON.") from error


def retry_after(answer: Answer) -> float | None:
    """Return the seconds an answer asks to wait (Retry-After in seconds); None if it does not say."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else None


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()
