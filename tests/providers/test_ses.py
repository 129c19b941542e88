"""Amazon SES, sending: what goes out is what its API takes, and what it would refuse is refused before."""

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import pytest

from digest.errors import SettingsError
from digest.providers import ses
from digest.providers.ses import FEATURES, tags
from digest.providers.ses.templating import as_template, data, variables
from digest.sending.message import Letter
from digest.sending.provider import MARK, BatchRefused, NotTaken, Recipient, StopIssue
from tests.conftest import NOW
from tests.providers import ses_api
from tests.providers.accounts import QUICK
from tests.providers.contract import PROMISES, Case
from tests.providers.ses_api import REGION, Service
from tests.providers.ses_sender import BATCH, mailing, provider, raised, ses_account
from tests.providers.test_sendgrid import CONTENT, people
from tests.sending import newsroom

NAME = newsroom.MARKS["name@text"]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_ses_keeps_each_promise(promise: Callable[[Case], Any]):
    """See contract.py for each of them."""
    service = Service()
    promise(Case(provider(service), service.reached))


def test_a_mail_arrives_as_it_was_meant():
    """Fifty readers in one call: each has its own values, headers and tags, and nothing is tracked."""
    service = Service()
    receipts = provider(service, configuration_set="news").send(mailing(50))
    assert len(receipts) == 50
    assert receipts[7].message_id == "0102018-8"
    (body,) = service.bodies
    assert body["ConfigurationSetName"] == "news"
    assert body["ConfigurationOverrides"]["Tracking"] == {
        "OpenTrackingEnabled": "DISABLED",
        "ClickTrackingEnabled": "DISABLED",
    }
    assert body["FromEmailAddress"] == "The Weekly <weekly@example.org>"
    assert body["ReplyToAddresses"] == ["desk@example.org"]
    one, reader = service.mails[7], people(50)[7]
    for part, text in (("subject", CONTENT.subject), ("html", CONTENT.html), ("text", CONTENT.text)):
        assert one[part] == MARK.sub(lambda found: reader.values[found.group()], text)
    assert one["headers"].keys() == CONTENT.headers.keys()
    assert one["headers"]["List-Unsubscribe"].startswith("<https://digest.example.org/u/")
    assert one["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert {name: tags.decoded(value) for name, value in one["tags"].items()} == {
        "delivery": "1.7", "batch": str(BATCH), "issue": "issue 1/\u00e9"
    }  # fmt: skip
    assert str(make_header(decode_header(one["mailbox"]))) == "Bj\u00f6rn; of, Town <reader-7@example.org>"
    assert len({mail["headers"]["List-Unsubscribe"] for mail in service.mails}) == 50


def test_what_goes_out_says_what_a_whole_message_would():
    """The canonical message: the same subject, parts and link as the bytes that other adapters would send."""
    service = Service()
    provider(service).send(mailing(1))
    whole = Letter(CONTENT).write(people(1)[0], NOW)
    (one,) = service.mails
    assert one["headers"]["List-Unsubscribe"].encode() in whole
    for line in (*one["html"].splitlines(), *one["text"].splitlines()):
        assert line.encode() in whole


def test_the_address_of_the_api_is_that_of_the_region():
    """The host follows from the region; China has its own; a base URL of one's own is kept, and signed."""
    service = Service()
    provider(service).send(mailing(1))
    assert str(service.requests[0].url) == f"https://{ses_api.HOST}{ses_api.PATH}"
    provider(service, base_url="http://127.0.0.1:8005/").send(mailing(1))
    assert service.requests[1].url.port == 8005
    with pytest.raises(StopIssue):  # the stand-in is of another region
        provider(service, region="cn-north-1").send(mailing(1))
    assert service.requests[2].url.host == "email.cn-north-1.amazonaws.com.cn"


@pytest.mark.parametrize("key", ["AKIDEXAMPLE:wrong", f"OTHER:{ses_api.SECRET}"])
def test_a_wrong_key_stops_the_issue(key: str):
    """403 from the stand-in, which reckons the signature itself: stop, nothing taken."""
    service = Service()
    with pytest.raises(StopIssue, match="SES_API_KEY"):
        provider(service, key=key).send(mailing(1))
    assert not service.mails


def test_braces_of_a_story_are_no_template():
    """What Handlebars would read, in the content or in a reader's values, arrives as it was written."""
    service = Service()
    odd = "{{name}} {{{x}}} {{#if a}} \\{{y}} a{b:c}} {{ }}"
    text = f"{odd} {{{NAME}}} \\{NAME} {{{{{NAME}}}}} {NAME}{NAME}"
    reader = Recipient(delivery_ref="1.1", address="a@example.org", values={NAME: "{{open}} \\ }}"})
    content = replace(CONTENT, subject=odd, text=text, html=f"<style>{odd}</style>{text}", headers={})
    provider(service).send(mailing(content=content, recipients=[reader]))
    (one,) = service.mails
    expected = text.replace(NAME, "{{open}} \\ }}")
    assert (one["subject"], one["text"], one["html"]) == (odd, expected, f"<style>{odd}</style>{expected}")


@pytest.mark.parametrize(
    ("text", "template"),
    [("a{b}", "a{b}"), ("{{", "{{open}}{{open}}"), ("}}", "{{close}}{{close}}"), ("\\n", "\\n"),
     ("%%" + "a" * 20 + "%%}", "{{x" + "a" * 20 + "}}{{close}}"),
     ("\\%%" + "a" * 20 + "%%", "{{back}}{{x" + "a" * 20 + "}}"),
     ("%%" + "a" * 19 + "%%", "%%" + "a" * 19 + "%%")],
)  # fmt: skip
def test_only_what_handlebars_would_read_is_changed(text: str, template: str):
    """Single braces, as in styles, stay; each variable has a value, a missing one is empty."""
    assert as_template(text) == template
    assert ses_api.rendered(template, data(variables(template), {})) == text.replace("%%" + "a" * 20 + "%%", "")


@pytest.mark.parametrize("text", ["12.345", "direct.0f3c", "issue-1", "\u00c5rets b\u00e4sta_1", "a:b c", ""])
def test_tags_give_back_what_they_were_given(text: str):
    """Any text becomes signs that a tag may hold, and is read again."""
    assert re.fullmatch(r"[A-Za-z0-9_-]*", tags.encoded(text))
    assert tags.decoded(tags.encoded(text)) == text


def test_the_size_of_a_call_is_never_more_than_was_reckoned():
    """What batches are cut by is an upper bound of what goes out."""
    service = Service()
    made = provider(service, configuration_set="news")
    made.send(mailing(50))
    sent = len(service.requests[0].content)
    reckoned = made.payload_bytes(CONTENT) + sum(made.recipient_bytes(CONTENT, one) for one in people(50))
    assert sent <= reckoned <= sent * 1.6


def test_values_beyond_what_ses_takes_fit_no_call():
    """Over 262,144 signs of values a reader: no batch is formed of it, and if it came, the reader is named."""
    service = Service()
    large = Recipient(delivery_ref="1.1", address="a@example.org", values={NAME: "x" * 262_144})
    assert provider(service).recipient_bytes(CONTENT, large) > FEATURES.max_bytes
    error = raised(service, mailing(recipients=[large]))
    assert isinstance(error, BatchRefused)
    assert error.recipients.keys() == {"1.1"}


@pytest.mark.parametrize("address", ["b\u00e4r@example.org", "nonsense", "a b@example.org", "a@b@c", "a@b\r\nBcc: c@d"])
def test_an_address_that_ses_refuses_is_named_beforehand(address: str):
    """One such address would cost the whole call: nothing is sent, and it is named."""
    service = Service()
    bad = Recipient(delivery_ref="1.9", address=address, values={})
    error = raised(service, mailing(recipients=[*people(2), bad]))
    assert isinstance(error, BatchRefused)
    assert error.recipients.keys() >= {"1.9"}
    assert not error.recipients.keys() & {"1.0", "1.1"}
    assert not service.requests


def test_a_header_that_is_too_long_for_one_reader_names_him():
    """A link of over 995 signs: that reader is refused, with the reason."""
    mark = newsroom.MARKS["unsubscribe_url@header"]
    long = Recipient(delivery_ref="1.9", address="a@example.org", values={mark: "https://example.org/" + "x" * 990})
    error = raised(Service(), mailing(recipients=[*people(1), long]))
    assert isinstance(error, BatchRefused)
    assert "List-Unsubscribe" in error.recipients["1.9"]


@pytest.mark.parametrize("value", ["Caf\u00e9 <a.b>", "a {{b}}", "x" * 996, "", "a\r\nBcc: b@example.org"])
def test_a_header_that_cannot_be_told_stops(value: str):
    """Letters that are not ASCII, braces that SES might read, too long, empty, or two lines: no reader fares better."""
    service = Service()
    assert isinstance(raised(service, mailing(content=replace(CONTENT, headers={"List-Id": value}))), StopIssue)
    assert not service.requests


def test_too_many_headers_stop():
    """SES takes 15."""
    many = {f"X-{n}": "x" for n in range(16)}
    assert isinstance(raised(Service(), mailing(content=replace(CONTENT, headers=many))), StopIssue)


def test_a_long_name_gives_way_to_the_address():
    """A name and address of over 320 signs: the address alone. Without reply address there is no such field."""
    service = Service()
    reader = Recipient(delivery_ref="1.1", address="a@example.org", name="\U0001f600" * 100, values={})
    provider(service).send(mailing(content=replace(CONTENT, reply_to="", headers={}), recipients=[reader]))
    assert service.mails[0]["mailbox"] == "a@example.org"
    assert "ReplyToAddresses" not in service.bodies[0]


@pytest.mark.parametrize("region", ["", "europe", "eu-west-1.example.org/", "eu-west-1\n"])
def test_a_region_is_needed(region: str):
    """Without a region, or with one that would lead elsewhere, nothing is built."""
    with pytest.raises(SettingsError, match="AWS_REGION"):
        ses.build(ses_account(region=region), QUICK)


@pytest.mark.parametrize("key", ["AKIDEXAMPLE", ":secret", "AKIDEXAMPLE:"])
def test_a_key_has_two_halves(key: str):
    """The sentence says how it is written."""
    with pytest.raises(SettingsError, match="ACCESS_KEY_ID:SECRET_ACCESS_KEY"):
        ses.build(ses_account(key), QUICK)


def test_without_botocore_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    """The sentence names what to install."""
    monkeypatch.delattr("botocore.auth")
    monkeypatch.setitem(sys.modules, "botocore.auth", None)
    with pytest.raises(SettingsError, match=r"pip install digest-mailer\[ses\]"):
        ses.build(ses_account(), QUICK)


def _no_keys_of_this_machine(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))


def test_without_a_key_the_aws_tools_are_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Keys from the environment sign, with their session token; where there are none, a sentence says so."""
    _no_keys_of_this_machine(monkeypatch, tmp_path)
    with pytest.raises(SettingsError, match="DIGEST_SES_API_KEY"):
        ses.build(ses_account(""), QUICK)
    monkeypatch.setenv("AWS_PROFILE", "missing")
    with pytest.raises(SettingsError, match="cannot be read"):
        ses.build(ses_account(""), QUICK)
    monkeypatch.delenv("AWS_PROFILE")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ses_api.KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", ses_api.SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "for-an-hour")
    service = Service()
    provider(service, key="").send(mailing(1))
    assert service.requests[0].headers["X-Amz-Security-Token"] == "for-an-hour"
    assert len(service.mails) == 1


def test_keys_that_cannot_be_renewed_take_nothing():
    """A role that gives no keys now: nothing left this machine, so it comes again."""
    from botocore.exceptions import CredentialRetrievalError  # noqa: PLC0415 - an extra

    from digest.providers.ses.signing import Signer  # noqa: PLC0415

    class Gone:
        def get_frozen_credentials(self) -> None:
            raise CredentialRetrievalError(provider="iam-role", error_msg="gone")

    with pytest.raises(NotTaken, match="no new keys"):
        Signer(Gone(), REGION).headers("https://example.org/", b"")
