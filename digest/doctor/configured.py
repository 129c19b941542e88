"""Looks at the settings: keys, the address of the pages, accounts and their webhooks, and who the sender is."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from digest.accounts import ProviderName
from digest.doctor.finding import Finding, Patient, fail, ok, warn
from digest.errors import DigestError
from digest.providers import registry
from digest.settings import WEAKEST_KEY, is_safe


def keys(patient: Patient) -> Sequence[Finding]:
    """Look at the keys of links and of address hashes: strong, and not the same."""
    settings = patient.app.settings
    secret, address = settings.secret_key.get_secret_value(), settings.address_key.get_secret_value()
    found = []
    if secret == address:
        says = "SECRET_KEY and ADDRESS_KEY are the same, so the one cannot be changed without the other."
        found.append(warn("keys", says, "Make a new SECRET_KEY and put the old one into SECRET_KEYS_OLD."))
    old = [one.get_secret_value() for one in settings.secret_keys_old]
    if any(len(one) < WEAKEST_KEY or len(set(one)) < WEAKEST_KEY // 4 for one in old):
        says = "A key in SECRET_KEYS_OLD is so weak that links of old mails can be forged."
        found.append(fail("keys", says, "Take it out; links in mails of that time open nothing any more."))
    return found or [ok("keys", "The keys are strong and differ.")]


def base_url(patient: Patient) -> Sequence[Finding]:
    """Look at BASE_URL: readers must be able to open it, safely."""
    url = patient.app.settings.base_url
    host = urlsplit(url).hostname or ""
    if not patient.sends_for_real:
        return [ok("base-url", f"BASE_URL is {url}; mail stays on this machine.")]
    remedy = "Set BASE_URL to the https:// address at which readers reach `digest serve`."
    if is_safe(url) and not url.startswith("https://"):
        return [
            fail("base-url", f"BASE_URL is {url}: the links in readers' mails would lead to their own machine.", remedy)
        ]
    if not url.startswith("https://"):
        says = f"BASE_URL is {url}: links are not encrypted, and mailbox providers refuse one-click unsubscribing."
        return [fail("base-url", says, remedy)]
    if "." not in host:
        return [warn("base-url", f"BASE_URL is {url}, a name that only machines near here know.", remedy)]
    return [ok("base-url", f"BASE_URL is {url}.")]


def accounts(patient: Patient) -> Sequence[Finding]:
    """Look at each provider account: whether it can be used, and hears what came back."""
    settings = patient.app.settings
    found = []
    for name in settings.account_names:
        provider = settings.account(name).provider
        try:
            patient.app.provider_of(name)
            heard = registry.webhook(settings, name) is not None
        except DigestError as error:
            found.append(fail("account", f"Account {name} cannot be used: {error}", "Mend its settings."))
            continue
        if not heard and provider in registry.WEBHOOKS:
            says = f"Account {name} ({provider.value}) has no webhook secret: bounces and complaints are not heard of."
            found.append(
                warn("account", says, f"Set its webhook secret, and its webhooks to BASE_URL/webhooks/{name}.")
            )
        else:
            found.append(ok("account", f"Account {name} ({provider.value}) can be used."))
    return found


def sender(patient: Patient) -> Sequence[Finding]:
    """Look at who the mails come from, and at the postal address that laws want in them."""
    settings = patient.app.settings
    if not patient.sends_for_real:
        return [ok("sender", f"The sender is {settings.sender_address}; mail stays on this machine.")]
    found = []
    domain = settings.sender_address.rpartition("@")[2].lower()
    if domain in ("example.org", "example.com", "example.net", "localhost", ""):
        says = f"SENDER_ADDRESS is {settings.sender_address}: nobody sends from there."
        found.append(fail("sender", says, "Set SENDER_ADDRESS to an address of your own domain."))
    if not settings.postal_address.strip():
        says = "POSTAL_ADDRESS is empty; many laws want one in each mail."
        found.append(warn("sender", says, "Set POSTAL_ADDRESS, or give each publication its own."))
    return found or [ok("sender", f"The sender is {settings.sender_address}.")]


def limits(patient: Patient) -> Sequence[Finding]:
    """Look at what each account may send today, where it has limits or warms up."""
    from digest.sending import pacing  # noqa: PLC0415 - a table, which looking at settings needs not

    today = pacing.day_of(patient.app.clock.now())
    found = []
    for name, one in patient.app.limits.items():
        plan = one.warm_up
        if plan and plan.begins > today:
            says = f"Account {name} begins its warm-up on {plan.begins}; until then each day counts as the first."
            found.append(warn("limits", says, "Set WARM_UP_FROM to the day of the first issue."))
        else:
            found.append(ok("limits", f"Account {name}: {one.in_words(today) or 'the warm-up is over'}."))
    return found


def outbox(patient: Patient) -> Sequence[Finding]:
    """Say so where no mail leaves this machine at all."""
    if patient.app.settings.provider is ProviderName.outbox:
        return [ok("provider", "PROVIDER is outbox: mails become files, and leave for nobody.")]
    return []
