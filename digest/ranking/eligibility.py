"""Who may stand in a section at all: the filters of rule 5 in their order, the first that holds is the reason."""

from datetime import datetime, timedelta

from digest.ranking.candidate import Candidate, Reason, SectionOrder
from digest.ranking.formula import Formula, age_hours

_HOURS_A_DAY = 24


def unfit(candidate: Candidate, as_of: datetime, formula: Formula) -> Reason | None:
    """Return why no mail at all may print this candidate at ``as_of``: unpublished, retracted or embargoed."""
    if candidate.status in {Reason.unpublished, Reason.retracted}:
        return Reason(candidate.status)
    early = candidate.published_at > as_of + timedelta(minutes=formula.skew_minutes)
    return Reason.embargoed if early or candidate.status == Reason.embargoed else None


def reason_against(candidate: Candidate, order: SectionOrder, as_of: datetime, formula: Formula) -> Reason | None:
    """Return why a fit candidate cannot stand in this section, None if it may.

    What its readers were sent is not asked here, it differs by edition: ``pool.View.reason`` adds it in its turn.
    """
    if candidate.excluded or candidate.id in order.excluded:
        return Reason.excluded
    return reason_but_exclusion(candidate, order, as_of, formula)


def reason_but_exclusion(candidate: Candidate, order: SectionOrder, as_of: datetime, formula: Formula) -> Reason | None:
    """Return what would bar a fit candidate if no editor had excluded it: language, region or age."""
    if candidate.language != order.language and candidate.language not in order.languages:
        return Reason.language
    if not belongs(candidate, order):
        return Reason.region
    stale = candidate.id not in order.pins and age_hours(candidate, as_of) > _oldest(candidate, formula)
    return Reason.stale if stale else None


def belongs(candidate: Candidate, order: SectionOrder) -> bool:
    """Tell whether the candidate is of the section's region, by evidence or because an editor moved it there."""
    return order.general or order.region in candidate.regions or candidate.id in order.moved_in


def _oldest(candidate: Candidate, formula: Formula) -> float:
    """Return the greatest age in hours at which it is not stale; that age itself is in."""
    if candidate.evergreen:
        return formula.evergreen_days * _HOURS_A_DAY
    window = formula.window_hours + formula.grace_hours
    return max(window, formula.carried_days * _HOURS_A_DAY) if candidate.carried else window


def had_it(candidate: Candidate, sent_at: datetime, as_of: datetime, formula: Formula) -> bool:
    """Tell whether a set that was sent the story at ``sent_at`` must not get it again.

    An editor's substantive update after that time lifts it once; so does a year.
    """
    if as_of - sent_at > timedelta(days=formula.resend_days):
        return False
    return candidate.refreshed_at is None or candidate.refreshed_at <= sent_at
