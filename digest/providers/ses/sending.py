"""Amazon SES, sending: one SendBulkEmail takes up to 50 readers of one edition; SES fills in their values itself.

Fields: the description of SendBulkEmail (APIReference-V2 of docs.aws.amazon.com/ses, also shipped in botocore). Limits:
50 destinations and 1 MB of JSON where the template is inline ("Using templates to send personalized email"), 15
headers of at most 995 signs (MessageHeader), 262,144 signs of values a reader. All read in November 2026. SES keeps
no idempotency keys. Tags are given per reader only, and so are the headers with a reader's own link: whether replaced
tags are merged with common ones is not told. Not settled: whether SES leaves a Feedback-ID of ours beside its own.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from digest.accounts import Account
from digest.providers.http import Caller, TimeOuts
from digest.providers.ses import answers, tags
from digest.providers.ses.signing import Signer, region_of, signer
from digest.providers.ses.templating import as_template, data, variables
from digest.sending.message import to_header
from digest.sending.provider import (
    MARK,
    BatchRefused,
    Content,
    Features,
    Mailing,
    Receipt,
    Recipient,
    StopIssue,
)

PATH: Final = "/v2/email/outbound-bulk-emails"
FEATURES: Final = Features(
    name="ses",
    max_recipients=50,
    max_bytes=980_000,  # documented: 1 MB of JSON for an inline template; the rest is margin
    merges=True,
    idempotency=None,
    per_recipient=True,
    proof="SNS: RSA signature over the message, by the certificate of SNS; your topic only",
)
MOST_HEADERS: Final = 15
HEADER_BYTES: Final = 996  # name and value together; a value alone 995
DATA_LENGTH: Final = 262_144
TO_LENGTH: Final = 320  # of name and address; a longer one goes by its address alone
_TOO_MUCH: Final = 10_000_000_000  # no such reader fits any call
_ADDRESS = re.compile(r'(?:"[ !#-\[\]-~]+"|[^\s"<>()\[\],;:@\\]+)@[A-Za-z0-9.-]+')
_OFF: Final = {"Tracking": {"OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "DISABLED"}}


class Ses:
    """Sends by SES's v2 API."""

    features = FEATURES

    def __init__(self, caller: Caller, signs: Signer, base_url: str, configuration_set: str = "") -> None:
        self._caller, self._signer, self._url = caller, signs, base_url + PATH
        self._configuration_set = configuration_set

    def payload_bytes(self, content: Content) -> int:
        """Return the bytes of a call's body without any recipient."""
        return len(orjson.dumps(self._bulk(content, "0" * 36, "0" * 100).request([]))) + 100

    def recipient_bytes(self, content: Content, recipient: Recipient) -> int:
        """Return an upper bound of the bytes one recipient adds, so large that none fits where its values may not."""
        entry = self._bulk(content, "0" * 36, "\u00e9" * 100).entry(recipient)
        if len(_data(entry)) > DATA_LENGTH:
            return _TOO_MUCH
        return len(orjson.dumps(entry)) + 1

    def send(self, mailing: Mailing) -> Sequence[Receipt]:
        """Hand the mailing over: SES answers for each reader (see ``answers``)."""
        bulk = self._bulk(mailing.content, str(mailing.batch_id), mailing.issue_ref)
        for problem in bulk.problems():
            raise StopIssue(problem)
        entries = [bulk.entry(one) for one in mailing.recipients]
        if bad := _bad(mailing.recipients, entries):
            raise BatchRefused(f"{len(bad)} readers cannot be told to SES: {next(iter(bad.values()))}", bad)
        body = orjson.dumps(bulk.request(entries))
        answer = self._caller.post(PATH, body, self._signer.headers(self._url, body))
        if answer.status_code == 200:  # noqa: PLR2004
            return answers.receipts(answer, mailing.recipients)
        raise answers.error(answer, mailing.content, mailing.recipients)

    def close(self) -> None:
        """Give connections back."""
        self._caller.close()

    def _bulk(self, content: Content, batch: str, issue: str) -> "_Bulk":
        return _Bulk(content, batch, issue, self._configuration_set)


def build(account: Account, times: TimeOuts, **given: Any) -> Ses:
    """Return SES for an account. ``given`` (a transport) is for tests. Raises SettingsError."""
    signs = signer(account)
    region = region_of(account)
    suffix = ".cn" if region.startswith("cn-") else ""
    base_url = (account.base_url or f"https://email.{region}.amazonaws.com{suffix}").rstrip("/")
    return Ses(Caller(base_url, {}, times, **given), signs, base_url, account.configuration_set)


class _Bulk:
    """One call: what its entries have in common, worked out once."""

    def __init__(self, content: Content, batch: str, issue: str, configuration_set: str) -> None:
        self._content, self._set = content, configuration_set
        self._template = {
            "Subject": as_template(content.subject),
            "Text": as_template(content.text),
            "Html": as_template(content.html),
        }
        self._variables = variables(*self._template.values())
        self._common = [_pair(name, value) for name, value in content.headers.items() if not MARK.search(value)]
        self._own = [(name, value) for name, value in content.headers.items() if MARK.search(value)]
        self._tags = [_tag("batch", batch), _tag("issue", issue)]

    def problems(self) -> Iterator[str]:
        """Yield a sentence for each thing about the content that SES cannot be told."""
        if len(self._content.headers) > MOST_HEADERS:
            yield f"The mail has {len(self._content.headers)} headers of its own, but SES takes {MOST_HEADERS}."
        for one in self._common:
            if sentence := _header_problem(one):
                yield sentence

    def request(self, entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return the body of the call."""
        content = self._content
        body: dict[str, Any] = {
            "FromEmailAddress": _mailbox(content.sender_name, content.sender_address),
            "DefaultContent": {
                "Template": {"TemplateContent": self._template, "TemplateData": "{}", "Headers": self._common}
            },
            "BulkEmailEntries": entries,
            "ConfigurationOverrides": _OFF,
        }
        if content.reply_to:
            body["ReplyToAddresses"] = [content.reply_to]
        if self._set:
            body["ConfigurationSetName"] = self._set
        return body

    def entry(self, recipient: Recipient) -> dict[str, Any]:
        """Return one reader as the API wants it."""
        values = recipient.values
        own = orjson.dumps(data(self._variables, values)).decode()
        return {
            "Destination": {"ToAddresses": [_to(recipient)]},
            "ReplacementTags": [_tag("delivery", recipient.delivery_ref), *self._tags],
            "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": own}},
            "ReplacementHeaders": [
                _pair(name, MARK.sub(lambda found: values.get(found.group(), ""), value)) for name, value in self._own
            ],
        }


def _pair(name: str, value: str) -> dict[str, str]:
    return {"Name": name, "Value": value}


def _tag(name: str, value: str) -> dict[str, str]:
    return {"Name": name, "Value": tags.encoded(value)[: tags.LONGEST] or "-"}


def _to(recipient: Recipient) -> str:
    whole = _mailbox(recipient.name, recipient.address)
    return whole if len(whole) <= TO_LENGTH else recipient.address


def _mailbox(name: str, address: str) -> str:
    """Return a name and an address on one line, in ASCII: SES wants other letters as encoded words."""
    return " ".join(to_header(name, address).split())


def _bad(recipients: Sequence[Recipient], entries: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return delivery_ref -> reason for readers whom SES would refuse, and with them the whole call."""
    found: dict[str, str] = {}
    for recipient, entry in zip(recipients, entries, strict=True):
        if not recipient.address.isascii() or not _ADDRESS.fullmatch(recipient.address):
            found[recipient.delivery_ref] = "SES takes only addresses of ASCII letters, name@domain."
        elif len(_data(entry)) > DATA_LENGTH:
            found[recipient.delivery_ref] = f"The reader's values are over {DATA_LENGTH:,} signs, the most SES takes."
        for header in entry["ReplacementHeaders"]:
            if sentence := _header_problem(header):
                found[recipient.delivery_ref] = sentence
    return found


def _header_problem(header: dict[str, str]) -> str:
    """Return what is wrong with a header; "" where SES takes it as it is."""
    name, value = header["Name"], header["Value"]
    if not value or not value.isascii() or not value.isprintable():
        return f"SES takes only printable ASCII in the header {name}, not {value[:80]!r}."
    if len(name) + len(value) > HEADER_BYTES or len(value) == HEADER_BYTES:
        return f"The header {name} is {len(value)} signs long, more than SES takes."
    if "{{" in value:
        return f"SES might read '{{{{' in the header {name} as a variable: write it without."
    return ""


def _data(entry: dict[str, Any]) -> str:
    text: str = entry["ReplacementEmailContent"]["ReplacementTemplate"]["ReplacementTemplateData"]
    return text
