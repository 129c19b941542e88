"""``digest templates``: the newsroom's own templates of its mails: checked, saved as versions, put back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.article_places import SOMEBODY, Who
from digest.cli.console import Json, answer, opened, read_text
from digest.errors import BadInput, Refused

if TYPE_CHECKING:
    from sqlmodel import Session

    from digest.bootstrap import App
    from digest.issues.plan import OwnTemplate
    from digest.proofs.trying import Tried
    from digest.rendering.models import TemplateVersion

commands = typer.Typer(help="The templates of the mails: check, save, put back.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the template: digest.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The MJML part.")]
Text = Annotated[
    Path | None, typer.Option("--text", help="The plain-text part. Default: FILE with .txt, else what is in use.")
]
Note = Annotated[str, typer.Option(help="Why, for the history.")]


@commands.command("list")
def list_(as_json: Json = False) -> None:
    """List all templates: those that come with the product, and the newsroom's own."""
    from digest.proofs import mail_templates

    with opened() as app, app.database.reading() as session:
        used = mail_templates.used_by(session)
        found: list[dict[str, Any]] = []
        for name in mail_templates.names(session):
            newest = mail_templates.newest(session, name)
            number = newest.number if newest and newest.mjml else 0
            found.append({"name": name, "version": number, "publications": used.get(name, [])})

    def say() -> None:
        for one in found:
            state = f"version {one['version']}" if one["version"] else "as shipped"
            print(f"{one['name']}\t{state}\t{', '.join(one['publications']) or 'no publication'}")

    answer(found, as_json, say)


@commands.command()
def show(
    name: Name,
    version: Annotated[
        int | None, typer.Option(help="A version; 0 is the shipped one. Default: the one in use.")
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="The plain-text part.")] = False,
    as_json: Json = False,
) -> None:
    """Print the MJML of a template, or its plain-text part, as a file to edit."""
    from digest.proofs import mail_templates

    with opened() as app, app.database.reading() as session:
        own = mail_templates.text_of(session, name, version)
    data = {"name": name, "version": own.number, "mjml": own.mjml, "text": own.text}
    answer(data, as_json, lambda: print(own.text if text else own.mjml, end=""))


@commands.command()
def check(
    file: File,
    text: Text = None,
    name: Annotated[str, typer.Option(help="The template it is to stand for.")] = "digest",
    as_json: Json = False,
) -> None:
    """Make mails of the sample newsroom with a template, and say what is wrong with them. Nothing is saved."""
    with opened() as app:
        with app.database.reading() as session:
            own = _read(session, name, file, text)
        tried = _tried(app, name, own)
    data = {"sound": tried.sound, "html_bytes": tried.html_bytes, "faults": [_fault(one) for one in tried.faults]}
    answer(data, as_json, lambda: print("\n".join(_said(tried))))
    if not tried.sound:
        raise typer.Exit(1)


@commands.command()
def save(
    name: Name, file: File, text: Text = None, note: Note = "", who: Who = SOMEBODY, as_json: Json = False
) -> None:
    """Save a template as its next version. Drafted issues take it up at once; what was approved is a draft again."""
    with opened() as app:
        with app.database.reading() as session:
            own = _read(session, name, file, text)
        tried = _tried(app, name, own)
        if not tried.sound:
            raise Refused(f"Nothing was saved. {' '.join(_said(tried))}")
        _store(app, name, own, note, who, as_json)


@commands.command()
def history(name: Name, as_json: Json = False) -> None:
    """List the versions of a template, the newest first: when, who, and why."""
    from digest.proofs import mail_templates

    with opened() as app, app.database.reading() as session:
        mail_templates.in_use(session, name)  # or say that there is no such template
        found = [_version(one) for one in mail_templates.history(session, name)]

    def say() -> None:
        for one in found:
            shipped = " as shipped" if one["shipped"] else ""
            print(f"{one['number']}{shipped}\t{one['at'][:16]} {one['who']}\t{one['note']}".rstrip())
        if not found:
            print(f"Template {name} is as shipped; no version was saved.")

    answer(found, as_json, say)


@commands.command()
def restore(
    name: Name,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Of the version; 0 is the shipped one.")],
    who: Who = SOMEBODY,
    as_json: Json = False,
) -> None:
    """Put an older version of a template back: it becomes the next version."""
    from digest.proofs import mail_templates

    with opened() as app:
        with app.database.reading() as session:
            own = mail_templates.text_of(session, name, number)
        if own.number == 0:
            _store(app, name, None, "as shipped", who, as_json)
            return
        tried = _tried(app, name, own)
        if not tried.sound:
            raise Refused(f"Version {number} is not sound any more. {' '.join(_said(tried))}")
        _store(app, name, own, f"version {number} put back", who, as_json)


def _read(session: "Session", name: str, file: Path, text: Path | None) -> "OwnTemplate":
    """Return both parts; the text is the file named, that beside the MJML, or what is in use."""
    from digest.errors import NotFound
    from digest.issues.plan import OwnTemplate
    from digest.proofs import mail_templates

    mjml, beside = read_text(file), file.with_suffix(".txt")
    if text is not None:
        return OwnTemplate(number=0, mjml=mjml, text=read_text(text))
    if str(file) != "-" and beside != file and beside.is_file():
        return OwnTemplate(number=0, mjml=mjml, text=read_text(beside))
    try:
        return OwnTemplate(number=0, mjml=mjml, text=mail_templates.in_use(session, name).text)
    except NotFound as error:
        raise BadInput(f"Template {name!r} is new: say its plain-text part, too: --text FILE.") from error


def _tried(app: "App", name: str, own: "OwnTemplate") -> "Tried":
    from digest.proofs import trying
    from digest.rendering.urls import Urls
    from digest.sample import editions

    return trying.attempt(own, name, editions.hard(), Urls(app.settings.base_url, app.keys))


def _store(app: "App", name: str, own: "OwnTemplate | None", note: str, who: str, as_json: bool) -> None:
    from digest.proofs import mail_templates

    with app.database.reading() as session:
        newest = mail_templates.newest(session, name)
        base = newest.number if newest else 0
    version, taken = mail_templates.save(app.database, name, own, who=who, at=app.clock.now(), base=base, note=note)
    issues = [one.number for one in taken]

    def say() -> None:
        print(f"Template {name}: version {version.number} is in use.")
        if issues:
            print(f"Taken up by issue {', '.join(map(str, issues))}: to be checked and approved anew.")

    answer(_version(version) | {"issues": issues}, as_json, say)


def _version(one: "TemplateVersion") -> dict[str, Any]:
    known = one.model_dump(mode="json", include={"name", "number", "at", "who", "note"})
    return known | {"shipped": not one.mjml}


def _fault(one: Any) -> dict[str, Any]:
    return {"part": one.part, "line": one.line, "sentence": one.said, "red": one.red}


def _said(tried: "Tried") -> list[str]:
    said = [f"{'' if one.red else 'To know: '}{one.said}" for one in tried.faults]
    return said if not tried.sound else [*said, f"It is sound. The largest mail has {tried.html_bytes:,} bytes."]
