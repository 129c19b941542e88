"""Building an edition from a recipe: pure, so that the same recipe gives the same edition at any time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from digest.clock import as_utc_text
from digest.errors import Refused
from digest.issues.borrowing import borrowed
from digest.issues.candidates import candidate_of
from digest.issues.frame import FrameList
from digest.issues.inputs import Inputs
from digest.issues.placing import ranked_stories, settled
from digest.issues.plan import EditionPlan, SectionPlan, StoryPlan
from digest.issues.recipe import Recipe
from digest.issues.stories import Teller
from digest.issues.wording import default_preheader, default_subject
from digest.ranking.candidate import Block, EditionSection, RankedEdition, SectionOrder
from digest.ranking.edition import rank_edition
from digest.ranking.formula import Formula, for_cadence
from digest.ranking.pool import Pool

CORRECTIONS = 3  # at most, above Popular (ruling 10)
_PRINTED = (
    "id",
    "name",
    "language",
    "sender_name",
    "sender_address",
    "reply_to",
    "postal_address",
    "website",
    "logo_url",
    "logo_dark_url",
    "template",
    "clicks",
)


def issue_id(publication_id: str, as_of: datetime, once: bool = False) -> UUID:  # noqa: FBT001, FBT002 - a plain fact
    """Return the id of an issue: the same publication, cut-off and kind always have the same one."""
    kind = "once" if once else "regular"
    return uuid5(NAMESPACE_URL, f"issue:{publication_id}:{as_utc_text(as_of)}:{as_of.microsecond}:{kind}")


def set_key_of(lists: tuple[str, ...]) -> str:
    """Return the key under which orders of the same lists share a history."""
    return " ".join(sorted(lists))


def build(recipe: Recipe, lists: tuple[str, ...], without: frozenset[str] = frozenset()) -> EditionPlan:
    """Build one edition: for an ordered set of lists, leaving out the stories (by key) some readers had."""
    return Builder(recipe).build(lists, without)


class Builder:
    """Builds many editions of one issue; what is worked out for one is used for the next."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.formula = _formula(recipe)
        excluded = frozenset(recipe.edits.excluded.get("", ()))
        self._candidates = tuple(
            candidate_of(one, recipe.frame, excluded=one.id in excluded, added=one.id in recipe.edits.added)
            for one in recipe.candidates
        )
        self._regions = {one.id: one.regions for one in self._candidates}
        self._pools: dict[frozenset[str], Pool] = {}

    def known(self, lists: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of the lists that the issue was drafted with; the others came later."""
        return tuple(one for one in lists if one in self.recipe.frame.by_list)

    def ranked(self, lists: tuple[str, ...], without: frozenset[str] = frozenset()) -> RankedEdition:
        """Rank the stories of one edition; ``without`` names articles left out because some readers had them."""
        lists = self.known(lists)
        if not lists:
            raise Refused("None of these lists was there when the issue was drafted. Refresh its candidates.")
        return rank_edition(
            (),  # the pool holds them
            [self._order(one) for one in self._section_order(lists)],
            as_of=self.recipe.as_of,
            formula=self.formula,
            set_key=set_key_of(lists),
            lead=self.recipe.edits.lead or None,
            without=without,
            pool=self._pool(set_key_of(lists)),
        )

    def build(self, lists: tuple[str, ...], without: frozenset[str] = frozenset()) -> EditionPlan:
        """Build one edition for an ordered set of lists; lists that came after the draft are passed over.

        ``without``: story keys that some readers of the set had before; see ``sibling``.
        """
        plan = self._told(self.known(lists), self.ranked(lists))
        return self.sibling(plan, without) if without else plan

    def sibling(self, base: EditionPlan, without: frozenset[str]) -> EditionPlan:
        """Build an edition of the same stories less some, for those readers who had these before.

        Nothing new enters: a story that is not in the base edition may be one that these very readers had, too.
        """
        stories = ranked_stories(base) + base.popular
        kept = {str(story.article_id) for story in stories if story.story_key not in without}
        keys = {self.recipe.by_id[one].story_key for one in kept}
        out = {one.id for one in self.recipe.candidates if one.id not in kept and one.story_key not in keys}
        plan = self._told(base.lists, self.ranked(base.lists, frozenset(out)))
        were = {str(story.article_id) for story in stories}
        left_out = (*base.left_out, *(left for left in plan.left_out if left.id in were))
        return replace(plan, without=tuple(sorted(without)), left_out=tuple(sorted(left_out, key=lambda one: one.id)))

    def _told(self, lists: tuple[str, ...], ranked: RankedEdition) -> EditionPlan:
        teller = Teller(self.recipe, self.formula, lists)
        publication = self.recipe.frame.publication
        plan = EditionPlan(
            issue_id=self.recipe.issue_id,
            revision=self.recipe.revision,
            publication={name: str(publication.get(name, "")) for name in _PRINTED},
            as_of=self.recipe.as_of,
            zone=publication["zone"],
            cadence=publication["cadence"],
            lists=lists,
            list_names={one: self.recipe.frame.by_list[one].name for one in lists},
            set_key=set_key_of(lists),
            language=teller.language,
            subject="",
            preheader="",
            editor_name=publication["editor_name"],
            editor_role=publication["editor_role"],
            lead=teller.story(ranked.lead, ranked.lead_list, Block.lead) if ranked.lead else None,
            sections=tuple(self._section(teller, section) for section in ranked.sections),
            popular=tuple(teller.popular(placed) for placed in ranked.popular),
            region_names={one.id: one.name(teller.language) for one in self.recipe.frame.regions},
            left_out=tuple(sorted(ranked.left_out, key=lambda one: one.id)),
            own_template=self.recipe.frame.own_template,
        )
        return self._finished(plan, teller)

    def _finished(self, plan: EditionPlan, teller: Teller) -> EditionPlan:
        corrections = self._corrections(plan, teller)
        corrected = {str(story.article_id) for story in corrections}
        plan = replace(
            plan,
            corrections=corrections,
            left_out=tuple(left for left in plan.left_out if left.id not in corrected),
            empty_regions=_empty_regions(plan, self.recipe.frame.by_list),
        )
        return worded(settled(plan), self.recipe)

    def _corrections(self, plan: EditionPlan, teller: Teller) -> tuple[StoryPlan, ...]:
        """Return corrections of stories this set was sent, the latest sent first."""
        here = {story.story_key for story in plan.stories}
        due = [one for one in self.recipe.candidates if _owed_a_correction(one, plan.set_key)]
        due.sort(key=lambda one: (-one.sent[plan.set_key].timestamp(), one.id))
        told = [teller.correction(one) for one in due if one.story_key not in here]
        unique = {story.story_key: story for story in reversed(told)}
        return tuple(story for story in told if unique[story.story_key] is story)[:CORRECTIONS]

    def _section(self, teller: Teller, section: EditionSection) -> SectionPlan:
        if section.own is not None:
            return borrowed(teller, section, section.own)
        one = self.recipe.frame.by_list[section.order.list_id]
        region = self.recipe.frame.by_region[one.region]
        return SectionPlan(
            list_id=one.id,
            region=one.region,
            heading=region.name(teller.language),
            color=region.color,
            color_dark=region.color_dark,
            stories=tuple(teller.story(placed, one.id, Block.section) for placed in section.stories),
            briefs=tuple(teller.story(placed, one.id, Block.brief) for placed in section.briefs),
        )

    def _order(self, list_id: str) -> SectionOrder:
        one, edits, publication = (
            self.recipe.frame.by_list[list_id],
            self.recipe.edits,
            self.recipe.frame.publication,
        )
        return SectionOrder(
            list_id=one.id,
            region=one.region,
            language=one.language,
            stories=publication["section_stories"],
            briefs=publication["section_briefs"],
            general=one.general,
            pins=edits.pins.get(one.id, {}),
            excluded=frozenset(edits.excluded.get(one.id, ())),
            moved_in=self._moved_in(one),
            lenders=self.recipe.frame.tree.ancestors(one.region) if publication.get("empty") == "borrow" else (),
        )

    def _moved_in(self, one: FrameList) -> frozenset[str]:
        """Return what an editor moved to a list's section, or pinned there though it is of another region."""
        edits = self.recipe.edits
        moved = {article for article, target in edits.moved.items() if target == one.id}
        pinned = edits.pins.get(one.id, {}).keys() - edits.moved.keys()
        return frozenset(moved | {article for article in pinned if one.region not in self._regions.get(article, ())})

    def _section_order(self, lists: tuple[str, ...]) -> tuple[str, ...]:
        """Return the order of the sections: the general one last, unless the reader put it elsewhere (rule 11)."""
        newsroom = tuple(one for one in self.recipe.frame.newsroom_order if one in lists)
        if lists != newsroom:
            return lists
        return tuple(sorted(lists, key=lambda one: self.recipe.frame.by_list[one].general))

    def _pool(self, set_key: str) -> Pool:
        """Return the pool of a set: ``carried`` differs by set, since each set's last issue had its own losers."""
        losers = frozenset(one.id for one in self.recipe.candidates if set_key in one.carried)
        if losers not in self._pools:
            candidates = (replace(one, carried=True) if one.id in losers else one for one in self._candidates)
            self._pools[losers] = Pool(candidates, self.recipe.as_of, self.formula)
        return self._pools[losers]


def worded(plan: EditionPlan, recipe: Recipe) -> EditionPlan:
    """Return an edition with its subject, preheader and note: an editor's, else from its own stories (ruling 4)."""
    stories = ranked_stories(plan)
    ordered = sorted(stories[1:], key=lambda story: (-story.points.total, story.place))
    headlines = [story.headline for story in (*stories[:1], *ordered)]
    edits = recipe.edits
    return replace(
        plan,
        subject=edits.issue_text("subject", plan.lists) or default_subject(headlines, plan.publication["name"]),
        preheader=edits.issue_text("preheader", plan.lists)
        or (default_preheader(headlines) if len(headlines) > 1 else ""),
        note=edits.issue_text("note", plan.lists),
    )


def _empty_regions(plan: EditionPlan, by_list: Mapping[str, FrameList]) -> tuple[str, ...]:
    """Return the names of the reader's regions that nothing in the mail is about."""
    filled = {plan.lead.list_id} if plan.lead else set()
    filled |= {section.list_id for section in plan.sections if not section.borrowed}
    reached = {region for story in ranked_stories(plan) for region in (story.region, *story.also_in)}
    empty = [by_list[one].region for one in plan.lists if one not in filled and not by_list[one].general]
    return tuple(plan.region_names[region] for region in dict.fromkeys(empty) if region not in reached)


def _owed_a_correction(one: Inputs, set_key: str) -> bool:
    """Whether the set was sent the story, and not yet its correction."""
    due = one.correction_due and set_key not in one.correction_told
    return due and set_key in one.sent and one.status == "published"


def _formula(recipe: Recipe) -> Formula:
    formula = for_cadence(recipe.frame.publication["cadence"])
    if formula.version != recipe.frame.formula:
        raise Refused(
            f"The issue was ranked by formula {recipe.frame.formula}, this release knows {formula.version}. "
            "Refresh the issue's candidates to rank it anew."
        )
    return formula
