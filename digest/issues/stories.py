"""From a place in the ranking to a story: texts with edits applied, its region, and why it stands there."""

from uuid import UUID

from digest.issues.candidates import STRENGTHS, candidate_of
from digest.issues.frame import FrameList
from digest.issues.inputs import Inputs
from digest.issues.plan import Picture, StoryPlan
from digest.issues.recipe import Recipe
from digest.ranking.candidate import Block, Placed
from digest.ranking.formula import ANYWHERE, Formula, explain, points


class Teller:
    """Tells the stories of one edition: knows its lists, in the order of its readers."""

    def __init__(self, recipe: Recipe, formula: Formula, lists: tuple[str, ...]) -> None:
        self.recipe = recipe
        self.formula = formula
        self.lists = tuple(recipe.frame.by_list[one] for one in lists)
        self.language = self.lists[0].language if self.lists else str(recipe.frame.publication["language"])

    def story(self, placed: Placed, list_id: str, block: Block) -> StoryPlan:
        """Return the story of a placed candidate in the section of a list."""
        return self._told(self.recipe.by_id[placed.candidate.id], placed, self.recipe.frame.by_list[list_id], block)

    def popular(self, placed: Placed) -> StoryPlan:
        """Return the story of a candidate that stands in Popular."""
        inputs = self.recipe.by_id[placed.candidate.id]
        return self._told(inputs, placed, self._home(inputs), Block.popular)

    def correction(self, inputs: Inputs) -> StoryPlan:
        """Return a story that was sent before, to be listed with its correction."""
        candidate = candidate_of(inputs, self.recipe.frame)
        home = self._home(inputs)
        weight = points(candidate, home.region, self.recipe.as_of, self.formula)
        placed = Placed(candidate=candidate, points=weight, penalty=0.0, place=1)
        return self._told(inputs, placed, home, Block.correction)

    def _told(self, inputs: Inputs, placed: Placed, home: FrameList, block: Block) -> StoryPlan:
        texts = self.recipe.edits.texts.get(inputs.id, {})
        where = ANYWHERE if home.general else home.region
        return StoryPlan(
            article_id=UUID(inputs.id),
            story_key=inputs.story_key,
            url=inputs.url,
            headline=texts.get("headline", inputs.headline),
            standfirst=texts.get("standfirst", inputs.standfirst),
            kicker=texts.get("kicker", inputs.kicker),
            byline=inputs.byline,
            place_name=inputs.place,
            minutes=inputs.minutes,
            language=inputs.language,
            picture=_picture(inputs, texts.get("alt")),
            correction=inputs.correction,
            updated=inputs.refreshed_at is not None,
            from_daily=inputs.from_daily and block is not Block.correction,
            editors_choice=inputs.editors_choice,
            place=placed.place,  # numbered from the top of the mail afterwards
            block=block.value,
            list_id=home.id,
            region=self._region(inputs, home),
            also_in=self._also_in(placed, home),
            points=placed.points,
            penalty=placed.penalty,
            pinned=placed.pinned,
            why=explain(placed.candidate, where, placed.points, placed.penalty, self.recipe.as_of, self.formula),
        )

    def _home(self, inputs: Inputs) -> FrameList:
        """Return the first of the reader's lists whose region a story reaches; else their first list."""
        reached = self.recipe.frame.tree.reaching(inputs.regions, STRENGTHS)
        own = [one for one in self.lists if one.region in reached and not one.general]
        return (own or list(self.lists))[0]

    def _region(self, inputs: Inputs, home: FrameList) -> str:
        """Return the region to name: the list's, or in the general list the story's own, strongest evidence first."""
        known = [region for region in inputs.regions if region in self.recipe.frame.by_region]
        if not home.general or not known:
            return home.region
        return min(known, key=lambda region: (-STRENGTHS[inputs.regions[region]], region))

    def _also_in(self, placed: Placed, home: FrameList) -> tuple[str, ...]:
        """Return the reader's other regions the story is about; those that contain its own say nothing new."""
        above = {home.region, *self.recipe.frame.tree.ancestors(home.region)}
        others = (one.region for one in self.lists if not one.general and one.region in placed.candidate.regions)
        return tuple(dict.fromkeys(region for region in others if region not in above))


def _picture(inputs: Inputs, alt: str | None) -> Picture | None:
    if not inputs.picture:
        return None
    held = dict(inputs.picture)
    return Picture(
        url=held["url"],
        alt=alt if alt is not None else held.get("alt", ""),
        credit=held.get("credit", ""),
        width=held.get("width"),
        height=held.get("height"),
        thumb=held.get("thumb", ""),
    )
