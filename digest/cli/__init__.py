"""The commands. Each noun has a file; heavy imports stand inside the commands, so that ``--help`` is quick."""

import sys

import typer

from digest.errors import DigestError

app = typer.Typer(
    name="digest",
    help="Ranks a newsroom's articles into one regional email digest per reader, and sends it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run a command. Exit 0: done; 1: refused, with a sentence; 2: wrong usage."""
    from subscribers.errors import SubscribersError

    try:
        app()
    except (DigestError, SubscribersError) as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(0)
