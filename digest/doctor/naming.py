"""Looks at what name servers say of the sender's domain: SPF, DKIM and DMARC, and whether they fit together.

SPF: RFC 7208. DKIM: RFC 6376. DMARC: RFC 7489; the domain above is found by walking up its names, as its successor
does, so that no list of public suffixes is needed. Gmail and Yahoo want all three of who sends 5,000 mails a day.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from digest.accounts import Account, ProviderName
from digest.doctor.finding import Finding, Patient, Unanswered, fail, ok, warn
from digest.issues import publications

Lookup = Callable[[str, str], list[str]]
MOST_LOOKUPS: Final = 10  # RFC 7208 4.6.4
_ASKS: Final = re.compile(r"[+?~-]?(?:include:|a(?:[:/]|$)|mx(?:[:/]|$)|ptr(?::|$)|exists:|redirect=)", re.IGNORECASE)
_INTO: Final = re.compile(r"[+?~-]?(?:include:|redirect=)(\S+)", re.IGNORECASE)
_P = ProviderName
# Where each provider's key usually stands; the others give each account a name of its own: --selector.
SELECTORS: Final[Mapping[ProviderName, tuple[str, ...]]] = MappingProxyType(
    {
        _P.sendgrid: ("s1", "s2"),
        _P.resend: ("resend",),
        _P.brevo: ("brevo1", "brevo2", "mail"),
        _P.mailgun: ("mx", "smtp", "k1", "mailo", "pic", "email"),
    }
)


def domains(patient: Patient) -> dict[str, list[Account]]:
    """Return each domain that mails come from -> the accounts that send for it."""
    app = patient.app
    settings = app.settings
    found: dict[str, list[Account]] = {}

    def add(address: str, account: Account) -> None:
        known = found.setdefault(address.rpartition("@")[2].lower(), [])
        if account not in known:
            known.append(account)

    add(settings.sender_address, settings.account())
    try:
        with app.database.reading() as session:
            everyone = publications.all_publications(session)
    except SQLAlchemyError:  # told by another check
        everyone = []
    for one in everyone:
        for name in {one.account, *one.list_accounts.values()}:
            if name in ("", *settings.account_names):
                add(one.sender_address, settings.account(name))
    real = ((domain, [one for one in accounts if one.provider is not _P.outbox]) for domain, accounts in found.items())
    return {domain: accounts for domain, accounts in real if accounts}


def names(patient: Patient) -> Sequence[Finding]:
    """Look at each domain that mails come from."""
    asked = domains(patient)
    if not asked:
        return [ok("dns", "No mail leaves this machine, so no name was asked for.")]
    return [one for domain, accounts in asked.items() for one in _domain(patient, domain, accounts)]


def _domain(patient: Patient, domain: str, accounts: Sequence[Account]) -> Iterator[Finding]:
    looks: tuple[Callable[[], Iterator[Finding]], ...] = (
        lambda: spf(domain, patient.lookup),
        lambda: dkim(domain, accounts, patient.selectors, patient.lookup),
        lambda: dmarc(domain, accounts, patient.lookup),
        lambda: mx(domain, patient.lookup),
    )
    for look in looks:
        try:
            yield from look()
        except Unanswered as error:
            yield warn("dns", f"Name servers did not answer: {error}.", "Try again later, or from another network.")


def spf(domain: str, lookup: Lookup) -> Iterator[Finding]:
    """Yield what the domain's SPF record is worth."""
    found = [one for one in lookup(domain, "TXT") if one.lower().split(" ")[0] == "v=spf1"]
    if not found:
        says = f"{domain} has no SPF record. That is enough only where your provider bounces by a domain of its own."
        yield warn("spf", says, f'Add a TXT record to {domain} as your provider says, as in "v=spf1 include:... ~all".')
    elif len(found) > 1:
        yield fail("spf", f"{domain} has {len(found)} SPF records, so none of them counts.", "Join them into one.")
    elif any(one in ("+all", "all") for one in found[0].lower().split()):
        yield fail("spf", f"The SPF record of {domain} lets the whole world send for it (+all).", "End it in ~all.")
    else:
        count = _lookups(found[0], lookup, {domain})
        if count > MOST_LOOKUPS:
            says = f"The SPF record of {domain} asks for {count} names; after {MOST_LOOKUPS} receivers give up."
            yield fail("spf", says, "Take out the includes of providers that you no longer use.")
        else:
            yield ok("spf", f"{domain} has an SPF record.")


def _lookups(record: str, lookup: Lookup, seen: set[str]) -> int:
    """Return how many names a record asks for, with those of the records it includes."""
    count = sum(_ASKS.match(word) is not None for word in record.split())
    for word in record.split():
        into = _INTO.match(word)
        if into and into[1].lower() not in seen and len(seen) <= MOST_LOOKUPS:
            seen.add(into[1].lower())
            inner = [one for one in lookup(into[1], "TXT") if one.lower().startswith("v=spf1")]
            count += sum(_lookups(one, lookup, seen) for one in inner[:1])
    return count


def dkim(domain: str, accounts: Sequence[Account], given: Sequence[str], lookup: Lookup) -> Iterator[Finding]:
    """Yield whether a key stands at one of the usual places, or at those that were given."""
    for account in accounts:
        provider, at = account.provider, account.domain or domain
        usual = tuple(given) or SELECTORS.get(provider, ())
        if not usual:
            says = f"Where {provider.value} keeps the DKIM key of {at} is not known here."
            yield warn("dkim", says, "Name it as your provider's page does: digest doctor --dns --selector NAME")
            continue
        found = {one: lookup(f"{one}._domainkey.{at}", "TXT") for one in usual}
        keys = {name: _tags(text) for name, texts in found.items() for text in texts if "p" in _tags(text)}
        if any(tags["p"] for tags in keys.values()):
            name = next(name for name, tags in keys.items() if tags["p"])
            yield ok("dkim", f"{at} has the DKIM key {name} for {provider.value}.")
        elif keys:
            says = f"The DKIM key of {at} was taken back: it is empty."
            yield fail("dkim", says, "Add the record that your provider shows.")
        else:
            says = f"No DKIM key of {provider.value} stands at {at} (looked for {', '.join(usual)})."
            yield fail(
                "dkim", says, "Add the records that your provider shows for the domain; or name it: --selector NAME"
            )


def dmarc(domain: str, accounts: Sequence[Account], lookup: Lookup) -> Iterator[Finding]:
    """Yield whether the domain, or one above it, has a DMARC record, and whether the accounts' domains fit it."""
    at, records = _policy(domain, lookup)
    if not records:
        says = f"{domain} has no DMARC record; Gmail and Yahoo want one of who sends much."
        yield fail(
            "dmarc", says, f'Add a TXT record to _dmarc.{domain}: "v=DMARC1; p=none; rua=mailto:you@..." to begin.'
        )
        return
    if len(records) > 1:
        yield fail("dmarc", f"_dmarc.{at} has {len(records)} records, so none of them counts.", "Leave one.")
        return
    tags = _tags(records[0])
    if tags.get("p") not in ("none", "quarantine", "reject"):
        yield fail("dmarc", f"The DMARC record of {at} says no policy (p=).", "Write p=none, p=quarantine or p=reject.")
        return
    yield ok("dmarc", f"{at} has a DMARC record (p={tags['p']}).")
    for one in accounts:
        if one.domain and not _aligned(one.domain.lower(), domain, at, strict=tags.get("adkim") == "s"):
            says = f"Mails of {domain} are signed by {one.domain}, which the DMARC record of {at} does not accept."
            yield fail("dmarc", says, "Send by a domain of the sender's, or change the sender.")


def _policy(domain: str, lookup: Lookup) -> tuple[str, list[str]]:
    """Return the records of the domain, else of the nearest one above that has any, and where they stand."""
    labels = domain.split(".")
    for first in range(max(1, len(labels) - 1)):
        at = ".".join(labels[first:])
        found = [one for one in lookup(f"_dmarc.{at}", "TXT") if one.replace(" ", "").lower().startswith("v=dmarc1")]
        if found:
            return at, found
    return domain, []


def _aligned(signs: str, sender: str, above: str, *, strict: bool) -> bool:
    if strict:
        return signs == sender
    return signs == above or signs.endswith(f".{above}") or sender.endswith(f".{signs}")


def mx(domain: str, lookup: Lookup) -> Iterator[Finding]:
    """Yield whether anybody can answer to the sender's domain."""
    if lookup(domain, "MX"):
        yield ok("mx", f"{domain} takes mail, so that readers can answer.")
    else:
        says = f"{domain} takes no mail: answers and complaints of readers are lost."
        yield warn("mx", says, "Add an MX record, or send from a domain that has one.")


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, found, value in pairs if found}
