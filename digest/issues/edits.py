"""What editors changed on an issue: an overlay of orders on the ranking, and of texts on the articles."""

from collections.abc import Iterable
from typing import Self

from pydantic import BaseModel, ConfigDict

EVERYWHERE = ""  # key of an order that holds for the whole issue; else the key is a list id
ISSUE_TEXTS = ("subject", "preheader", "note")
STORY_TEXTS = ("headline", "standfirst", "kicker", "alt")


class Edits(BaseModel):
    """All edits of one issue; stored as ``Issue.edits``. Values: each change gives a new one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pins: dict[str, dict[str, int]] = {}  # list -> article -> place in its section, from 1
    excluded: dict[str, list[str]] = {}  # "" or list -> articles
    moved: dict[str, str] = {}  # article -> list
    lead: str = ""  # article
    texts: dict[str, dict[str, str]] = {}  # article -> which text -> what it says
    subject: dict[str, str] = {}  # "" or list -> text
    preheader: dict[str, str] = {}
    note: dict[str, str] = {}
    added: list[str] = []  # articles that an editor brought in by hand
    kept: dict[str, str] = {}  # article -> hash of the source's texts that were declined; no part of the mail

    def with_pin(self, list_id: str, article: str, place: int) -> Self:
        """Pin an article to a place of a list's section; who stood pinned there moves down one."""
        pins = {other: at for other, at in self.pins.get(list_id, {}).items() if other != article}
        taken, at = set(pins.values()), place
        while at in taken:
            at += 1
        moved_down = {other: (old + 1 if place <= old < at else old) for other, old in pins.items()}
        return self.with_fields(pins=self.pins | {list_id: moved_down | {article: place}}).without_exclusion(
            article, list_id
        )

    def without_pin(self, article: str, list_id: str | None = None) -> Self:
        """Unpin an article from one list's section, or from all."""
        pins = {
            key: {other: at for other, at in held.items() if other != article or list_id not in (None, key)}
            for key, held in self.pins.items()
        }
        return self.with_fields(pins={key: held for key, held in pins.items() if held})

    def with_exclusion(self, article: str, list_id: str = EVERYWHERE) -> Self:
        """Take an article out of one list's section, or out of the issue; its pins and lead there go with it."""
        excluded = self.excluded | {list_id: sorted({*self.excluded.get(list_id, []), article})}
        freed = self.without_pin(article, list_id or None)
        lead = "" if list_id == EVERYWHERE and self.lead == article else self.lead
        moved = {a: target for a, target in self.moved.items() if a != article or list_id not in (EVERYWHERE, target)}
        return freed.with_fields(excluded=excluded, lead=lead, moved=moved)

    def without_exclusion(self, article: str, list_id: str | None = None) -> Self:
        """Take an exclusion back: the one of a list and of the whole issue, or all of them."""
        excluded = {
            key: [
                other
                for other in held
                if other != article or (list_id is not None and key not in (EVERYWHERE, list_id))
            ]
            for key, held in self.excluded.items()
        }
        return self.with_fields(excluded={key: held for key, held in excluded.items() if held})

    def with_lead(self, article: str) -> Self:
        """Make an article the lead wherever it stands; "" leaves the choice to the ranking."""
        lifted = self.without_exclusion(article, EVERYWHERE) if article else self
        return lifted.with_fields(lead=article)

    def with_move(self, article: str, list_id: str) -> Self:
        """Move an article to a list's section, and so out of the others."""
        freed = self.without_pin(article).without_exclusion(article)
        return freed.with_fields(moved=self.moved | {article: list_id})

    def with_text(self, what: str, text: str, *, article: str = "", list_id: str = EVERYWHERE) -> Self:
        """Set a text of the issue, of a list's editions, or of a story; "" gives the original back."""
        if what in ISSUE_TEXTS:
            held = {**getattr(self, what), list_id: text}
            return self.with_fields(**{what: {key: value for key, value in held.items() if value}})
        held = {**self.texts.get(article, {}), what: text}
        texts = self.texts | {article: {key: value for key, value in held.items() if value}}
        return self.with_fields(texts={key: value for key, value in texts.items() if value})

    def with_added(self, article: str) -> Self:
        """Remember an article that was brought in by hand."""
        return self.with_fields(added=sorted({*self.added, article}))

    def issue_text(self, what: str, lists: Iterable[str]) -> str:
        """Return the override of a text for an edition: of its first list that has one, else of the whole issue."""
        held: dict[str, str] = getattr(self, what)
        return next((held[one] for one in (*lists, EVERYWHERE) if held.get(one)), "")

    def with_fields(self, **changes: object) -> Self:
        """Return the same edits with some fields replaced."""
        return self.model_copy(update=changes)
