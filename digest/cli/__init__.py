"""The commands. Each noun has a file; heavy imports stand inside the commands, so that ``--help`` is quick."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from digest.cli import (
    articles,
    database,
    demo,
    init,
    issue_edits,
    issue_sending,
    issues,
    lists,
    publications,
    reads,
    regions,
    schedule,
    serve,
    subscribers,
    worker,
)
from digest.errors import BadInput, DigestError

app = typer.Typer(
    name="digest",
    help="Ranks a newsroom's articles into one regional email digest per reader, and sends it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
