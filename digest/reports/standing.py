"""Which stories could have stood in an issue, and how much attention each got there: for the exposure monitor."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from babel import Locale
from sqlalchemy import func, select
from sqlmodel import Session, col

from digest.articles.identity import ARTICLES
from digest.articles.popularity import EXPOSURES
from digest.issues.candidates import candidate_of
from digest.issues.inputs import Inputs
from digest.issues.models import Issue
from digest.issues.recipe import Recipe, load
from digest.proofs.models import EditionStory
from digest.ranking.candidate import SectionOrder
from digest.ranking.eligibility import had_it, reason_but_exclusion, unfit
from digest.ranking.formula import Formula, for_cadence, theta
from digest.regions import all_regions
from digest.reports.facts import Standing
from digest.sending.models import table

ISSUES: Final = 4  # ranking.md 1.3, "Exposure fairness"
CHUNK: Final = 1_000  # ids of one query
STORY = table(EditionStory)


def last(session: Session, issue: Issue) -> list[Issue]:
    """Return the last issues of a publication whose exposure is noted, up to this one, oldest first."""
    noted = select(STORY.c.issue_number).join(
        EXPOSURES,
        (EXPOSURES.c.article_id == STORY.c.article_id)
        & (EXPOSURES.c.edition_number == STORY.c.edition_number)
        & (EXPOSURES.c.place == STORY.c.place),
    )
    query = (
        select(Issue)
        .where(
            col(Issue.publication_id) == issue.publication_id,
            col(Issue.first_accepted_at) <= issue.first_accepted_at,
            noted.where(STORY.c.issue_number == col(Issue.number)).exists(),
        )
        .order_by(col(Issue.first_accepted_at).desc(), col(Issue.number).desc())
        .limit(ISSUES)
    )
    return list(session.execute(query).scalars())[::-1]


def of_issue(session: Session, issue: Issue) -> list[Standing]:
    """Return the stories of an issue that were printed, or could have been; one for all articles of a cluster.

    What an editor took out counts as one that could: the monitor shows what people do, too.
    """
    recipe = load(session, issue)
    formula = for_cadence(str(recipe.frame.publication.get("cadence", "weekly")))
    exposure = _exposure(session, issue.number, formula)
    stories: dict[str, list[Inputs]] = defaultdict(list)
    for one in recipe.candidates:
        if one.id in exposure or _eligible(one, recipe, formula):
            stories[one.story_key].append(one)
    desks = _desks(session, (one.id for articles in stories.values() for one in articles))
    places = _places(session)
    return [
        _standing(issue.number, key, articles, recipe, exposure, desks, places) for key, articles in stories.items()
    ]


def _standing(  # noqa: PLR0917 - everything a story is looked up in
    number: int,
    key: str,
    articles: Sequence[Inputs],
    recipe: Recipe,
    exposure: Mapping[str, float],
    desks: Mapping[str, str],
    places: Mapping[str, str],
) -> Standing:
    """Return a story: what is said of it is said of the article that was printed, else of the first."""
    told = max(articles, key=lambda one: exposure.get(one.id, 0.0))
    return Standing(
        issue=number,
        key=key,
        countries=tuple(sorted({places.get(region, region) for region in own(told.regions, recipe)})),
        authors=tuple(sorted({one for one in told.authors if one.casefold() not in recipe.frame.house_bylines})),
        desk=desks.get(told.id, ""),
        exposure=sum(exposure.get(one.id, 0.0) for one in articles),
    )


def own(regions: Iterable[str], recipe: Recipe) -> list[str]:
    """Return the regions of a story that have none of its others below them: Georgia, not South Caucasus, too."""
    given = set(regions)
    above = {one for region in given for one in recipe.frame.tree.ancestors(region)}
    return sorted(given - above)


def _eligible(one: Inputs, recipe: Recipe, formula: Formula) -> bool:
    """Tell whether a section of any list could have taken it, and none of its readers had it."""
    candidate = candidate_of(one, recipe.frame, added=one.id in recipe.edits.added)
    if unfit(candidate, recipe.as_of, formula):
        return False
    if any(had_it(candidate, at, recipe.as_of, formula) for at in one.sent.values()):
        return False
    orders = (
        SectionOrder(list_id=own.id, region=own.region, language=own.language, general=own.general)
        for own in recipe.frame.lists
    )
    return any(not reason_but_exclusion(candidate, order, recipe.as_of, formula) for order in orders)


def _exposure(session: Session, number: int, formula: Formula) -> dict[str, float]:
    """Return the sum of theta over all readers of each article of an issue."""
    exposed = EXPOSURES.c
    query = (
        select(STORY.c.article_id, STORY.c.place, func.sum(exposed.delivered))
        .join(
            EXPOSURES,
            (exposed.article_id == STORY.c.article_id)
            & (exposed.edition_number == STORY.c.edition_number)
            & (exposed.place == STORY.c.place),
        )
        .where(STORY.c.issue_number == number)
        .group_by(STORY.c.article_id, STORY.c.place)
    )
    found: dict[str, float] = defaultdict(float)
    for article, place, delivered in session.execute(query):
        found[str(article)] += int(delivered) * theta(place, formula)
    return found


def _desks(session: Session, articles: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for ids in _chunks(sorted(set(articles))):
        query = select(ARTICLES.c.id, ARTICLES.c.desk).where(ARTICLES.c.id.in_(ids), ARTICLES.c.desk != "")
        found |= {str(article): desk for article, desk in session.execute(query)}
    return found


def _places(session: Session) -> dict[str, str]:
    """Return what each region is called here: the country, where it is one; else its name and "region"."""
    names: Any = Locale("en").territories
    return {
        region.id: str(names.get(region.countries[0], region.name()))
        if len(region.countries) == 1
        else f"{region.name()} (several countries)"
        for region in all_regions(session)
    }


def _chunks(names: Sequence[str]) -> Iterator[list[UUID]]:
    for start in range(0, len(names), CHUNK):
        yield [UUID(name) for name in names[start : start + CHUNK]]
