"""What changed between two looks at an edition: which stories came, went and moved, and what else reads anew. Pure."""

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
