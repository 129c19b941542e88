"""The three things an evaluation can rest on: the made newsroom, past issues of one's own, and a public click log."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from digest.errors import Refused
from digest.evaluating import replaying, trial
from digest.evaluating.asking import Question
from digest.evaluating.cases import Without
from digest.evaluating.logs import layouts
from digest.evaluating.logs import replaying as log_replaying
from digest.evaluating.logs.impressions import in_time
from digest.evaluating.methods import by_points
from digest.evaluating.newsroom import telling
from digest.evaluating.reporting import Report
from digest.ranking.formula import Formula

Tell = Callable[[int], None]
FEW = 20  # issues: below that an interval is a rough guess
MADE = (
    "The newsroom is made up: it shows that the parts of the ranking do their work, not that your readers agree.",
    "It knows nothing of variety: its stories share no topic, so caps and the loss for likeness play no part.",
)
MAIL_NOTE = (
    "mail: clicks over expected clicks of printed stories. What was left out could not be clicked and is not judged; "
    "the places the clicks come from were given by the ranking of then and by editors, and are evened out."
)
SITE_NOTE = (
    "site: page views of the days after the cut-off, of stories that were left out, too. But the site had places of "
    "its own, and the mail sent readers to what it printed."
)
PAST = (
    "pairs: the share of pairs of stories that stand the right way round; 0.5 is chance.",
    "Machine clicks are kept out of the figures from the start, so an order that counts them cannot be replayed.",
)
LOGGED = (
    "Such a log has no badge, region or place: reading and freshness are all that is measured.",
    "Every story was shown to that user, so each is weighed by its points alone, without filters and caps.",
    "Users are drawn in groups of about a thousandth of all.",
)


def silent(_done: int) -> None:
    """Tell nobody how far it is."""


def from_newsroom(formula: Formula, question: Question, *, issues: int = telling.ISSUES, tell: Tell = silent) -> Report:
    """Evaluate on the made newsroom."""
    wanted = question.asked(formula, without=(Without.places, Without.filter))
    tally = trial.tried(telling.cases(issues, seed=question.seed), wanted.methods, tell=tell)
    return Report(
        source="newsroom",
        about=f"{issues} issues of a made newsroom (seed {question.seed}), ranked by formula {formula.version}.",
        formula=formula.version,
        evidence=_issues(issues),
        methods=[one.name for one in wanted.methods],
        measures=[f"{trial.NDCG} {whose}" for whose in telling.MEASURES],
        drawn=tally.drawn(seed=question.seed, draws=question.draws),
        pairs=wanted.pairs,
        notes=MADE,
    )


def from_issues(
    past: replaying.Replayed, publication_id: str, formula: Formula, question: Question, *, tell: Tell = silent
) -> Report:
    """Evaluate on past issues of a publication. Raises Refused where nothing is known of their reading."""
    if not past.cases:
        raise Refused(
            f"Of the {past.issues} issues of {publication_id!r} that were sent none has clicks or later page views, "
            "so no order can be judged yet. Try the made newsroom: digest ranking evaluate --newsroom"
        )
    wanted = question.asked(formula, without=(Without.places,))
    tally = trial.tried(past.cases, wanted.methods, pairs=True, tell=tell)
    judged = len({case.unit for case in past.cases})
    sent = [trial.AS_SENT] if any(case.as_sent for case in past.cases) else []
    return Report(
        source="issues",
        about=f"{judged} of the last {past.issues} issues of {publication_id}, which were ranked by formula "
        f"{' and '.join(past.versions)}; ours is formula {formula.version}.",
        formula=formula.version,
        evidence=_issues(judged),
        methods=[*(one.name for one in wanted.methods), *sent],
        measures=[f"{kind} {whose}" for whose in _whose(past) for kind in (trial.NDCG, trial.PAIRS)],
        drawn=tally.drawn(seed=question.seed, draws=question.draws),
        pairs=wanted.pairs,
        notes=_past_notes(past, judged),
    )


def _issues(many: int) -> str:
    return f"{many} issue{'s' if many != 1 else ''}"


def _whose(past: replaying.Replayed) -> list[str]:
    known = {whose for case in past.cases for whose in case.gains}
    return [whose for whose in (replaying.MAIL, replaying.SITE) if whose in known]


def _past_notes(past: replaying.Replayed, judged: int) -> list[str]:
    notes = {replaying.MAIL: MAIL_NOTE, replaying.SITE: SITE_NOTE}
    few = [f"{_issues(judged)}: that is little, take the intervals as a rough guess."] if judged < FEW else []
    return [*few, *(notes[whose] for whose in _whose(past)), *PAST]


def from_log(
    folder: Path, formula: Formula, question: Question, *, every: int = 1, read: Tell = silent, ranked: Tell = silent
) -> Report:
    """Evaluate on a public click log. Raises BadInput for a folder or file that is none, Refused where nobody clicked.

    ``every``: rank only each so many-th impression (all are counted). ``read`` and ``ranked`` hear how far it is.
    """
    log = layouts.find(folder)
    wanted = question.asked(formula, order=by_points, badges=False)
    with closing(in_time(log.impressions(), read)) as impressions:
        tally, many = log_replaying.tried(impressions, log.published, wanted.methods, every=every, tell=ranked)
    if not many:
        raise Refused(f"No impression of {log.behaviors} has both a click and a story that was not clicked.")
    return Report(
        source="log",
        about=f"{many:,} impressions of a log in the layout of {log.layout}, ranked by formula {formula.version}.",
        formula=formula.version,
        evidence=f"{many:,} impressions",
        methods=[one.name for one in wanted.methods],
        measures=log_replaying.MEASURES,
        drawn=tally.drawn(seed=question.seed, draws=question.draws),
        pairs=wanted.pairs,
        notes=(*LOGGED, *log.notes),
    )
