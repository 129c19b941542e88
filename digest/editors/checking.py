"""From the checks of a review to the panel that shows them: by group, each with its place and what to do. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from digest.editors import views
from digest.editors.reading import Review
from digest.proofs.check import Check, Level, called
from digest.rendering.wording import clean

GROUPS: Final[Mapping[str, str]] = {
    "content": "Content",
    "subject": "Subject and preheader",
    "links": "Links",
    "size": "Size",
    "accessibility": "Accessibility",
    "clients": "Mail programs",
    "legal": "Legal",
    "spam": "Spam filters",
    "readers": "Readers",
}
WORDS: Final[Mapping[Level, str]] = {
    Level.red: "Red",
    Level.amber: "Amber",
    Level.not_checked: "Not checked",
    Level.green: "Green",
}
_STORY: Final = "Edit the story"
# Code -> the page at the desk that mends it, and its words; a story's own page goes without saying.
_FIXES: Final[Mapping[str, tuple[str, str]]] = {
    "thin": ("/candidates", "Add a story"),
    "one-country": ("/candidates", "Look at the candidates"),
    "pin-lost": ("/candidates", "Look at the candidates"),
    "subject-names-absent": ("/texts", "Edit the subject"),
    "note-names-absent": ("/texts", "Edit the note"),
    "spam-subject": ("/texts", "Edit the subject"),
    "spam-emoji": ("/texts", "Edit the subject"),
}
_NEWSROOM: Final[Mapping[str, tuple[str, str]]] = {
    "feed-dead": ("/desk/feeds", "Look at the feeds"),
    "no-readers": ("/desk/readers", "Look at the readers"),
    "readers-changed": ("/desk/readers", "Look at the readers"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One check as it is shown."""

    level: str
    word: str
    code: str
    sentence: str
    place: str
    href: str  # where the place is: an anchor of the page, an edition's preview, or an address; "": nowhere
    outside: bool  # whether that leads out of the desk
    remedy: str
    fix: str  # the words of the link that leads to where it is mended; "": there is none
    fix_href: str
    accepted: str  # the reason an approver gave; "": nobody did


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The checks of one group, worst first."""

    key: str
    title: str
    level: str  # the worst
    word: str
    counts: str  # 1 red, 2 amber; or how many things are well
    is_open: bool  # whether there is something to do
    lines: tuple[Line, ...]


def panel(review: Review, url: str, *, at_desk: bool = True, relaxed: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the values of ``desk/checks.html``. ``url``: of the issue's page, whose stories have ids story-ARTICLE.

    ``relaxed``: what the provider does not need; with "links" none is fetched (ruling 16).
    """
    show = _Shower(review, url, at_desk=at_desk)
    return {
        "groups": tuple(show.groups()),
        "tally": views.tally(review),
        "can_fetch": at_desk and review.proof is not None and "links" not in relaxed,
        "relaxed": "links" in relaxed,
    }


class _Shower:
    """Knows where the things are that checks name."""

    def __init__(self, review: Review, url: str, *, at_desk: bool) -> None:
        self.review = review
        self.url = url
        self.at_desk = at_desk
        self.stories = dict(_stories(review))
        self.editions = dict(_editions(review))
        self.accepted = dict(review.approval.accepted) if review.approval else {}

    def groups(self) -> Iterator[Group]:
        """Yield the groups in order; one that nobody knows comes last."""
        found: dict[str, list[Check]] = {key: [] for key in GROUPS}
        for check in self.review.checks:
            found.setdefault(check.group, []).append(check)
        for key, checks in found.items():
            if checks:
                yield self._group(key, checks)

    def _group(self, key: str, checks: Sequence[Check]) -> Group:
        worst = min((check.level for check in checks), key=list(Level).index)
        return Group(
            key=key,
            title=GROUPS.get(key, key.capitalize()),
            level=worst.value,
            word=WORDS[worst],
            counts=_counts(checks),
            is_open=worst in (Level.red, Level.amber),
            lines=tuple(self._line(check) for check in checks),
        )

    def _line(self, check: Check) -> Line:
        shown = views.check_line(self.review, check)
        href = self._href(check)
        fix, fix_href = self._fix(check)
        return Line(
            level=check.level.value,
            word=WORDS[check.level],
            code=check.code,
            sentence=shown["sentence"],
            place=shown["place"],
            href=href,
            outside=href.startswith(("http://", "https://")) and not href.startswith(self.url),
            remedy=shown["remedy"].rstrip("."),
            fix=fix,
            fix_href=fix_href,
            accepted=clean(self.accepted.get(check.code, "")) if check.level is Level.amber else "",
        )

    def _href(self, check: Check) -> str:
        """Return where the place of a check is."""
        place = clean(check.place)
        if place in self.stories:
            return f"{self.url}#story-{self.stories[place]}"
        if place in self.editions:
            preview = f"{self.url}/preview?edition={self.editions[place]}"
            return preview if self.at_desk else f"{self.url}?edition={self.editions[place]}#preview"
        return views.web(check.links[0]) if len(check.links) == 1 else views.web(check.place)

    def _fix(self, check: Check) -> tuple[str, str]:
        """Return the words and the address of the page that mends it; none for who came by a link from a mail."""
        if not self.at_desk or check.level not in (Level.red, Level.amber):
            return "", ""
        if check.code in _NEWSROOM:
            href, words = _NEWSROOM[check.code]
            return words, href
        if check.code in _FIXES or check.group == "subject":
            path, words = _FIXES.get(check.code, ("/texts", "Edit the texts"))
            return words, f"{self.url}{path}"
        story = self.stories.get(clean(check.place))
        return (_STORY, f"{self.url}/story/{story}") if story else ("", "")


def _counts(checks: Iterable[Check]) -> str:
    levels = [check.level for check in checks]
    counted = ((levels.count(level), WORDS[level].lower()) for level in Level if level is not Level.green)
    return ", ".join(f"{count} {word}" for count, word in counted if count) or "nothing to mend"


def _stories(review: Review) -> Iterator[tuple[str, str]]:
    """Yield headline, and number, -> number of each story: as imported, as edited, as it stands in the largest mail."""
    for one in review.recipe.candidates:
        edited = review.recipe.edits.texts.get(one.id, {}).get("headline", one.headline)
        yield from ((clean(one.headline), one.id), (clean(edited), one.id), (one.id, one.id))
    for story in review.plan.stories:
        yield clean(story.headline), str(story.article_id)


def _editions(review: Review) -> Iterator[tuple[str, str]]:
    """Yield the name that checks have for an edition -> its id."""
    for one in review.proof.editions if review.proof else ():
        yield clean(called(one.lists, one.without)), str(one.id)
