"""The systems whose exports can be read: how each is recognised, what its columns mean, how a row stands. Pure.

Mailchimp: an audience export is a ZIP of ``subscribed_...``, ``unsubscribed_...``, ``cleaned_...``,
``nonsubscribed_email_audience_export_ID.csv`` and ``sms_only_audience_export_ID.csv`` (mailchimp.com/help/
view-or-export-contacts; the names and columns as many public importers read them). "Email Address" (in some audiences
"Email"), the audience's own fields and groups, then MEMBER_RATING, OPTIN_TIME, OPTIN_IP, CONFIRM_TIME, CONFIRM_IP,
LATITUDE, LONGITUDE, GMTOFF, DSTOFF, TIMEZONE, CC, REGION, LAST_CHANGED, LEID, EUID, NOTES, TAGS; those who left have
UNSUB_TIME, UNSUB_CAMPAIGN_TITLE, UNSUB_CAMPAIGN_ID, UNSUB_REASON, UNSUB_REASON_OTHER, those cleaned CLEAN_TIME,
CLEAN_CAMPAIGN_TITLE, CLEAN_CAMPAIGN_ID. Times are 2016-04-18 14:00:32. OPTIN_TIME is empty where no sign-up form was
used. Tags and groups are quoted: "VIP","A, B".

Ghost: TryGhost/Ghost, ghost/core/core/server/services/members/import-export (export/exporter.ts, import/reader.ts,
import/row.ts): id, email, name, note, subscribed_to_emails (true, false), complimentary_plan, stripe_customer_id,
created_at (ISO 8601), deleted_at, labels (by comma), tiers, and of late gift_id and the site's own fields.

listmonk: knadh/listmonk, cmd/subscribers.go: uuid, email, name, attributes (JSON), status (enabled, disabled,
blocklisted), created_at, updated_at (Go's time). It does not say how somebody stands on a list.

Substack: email_list.PUBLICATION.csv in its export: email, active_subscription (whether they pay), expiry, plan,
email_disabled, created_at, first_payment_at (TryGhost/migrate, packages/mg-substack-members-csv, reads the same). The
file that its page of subscribers gives has Email, Name, Stripe plan, Cancel date (of what they pay), Start date, Paid
upgrade date, Activity, Type, Subscription source (free); the last says "import" too, so it is no proof of consent.
Both have times in ISO 8601.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from subscribers.errors import BadFile

CONFIRMED, UNCONFIRMED, ENDED = "confirmed", "unconfirmed", "ended"
BOUNCED, COMPLAINED, BY_HAND = "hard_bounce", "complaint", "by_hand"
STRANGER: Final = "stranger"  # an address without a wish for mail: left out
BANS: Final = frozenset({BOUNCED, COMPLAINED, BY_HAND})

COLUMNS: Final = (
    "address",
    "name",
    "first_name",
    "last_name",
    "language",
    "lists",
    "status",
    "reason",
    "consent_at",
    "consent_source",
    "opted_at",
    "left_at",
    "bounced_at",
    "changed_at",
    "network",
    "zone",
)
NOTHING: Final = "-"  # what a column or a value is mapped to that is to be passed over
ALIASES: Final = {
    "email": "address",
    "e-mail": "address",
    "email_address": "address",
    "emailaddress": "address",
    "first": "first_name",
    "firstname": "first_name",
    "last": "last_name",
    "lastname": "last_name",
    "full_name": "name",
    "lang": "language",
    "list": "lists",
    "subscription_status": "status",
    "subscribed": "status",
    "consent_date": "consent_at",
    "unsubscribed_at": "left_at",
    "timezone": "zone",
    "time_zone": "zone",
    "tz": "zone",
}
WORDS: Final = {
    **dict.fromkeys(("confirmed", "subscribed", "active", "enabled", "true", "yes", "1"), CONFIRMED),
    **dict.fromkeys(("unconfirmed", "pending", "waiting"), UNCONFIRMED),
    **dict.fromkeys(("ended", "unsubscribed", "inactive", "disabled", "archived", "false", "no", "0"), ENDED),
    **dict.fromkeys(("cleaned", "bounced", "bounce", "hard_bounce", "hard bounce"), BOUNCED),
    **dict.fromkeys(("complained", "complaint", "spam", "abuse"), COMPLAINED),
    **dict.fromkeys(("blocklisted", "suppressed", "by_hand", "erased"), BY_HAND),
    **dict.fromkeys(("nonsubscribed", "non-subscribed", "transactional"), STRANGER),
}
_COMPLAINT: Final = re.compile(r"spam|abuse|complain", re.IGNORECASE)
_PREFIXES: Final = {
    "subscribed": CONFIRMED,
    "unsubscribed": ENDED,
    "cleaned": BOUNCED,
    "nonsubscribed": STRANGER,
    "sms": STRANGER,
}


@dataclass(frozen=True, slots=True)
class System:
    """A system: its columns (heading in small letters -> ours), and its words for how somebody stands."""

    name: str
    title: str
    columns: Mapping[str, str]
    marks: tuple[frozenset[str], ...] = ()  # headings by which it is recognised: all of any of these
    words: Mapping[str, str] | None = None

    def fits(self, headings: frozenset[str]) -> bool:
        """Say whether a file with these headings is this system's."""
        return any(marks <= headings for marks in self.marks)

    def column(self, heading: str) -> str:
        """Return which of COLUMNS a heading means; NOTHING or "" for none."""
        plain = heading.replace(" ", "_")
        return self.columns.get(heading) or ALIASES.get(plain, plain if plain in COLUMNS else "")


MAILCHIMP: Final = System(
    "mailchimp",
    "Mailchimp",
    {
        "email address": "address",
        "first name": "first_name",
        "fname": "first_name",
        "last name": "last_name",
        "lname": "last_name",
        "status": "status",
        "optin_time": "opted_at",
        "confirm_time": "consent_at",
        "confirm_ip": "network",
        "unsub_time": "left_at",
        "unsub_reason": "reason",
        "clean_time": "bounced_at",
        "last_changed": "changed_at",
        "timezone": NOTHING,  # guessed by Mailchimp from an IP address; our zone is what a reader said
    },
    marks=(
        frozenset({"leid", "euid"}),  # whatever an audience calls the address
        *(
            frozenset({"email address", mark})
            for mark in ("member_rating", "optin_time", "confirm_time", "unsub_time", "clean_time", "last_changed")
        ),
    ),
)
GHOST: Final = System(
    "ghost",
    "Ghost",
    {"subscribed_to_emails": "status", "created_at": "consent_at", "deleted_at": "left_at"},
    marks=(frozenset({"email", "subscribed_to_emails"}),),
)
LISTMONK: Final = System(
    "listmonk",
    "listmonk",
    {"status": "status", "created_at": "consent_at", "updated_at": "changed_at"},
    marks=(frozenset({"uuid", "email", "status"}),),
)
SUBSTACK: Final = System(
    "substack",
    "Substack",
    {"email_disabled": "status", "created_at": "consent_at", "start date": "consent_at"},
    marks=(frozenset({"email", "active_subscription"}), frozenset({"email", "stripe plan", "start date"})),
    words={"true": ENDED, "false": CONFIRMED},
)
PLAIN: Final = System("plain", "a plain file", {})
SYSTEMS: Final = {one.name: one for one in (MAILCHIMP, GHOST, LISTMONK, SUBSTACK, PLAIN)}


def system_of(headings: Sequence[str], name: str = "") -> System:
    """Return the system of that name, or the one whose headings these are. Raises BadFile for an unknown name."""
    if name:
        if name not in SYSTEMS:
            raise BadFile(f"{name[:40]!r} is no system. There are: {', '.join(SYSTEMS)}.")
        return SYSTEMS[name]
    plain = frozenset(headings)
    return next((one for one in SYSTEMS.values() if one.fits(plain)), PLAIN)


def file_state(system: System, columns: frozenset[str], file_name: str) -> str:
    """Return how the people of a file stand where their rows do not say.

    Mailchimp says it by the file's name. A file that was renamed tells by its columns: one with a time of leaving
    is of people who left.
    """
    prefix = file_name.casefold().partition("_")[0]
    if system is MAILCHIMP and prefix in _PREFIXES:
        return _PREFIXES[prefix]
    if system is MAILCHIMP and "bounced_at" in columns:
        return BOUNCED
    return ENDED if system is MAILCHIMP and "left_at" in columns else CONFIRMED


def row_state(words: Mapping[str, str], cells: Mapping[str, str], otherwise: str) -> str | None:
    """Return how a row's person stands; None where its word for it is not understood.

    Whoever left or bounced at some time is not taken for a subscriber, whatever else the row says.
    """
    state = words.get(cells["status"].casefold()) if cells["status"] else otherwise
    if state == CONFIRMED and (cells["bounced_at"] or cells["left_at"]):
        state = BOUNCED if cells["bounced_at"] else ENDED
    return COMPLAINED if state == ENDED and _COMPLAINT.search(cells["reason"]) else state
