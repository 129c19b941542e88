"""The socket that is served: TCP said so, so that answers do not wait for the other side."""

import asyncio
import socket
import threading

import pytest

from digest.errors import Refused
from digest.web.serving import listen


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_accepted_connections_do_not_wait_for_acknowledgements(host: str):
    """TCP_NODELAY is set on what asyncio accepts, as uvicorn does: else an answer of two writes comes 40 ms late."""
    try:
        on = listen(host, 0)
    except Refused:
        assert host == "::1", "this machine has no IPv6"
        return
    told: list[int] = []

    async def serve() -> None:
        done = asyncio.Event()

        class Accepted(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                accepted = transport.get_extra_info("socket")
                told.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
                transport.close()
                done.set()

        server = await asyncio.get_running_loop().create_server(Accepted, sock=on)
        await asyncio.wait_for(done.wait(), 10)
        server.close()
        await server.wait_closed()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    with socket.create_connection(on.getsockname()[:2], timeout=10) as line:
        line.recv(1)
    thread.join()
    assert told == [1]


def test_a_port_that_is_taken_is_said():
    """With what to do."""
    with listen("127.0.0.1", 0) as on, pytest.raises(Refused, match="Take another --port"):
        listen("127.0.0.1", on.getsockname()[1])
