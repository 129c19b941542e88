"""The doors for those who watch: /metrics for Prometheus, and /ready for what decides whether to send requests here."""

import ipaddress
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from threading import Lock
from typing import Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from digest import migrating, pulse
from digest.api_keys import Scope
from digest.bootstrap import App
from digest.errors import Refused
from digest.web import gauges
from digest.web.key_door import Caller, KeyDoor
from subscribers.pages import BOTH_WAYS

KEPT: Final = 5.0  # seconds that one measurement serves, whoever asks
YOUNG: Final = timedelta(minutes=2)  # a worker looks at the schedule every 15 seconds
NO_STORE: Final = {"Cache-Control": "no-store"}
PASSED_ON: Final = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "x-forwarded-proto")


def router(app: App, door: KeyDoor) -> APIRouter:
    """Return the routes /metrics (from this machine, or by a key of scope read) and /ready (for everybody)."""
    made = APIRouter()
    made.add_api_route("/metrics", _metrics(Measured(app), door), methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/ready", _ready(app), methods=BOTH_WAYS, response_model=None)
    return made


class Measured(Collector):
    """What is measured, for a few seconds the same, so that no number of scrapers burdens the database."""

    def __init__(self, app: App, elapsed: Callable[[], float] = time.monotonic) -> None:
        """``elapsed``: seconds since some instant."""
        self._app, self._elapsed = app, elapsed
        self._lock = Lock()
        self._gauges: list[gauges.Gauge] = []
        self._until = float("-inf")

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield it, in the words of the library."""
        with self._lock:
            if self._elapsed() >= self._until:
                self._gauges = gauges.measure(self._app)
                self._until = self._elapsed() + KEPT
            found = self._gauges
        for one in found:
            family = GaugeMetricFamily(one.name, one.says, labels=one.labels)
            for labels, value in one.values.items():
                family.add_metric(labels, value)
            yield family


def is_from_here(request: Request) -> bool:
    """Tell whether a request was made on this machine to it, and not passed on by a proxy or a page elsewhere."""
    if any(name in request.headers for name in PASSED_ON) or request.client is None:
        return False
    asked_for = request.url.hostname or ""  # of the header Host: a name of elsewhere may lead here, too
    return _is_loopback(request.client.host) and (asked_for == "localhost" or _is_loopback(asked_for))


def _metrics(measured: Measured, door: KeyDoor) -> Callable[[Request], object]:
    def scrape(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        try:
            registry = CollectorRegistry()
            registry.register(measured)
            body = encode(registry)
        except (SQLAlchemyError, TimeoutError):
            return Response("The database does not answer.\n", HTTPStatus.SERVICE_UNAVAILABLE, NO_STORE, "text/plain")
        return Response(body, headers=NO_STORE, media_type=content_type)

    async def answer(request: Request) -> Response:
        if is_from_here(request):
            return await run_in_threadpool(scrape, request)

        async def by_key(_caller: Caller) -> Response:
            return await run_in_threadpool(scrape, request)

        return await door.answer(request, Scope.read, by_key)

    return answer


def _ready(app: App) -> Callable[[], Response]:
    def ready() -> Response:
        try:
            said, fine = _standing(app)
        except (SQLAlchemyError, TimeoutError, OSError):
            said, fine = {"database": "does not answer"}, False
        return JSONResponse(said, HTTPStatus.OK if fine else HTTPStatus.SERVICE_UNAVAILABLE, NO_STORE)

    return ready


def _standing(app: App) -> tuple[dict[str, str], bool]:
    """Return what stands how, and whether this process can serve. A worker that is away is said; pages work without."""
    try:
        migrating.require_current(app.database)
    except Refused as error:
        return {"database": "ok", "schema": str(error)}, False
    with app.database.reading() as session:
        now, seen = app.database.now(session), pulse.last(session, pulse.TICK)
    if seen is None:
        worker = "never seen"
    elif now - seen > YOUNG:
        worker = f"last seen {seen:%Y-%m-%d %H:%M} UTC"
    else:
        worker = "ok"
    return {"database": "ok", "schema": "ok", "worker": worker}, True


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
