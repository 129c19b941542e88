"""The explanation of an edition as a table: every story and every one left out, its points and the sentence. Pure."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Final

from digest.clock import as_utc_text
from digest.editors import views
from digest.editors.reading import Review
from digest.issues.plan import StoryPlan
from digest.ranking.candidate import LeftOut, Points
from digest.rendering.wording import clean

GUARDED: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for a formula
COLUMNS: Final = (
    "place", "section", "block", "headline", "url", "editor", "reading", "freshness", "region", "diversity", "total",
    "pinned", "why", "as_of", "formula", "lists",
)  # fmt: skip


def as_csv(review: Review) -> str:
    """Return the edition that is shown as CSV (RFC 4180): what stands from the top, then what does not by points."""
    page = io.StringIO()
    writer = csv.writer(page, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([_guarded(cell) for cell in row] for row in _rows(review))
    return page.getvalue()


def _rows(review: Review) -> Iterator[list[str]]:
    frame, plan = review.recipe.frame, review.plan
    same = [as_utc_text(plan.as_of), frame.formula, " + ".join(clean(plan.list_names[one]) for one in plan.lists)]
    headings = {one.list_id: clean(one.heading) for one in plan.sections}
    for story in plan.stories:
        yield [*_story(story, headings.get(story.list_id, "")), *same]
    left = sorted(plan.left_out, key=lambda one: (-(one.points.total if one.points else -1.0), one.id))
    for one in left:
        yield [*_left(review, one), *same]


def _story(story: StoryPlan, heading: str) -> list[str]:
    total = f"{story.points.total - story.penalty:.2f}"
    texts = [str(story.place), heading, story.block, clean(story.headline), views.web(story.url)]
    less = f"{-story.penalty:.2f}" if story.penalty else "0.00"
    return [*texts, *_points(story.points), less, total, "yes" if story.pinned else "", clean(story.why)]


def _left(review: Review, left: LeftOut) -> list[str]:
    shown = views.waiting(review, left)
    points = _points(left.points) if left.points else [""] * 4
    return ["", "", "left out", shown["headline"], shown["url"], *points, "", shown["points"], "", shown["reason"]]


def _points(points: Points) -> Sequence[str]:
    return [f"{value:.2f}" for value in (points.editor, points.reading, points.freshness, points.region)]


def _guarded(cell: str) -> str:
    """Keep a spreadsheet from taking a cell for a formula; a plain number stays one."""
    return f"'{cell}" if cell.startswith(GUARDED) and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return cell.lstrip("-").replace(".", "", 1).isdecimal()
