"""From what is frozen of an article to what the ranking weighs."""

from digest.issues.frame import Frame
from digest.issues.inputs import Inputs
from digest.ranking.candidate import Candidate

STRENGTHS = {"tag": 1.0, "feed": 0.6, "mention": 0.3}  # ranking rule 3


def candidate_of(one: Inputs, frame: Frame, *, excluded: bool = False, added: bool = False) -> Candidate:
    """Return the candidate of a frozen article; ``added``: by hand, so its age does not keep it out."""
    return Candidate(
        id=one.id,
        url=one.canonical_url,
        published_at=one.published_at,
        refreshed_at=one.refreshed_at,
        status=one.status,
        language=one.language,
        editors_choice=one.editors_choice,
        evergreen=one.evergreen,
        has_image=bool(one.picture),
        clicks=one.clicks,
        expected=one.expected,
        popular_rank=one.popular_rank,
        regions=frame.tree.reaching(one.regions, STRENGTHS),
        own_regions=frozenset(one.regions),
        topics=_topics(one, frame),
        authors=_authors(one, frame),
        cluster=one.cluster,
        excluded=excluded,
        carried=one.late or added,
        sent=one.sent,
        shown_popular=frozenset(one.shown_popular),
    )


def _topics(one: Inputs, frame: Frame) -> frozenset[str]:
    """Leave out region tags and the kicker: they must not count as a shared topic (ruling 3)."""
    return frozenset(topic.casefold() for topic in one.topics) - frame.region_words - {one.kicker.casefold()}


def _authors(one: Inputs, frame: Frame) -> frozenset[str]:
    return frozenset(author.casefold() for author in one.authors) - frame.house_bylines
