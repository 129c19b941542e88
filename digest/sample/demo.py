"""The demo: the whole way of the sample newsroom, from its feeds to mails in the outbox. Safe to repeat.

Every step looks at what stands already, so that a demo that was interrupted goes on where it was, and a second one
sends nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from digest import migrating, regions
from digest.articles import collecting, reads
from digest.articles.clusters import comparing
from digest.articles.feeds.meanings import parse_map, region_names
from digest.articles.pictures.fetching import fetch_due
from digest.articles.storing import Import
from digest.bootstrap import App
from digest.engine import local
from digest.fetching import Fetcher
from digest.issues import drafting, editing, lifecycle, publications
from digest.issues.building import Builder
from digest.issues.models import Issue, IssueStatus, Publication
from digest.issues.plan import EditionPlan
from digest.proofs import approval, checks, making, preview, relaxed, storing
from digest.proofs.check import Level
from digest.proofs.models import Edition
from digest.proofs.proof import Proof
from digest.rendering import slots
from digest.rendering.urls import Urls
from digest.sample import newsroom
from digest.sending import control, ledger
from subscribers import ListData, add_list, import_csv, lists

WHO = "demo"
Say = Callable[[str], None]
Progress = Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the demo has to show of one issue."""

    issue: Issue
    plan: EditionPlan  # of all lists, in the newsroom's order
    counts: dict[str, int]
    editions: int
    page: Path
    html: Path
    text: Path


def run(app: App, say: Say, progress: Progress) -> list[Shown]:
    """Go the whole way; returns what there is to show, an issue for each publication."""
    migrating.upgrade(app.database)
    _set_up(app)
    _import_articles(app, say, progress)
    _cut_pictures(app, say)
    _import_reads(app)
    _import_readers(app, say, progress)
    issues = [_draft(app, given["id"], say) for given in newsroom.PUBLICATIONS]
    for issue in issues:
        _approve_and_schedule(app, issue, say, progress)
    _send(app, issues, say, progress)
    return [_shown(app, issue.id) for issue in issues]


def _set_up(app: App) -> None:
    with app.database.writing() as session:
        regions.apply_preset(session, newsroom.PRESET)
        for given in newsroom.PUBLICATIONS:
            if session.get(Publication, given["id"]) is None:
                publications.add(session, publications.checked(**given))
        known = {one.id for one in lists(session)}
        for given in newsroom.LISTS:
            if given["id"] not in known:  # what somebody changed of it at the desk stays
                add_list(session, ListData.model_validate(given))


def _import_articles(app: App, say: Say, progress: Progress) -> None:
    with app.database.reading() as session:
        names = region_names(regions.all_regions(session))
    fetcher = Fetcher()
    new = stored = 0
    with progress("Articles", len(newsroom.FEEDS)) as done:
        for feed in newsroom.FEEDS:
            origin, content = collecting.open_origin(str(newsroom.folder() / feed["path"]), fetcher)
            targets = parse_map([f"{word}={kind}" for word, kind in feed["categories"].items()], names)
            batch = collecting.read(content, origin, app.pictures)
            terms = Import(source=feed["source"], at=newsroom.CUTOFF, language=feed["language"], region=feed["region"])
            report = collecting.store(app.database, batch, terms, backlog=True, targets=targets)
            for error in report.errors:
                say(str(error))
            new, stored = new + report.new, stored + report.stored
            done(1)
    comparing.compare(app.database, newsroom.CUTOFF)
    say(f"Articles: {stored} from {len(newsroom.FEEDS)} feeds and files, {new} of them new.")


def _cut_pictures(app: App, say: Say) -> None:
    """Cut the pictures for the mail; they lie in the folder already, so nothing is asked for over the network."""
    if app.cut_pictures is None:
        return
    came = fetch_due(app.database, Fetcher(), app.cut_pictures, newsroom.CUTOFF)
    if came.kept or came.failed:
        say(f"Pictures: {came.kept} cut for the mail, {came.failed} not to be had.")


def _import_reads(app: App) -> None:
    period = reads.Period(*newsroom.WEEK)
    columns = {newsroom.PAGE_READS: ["url=url", "views=views"], newsroom.MOST_READ: ["url=url", "rank=rank"]}
    for path, mapping in columns.items():
        rows = list(reads.read_csv((newsroom.folder() / path).read_bytes(), reads.parse_columns(mapping), ""))
        with app.database.writing() as session:
            reads.import_reads(session, rows, source=Path(path).stem, period=period)


def _import_readers(app: App, say: Say, progress: Progress) -> None:
    lines = newsroom.readers_csv().splitlines(keepends=True)
    with progress("Readers", newsroom.READERS) as done:
        report = import_csv(app.database, app.keys, lines, at=app.clock.now(), source="sample", on_rows=done)
    say(f"Readers: {report.rows:,} on {len(newsroom.LISTS)} lists, {report.new:,} of them new.")


def _draft(app: App, publication_id: str, say: Say) -> Issue:
    now, pictures = app.clock.now(), app.cut_pictures
    issue = drafting.draft(app.database, publication_id, as_of=newsroom.CUTOFF, at=now, pictures=pictures)
    note = newsroom.NOTES[publication_id]
    if issue.status in lifecycle.UNAPPROVED and issue.edits.get("note") != note:
        issue = editing.set_text(app.database, issue.id, "note", note, who=WHO, at=app.clock.now())
    say(f"Issue {issue.number} of {publication_id}: cut off {issue.as_of:%Y-%m-%d %H:%M} UTC, {issue.status}.")
    return issue


def _approve_and_schedule(app: App, issue: Issue, say: Say, progress: Progress) -> None:
    now = app.clock.now()
    with app.database.reading() as session:
        status = session.get_one(Issue, issue.id).status
    if status in lifecycle.UNAPPROVED:
        proof = _proof(app, issue, progress)
        amber = [check for check in proof.checks if check.level is Level.amber]
        for check in amber:
            say(f"  amber, accepted for the demo: {check.sentence}")
        accepted = {check.code: "seen and accepted by the demo" for check in amber}
        approval.approve(app.database, issue.id, who=WHO, at=now, accepted=accepted)
        say(f"  {len(proof.editions)} editions made, checked and approved.")
        status = IssueStatus.approved
    if status == IssueStatus.approved:
        control.send(app.database, issue.id, who=WHO, at=now, undo=timedelta(0))


def _proof(app: App, issue: Issue, progress: Progress) -> Proof:
    with progress("Editions", None) as done:
        return making.make_proof(
            app.database,
            issue.id,
            urls=Urls(app.settings.base_url, app.keys),
            at=app.clock.now(),
            relaxed=relaxed.names(app.settings),
            tell=done,
        )


def _send(app: App, issues: list[Issue], say: Say, progress: Progress) -> None:
    with app.database.reading() as session:
        waiting = [one for issue in issues if (one := session.get_one(Issue, issue.id)).status != IssueStatus.sent]
        total = newsroom.READERS if waiting else 0
    if not waiting:
        say("Both issues were sent before; nothing is sent again.")
        return
    with progress("Sending", total) as done:
        means = replace(app.means, refresher=None)  # the sample lies in files: no connection is opened
        local.run(means, concurrency=app.settings.send_concurrency, until_idle=True, on_progress=done)


def _shown(app: App, issue_id: Any) -> Shown:
    with app.database.reading() as session:
        issue = session.get_one(Issue, issue_id)
        recipe = drafting.recipe(session, issue)
        counts = ledger.counts(session, issue.number)
        editions = storing.editions_of(session, issue)
        proof = making.stored_proof(session, issue)
    folder = app.settings.outbox_dir.parent / "preview" / issue.publication_id
    page = preview.write(
        editions=editions,
        folder=folder,
        pictures=app.settings.pictures_dir if app.settings.pictures_dir.is_dir() else None,
        base_url=app.settings.base_url,
        title=f"Issue {issue.number} of {issue.publication_id}",
        findings=[checks.about(proof.checks, one) for one in editions] if proof else (),
    )
    html, text = _parts(max(editions, key=lambda one: one.readers), folder, app.settings.base_url)
    plan = Builder(recipe).build(recipe.frame.newsroom_order)
    return Shown(issue, plan, counts, len(editions), page, html, text)


def _parts(edition: Edition, folder: Path, base_url: str) -> tuple[Path, Path]:
    """Write the two parts of an edition's mail as they are sent, with made-up values in the personal places."""
    values = preview.sample(edition, base_url)
    html, text = folder / "mail.html", folder / "mail.txt"
    html.write_text(slots.fill(edition.html, values), encoding="utf-8")
    text.write_text(slots.fill(edition.text, values), encoding="utf-8")
    return html, text


def mails(app: App) -> Iterator[Path]:
    """Yield the .eml files in the outbox, in order of name."""
    yield from sorted(app.settings.outbox_dir.rglob("*.eml"))
