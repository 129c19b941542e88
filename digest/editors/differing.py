"""What changed between two looks at an edition: which stories came, went and moved, and what else reads anew. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from digest.issues.plan import EditionPlan, StoryPlan
from digest.rendering.wording import clean


def told(before: EditionPlan, after: EditionPlan) -> tuple[str, ...]:
    """Return a sentence for each difference; those a person caused stand first, those that only slid last."""
    old, new = _by_id(before), _by_id(after)
    came = [f"In, at place {story.place}: {_name(story)}." for key, story in new.items() if key not in old]
    went = [f"Out: {_name(story)}." for key, story in old.items() if key not in new]
    moved = [
        f"From place {old[key].place} to {story.place}: {_name(story)}."
        for key, story in new.items()
        if key in old and old[key].place != story.place
    ]
    return (*came, *went, *_lead(before, after), *moved, *_texts(before, after))


def since(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a sentence for each difference between what an approval looked at and what is there now.

    Both are as ``proofs.snapshot`` makes them: of the edition with most readers, and of the others their hashes.
    """
    return tuple(_differences(before, after)) if before != after else ()


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    old, new = before.get("stories", {}), after.get("stories", {})
    yield from (f"In, at place {new[one]['place']}: {_titled(new[one])}." for one in new if one not in old)
    yield from (f"Out: {_titled(old[one])}." for one in old if one not in new)
    for one in new:
        if one in old and old[one]["place"] != new[one]["place"]:
            yield f"From place {old[one]['place']} to {new[one]['place']}: {_titled(new[one])}."
    for one in new:
        yield from _reworded(old.get(one, new[one]), new[one])
    for name in ("subject", "preheader"):
        if before.get(name) != after.get(name):
            yield f"The {name} was “{clean(before.get(name, ''))}” and is “{clean(after.get(name, ''))}”."
    if before.get("note") != after.get("note"):
        yield "The editor’s note reads anew."
    yield from _others(before.get("editions", {}), after.get("editions", {}))


def _reworded(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name, label in _TEXTS.items():
        if old.get(name, "") != new.get(name, ""):
            yield f"{label} was “{clean(old.get(name, ''))}” and is “{clean(new.get(name, ''))}”."


def _others(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """Count the editions that are not the same, that with most readers among them."""
    changed = sum(old.get(one) != content for one, content in new.items())
    gone = len(old.keys() - new.keys())
    if changed:
        yield f"{changed} of {len(new)} editions {'is' if changed == 1 else 'are'} not what was approved."
    if gone:
        yield f"{gone} of the approved editions {'is' if gone == 1 else 'are'} not made any more."


def _titled(story: Mapping[str, Any]) -> str:
    return f"“{clean(str(story.get('headline', '')))}”"


_TEXTS: Final[Mapping[str, str]] = {
    "headline": "A headline",
    "standfirst": "A standfirst",
    "kicker": "A kicker",
    "alt": "What a picture shows",
}


def _lead(before: EditionPlan, after: EditionPlan) -> list[str]:
    if after.lead is None or (before.lead and before.lead.article_id == after.lead.article_id):
        return []
    return [f"The lead is now {_name(after.lead)}."]


def _texts(before: EditionPlan, after: EditionPlan) -> list[str]:
    pairs = (("subject", before.subject, after.subject), ("preheader", before.preheader, after.preheader))
    return [f"The {what} is now “{clean(new)}”." for what, old, new in pairs if old != new]


def _by_id(plan: EditionPlan) -> dict[str, StoryPlan]:
    return {str(story.article_id): story for story in plan.stories}


def _name(story: StoryPlan) -> str:
    return f"“{clean(story.headline)}”"
