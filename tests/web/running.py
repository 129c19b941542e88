"""Runs a web application on loopback in a thread, and ends it without the pauses that uvicorn makes in earnest."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import socket
from threading import Thread

import uvicorn
from fastapi import FastAPI

from digest.web.serving import listen, server

TICK = 0.1  # seconds, as uvicorn's own


class Prompt(uvicorn.Server):
    """The server as the product sets it up, but it is told to end, where uvicorn looks ten times a second."""

    def end(self) -> None:
        """Let it answer nobody any more; from any thread."""
        self.should_exit = True
        with suppress(AttributeError, RuntimeError):  # not begun, or over
            self._loop.call_soon_threadsafe(self._told.set)

    async def main_loop(self) -> None:
        """Keep the date of the answers, until it is told to end."""
        self._told, self._loop = asyncio.Event(), asyncio.get_running_loop()
        ticks = 0
        while not await self.on_tick(ticks):
            ticks = (ticks + 1) % 864_000
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), TICK)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Close what is open, and wait for what is being done; uvicorn first waits a tenth of a second."""
        for each in self.servers:
            each.close()
        for one in sockets or []:
            one.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)
        await asyncio.wait_for(self._wait_tasks_to_complete(), 60)
        await self.lifespan.shutdown()


@contextmanager
def running(web: FastAPI, on: socket | None = None) -> Iterator[tuple[str, Prompt]]:
    """Answer on a socket, or on one of its own, while the block runs; yields the address and the server."""
    taken = on or listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    prompt = Prompt(server(web).config)
    thread = Thread(target=prompt.run, kwargs={"sockets": [taken]})
    thread.start()
    try:
        yield address, prompt
    finally:
        prompt.end()
        thread.join(timeout=60)
        taken.close()
