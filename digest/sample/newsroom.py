"""Describes the made-up newsroom: its publications, lists, feeds and reads, and the 2,000 readers it makes up."""

import csv
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any, Final

CUTOFF: Final = datetime(2026, 11, 23, 6, tzinfo=UTC)  # Monday, 07:00 in Brussels: the feeds are written for it
WEEK: Final = (CUTOFF - timedelta(days=7), CUTOFF)  # the period of the page reads
PRESET: Final = "starter"  # the regions of the lists below
EDITOR: Final = "editor@meridian.example"  # who works at the demo's desk
READERS: Final = 2_000
READERS_HEADER: Final = ("address", "name", "language", "lists", "consent_at", "consent_source")

_HOUSE: Final[dict[str, Any]] = {
    "sender_address": "digest@meridian.example",
    "reply_to": "editors@meridian.example",
    "postal_address": "The Meridian, Meridian Press Association, 14 Rue du Marché, 1000 Brussels, Belgium",
    "website": "https://meridian.example",
    "zone": "Europe/Brussels",
    "cutoff": "0 7 * * 1",
    "send": "0 8 * * 1",
    "house_bylines": ["Meridian Wire"],
}
PUBLICATIONS: Final[tuple[dict[str, Any], ...]] = (
    _HOUSE
    | {
        "id": "meridian",
        "name": "The Meridian",
        "language": "en",
        "sender_name": "The Meridian",
        "editor_name": "Nino Aslan",
        "editor_role": "newsletters editor",
    },
    _HOUSE
    | {
        "id": "meridian-ar",
        "name": "خط الزوال",
        "language": "ar",
        "sender_name": "خط الزوال",
        "website": "https://meridian.example/ar",
        "editor_name": "نينو أصلان",
        "editor_role": "محررة النشرات",
    },
)
NOTES: Final = {  # the editor's note of the demo's issue, by publication
    "meridian": (
        "Timetables are politics by other means. This week a sleeper train, a water ledger and a border market all "
        "test whether neighbours can keep the same clock. Start with the train: our reporter rode all 19 hours of it."
    ),
    "meridian-ar": (
        "جداول المواعيد سياسة بوسائل أخرى. هذا الأسبوع يختبر قطار ليلي ودفتر مياه وسوق حدودي قدرة الجيران على ضبط "
        "الساعة نفسها. ابدأ بالقطار: أمضى مراسلنا على متنه 19 ساعة كاملة، وعاد بدفتر ملاحظات ممتلئ وإبريق شاي فارغ."
    ),
}


def _list(family: str, topic: str, position: int, name: str, description: str) -> dict[str, Any]:
    language = "ar" if family == "meridian-ar" else "en"
    return {
        "id": f"{family}-{topic}",
        "name": name,
        "description": description,
        "family": family,
        "topic": topic,
        "language": language,
        "position": position,
    }


LISTS: Final[tuple[dict[str, Any], ...]] = (
    _list("meridian", "south-caucasus", 1, "South Caucasus", "Armenia, Azerbaijan and Georgia."),
    _list("meridian", "central-asia", 2, "Central Asia", "From the Caspian to the Pamirs."),
    _list("meridian", "eastern-europe", 3, "Eastern Europe", "Belarus, Moldova and Ukraine."),
    _list("meridian", "middle-east", 4, "Middle East", "From Cairo to Muscat."),
    _list("meridian", "european-union", 5, "European Union", "How the member states live and work."),
    _list("meridian", "world", 6, "World", "The best of every region."),
    _list("meridian-ar", "south-caucasus", 1, "جنوب القوقاز", "أرمينيا وأذربيجان وجورجيا."),
    _list("meridian-ar", "central-asia", 2, "آسيا الوسطى", "من بحر قزوين إلى جبال بامير."),
    _list("meridian-ar", "middle-east", 3, "الشرق الأوسط", "من القاهرة إلى مسقط."),
)

# Category of a feed -> what it means, as the option --map of `digest articles import` takes it. Names of regions are
# known; the kinds of story (News, Report ...) are no topics, or two of a kind would count as two of a topic.
KINDS: Final = ("Analysis", "Business", "Culture", "Data", "Explainer", "Interview", "News", "Report")
CATEGORIES: Final = {"Editor's choice": "badge", "Evergreen": "evergreen"} | dict.fromkeys(KINDS, "ignore")


def _feed(path: str, region: str | None, language: str = "en") -> dict[str, Any]:
    name, _, kind = path.partition(".")
    return {
        "path": f"feeds/{path}",
        "source": f"{name}-{'feed' if kind == 'rss' else 'desk'}",
        "format": "json-feed" if name == "front-page" else kind,  # rss | json-feed | json (our own shape)
        "region": region,  # for what carries no tag; None where every article has one
        "language": language,
        "categories": CATEGORIES,
    }


FEEDS: Final[tuple[dict[str, Any], ...]] = (
    _feed("south-caucasus.json", "south-caucasus"),
    _feed("south-caucasus.rss", "south-caucasus"),
    _feed("central-asia.json", "central-asia"),
    _feed("eastern-europe.json", "eastern-europe"),
    _feed("eastern-europe.rss", "eastern-europe"),
    _feed("middle-east.json", "middle-east"),
    _feed("european-union.json", "european-union"),
    _feed("european-union.rss", "european-union"),
    _feed("front-page.json", None),
    _feed("agency.json", None),
    _feed("arabic.json", None, "ar"),
)
PAGE_READS: Final = "reads/page-reads.csv"  # url,views of the week before the cut-off
MOST_READ: Final = "reads/most-read.csv"  # url,rank

_SEED: Final = 20261123
_SCRIPTS: Final = {"latin": 52, "georgian": 12, "cyrillic": 12, "armenian": 9, "azerbaijani": 9, "greek": 6}  # of 100
_DOMAINS: Final = {"reader.example": 60, "letters.example": 22, "mail.example": 12, "postbox.test": 6}  # of 100
_SOURCES: Final = {  # where a consent came from, of 100
    "web form, meridian.example/newsletters": 70,
    "box below an article": 18,
    "paper form, book fair": 5,
    "moved from the old list, reconfirmed": 7,
}
_FIRST_CONSENT: Final = datetime(2023, 1, 9, 8, tzinfo=UTC)


def folder() -> Path:
    """Return the folder of the sample's files; the paths of FEEDS, PAGE_READS and MOST_READ are relative to it."""
    return Path(str(files("digest.sample")))


def reader_rows() -> Iterator[dict[str, str]]:
    """Yield the 2,000 readers as rows of READERS_HEADER, the same ones at each call.

    ``lists`` are ids joined by ``|``, in the newsroom's order; all addresses end in reserved domains (RFC 2606).
    """
    chance = random.Random(_SEED)  # noqa: S311 - the same people each time is the point, secrets are not
    wishes = _wishes()
    chance.shuffle(wishes)
    names = _names()
    for number, lists in enumerate(wishes, start=1):
        yield _reader(number, lists, names, chance)


def readers_csv() -> str:
    """Return the readers as the text of a CSV file, header first."""
    sheet = StringIO()
    writer = csv.DictWriter(sheet, READERS_HEADER, lineterminator="\n")
    writer.writeheader()
    writer.writerows(reader_rows())
    return sheet.getvalue()


def _wishes() -> list[str]:
    return [row["lists"] for row in _rows("readers/audiences.csv") for _ in range(int(row["readers"]))]


def _names() -> dict[tuple[str, str], list[tuple[str, str]]]:
    names: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in _rows("readers/names.csv"):
        names.setdefault((row["script"], row["kind"]), []).append((row["written"], row["ascii"]))
    return names


def _reader(
    number: int, lists: str, names: dict[tuple[str, str], list[tuple[str, str]]], chance: random.Random
) -> dict[str, str]:
    arabic = lists.startswith("meridian-ar-")
    script = "arabic" if arabic else _drawn(_SCRIPTS, chance)
    given, family = chance.choice(names[script, "given"]), chance.choice(names[script, "family"])
    minutes = chance.randrange(int((CUTOFF - timedelta(days=7) - _FIRST_CONSENT) / timedelta(minutes=1)))
    return {
        "address": f"{given[1]}.{family[1]}.{number:04}@{_drawn(_DOMAINS, chance)}",
        "name": f"{given[0]} {family[0]}",
        "language": "ar" if arabic else "en",
        "lists": lists,
        "consent_at": (_FIRST_CONSENT + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "consent_source": _drawn(_SOURCES, chance),
    }


def _drawn(weights: dict[str, int], chance: random.Random) -> str:
    return chance.choices(list(weights), weights=list(weights.values()))[0]


def _rows(path: str) -> Iterator[dict[str, str]]:
    with (folder() / path).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
