"""``digest serve``: the web pages that mails link to."""

from typing import Annotated

import typer

from digest.cli.console import counted, logging_of, opened

commands = typer.Typer(help="The web pages that mails link to.")


@commands.callback(invoke_without_command=True)
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")] = 8000,
) -> None:
    """Serve the web pages until stopped: unsubscribe, preferences, editions in the browser, pictures."""
    with opened() as app:
        from digest.web.app import create
        from digest.web.serving import listen, run

        accounts = len(app.webhooks)  # read now: a wrong webhook secret stops the start with a sentence
        socket = listen(host, port)
        print(f"Serving on http://{host}:{socket.getsockname()[1]} (Ctrl-C stops).", flush=True)
        if accounts:
            print(f"{counted(accounts, 'account')} may tell by webhooks what came back.", flush=True)
        logging_of(app)
        run(create(app), socket, app.settings.trusted_proxies, access=app.settings.log_level == "debug")
