"""``digest lists``: what one can subscribe to."""

from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.console import Json, answer, opened
from digest.errors import BadInput

if TYPE_CHECKING:
    from subscribers import ListData

commands = typer.Typer(
    help="The lists one can subscribe to: add and list them, and a form for your own site.", no_args_is_help=True
)


@commands.command()
def add(
    list_id: Annotated[str, typer.Argument(metavar="ID", help="A short name: small letters, digits, hyphens.")],
    *,
    publication: Annotated[str, typer.Option(help="The publication whose mail it is, by id.")],
    region: Annotated[str, typer.Option(help="The region it is about, by id.")],
    name: Annotated[str, typer.Option(help="The name readers see.")],
    language: Annotated[str, typer.Option(help="The language of its mail, as a code.")] = "en",
    description: Annotated[str, typer.Option(help="What it is about, in a sentence.")] = "",
    position: Annotated[int | None, typer.Option(help="Its place among the lists; the last by default.")] = None,
    closed: Annotated[bool, typer.Option("--closed", help="Nobody new can subscribe.")] = False,
    as_json: Json = False,
) -> None:
    """Add a list: a publication's mail about one region, in one language."""
    import subscribers
    from digest.issues.publications import get as get_publication
    from digest.regions import get_region

    with opened() as app, app.database.writing() as session:
        get_publication(session, publication)
        get_region(session, region)
        known = {data.id: data for data in subscribers.lists(session, publication)}
        last = max((data.position for data in known.values()), default=0)
        place = position if position is not None else known[list_id].position if list_id in known else last + 1
        if not name.strip():
            raise BadInput("A list needs a name that readers see. Write --name NAME.")
        data = subscribers.ListData(
            id=list_id,
            name=name,
            description=description,
            family=publication,
            topic=region,
            language=language,
            position=place,
            open=not closed,
        )
        subscribers.add_list(session, data)
    answer(_public(data), as_json, lambda: print(f"Added the list {data.id} ({data.name})."))


@commands.command(name="list")
def show_all(
    publication: Annotated[str, typer.Option(help="Only the lists of this publication.")] = "",
    as_json: Json = False,
) -> None:
    """List the lists, with how many readers each has now."""
    import subscribers
    from digest.issues.publications import get as get_publication

    with opened() as app, app.database.reading() as session:
        if publication:
            get_publication(session, publication)
        found = subscribers.lists(session, publication or None)
        readers: dict[str, int] = {}
        for family in {data.family for data in found}:
            for one in subscribers.audience_sets(session, family, app.clock.now()):
                for list_id in one.lists:
                    readers[list_id] = readers.get(list_id, 0) + one.readers

    def say() -> None:
        for data in found:
            count = readers.get(data.id, 0)
            print(f"{data.id:24} {data.name:32} {data.family:20} {data.topic:20} {data.language:6} {count:>9,}")
        if not found:
            print("There is no list yet. Add one: digest lists add ID --publication ID --region REGION --name NAME")

    answer([_public(data) | {"readers": readers.get(data.id, 0)} for data in found], as_json, say)


@commands.command()
def form(
    publication: Annotated[str, typer.Argument(help="The publication, by id.")],
    *,
    lists: Annotated[list[str] | None, typer.Option("--list", help="Only this list; give it again for more.")] = None,
    language: Annotated[str, typer.Option(help="The language of the form; the publication's by default.")] = "",
    as_json: Json = False,
) -> None:
    """Print a sign-up form in HTML, without script, to put on your own site.

    It sends to /join here. Whoever fills it gets a mail first and is signed up by a button behind its link, so that it
    may stand on any site.
    """
    import subscribers
    from digest.issues.publications import get as get_publication
    from digest.rendering.catalogue.pages import page_words
    from digest.rendering.templates import run

    with opened() as app, app.database.reading() as session:
        found = get_publication(session, publication)
        known = [data for data in subscribers.lists(session, publication) if data.open]
        base_url = app.settings.base_url.rstrip("/")
    if missing := sorted(set(lists or []) - {data.id for data in known}):
        raise BadInput(f"{publication} has no open list {missing[0]!r}. See them: digest lists list")
    shown = [data for data in known if not lists or data.id in lists]
    if not shown:
        raise BadInput(f"{publication} has no open list to sign up to. Add one: digest lists add ID --publication ...")
    words = page_words(language or found.language)
    values = {"action": f"{base_url}/join/{publication}", "lists": shown, "_": words.text, "words": words}
    html = run("public/snippet.html", values)
    answer({"html": html}, as_json, lambda: print(html, end=""))


def _public(data: "ListData") -> dict[str, object]:
    """Return a list in the product's own words: its family is a publication, its topic a region."""
    values = data.model_dump()
    return {"publication": values.pop("family"), "region": values.pop("topic"), **values}
