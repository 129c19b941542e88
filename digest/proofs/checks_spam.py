"""Checks of what filters distrust: how a subject shouts, pictures without words, and links to who knows where."""

import html
import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from digest.articles.importing.page_addresses import same_site
from digest.proofs.check import Check, Examined, Surroundings
from digest.proofs.links.targets import Target, of_all

NAME = "spam"
_amber = partial(Check.amber, NAME)
LOOKED_AT = "subjects without the words of spam, enough text for the pictures, links to known sites alone"
MOST_EMOJI, MOST_MARKS, LEAST_WORDS = 1, 1, 30  # in a subject; of ! and ? there; words of a mail for each picture
_EMOJI: Final = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\u2b50\u2b55]")
# What filters know from offers, in the languages of our mails. A newsroom writes of such things in other words.
_OFFER: Final = re.compile(
    r"\b(?:act now|buy now|order now|click here|limited[- ]time|risk[- ]free|100 ?% free|free gift|you(?:'ve| have) won"
    r"|winner!|cash bonus|double your|earn \$|make money|no obligation|urgent response"
    r"|jetzt (?:kaufen|bestellen)|gratis!|sie haben gewonnen|achetez maintenant|gratuit!|offre limitée"
    r"|бесплатно!|вы выиграли)|\${2,}|€{2,}|!{2,}|\?{2,}|اربح الآن|عرض محدود",
    re.IGNORECASE,
)
# Where a newsroom's own template may lead: its pages elsewhere.
_COMMON: Final = frozenset(
    [
        "apple.com",
        "bsky.app",
        "facebook.com",
        "google.com",
        "instagram.com",
        "linkedin.com",
        "mastodon.social",
        "patreon.com",
        "spotify.com",
        "t.me",
        "telegram.org",
        "threads.net",
        "tiktok.com",
        "twitter.com",
        "whatsapp.com",
        "x.com",
        "youtube.com",
    ]
)
_ADDRESS: Final = re.compile(r"\A(?:https?://)?((?:[\w-]+\.)+[a-z]{2,})(?:[/?#]\S*)?\Z", re.IGNORECASE)


def run(editions: Sequence[Examined], around: Surroundings) -> Iterator[Check]:
    """Look at subjects and pictures of each edition, and at the links of all."""
    for edition in editions:
        yield from _subject(edition.rendered.subject)
        yield from _pictures(edition)
    targets = of_all(edition.rendered.html for edition in editions)
    links = [target for target in targets.values() if not target.picture]
    known = _known(editions, around)
    for target in links:
        yield from _host(target, known)
        yield from _disguised(target)


def _subject(subject: str) -> Iterator[Check]:
    remedy = "Say what the story is: `digest issues edit ISSUE set subject TEXT`"
    if found := _OFFER.search(subject):
        said = f"The subject holds {found.group()!r}, which filters know from offers."
        yield _amber("spam-subject", said, subject, remedy)
    elif subject.count("!") > MOST_MARKS:
        yield _amber("spam-subject", "The subject has several exclamation marks.", subject, remedy)
    if len(_EMOJI.findall(subject)) > MOST_EMOJI:
        yield _amber("spam-emoji", "The subject has more than one emoji.", subject, remedy)


def _pictures(edition: Examined) -> Iterator[Check]:
    pictures, words = edition.rendered.html.count("<img"), len(edition.rendered.text.split())
    if pictures and words < LEAST_WORDS * pictures:
        said = f"The mail has {pictures} pictures and only {words} words; filters distrust pictures without text."
        yield _amber("spam-pictures", said, edition.name, "Fewer pictures, or more stories with a standfirst")


def _known(editions: Sequence[Examined], around: Surroundings) -> set[str]:
    """Return the hosts that are the newsroom's: of its stories, its site, its sender, and our own pages."""
    found = {host_of(one.url) for one in around.recipe.candidates}
    for edition in editions:
        publication = edition.plan.publication
        found |= {host_of(publication.get("website", "")), publication.get("sender_address", "").rpartition("@")[2]}
        found |= {host_of(url) for url in re.findall(r"https?://[^/\s\"]+/(?:editions|how-we-choose)/", edition.html)}
    return {host.lower() for host in found if host} | _COMMON


def _host(target: Target, known: set[str]) -> Iterator[Check]:
    host = host_of(target.url)
    if not any(same_site(host, one) for one in known):
        said = f"The mail links to {host}, which no story, list or setting of the newsroom names."
        yield _amber("unknown-domain", said, target.where or target.url, "Look whether that link belongs there")


def _disguised(target: Target) -> Iterator[Check]:
    """Find a link whose words are another site's address: that is how readers are deceived."""
    shown = _ADDRESS.match(target.where)
    if shown and not same_site(shown[1].lower(), host_of(target.url)):
        said = f"A link says {html.unescape(shown[1])} and leads to {host_of(target.url)}; filters take that for fraud."
        yield _amber("link-disguised", said, target.url, "Let it say where it leads")


def host_of(url: str) -> str:
    """Return the host of an address, lower case, without its port; "" where it has none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
