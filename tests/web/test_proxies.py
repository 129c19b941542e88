"""Behind a proxy: whose word on a client's address is believed."""

from threading import Thread

import httpx
import pytest
from fastapi import FastAPI, Request

from digest.errors import SettingsError
from digest.settings import load
from digest.web.serving import listen, server
from tests.conftest import STRONG


def asked(proxies, forwarded):
    """Serve a page that says whom it takes for its client; ask it with a header, and return what it says."""
    socket = listen("127.0.0.1", 0)
    running = server(_app(), proxies)
    thread = Thread(target=running.run, kwargs={"sockets": [socket]})
    thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{socket.getsockname()[1]}", trust_env=False) as client:
        said = client.get("/", headers={"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}).json()
    running.should_exit = True
    thread.join(timeout=10)
    socket.close()
    return said["host"], said["scheme"]


def _app() -> FastAPI:
    web = FastAPI(openapi_url=None)

    def say(request: Request) -> dict[str, str]:
        return {"host": request.client.host if request.client else "", "scheme": request.url.scheme}

    web.add_api_route("/", say)
    return web


@pytest.mark.parametrize(
    ("proxies", "forwarded", "said"),
    [
        ((), "203.0.113.9", ("127.0.0.1", "http")),  # nobody is believed unless it is said
        (("10.0.0.0/8",), "203.0.113.9", ("127.0.0.1", "http")),  # nor who is not named
        (("127.0.0.1",), "203.0.113.9", ("203.0.113.9", "https")),
        (("127.0.0.0/8",), "203.0.113.9", ("203.0.113.9", "https")),
        (("127.0.0.1",), "198.51.100.1, 203.0.113.9", ("203.0.113.9", "https")),  # the first was written by anybody
        (("127.0.0.1", "10.0.0.0/8"), "198.51.100.1, 203.0.113.9, 10.1.2.3", ("203.0.113.9", "https")),
    ],
)
def test_only_named_proxies_are_believed(proxies, forwarded, said):
    """And of a chain only as far as each is named: what a client wrote itself counts for nothing."""
    assert asked(proxies, forwarded) == said


def test_the_setting_takes_addresses_and_networks(tmp_path, monkeypatch):
    """As JSON in the environment; what is neither stops the start with a sentence; none is the default."""
    keys = {"secret_key": STRONG, "address_key": STRONG}
    assert load(tmp_path, **keys).trusted_proxies == []
    monkeypatch.setenv("DIGEST_TRUSTED_PROXIES", '["127.0.0.1", "10.0.0.0/8", "fd00::/8"]')
    assert load(tmp_path, **keys).trusted_proxies == ["127.0.0.1", "10.0.0.0/8", "fd00::/8"]
    for wrong in ('["*"]', '["proxy.example"]', '["10.0.0.1/8"]'):
        monkeypatch.setenv("DIGEST_TRUSTED_PROXIES", wrong)
        with pytest.raises(SettingsError, match="write an address or a network"):
            load(tmp_path, **keys)
