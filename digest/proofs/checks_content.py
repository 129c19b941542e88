"""Checks of what the stories say, and whether these readers may get them."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

from digest.issues.placing import ranked_stories
from digest.issues.plan import EditionPlan, StoryPlan
from digest.proofs.check import Check, Examined, Level, Surroundings
from digest.proofs.checks_subject import PLACEHOLDER
from digest.ranking.formula import for_cadence

NAME = "content"
LOOKED_AT = "texts, pictures, repeats, withdrawn stories, pins, badges and languages"
HEADLINE_LIMIT, STANDFIRST_LIMIT = 110, 240
BADGE_INFLATION = 0.6
# Of a story's texts more is a placeholder than of a subject: brackets and X's are usual there in earnest.
_PLACEHOLDER = re.compile(
    rf"{PLACEHOLDER.pattern}|\bXXX+\b|\[(?:insert|headline|name|date)[^\]]*\]|%%[0-9a-f]{{20}}%%", re.IGNORECASE
)
_WORD = re.compile(r"\w{4,}")
_SHOWN = 120  # characters of a text in a sentence
_NAMED_WORDS, _NAMED_SHARE = 3, 0.6  # so much of a headline in a subject names its story


def run(editions: Sequence[Examined], around: Surroundings) -> Iterator[Check]:
    """Look at every story of every edition, then at the issue as a whole."""
    for edition in editions:
        for story in edition.plan.stories:
            yield from _texts(story)
            yield from _standing(story, around)
        for story in _pictured(edition.plan):
            yield from _picture(story, around)
        yield from _repeats(edition.plan)
        yield from _already_sent(edition.plan, around)
        yield from _thin(edition, around)
    yield from _pins(editions, around)
    yield from _badges(around)
    yield from _named(editions, around)
    yield from _feeds(around)


def _texts(story: StoryPlan) -> Iterator[Check]:
    where = story.headline
    if len(story.headline) > HEADLINE_LIMIT:
        yield _check(
            Level.red,
            "headline-long",
            f"A headline has {len(story.headline)} characters; {HEADLINE_LIMIT} is the most.",
            where,
            f"`digest issues edit ISSUE set headline TEXT --article {story.article_id}`",
        )
    if story.block in ("lead", "section"):
        yield from _fullness(story)
    if len(story.standfirst) > STANDFIRST_LIMIT:
        yield _check(
            Level.amber,
            "standfirst-long",
            f"A standfirst has {len(story.standfirst)} characters; over {STANDFIRST_LIMIT} tires readers.",
            where,
            "Shorten it for this issue: `set standfirst`",
        )
    for text in (story.headline, story.standfirst, story.kicker, story.picture.alt if story.picture else ""):
        if found := _PLACEHOLDER.search(text):
            yield _check(Level.red, "placeholder", f"A text still holds {found.group()!r}.", where, "Write the text")


def _fullness(story: StoryPlan) -> Iterator[Check]:
    if not story.standfirst:
        yield _check(
            Level.amber, "no-standfirst", "A story has no standfirst.", story.headline, "Write one: `set standfirst`"
        )
    if story.picture and not story.picture.alt:
        yield _check(
            Level.amber,
            "no-alt",
            "A picture has no description for those who do not see it.",
            story.headline,
            "Say what is seen: `set alt`",
        )


def _pictured(plan: EditionPlan) -> list[StoryPlan]:
    """Return the stories whose pictures the mail shows: the lead, and the first of each section."""
    first = [section.stories[0] for section in plan.sections if section.stories]
    return [plan.lead, *first] if plan.lead else first


def _picture(story: StoryPlan, around: Surroundings) -> Iterator[Check]:
    """Say where a picture cannot be had, or is not ours yet."""
    frozen = around.recipe.by_id[str(story.article_id)]
    if frozen.picture_lost:
        yield _check(
            Level.amber,
            "picture-lost",
            f"The picture of a story cannot be had: {frozen.picture_lost.rstrip('.')}. It stands without one.",
            story.headline,
            "Give the article another picture, and refresh the issue",
        )
    elif frozen.picture_pending:
        yield _check(
            Level.not_checked,
            "picture-pending",
            "The picture of a story is not fetched yet, so the mail shows the newsroom's own address.",
            story.headline,
            "Refresh the issue in some minutes",
        )


def _standing(story: StoryPlan, around: Surroundings) -> Iterator[Check]:
    key, where = str(story.article_id), story.headline
    status = around.statuses.get(key, "gone")
    if status != "published":
        yield _check(
            Level.red,
            "withdrawn-story",
            f"A story is {status} since the draft was made.",
            where,
            "Exclude or replace it, or refresh the issue",
        )
    frozen = around.recipe.by_id[key]
    if around.corrections.get(key, frozen.correction) != frozen.correction:
        yield _check(
            Level.amber,
            "corrected-since",
            "A story was corrected since the draft was made.",
            where,
            _take_or_keep(key),
        )
    yield from _changed_source(story, around)
    home = around.recipe.frame.by_list.get(story.list_id)
    if home and _tongue(home.language) != _tongue(story.language):
        yield _check(
            Level.amber,
            "language",
            f"A story in {story.language} stands in list {home.id}, which is in {home.language}.",
            where,
            "Move or exclude it",
        )


def _changed_source(story: StoryPlan, around: Surroundings) -> Iterator[Check]:
    """Ask about texts that the newsroom changed since; a correction has a check of its own."""
    change = around.changes.get(str(story.article_id))
    texts = {name: pair for name, pair in change.texts.items() if name != "correction"} if change else {}
    if change and texts:
        said = "; ".join(
            f"{name}: {_quoted(before)} is now {_quoted(after)}" for name, (before, after) in texts.items()
        )
        own = f" Your own {' and '.join(change.own)} stays on top." if change.own else ""
        yield _check(
            Level.amber,
            "source-changed",
            f"A story was changed by the newsroom since it was drafted. {said}.{own}",
            story.headline,
            _take_or_keep(change.article),
        )


def _take_or_keep(article: str) -> str:
    return f"`digest issues edit ISSUE take {article}` takes that over, `keep {article}` leaves the story as it is"


def _quoted(text: str) -> str:
    shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
    return f"“{shown}”" if text else "none"


def _repeats(plan: EditionPlan) -> Iterator[Check]:
    for key, count in Counter(story.story_key for story in plan.stories).items():
        if count > 1:
            story = next(story for story in plan.stories if story.story_key == key)
            yield _check(
                Level.red,
                "twice",
                f"A story stands {count} times in one edition.",
                story.headline,
                "Exclude one of them",
            )


def _already_sent(plan: EditionPlan, around: Surroundings) -> Iterator[Check]:
    for story in plan.stories:
        if story.block == "correction":
            continue
        frozen = around.recipe.by_id[str(story.article_id)]
        keys = (story.story_key, str(story.article_id), *frozen.also)
        times = [around.sent.get(key, {}).get(plan.set_key) for key in keys]
        told = [at for at in times if at and (frozen.refreshed_at is None or frozen.refreshed_at <= at)]
        if told and plan.as_of - max(told) <= timedelta(days=for_cadence(plan.cadence).resend_days):
            yield _check(
                Level.red,
                "already-sent",
                f"The readers of {plan.set_key} were sent a story before.",
                story.headline,
                "Refresh the issue: another one went out since it was drafted",
            )


def _thin(edition: Examined, around: Surroundings) -> Iterator[Check]:
    least = int(around.recipe.frame.publication.get("minimum_stories", 1))
    count = len(ranked_stories(edition.plan))
    if count < least:
        yield _check(
            Level.amber,
            "thin",
            f"An edition has {count} stories; the publication wants {least}.",
            edition.name,
            "Add stories, or skip the issue",
        )


def _pins(editions: Sequence[Examined], around: Surroundings) -> Iterator[Check]:
    recipe = around.recipe
    formula = for_cadence(recipe.frame.publication["cadence"])
    window = timedelta(hours=formula.window_hours + formula.grace_hours)
    standing = {str(story.article_id) for edition in editions for story in edition.plan.stories}
    shown = {one for edition in editions for one in edition.plan.lists}
    for list_id, pins in recipe.edits.pins.items():
        for article in pins if list_id in shown else ():
            inputs = recipe.by_id.get(article)
            where = inputs.headline if inputs else article
            if article not in standing:
                yield _check(
                    Level.amber,
                    "pin-lost",
                    f"A story pinned in {around.named(list_id)} has no place: withdrawn, sent before, or of another "
                    "language.",
                    where,
                    f"`digest issues explain ISSUE {article}` says why; unpin it",
                )
            elif inputs and recipe.as_of - (inputs.refreshed_at or inputs.published_at) > window:
                yield _check(
                    Level.amber,
                    "pin-old",
                    f"A story pinned in {around.named(list_id)} is older than the window.",
                    where,
                    "Unpin it",
                )


def _badges(around: Surroundings) -> Iterator[Check]:
    recipe = around.recipe
    formula = for_cadence(recipe.frame.publication["cadence"])
    window = timedelta(hours=formula.window_hours + formula.grace_hours)
    fresh = [
        one for one in recipe.candidates if one.status == "published" and recipe.as_of - one.published_at <= window
    ]
    badged = sum(one.editors_choice for one in fresh)
    if badged and badged >= BADGE_INFLATION * len(fresh):
        yield _check(
            Level.amber,
            "badge-inflation",
            f"Editor's choice is on {100 * badged // len(fresh)} % of the candidates, so it says little.",
            "",
            "Choose fewer; the mail prints it on at most a third of its stories",
        )


def _feeds(around: Surroundings) -> Iterator[Check]:
    for sentence in around.dead_feeds:
        yield _check(
            Level.amber,
            "feed-dead",
            f"A feed cannot be had, so its newest stories are missing. {sentence}",
            "",
            "`digest feeds list`, then mend its address or remove it",
        )


def _named(editions: Sequence[Examined], around: Surroundings) -> Iterator[Check]:
    """Find a story named in the issue's subject or note that some editions lack (ruling 4)."""
    stories = {story.article_id: story for edition in editions for story in ranked_stories(edition.plan)}
    for what in ("subject", "note"):
        for edition in editions:
            text = around.recipe.edits.issue_text(what, edition.plan.lists)
            if not text:
                continue
            here = {story.article_id for story in ranked_stories(edition.plan)}
            for story in stories.values():
                if story.article_id not in here and _names(text, story.headline):
                    yield _check(
                        Level.amber,
                        f"{what}-names-absent",
                        f"The {what} names a story that the edition {edition.title} lacks ({edition.readers} readers).",
                        story.headline,
                        f"Set a {what} for the lists that have it: `set {what} TEXT --list LIST`",
                    )


def _names(text: str, headline: str) -> bool:
    words = set(_WORD.findall(headline.casefold()))
    shared = words & set(_WORD.findall(text.casefold()))
    return len(shared) >= min(_NAMED_WORDS, len(words)) and len(shared) >= _NAMED_SHARE * len(words) > 0


def _tongue(language: str) -> str:
    return language.lower().split("-")[0]


def _check(level: Level, code: str, sentence: str, place: str, remedy: str) -> Check:
    return Check(level=level, group=NAME, code=code, sentence=sentence, place=place, remedy=remedy)
