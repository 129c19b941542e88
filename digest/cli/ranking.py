"""``digest ranking``: how good the order is, and whether other weights would make a better one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.console import Json, answer, opened, progress
from digest.errors import BadInput

if TYPE_CHECKING:
    from sqlmodel import Session

    from digest.evaluating.asking import Question
    from digest.evaluating.reporting import Report
    from digest.ranking.formula import Formula

commands = typer.Typer(help="How good the order is.", no_args_is_help=True)


@commands.callback()
def _group() -> None:
    """Keep ``evaluate`` a command of its own name, though it is the only one."""


@commands.command()
def evaluate(
    publication: Annotated[
        str | None, typer.Argument(metavar="[PUBLICATION]", help="Replay its past issues. Default: the only one.")
    ] = None,
    *,
    last: Annotated[int, typer.Option(min=1, help="So many past issues.")] = 40,
    newsroom: Annotated[bool, typer.Option("--newsroom", help="A made newsroom instead: needs no data.")] = False,
    issues: Annotated[int, typer.Option(min=1, help="Issues of the made newsroom.")] = 500,
    log: Annotated[
        Path | None,
        typer.Option(help="A folder with a public click log instead: EB-NeRD as CSV or JSON lines, or MIND."),
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Of a log, rank each so many-th impression.")] = 1,
    cadence: Annotated[str, typer.Option(help="weekly or daily: the formula for newsroom and log.")] = "weekly",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=NUMBER,...", help="Try other numbers, too; repeat it.")
    ] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", help="Only these two settings; now is the formula as it is."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the made newsroom and of the draws.")] = 7,
    draws: Annotated[int, typer.Option(min=100, help="Of the bootstrap, for the intervals.")] = 1_000,
    as_json: Json = False,
) -> None:
    """Measure the ranking against plain orders, with 95 % intervals: on past issues, a made newsroom or a click log.

    Plain orders: the badge and then the newest, Hacker News, newest first, most read. Other weights can be tried before
    they are changed: --set editor=30,reading=40 --set half_life=48, or --compare now editor=30,reading=40.
    """
    from digest.evaluating.asking import Question

    if sum((publication is not None, newsroom, log is not None)) > 1:
        raise BadInput("A publication, --newsroom and --log are three different things to measure on. Choose one.")
    question = Question(settings=settings or (), compare=compare, seed=seed, draws=draws)
    if newsroom:
        report = _newsroom(_formula(cadence), question, issues)
    elif log is not None:
        report = _log(log, _formula(cadence), question, every)
    else:
        report = _issues(publication, question, last)
    answer(report.as_json(), as_json, lambda: print("\n".join(report.told())))


def _formula(cadence: str) -> "Formula":
    from digest.ranking.formula import for_cadence

    try:
        return for_cadence(cadence)
    except ValueError as error:
        raise BadInput(str(error)) from error


def _newsroom(formula: "Formula", question: "Question", issues: int) -> "Report":
    from digest.evaluating.sources import from_newsroom

    with progress("Issues", issues) as tell:
        return from_newsroom(formula, question, issues=issues, tell=tell)


def _log(folder: Path, formula: "Formula", question: "Question", every: int) -> "Report":
    from digest.evaluating.sources import from_log

    with progress("Impressions read and ranked", None) as tell:
        return from_log(folder, formula, question, every=every, read=tell, ranked=tell)


def _issues(publication: str | None, question: "Question", last: int) -> "Report":
    from digest.evaluating.replaying import replay
    from digest.evaluating.sources import from_issues
    from digest.issues import publications

    with opened() as app, app.database.reading() as session:
        name = publication or _only(session)
        formula = _formula(publications.get(session, name).cadence)
        past = replay(session, name, last=last)
    with progress("Sections", len(past.cases)) as tell:
        return from_issues(past, name, formula, question, tell=tell)


def _only(session: "Session") -> str:
    from digest.issues import publications

    names = [one.id for one in publications.all_publications(session)]
    if len(names) != 1:
        told = f"There are {len(names)}: {', '.join(names)}." if names else "There is none yet."
        raise BadInput(f"Say which publication's issues to replay. {told} Or try: digest ranking evaluate --newsroom")
    return names[0]
