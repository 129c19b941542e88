"""``digest issues``: drafting an issue, looking at it, checking and approving it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli import issue_saying as saying
from digest.cli.console import Json, answer, opened, parse_time, progress
from digest.cli.issue_edits import commands as edits
from digest.errors import BadInput

if TYPE_CHECKING:
    from sqlmodel import Session

    from digest.bootstrap import App
    from digest.issues.models import Issue
    from digest.proofs.proof import Proof

commands = typer.Typer(help="The issues: draft, look, edit, check, approve, send.", no_args_is_help=True)
commands.add_typer(edits, name="edit")

WhichIssue = Annotated[
    str, typer.Argument(metavar="ISSUE", help="Number, id, start of the id, or a publication for its newest.")
]
Who = Annotated[str, typer.Option("--as", "--by", help="Who does it; stands in the issue's log.")]
SHOWN = 10  # editions with most readers


@commands.command()
def draft(
    publication: Annotated[str, typer.Argument(metavar="PUBLICATION", help="The publication's id.")],
    at: Annotated[str | None, typer.Option(help="The cut-off. Default: now.")] = None,
    once: Annotated[bool, typer.Option("--once", help="A special issue, outside the schedule.")] = False,
    refresh: Annotated[
        bool,
        typer.Option("--refresh/--no-refresh", help="Ask feeds, pages and pictures first; never with --at."),
    ] = True,
    as_json: Json = False,
) -> None:
    """Draft an issue: gather, rank, and say why each story stands where it does, or does not stand."""
    from digest.issues import drafting

    with opened() as app:
        if refresh and at is None:
            app.refresher.before_cutoff(say=lambda sentence: print(sentence, file=sys.stderr))
        as_of = parse_time(at) if at else app.clock.now().replace(microsecond=0)
        pictures = app.cut_pictures
        issue = drafting.draft(app.database, publication, as_of=as_of, at=app.clock.now(), once=once, pictures=pictures)
        data = _told(app, issue)
    answer(data, as_json, lambda: saying.say_draft(data))


@commands.command("list")
def list_(
    publication: Annotated[str | None, typer.Option(help="Only of this publication.")] = None, as_json: Json = False
) -> None:
    """List the issues, newest first."""
    from sqlmodel import col, select

    from digest.issues import publications
    from digest.issues.models import Issue

    with opened() as app, app.database.reading() as session:
        statement = select(Issue).order_by(col(Issue.as_of).desc(), col(Issue.number).desc())
        if publication:
            publications.get(session, publication)
            statement = statement.where(Issue.publication_id == publication)
        found = [saying.short(issue) for issue in session.exec(statement)]

    def say() -> None:
        for one in found:
            held = f"  HELD: {one['held']}" if one["held"] else ""
            print(f"{one['number']:>4}  {one['publication']}  {one['as_of']}  {one['status']}{held}  {one['issue']}")
        if not found:
            print("There is no issue yet. Draft one: digest issues draft PUBLICATION")

    answer(found, as_json, say)


@commands.command()
def show(issue: WhichIssue, as_json: Json = False) -> None:
    """Show an issue: where it stands, its edits, its editions, and who did what."""
    from digest.issues import finding, log, source_changes
    from digest.proofs import approval, storing

    with opened() as app, app.database.reading() as session:
        held = finding.issue(session, issue)
        approved = approval.valid(session, held)
        data = saying.short(held) | {
            "edits": held.edits,
            "source_changed": [one.as_json() for one in source_changes.of_stories(session, held)],
            "editions": [saying.edition(one) for one in storing.editions_of(session, held)],
            "approved_by": approved.who if approved else None,
            "log": [
                {"at": one.at.isoformat(), "who": one.who, "what": one.what, "before": one.before, "after": one.after}
                for one in log.entries(session, held)
            ],
        }
    answer(data, as_json, lambda: saying.say_issue(data))


@commands.command()
def explain(
    issue: WhichIssue,
    article: Annotated[str | None, typer.Argument(metavar="ARTICLE", help="Only this one, in every edition.")] = None,
    lists: Annotated[str, typer.Option(help="The edition of these lists, by comma. Default: all lists.")] = "",
    as_json: Json = False,
) -> None:
    """Say why each story stands where it does, and why every other article was left out."""
    from digest.issues import drafting, explaining, finding
    from digest.issues.building import Builder

    with opened() as app, app.database.reading() as session:
        held = finding.issue(session, issue)
        recipe = drafting.recipe(session, held)
        builder = Builder(recipe)
        if article:
            wanted = finding.candidate(recipe, article)
            orders = [one.lists for one in _wanted(app, session, held)]
            data: Any = explaining.one(builder, wanted, orders)
        else:
            chosen = tuple(part.strip() for part in lists.split(",") if part.strip())
            data = explaining.everything(builder, chosen or recipe.frame.newsroom_order)
    answer(data, as_json, lambda: saying.say_explained(data))


@commands.command()
def check(
    issue: WhichIssue,
    links: Annotated[bool, typer.Option("--links", help="Ask for every link as well: dead pages, logins.")] = False,
    as_json: Json = False,
) -> None:
    """Make the proof of an issue (every edition, rendered and measured), and say what the checks found."""
    with opened() as app:
        proof = _proof(app, issue)
        if links:
            proof = _with_links(app, proof)
        data: dict[str, Any] = {
            "issue": str(proof.issue_id),
            "version": proof.version,
            "editions": [saying.edition(one) for one in proof.editions],
            "checks": [one.as_json() for one in proof.checks],
        }
    answer(data, as_json, lambda: saying.say_checks(data["editions"], proof.checks))


@commands.command()
def approve(
    issue: WhichIssue,
    who: Who = "editor",
    accept: Annotated[
        list[str] | None, typer.Option(metavar="CODE=REASON", help="Accept an amber check; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Approve an issue: its editions are made, checked, and stored as they will be sent."""
    from digest.proofs import approval

    accepted = dict(_accepted(one) for one in accept or ())
    with opened() as app:
        proof = _proof(app, issue)
        made = approval.approve(app.database, proof.issue_id, who=who, at=app.clock.now(), accepted=accepted)
        data: dict[str, Any] = {
            "issue": str(proof.issue_id),
            "version": made.version,
            "content_hash": made.content_hash,
            "approved_by": made.who,
            "accepted": made.accepted,
            "editions": [saying.edition(one) for one in proof.editions],
            "readers": sum(made.audience.values()),
        }
    answer(data, as_json, lambda: print(
        f"Approved: {len(data['editions'])} editions for {data['readers']} readers. Next: digest issues send {issue}"
    ))  # fmt: skip


@commands.command()
def revoke(issue: WhichIssue, who: Who = "editor", as_json: Json = False) -> None:
    """Take an approval back: the issue is a draft again."""
    from digest.issues import finding
    from digest.proofs import approval

    with opened() as app:
        with app.database.reading() as session:
            held = finding.issue(session, issue)
        data = saying.short(approval.revoke(app.database, held.id, who=who, at=app.clock.now()))
    answer(data, as_json, lambda: print(f"Issue {data['number']} is a draft again."))


@commands.command()
def preview(
    issue: WhichIssue,
    folder: Annotated[Path, typer.Option(help="Where the pages go.")] = Path("preview"),
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
    as_json: Json = False,
) -> None:
    """Write every edition as a page one can look at: wide and narrow, dark, without pictures, as plain text."""
    import webbrowser

    from digest.proofs import checks
    from digest.proofs import preview as pages

    with opened() as app:
        proof = _current_proof(app, issue)
        pictures = app.settings.pictures_dir
        page = pages.write(
            editions=proof.editions,
            folder=folder,
            pictures=pictures if pictures.is_dir() else None,
            base_url=app.settings.base_url,
            title=f"Preview of issue {issue}",
            findings=[checks.about(proof.checks, edition) for edition in proof.editions],
        )
    if open_ and not as_json:
        webbrowser.open(page.resolve().as_uri())
    answer({"preview": str(page)}, as_json, lambda: print(f"Wrote {page}."))


@commands.command("test")
def send_test(
    issue: WhichIssue,
    to: Annotated[list[str] | None, typer.Option(help="A tester, or who works on it; may be repeated.")] = None,
    lists: Annotated[str, typer.Option(help="The edition of these lists, by comma. Default: most readers.")] = "",
    who: Who = "editor",
    as_json: Json = False,
) -> None:
    """Send one edition, marked [Test], to testers (default: all) or colleagues. No reader's ledger knows of it."""
    from digest.editors import testing
    from digest.issues import publications
    from digest.issues.drafting import find
    from digest.proofs import storing
    from subscribers import normalise

    with opened() as app:
        proof = _current_proof(app, issue)
        edition = storing.chosen(proof.editions, tuple(part.strip() for part in lists.split(",") if part.strip()))
        with app.database.reading() as session:
            publication = publications.get(session, find(session, proof.issue_id).publication_id)
            own = testing.colleagues(session, publication)
        sent = testing.send(
            app.database,
            app.provider_of,
            proof.issue_id,
            edition.number,
            to=[normalise(one) for one in to or publication.testers],
            own=own,
            who=who,
            at=app.clock.now(),
            base_url=app.settings.base_url,
        )
    data = {"to": list(sent.to), "troubles": list(sent.troubles), "lists": edition.lists, "subject": edition.subject}
    answer(data, as_json, lambda: print(f"Edition {' + '.join(edition.lists)}: {sent.sentence}"))


def _told(app: "App", issue: "Issue") -> dict[str, Any]:
    """Return a draft as data: the whole issue in the newsroom's order, then the editions with most readers."""
    from digest.issues import drafting, source_changes, telling
    from digest.issues.building import Builder

    with app.database.reading() as session:
        recipe = drafting.recipe(session, issue)
        wanted = _wanted(app, session, issue)
    builder = Builder(recipe)
    plans = [builder.build(lists) for lists in (recipe.frame.newsroom_order, *(one.lists for one in wanted[:SHOWN]))]
    with app.database.reading() as session:
        standing = {str(story.article_id) for plan in plans for story in plan.stories}
        changed = [one.as_json() for one in source_changes.of_stories(session, issue, standing, recipe)]
    whole, *editions = (telling.edition(plan, recipe) for plan in plans)
    counted = [plain | {"readers": one.readers} for plain, one in zip(editions, wanted, strict=False)]
    more = {"editions": counted, "editions_in_all": len(wanted), "source_changed": changed}
    return telling.issue(issue, recipe) | whole | more


def _wanted(app: "App", session: "Session", issue: "Issue") -> list[Any]:
    from digest.issues.frame import Frame
    from digest.proofs import editions
    from subscribers import audience_sets

    sets = audience_sets(session, issue.publication_id, app.clock.now())
    return list(editions.plan(sets, Frame.model_validate(issue.frame)).wanted)


def _proof(app: "App", issue: str) -> "Proof":
    """Make the proof anew: the readers may have changed since the last one."""
    from digest.issues import finding
    from digest.proofs import making, relaxed
    from digest.rendering.urls import Urls

    with app.database.reading() as session:
        held = finding.issue(session, issue)
        total = len(_wanted(app, session, held))
    with progress("Editions", total) as tell:
        return making.make_proof(
            app.database,
            held.id,
            urls=Urls(app.settings.base_url, app.keys),
            at=app.clock.now(),
            relaxed=relaxed.names(app.settings),
            tell=tell,
        )


def _with_links(app: "App", proof: "Proof") -> "Proof":
    """Ask for the links of a proof, say what came of it, and return the proof with that."""
    from digest.proofs import link_fetching, relaxed

    names = relaxed.names(app.settings)
    report = link_fetching.fetch(app.database, proof.issue_id, app.fetcher, at=app.clock.now(), relaxed=names)
    print(report.sentence, file=sys.stderr)
    return _current_proof(app, str(proof.issue_id))


def _current_proof(app: "App", issue: str) -> "Proof":
    from digest.issues import finding
    from digest.proofs import making

    with app.database.reading() as session:
        proof = making.stored_proof(session, finding.issue(session, issue))
        session.expunge_all()  # its editions are read after this session
    return proof or _proof(app, issue)


def _accepted(text: str) -> tuple[str, str]:
    code, given, reason = text.partition("=")
    if not given or not reason.strip():
        raise BadInput(f"{text!r} does not say why. Write --accept CODE=REASON.")
    return code.strip(), reason.strip()
