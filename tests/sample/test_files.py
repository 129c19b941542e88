"""The other files of the sample newsroom: pictures, reads and readers."""

import csv
import struct
import unicodedata
from collections import Counter
from io import StringIO

from digest.regions import PRESETS
from digest.sample import newsroom
from tests.sample.reading import pieces, rows

ALL = pieces()
FEEDS = newsroom.folder() / "feeds"
LEAD, THUMB = (1280, 680), (504, 336)
HEIGHT_AT = {0xC0, 0xC1, 0xC2}  # start-of-frame markers of JPEG, ITU-T T.81 table B.1


def jpeg_size(content: bytes) -> tuple[int, int]:
    position = 2
    while content[position + 1] not in HEIGHT_AT:
        position += 2 + struct.unpack(">H", content[position + 2 : position + 4])[0]
    height, width = struct.unpack(">HH", content[position + 5 : position + 9])
    return width, height


def readers() -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(newsroom.readers_csv())))


def test_pictures_exist_and_are_light():
    """Each picture that an article names is there, in the size it says; leads <= 200 KB, thumbs <= 40 KB."""
    shown = {piece.picture: piece for piece in ALL if piece.picture}
    assert {path.name for path in (FEEDS / "pictures").iterdir()} == {name.removeprefix("pictures/") for name in shown}
    for name, piece in shown.items():
        content = (FEEDS / name).read_bytes()
        assert jpeg_size(content) == piece.size
        assert piece.size in (LEAD, THUMB)
        assert len(content) <= (200_000 if piece.size == LEAD else 40_000)
    assert sum(path.stat().st_size for path in (FEEDS / "pictures").iterdir()) <= 1_200_000


def test_all_pictures_but_one_are_described():
    """Ten English articles or more have a picture; one picture has no alt text, so that a check can find it."""
    shown = [piece for piece in ALL if piece.picture]
    assert sum(piece.language == "en" for piece in shown) >= 10
    assert [piece.page for piece in shown if not piece.alt] == ["meridian.example/market-hall"]


def test_likely_leads_have_wide_pictures():
    """In each region the newest badged story of the week has a picture as wide as a lead."""
    for desk in ("south-caucasus", "central-asia", "eastern-europe", "middle-east", "european-union"):
        badged = [piece for piece in ALL if piece.file == f"{desk}.json" and piece.badge and 0 <= piece.hours <= 192]
        assert min(badged, key=lambda piece: piece.hours).size == LEAD


def test_page_reads_name_articles_of_the_feeds():
    """The reads are views of known pages, each once, none of what nobody could read; ten pages hold 3 in 10 views."""
    reads = rows(newsroom.PAGE_READS)
    assert list(reads[0]) == ["url", "views"]
    names = [row["url"].removeprefix("https://") for row in reads]
    assert len(set(names)) == len(names)
    assert set(names) == {piece.page for piece in ALL} - {
        "meridian.example/customs-seal",
        "meridian.example/silk-exchange",
    }
    views = sorted((int(row["views"]) for row in reads), reverse=True)
    assert min(views) > 0
    assert sum(views[:10]) > 0.3 * sum(views)


def test_the_most_read_list_agrees_with_the_views():
    """Ranks 1 to 10 go to the ten most read pages in their order, one under its other address."""
    top = rows(newsroom.MOST_READ)
    assert [row["rank"] for row in top] == [str(rank) for rank in range(1, 11)]
    views = {row["url"].removeprefix("https://"): int(row["views"]) for row in rows(newsroom.PAGE_READS)}
    names = [row["url"].removeprefix("https://").removeprefix("www.").partition("?")[0] for row in top]
    assert names == sorted(views, key=lambda name: -views[name])[:10]
    assert [row["url"] for row in top if "www." in row["url"]] == [
        "https://www.meridian.example/korday-crossing?ref=most-read"
    ]


def test_there_are_two_thousand_readers():
    """2,000 readers with 2,000 addresses, all in domains that can never receive mail (RFC 2606)."""
    found = readers()
    assert len(found) == newsroom.READERS
    assert tuple(found[0]) == newsroom.READERS_HEADER
    assert len({row["address"] for row in found}) == newsroom.READERS
    assert all(row["address"].isascii() and row["address"].endswith((".example", ".test")) for row in found)
    assert all(row["consent_at"] < "2026-11-17" and row["consent_source"] and row["name"] for row in found)


def test_the_readers_are_the_same_each_time():
    """Made twice, the file is the same to the byte."""
    assert newsroom.readers_csv() == newsroom.readers_csv()


def test_three_wishes_are_most_peoples():
    """25 to 40 ordered sets of lists, of which three hold more than half of the readers; about 240 read Arabic."""
    sets = Counter(row["lists"] for row in readers())
    assert 25 <= len(sets) <= 40
    assert sum(count for _, count in sets.most_common(3)) > newsroom.READERS / 2
    assert 220 <= sum(row["language"] == "ar" for row in readers()) <= 260


def test_wishes_name_lists_in_the_newsrooms_order():
    """Every list of a reader exists, all are of one publication, and they stand in its order."""
    known = {one["id"]: one for one in newsroom.LISTS}
    for row in readers():
        wished = [known[name] for name in row["lists"].split("|")]
        assert len({one["family"] for one in wished}) == 1
        assert wished[0]["language"] == row["language"]
        assert [one["position"] for one in wished] == sorted({one["position"] for one in wished})


def test_names_are_written_in_several_scripts():
    """Names in Latin, Georgian, Armenian, Cyrillic, Greek and Arabic letters are among the readers."""
    letters = "".join(row["name"] for row in readers())
    scripts = {unicodedata.name(letter).partition(" ")[0] for letter in letters if letter.isalpha()}
    assert scripts == {"LATIN", "GEORGIAN", "ARMENIAN", "CYRILLIC", "GREEK", "ARABIC"}


def test_lists_and_feeds_name_what_exists():
    """Lists belong to a publication and a region of the preset; feeds are files, with a known region or none."""
    regions = {region[0] for region in PRESETS[newsroom.PRESET]}
    publications = {one["id"] for one in newsroom.PUBLICATIONS}
    assert {one["family"] for one in newsroom.LISTS} == publications
    assert {one["topic"] for one in newsroom.LISTS} <= regions
    assert {feed["region"] for feed in newsroom.FEEDS} <= regions | {None}
    assert {path.name for path in FEEDS.iterdir() if path.is_file()} == {feed["path"][6:] for feed in newsroom.FEEDS}
    assert set(newsroom.NOTES) == publications
    assert all(200 <= len(note) <= 400 for note in newsroom.NOTES.values())
