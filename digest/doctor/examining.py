"""The examination: every look in its order; one that breaks off is a finding itself, and stops no other."""

from collections.abc import Iterator, Sequence
from typing import Final

from digest.doctor import built, configured, naming, outside, stored, working
from digest.doctor.finding import Check, Finding, Level, Patient, fail

OF_SETTINGS: Final[Sequence[Check]] = (
    configured.outbox,
    configured.keys,
    configured.base_url,
    configured.accounts,
    configured.sender,
    configured.limits,
    stored.disks,
    built.mails,
    built.fonts,
    built.templates,
)
OF_DATABASE: Final[Sequence[Check]] = (
    stored.clock,
    working.worker,
    working.leases,
    working.issues,
    working.uncertain,
    working.halted,
    working.feeds,
)
OF_NETWORK: Final[Sequence[Check]] = (outside.pages, outside.clock, outside.senders)


def examine(patient: Patient, *, network: bool = False, names: bool = False) -> Iterator[Finding]:
    """Yield what is found. ``network``: ask our own pages and the providers, too; ``names``: name servers."""
    for check in OF_SETTINGS:
        yield from _looked(check, patient)
    said = list(_looked(stored.database, patient))
    yield from said
    if worst(said) is not Level.fail:  # else each of these would say the same once more
        for check in OF_DATABASE:
            yield from _looked(check, patient)
    for check in (*(OF_NETWORK if network else ()), *((naming.names,) if names else ())):
        yield from _looked(check, patient)


def worst(findings: Sequence[Finding]) -> Level:
    """Return how bad the worst of them is."""
    order = list(Level)
    return max((one.level for one in findings), key=order.index, default=Level.ok)


def _looked(check: Check, patient: Patient) -> Sequence[Finding]:
    try:
        return check(patient)
    except Exception as error:  # noqa: BLE001 - a look that breaks off must not keep the others back
        name = f"{check.__module__.rpartition('.')[2]}.{check.__name__}"
        says = f"This could not be looked at: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
        return [fail(name, says, "Mend what it names; if it makes no sense, tell us of it with this line.")]
