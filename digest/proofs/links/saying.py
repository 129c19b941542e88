"""From what addresses answered to checks, and back from stored checks: so that nothing is asked for twice. Pure.

A bad link is a check of its own; all sound ones stand in one, which names them, a picture with its bytes.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from digest.proofs.check import Asked, Check, Level
from digest.proofs.links.judging import CODES
from digest.proofs.links.targets import Target

GROUP: Final = "links"
SUMMARY: Final = "links-fetched"
FRESH: Final = timedelta(minutes=10)  # so long a sound address is not asked for again


def said(targets: Mapping[str, Target], asked: Mapping[str, Asked]) -> Iterator[Check]:
    """Yield a check for each bad one of these addresses, then one of what was asked for and what was not."""
    answers = [asked[url] for url in targets if url in asked]
    for one in answers:
        if one.code:
            yield Check(
                level=one.level,
                group=GROUP,
                code=one.code,
                sentence=one.sentence,
                place=targets[one.url].where or one.url,
                remedy=one.remedy,
                links=(one.url,),
                at=one.at.isoformat(),
            )
    yield _summary(len(targets), answers)


def kept(stored: Iterable[Check]) -> dict[str, Asked]:
    """Return address -> what it answered, as stored checks say."""
    found: dict[str, Asked] = {}
    for check in stored:
        if not check.links or not check.at:
            continue
        at = datetime.fromisoformat(check.at)
        if check.code == SUMMARY:
            for line in check.links:
                url, _, size = line.partition(" ")
                found[url] = Asked(url=url, at=at, size=int(size or 0))
        else:
            url = check.links[0]
            found[url] = Asked(
                url=url, at=at, level=check.level, code=check.code, sentence=check.sentence, remedy=check.remedy
            )
    return found


def is_ours(check: Check) -> bool:
    """Tell whether a check says what an address answered."""
    return check.code == SUMMARY or check.code in CODES


def due(targets: Mapping[str, Target], asked: Mapping[str, Asked], at: datetime, fresh: timedelta = FRESH) -> list[str]:
    """Return which addresses to ask for now: those not asked for lately, and the bad ones, which may be mended."""
    return [
        url for url in targets if (one := asked.get(url)) is None or one.code or not timedelta(0) <= at - one.at < fresh
    ]


def _summary(count: int, answers: list[Asked]) -> Check:
    if not answers:
        return Check(
            level=Level.not_checked,
            group=GROUP,
            code=SUMMARY,
            sentence="No link was fetched, so a dead page would not be noticed.",
            remedy="`digest issues check ISSUE --links` asks for each; or open the preview and click",
        )
    whole = len(answers) == count
    oldest = min(one.at for one in answers)
    bad = sum(bool(one.code) for one in answers)
    good = f"{bad} of them bad" if bad else "all of them sound"
    what = f"{count:,}" if whole else f"{len(answers):,} of {count:,}"
    more = "" if whole else " The others are new since, or were not reached in time."
    return Check(
        level=Level.green if whole else Level.not_checked,
        group=GROUP,
        code=SUMMARY,
        sentence=f"{what} addresses were asked for, {good}; the first at {oldest:%H:%M} UTC.{more}",
        remedy="" if whole else "Fetch the links once more",
        links=tuple(f"{one.url} {one.size}" if one.size else one.url for one in answers if not one.code),
        at=oldest.isoformat(),
    )
