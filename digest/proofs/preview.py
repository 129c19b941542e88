"""The preview: a folder with one page that shows every edition as its readers will see it. No server is needed."""

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from digest.rendering import slots, templates

MOST_SHOWN: Final = 10  # editions with most readers that stand in the list; the picker has the others (ruling 6)
ALARMING: Final = ("red", "amber")
DARK_RULE = re.compile(r"@media\s*\(prefers-color-scheme:\s*dark\)")
SCHEMES = re.compile(r"((?:supported-)?color-schemes?)(:|\" content=\")light dark")
SOURCE = re.compile(r"(<img\b[^>]*?) src=\"[^\"]*\"")
OPENS_A_TAB: Final = '<head><base target="_blank">'
TEXT_PAGE: Final = "email/preview-text.html"
PAGE: Final = "email/preview.html"
NOBODY = "Sample Reader"


class Shown(Protocol):
    """What is read of an edition: the stored one has all of it."""

    html: str
    text: str
    subject: str
    preheader: str
    marks: Any  # Mapping[str, str]; a table model's dict is invariant
    lists: Any  # Sequence[str]
    readers: int
    language: str


class Finding(Protocol):
    """What is read of a check: its level (red, amber, ...) and its sentence."""

    @property
    def level(self) -> str:
        """Return red, amber or another level."""
        ...

    @property
    def sentence(self) -> str:
        """Return what was found."""
        ...


@dataclass(frozen=True, slots=True)
class _Card:
    """An edition as the page names it."""

    key: str
    name: str
    subject: str
    preheader: str
    readers: int
    language: str
    level: str  # red | amber | ""
    findings: tuple[tuple[str, str], ...]


def write(
    *,
    editions: Sequence[Shown],
    folder: Path,
    pictures: Path | None,
    base_url: str,
    title: str,
    findings: Sequence[Sequence[Finding]] = (),
) -> Path:
    """Write ``index.html`` and the files it shows into a folder (made if need be), and return the page's path.

    ``pictures``: the folder behind ``base_url/pictures/``; what the mails use of it is copied. ``findings``: the
    checks of each edition, in the same order. Slots are filled with made-up values: nobody's address is in a preview.
    """
    folder.mkdir(parents=True, exist_ok=True)
    order = sorted(range(len(editions)), key=lambda index: (-editions[index].readers, index))
    cards = [_card(editions[index], f"edition-{n:03}", _of(findings, index)) for n, index in enumerate(order, start=1)]
    for card, index in zip(cards, order, strict=True):
        _write_edition(card, editions[index], folder, pictures, base_url)
    listed = [card for n, card in enumerate(cards) if n < MOST_SHOWN or card.level]
    others = [card for card in cards if card not in listed]
    page = folder / "index.html"
    values = {"title": title, "listed": listed, "others": others, "cards": cards}
    page.write_text(templates.run(PAGE, values), encoding="utf-8")
    return page


def sample(edition: Shown, base_url: str) -> dict[str, str]:
    """Return made-up values for an edition's marks."""
    return made_up(edition.marks, edition.lists, base_url)


def made_up(marks: Mapping[str, str], lists: Iterable[str], base_url: str, name: str = NOBODY) -> dict[str, str]:
    """Return values for the marks of a mail to these lists, whose links lead nowhere."""
    link = f"{base_url}/preview-only"
    stops = dict.fromkeys(lists, link)
    return slots.values(marks, unsubscribe_url=link, preferences_url=link, name=name, stops=stops)


def light(html: str) -> str:
    """Return a copy of a mail that stays light, whatever the viewer's own setting is."""
    return SCHEMES.sub(r"\1\2light", DARK_RULE.sub("@media not all", html))


def dark(html: str) -> str:
    """Return a copy of a mail with its own dark rules at work."""
    return SCHEMES.sub(r"\1\2dark", DARK_RULE.sub("@media all", html))


def without_pictures(html: str) -> str:
    """Return a copy of a mail whose pictures do not come."""
    return SOURCE.sub(r"\1", html)


def _of(findings: Sequence[Sequence[Finding]], index: int) -> list[tuple[str, str]]:
    found = findings[index] if index < len(findings) else ()
    return [(str(each.level), each.sentence) for each in found if str(each.level) in ALARMING]


def _card(edition: Shown, key: str, found: list[tuple[str, str]]) -> _Card:
    levels = {level for level, _ in found}
    return _Card(
        key=key,
        name=" + ".join(edition.lists),
        subject=edition.subject,
        preheader=edition.preheader,
        readers=edition.readers,
        language=edition.language,
        level=next((level for level in ALARMING if level in levels), ""),
        findings=tuple(found),
    )


def _write_edition(card: _Card, edition: Shown, folder: Path, pictures: Path | None, base_url: str) -> None:
    values = sample(edition, base_url)
    mail = slots.fill(edition.html, values).replace("<head>", OPENS_A_TAB, 1)
    html = _with_local_pictures(mail, folder, pictures, base_url)
    plain = templates.run(TEXT_PAGE, {"text": slots.fill(edition.text, values), "language": edition.language})
    faces: Mapping[str, str] = {
        "light": light(html),
        "dark": dark(html),
        "bare": without_pictures(light(html)),
        "text": plain,
    }
    for face, content in faces.items():
        (folder / f"{card.key}-{face}.html").write_text(content, encoding="utf-8")


def _with_local_pictures(html: str, folder: Path, pictures: Path | None, base_url: str) -> str:
    if pictures is None:
        return html
    address = re.compile(rf'(?<= src="){re.escape(base_url.rstrip("/"))}/pictures/([\w./-]+)(?=")')
    return address.sub(lambda found: _copied(found.group(1), folder, pictures) or found.group(), html)


def _copied(name: str, folder: Path, pictures: Path) -> str | None:
    """Copy a picture beside the page once; None where it is missing or stands outside the folder of pictures."""
    source = (pictures / name).resolve()
    if not source.is_relative_to(pictures.resolve()) or not source.is_file():
        return None
    target = folder / "pictures" / source.relative_to(pictures.resolve())
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return target.relative_to(folder).as_posix()
