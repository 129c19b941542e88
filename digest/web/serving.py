"""Runs the web application on a socket."""

import socket
from collections.abc import Sequence

import uvicorn
from fastapi import FastAPI

from digest.errors import Refused


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address; port 0 takes a free one. Raises Refused with a sentence."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Said to be TCP: asyncio, which uvicorn uses, sets TCP_NODELAY on what is accepted only then. Else an answer of two
    # writes waits 40 ms for the other side's delayed acknowledgement.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen()
    except OSError as error:
        made.close()
        raise Refused(f"Cannot listen on {host}:{port}: {error.strerror}. Take another --port.") from error
    return made


def server(web: FastAPI, proxies: Sequence[str] = (), *, access: bool = False) -> uvicorn.Server:
    """Return a server that runs on a socket it is given: ``run(sockets=[...])``. It logs where ``digest.logs`` says.

    ``proxies``: addresses and networks of those whose X-Forwarded-For and X-Forwarded-Proto are believed; of a chain
    of proxies the last address that is none of them counts. Without any, who asks is who connects. ``access``: log
    each request; the addresses of our pages hold tokens, which the lines of ``digest.logs`` mask.
    """
    config = uvicorn.Config(
        web,
        log_config=None,
        access_log=access,
        server_header=False,
        date_header=True,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
    )
    return uvicorn.Server(config)


def run(web: FastAPI, on: socket.socket, proxies: Sequence[str] = (), *, access: bool = False) -> None:
    """Serve until the process is told to stop. ``proxies`` and ``access``: as for ``server``."""
    server(web, proxies, access=access).run(sockets=[on])
