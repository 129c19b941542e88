"""Looks from outside: whether the pages answer, what another clock says, and whether providers know the sender."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from digest.doctor.finding import Finding, Patient, fail, ok, warn
from digest.doctor.stored import clock_finding
from digest.errors import DigestError
from digest.providers import registry
from digest.sending.provider import ProviderError

CLOCK: Final = "https://example.org/"  # kept by IANA for such purposes: RFC 2606


def pages(patient: Patient) -> Sequence[Finding]:
    """Fetch BASE_URL/health, as a reader's browser would fetch a page."""
    url = f"{patient.app.settings.base_url}/health"
    remedy = "Look whether `digest serve` runs, and whether the proxy before it passes requests on."
    try:
        answer = patient.app.fetcher.get(url)
    except DigestError as error:
        return [fail("pages", str(error), remedy)]
    if answer.status != HTTPStatus.OK or b"database" not in answer.body:
        return [fail("pages", f"{url} answers {answer.status}, and not as `digest serve` does.", remedy)]
    return [ok("pages", f"{patient.app.settings.base_url} answers.")]


def clock(patient: Patient) -> Sequence[Finding]:
    """Compare this machine's clock with that of a web server elsewhere, to the second."""
    try:
        told = patient.app.fetcher.head(CLOCK).headers.get("date", "")
        theirs = parsedate_to_datetime(told)
    except (DigestError, ValueError) as error:
        return [warn("outer-clock", f"No other clock could be asked: {error}", "Try again, or look at `timedatectl`.")]
    apart = abs(patient.app.clock.now() - _aware(theirs))
    return [clock_finding("outer-clock", "a web server's", max(timedelta(0), apart - timedelta(seconds=1)))]


def senders(patient: Patient) -> Sequence[Finding]:
    """Ask each provider that can tell whether it knows the sender; others are said not to have been asked."""
    settings = patient.app.settings
    found = []
    for name in settings.account_names:
        ask = registry.SENDERS.get(settings.account(name).provider)
        if ask is None:
            continue
        try:
            trouble = ask(settings.account(name), registry.times(settings), settings.sender_address)
        except ProviderError as error:
            says = f"Account {name} would not say whether {settings.sender_address} may send: {error}"
            found.append(warn("senders", says, "A key that may only send cannot ask; look at the provider's page."))
            continue
        if trouble:
            found.append(fail("senders", f"Account {name}: {trouble}", "Verify the domain at the provider's page."))
        else:
            found.append(ok("senders", f"Account {name} knows the sender {settings.sender_address}."))
    return found


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
