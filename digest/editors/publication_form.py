"""A publication as a form: its fields in groups with what they say, and back from what somebody typed. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from digest.editors import hours
from digest.errors import BadInput
from digest.issues.models import Publication

LIST: Final = "account:"  # + the id of a list
MOST_LINES: Final = 400


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form. ``kind``: text, area, lines, number, box, choice, day, hours."""

    name: str
    label: str
    kind: str = "text"
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()


def _choices(**named: str) -> tuple[tuple[str, str], ...]:
    return tuple(named.items())


_UNAPPROVED: Final = _choices(hold="Hold it, and tell", send="Send it, if all is green")
_EMPTY: Final = _choices(
    skip="Skip it", send="Send it all the same", hold="Hold it, and tell", borrow="Borrow from the parent region"
)
_CLICKS: Final = _choices(
    off="Not counted", anonymous="Counted without persons", personal="Counted by person, of those who agreed"
)
_ARCHIVE: Final = _choices(off="No", noindex="By their address, not in search engines", public="Everywhere")
GROUPS: Final[tuple[tuple[str, tuple[Field, ...]], ...]] = (
    (
        "Who it comes from",
        (
            Field("name", "Name", hint="What readers know it as."),
            Field("language", "Language", hint="Of its own words: en, ar, pt-br."),
            Field("sender_name", "Sender’s name"),
            Field("sender_address", "Sender’s address"),
            Field("reply_to", "Answers go to", hint="Empty: to the sender."),
            Field("postal_address", "Postal address", "area", "The law asks for one; it stands in every mail."),
            Field("website", "Website"),
            Field("logo_url", "Logo on a light ground", hint="A web address. Empty: the name as text."),
            Field("logo_dark_url", "Logo on a dark ground"),
            Field("editor_name", "Editor’s name", hint="Who signs the note."),
            Field("editor_role", "Editor’s role"),
            Field("editors", "Who gets the draft", "lines", "An address on each line."),
            Field("template", "Template", "choice"),
        ),
    ),
    (
        "When",
        (
            Field("cadence", "Cadence", "choice", choices=_choices(weekly="Weekly", daily="Daily")),
            Field("every", "Every so many weeks (or days)", "number", "1: each time."),
            Field("starts_on", "Starts on", "day", "The first sending, or a day before it; from it they are counted."),
            Field("zone", "Time zone", hint="As in Europe/Brussels."),
            Field("cutoff", "Cut-off", "hours"),
            Field("review", "Review until", "hours"),
            Field("remind_minutes", "Remind editors so many minutes before", "number"),
            Field("send", "Sends", "hours"),
            Field("reader_zones", "Each reader gets it at that hour of their own zone", "box"),
            Field("skip_dates", "Days without a sending", "lines", "A date on each line: 2026-12-28."),
        ),
    ),
    (
        "Rules",
        (
            Field("unapproved", "Not approved in time", "choice", choices=_UNAPPROVED),
            Field("grace_hours", "How many hours late it may still be sent", "number"),
            Field("empty", "With too few stories", "choice", choices=_EMPTY),
            Field("minimum_stories", "Too few is less than", "number"),
            Field("section_stories", "Full stories a section", "number"),
            Field("section_briefs", "Brief ones a section", "number"),
            Field("companion", "Companion", "choice", "The daily that its readers do not get on its day."),
            Field("repeats_daily", "Stories of the companion may stand here again", "box"),
            Field("clicks", "Clicks", "choice", choices=_CLICKS),
            Field("quiet_days", "Ask readers who were quiet for so many days", "number", "0: nobody is asked."),
            Field("quiet_grace", "Pause their mail so many days later", "number", "Where no answer came."),
            Field("archive", "Issues of single open lists on the web", "choice", choices=_ARCHIVE),
            Field("reader_order", "Readers may choose the order of their lists", "box"),
            Field("house_bylines", "House bylines", "lines", "Bylines that are no author, each on a line."),
            Field("four_eyes", "Who changed an issue last does not approve it", "box"),
            Field("test_required", "No approval before a test of that very content", "box"),
            Field("testers", "Who may get tests", "lines", "Up to 10 addresses, each on a line."),
        ),
    ),
    ("How it is sent", (Field("account", "Sending account", "choice"),)),
)  # fmt: skip
FIELDS: Final = {field.name: field for _title, fields in GROUPS for field in fields}
AT_ONCE: Final = frozenset({"account", "list_accounts"})
RULES: Final = frozenset(
    {"unapproved", "grace_hours", "four_eyes", "test_required", "testers", "editors", "remind_minutes", "review"}
)
READERS: Final = frozenset({"archive", "quiet_days", "quiet_grace"})  # no part of an issue
COMING: Final = frozenset(
    {"cadence", "companion", "cutoff", "every", "reader_order", "reader_zones"}
    | {"send", "skip_dates", "starts_on", "zone"}
)


@dataclass(frozen=True, slots=True)
class Around:
    """What there is to choose from."""

    accounts: Sequence[str]
    lists: Sequence[tuple[str, str]]  # id and name
    templates: Sequence[str]
    others: Sequence[tuple[str, str]]  # other publications: id and name


def groups(
    publication: Publication, around: Around, typed: Mapping[str, str] | None, wrong: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the groups as the page shows them. ``typed``: what stands in the fields; ``wrong``: field -> sentence."""
    made: list[dict[str, Any]] = [
        {"title": title, "fields": [_shown(field, publication, around, typed, wrong) for field in fields]}
        for title, fields in GROUPS
    ]
    made[-1]["fields"] += [_of_list(one, name, publication, around, typed) for one, name in around.lists]
    return made


def given(
    form: Mapping[str, str], publication: Publication, lists: Collection[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what a form asks for, and field -> what is wrong with the way it is written."""
    found: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, field in FIELDS.items():
        try:
            found[name] = _read(field, form, publication)
        except BadInput as error:
            wrong[name] = str(error)
    chosen = {one: form.get(f"{LIST}{one}", publication.list_accounts.get(one, "")) for one in lists}
    kept = {one: account for one, account in publication.list_accounts.items() if one not in chosen}
    found["list_accounts"] = kept | {one: account for one, account in chosen.items() if account}
    return found, wrong


def consequences(changed: Collection[str], drafted: Sequence[int]) -> list[str]:
    """Return what a change does to issues that are drafted already, in sentences. ``drafted``: their numbers."""
    if not drafted or not changed:
        return []
    names = f"Issue {drafted[0]} is" if len(drafted) == 1 else f"Issues {', '.join(map(str, drafted))} are"
    said = [f"{names} drafted already."]
    mailed = set(changed) - AT_ONCE - RULES - READERS - COMING - {"template"}
    if mailed:
        command = f"digest issues edit {drafted[0]} refresh"
        said.append(
            f"What it prints and ranks by stays as it was drafted, until its candidates are refreshed: {command}"
        )
    if "template" in changed:
        said.append("It keeps its template until its candidates are refreshed.")
    if set(changed) & COMING:
        said.append("It keeps its hour and its readers; the schedule holds from the next run on.")
    if set(changed) & RULES:
        said.append("Rules of approval, and who is told, hold for it at once.")
    if set(changed) & AT_ONCE:
        said.append("The sending account holds at once, also for what is queued.")
    return said


def _shown(
    field: Field, publication: Publication, around: Around, typed: Mapping[str, str] | None, wrong: Mapping[str, str]
) -> dict[str, Any]:
    stored = getattr(publication, field.name)
    said: dict[str, Any] = {"name": field.name, "label": field.label, "kind": field.kind, "hint": field.hint}
    said |= {"wrong": wrong.get(field.name, ""), "choices": _choices_of(field, around, stored), "stored": ""}
    if field.kind == "hours":
        return said | _hours(field.name, stored, typed)
    value = _written(field, stored)
    now = value if typed is None else typed.get(field.name, "")
    if typed is not None and now.replace("\r\n", "\n").strip() != value:
        said["stored"] = value or "empty"
    return said | {"value": now}


def _hours(name: str, stored: str, typed: Mapping[str, str] | None) -> dict[str, Any]:
    day, time = hours.day_and_time(stored)
    if typed is not None:
        day, time = typed.get(f"{name}_day", day), typed.get(f"{name}_time", time)
    days = ((hours.NONE, "Until the sending"), *hours.DAYS) if name == "review" else hours.DAYS
    line = stored if typed is None else typed.get(f"{name}_line", stored)
    return {"days": days, "day": day, "time": time, "line": line, "was": stored}


def _of_list(
    one: str, name: str, publication: Publication, around: Around, typed: Mapping[str, str] | None
) -> dict[str, Any]:
    stored = publication.list_accounts.get(one, "")
    return {
        "name": f"{LIST}{one}",
        "label": f"Account of the list {name}",
        "kind": "choice",
        "hint": "",
        "wrong": "",
        "stored": "",
        "choices": [("", "That of the publication"), *_known(around.accounts, stored)],
        "value": stored if typed is None else typed.get(f"{LIST}{one}", stored),
    }


def _choices_of(field: Field, around: Around, stored: Any) -> list[tuple[str, str]]:
    if field.name == "account":
        return [("", "The one the settings name"), *_known(around.accounts, stored)]
    if field.name == "template":
        return _known(around.templates, stored)
    if field.name == "companion":
        known = [one for one, _name in around.others]
        gone = [(stored, stored)] if stored and stored not in known else []
        return [("", "None"), *around.others, *gone]
    return list(field.choices)


def _known(names: Sequence[str], stored: str) -> list[tuple[str, str]]:
    return [(one, one) for one in dict.fromkeys([*names, *([stored] if stored else [])])]


def _written(field: Field, stored: Any) -> str:
    if field.kind == "lines":
        return "\n".join(stored)
    if field.kind == "box":
        return "yes" if stored else ""
    if field.kind == "number" and isinstance(stored, float):
        return f"{stored:g}"
    return str(stored)


def _read(field: Field, form: Mapping[str, str], publication: Publication) -> Any:
    text = form.get(field.name, "").replace("\r\n", "\n").strip()
    if field.kind == "hours":
        parts = {part: form.get(f"{field.name}_{part}", "").strip() for part in ("day", "time", "line")}
        return hours.line_of(getattr(publication, field.name), **parts)
    if field.kind == "box":
        return text == "yes"
    if field.kind == "lines":
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        if len(lines) > MOST_LINES:
            raise BadInput(f"{len(lines)} lines are too many; {MOST_LINES} is the most.")
        return lines
    if field.kind == "number":
        return _number(text)
    return text


def _number(text: str) -> Any:
    if not (text.isascii() and text.replace(".", "", 1).isdecimal() and len(text) < 12):  # noqa: PLR2004 - no such number
        raise BadInput(f"{text[:20]!r} is not a number.")
    return float(text) if "." in text else int(text)
