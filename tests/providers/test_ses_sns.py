"""Amazon SES, webhooks: only what SNS signed for our topic, and now, is believed."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from digest.accounts import ProviderName
from digest.errors import SettingsError
from digest.providers import ses
from digest.providers.event import EventKind, Forged, Reading
from digest.providers.ses import sns
from digest.sending.provider import NotTaken, ProviderError
from tests.conftest import NOW
from tests.providers.accounts import QUICK, account
from tests.providers.sns_api import (
    CERTIFICATE,
    CONFIRM,
    HOUR,
    MAIL,
    MESSAGE_ID,
    TOPIC,
    Sns,
    certificate,
    confirmation,
    notification,
    rsa_key,
    signed,
)


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("more", [{}, {"Subject": "Amazon SES Email Event Notification \u2713"}])
def test_a_signed_event_is_believed(version: str, more: dict[str, str]):
    """Both versions of the signature, with a subject and without one."""
    reading = Sns().read(signed(notification({"eventType": "Open", "mail": MAIL}, **more), version))
    assert [one.kind for one in reading.events] == [EventKind.opened]


def test_the_published_example_is_signed_as_we_read_it():
    """The order of names and lines is that of the page "Verifying the signatures of Amazon SNS messages"."""
    message = {"Type": "Notification", "MessageId": "m", "TopicArn": "t", "Subject": "s", "Message": "My\nMessage",
               "Timestamp": "2012"}  # fmt: skip
    expected = "Message\nMy\nMessage\nMessageId\nm\nSubject\ns\nTimestamp\n2012\nTopicArn\nt\nType\nNotification\n"
    assert sns.string_to_sign(message).decode() == expected


@pytest.mark.parametrize(
    "change", [{"Message": "{}"}, {"MessageId": "other"}, {"Timestamp": "2026-11-24T05:59:31.000Z"},
               {"Subject": "new"}, {"Signature": "AAAA"}, {"Signature": "no base64!"}, {"SignatureVersion": "1"},
               {"SignatureVersion": "3"}, {"Signature": None}, {"SignatureVersion": None}]
)  # fmt: skip
def test_a_change_to_what_was_signed_is_refused(change: dict[str, Any]):
    """Any field changed, or a signature that is none: refused."""
    body = json.loads(signed(notification({"eventType": "Open", "mail": MAIL}))) | change
    with pytest.raises(Forged):
        Sns().read(json.dumps(body).encode())


def test_a_signature_of_another_key_is_refused():
    """Well made, but by somebody else."""
    with pytest.raises(Forged, match="signature"):
        Sns().read(signed(notification({"eventType": "Open"}), key=rsa_key(1)))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"3", b"\xff\xfe", b'{"Type": "Other"}', b'{"eventType": "Bounce"}',
                                  b'{"Type": ["Notification"]}', b'{"Type": "Notification"}'])  # fmt: skip
def test_what_is_no_sns_message_is_refused(body: bytes):
    """No JSON, another type, or raw delivery, which is not signed: refused, and nothing is fetched."""
    sns_hosts = Sns()
    with pytest.raises(Forged):
        sns_hosts.read(body)
    assert sns_hosts.asked == []


def test_a_truncated_request_is_refused():
    """Cut off anywhere, it proves nothing."""
    body, sns_hosts = signed(notification({"eventType": "Open", "mail": MAIL})), Sns()
    for length in range(0, len(body), 97):
        with pytest.raises(Forged):
            sns_hosts.read(body[:length])


def test_the_topic_of_somebody_else_is_refused():
    """Rightly signed by SNS, but of a topic that anybody may have: refused before anything is fetched."""
    sns_hosts = Sns()
    with pytest.raises(Forged, match="topic"):
        sns_hosts.read(signed(notification({"eventType": "Bounce"}, TopicArn=TOPIC.replace("mail", "evil"))))
    with pytest.raises(Forged, match="topic"):
        sns_hosts.read(signed(confirmation(TopicArn=TOPIC + "x")))
    assert sns_hosts.asked == []


@pytest.mark.parametrize(
    "url",
    ["http://sns.eu-west-1.amazonaws.com/a.pem", "https://sns.eu-west-1.amazonaws.com.evil.org/a.pem",
     "https://evil.org/sns.eu-west-1.amazonaws.com/a.pem", "https://sns.eu-west-1.amazonaws.com@evil.org/a.pem",
     "https://sns.amazonaws.com.s3.amazonaws.com/a.pem", "https://s3.amazonaws.com/a.pem", "https://a\\@b/a.pem",
     "https://sns.eu-west-1.amazonaws.com:8443/a.pem", "https://sns.eu-west-1.amazonaws.com/a.txt",
     "https://sns.eu-west-1.amazonaws.com/?a.pem", "https://sns.eu-west-1.amazonaws.com/a.pem#b", "", "https://[::1/",
     "https://xsns.eu-west-1.amazonaws.com/a.pem", "https://sns.eu/west.amazonaws.com/a.pem", "file:///a.pem"],
)  # fmt: skip
def test_a_certificate_of_a_foreign_host_is_never_fetched(url: str):
    """Only https at a host of SNS, and only a certificate."""
    sns_hosts = Sns()
    with pytest.raises(Forged, match="address of SNS"):
        sns_hosts.read(signed(notification({"eventType": "Open"}, SigningCertURL=url)))
    assert sns_hosts.asked == []


@pytest.mark.parametrize("url", ["https://sns.cn-north-1.amazonaws.com.cn/a.pem", CERTIFICATE])
def test_hosts_of_sns_are_known(url: str):
    """China has its own."""
    assert Sns().read(signed(notification({"eventType": "Open"}, SigningCertURL=url))).events


@pytest.mark.parametrize("age", [timedelta(minutes=-6), timedelta(minutes=66), timedelta(days=365)])
def test_a_message_of_another_time_is_refused(age: timedelta):
    """Over an hour old, which is as long as SNS tries, or of the future."""
    at = (NOW - age).isoformat()
    with pytest.raises(Forged, match="old"):
        Sns().read(signed(notification({"eventType": "Open"}, Timestamp=at)))


@pytest.mark.parametrize("at", ["yesterday", ""])
def test_a_message_without_a_time_is_refused(at: str):
    """No time is no proof of now; a message of an hour ago, tried again, is believed."""
    with pytest.raises(Forged):
        Sns().read(signed(notification({"eventType": "Open"}, Timestamp=at)))
    assert Sns().read(signed(notification({"eventType": "Open"}, Timestamp=(NOW - HOUR).isoformat()))).events


def test_the_same_message_again_has_the_same_ids():
    """A replay within the hour is recognised by its ids; the certificate was fetched once."""
    body, sns_hosts = signed(notification({"eventType": "Open", "mail": MAIL})), Sns()
    first, again = sns_hosts.read(body), sns_hosts.read(body)
    assert first == again
    assert first.events[0].event_id == MESSAGE_ID
    assert sns_hosts.asked == [CERTIFICATE]


def test_few_certificates_are_kept():
    """However many addresses are named, memory is bounded; the newest stays."""
    sns_hosts = Sns()
    for number in range(30):
        url = CERTIFICATE.replace("0123", f"{number:04}")
        sns_hosts.read(signed(notification({"eventType": "Open"}, SigningCertURL=url)))
        sns_hosts.read(signed(notification({"eventType": "Open"}, SigningCertURL=url)))
    assert len(sns_hosts.asked) == 30
    assert len(sns_hosts.webhook._proof._certificates) == sns.MOST_CERTIFICATES


def test_threads_share_one_reader():
    """Many threads at once: every message is read."""
    sns_hosts, body, found = Sns(), signed(notification({"eventType": "Open", "mail": MAIL})), []
    threads = [threading.Thread(target=lambda: found.append(sns_hosts.read(body))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8


@pytest.mark.parametrize("pem", [b"no certificate", b"-----BEGIN CERTIFICATE-----\n", b"x" * 30_000])
def test_what_is_no_certificate_is_refused(pem: bytes):
    """Nor is a very large one read."""
    with pytest.raises(Forged, match="certificate"):
        Sns(pem).read(signed(notification({"eventType": "Open"})))


def test_a_certificate_out_of_date_or_of_another_kind_is_refused():
    """Past, future, or not RSA."""
    body = signed(notification({"eventType": "Open"}))
    for pem in (certificate(ends=NOW - HOUR), certificate(begins=NOW + HOUR)):
        with pytest.raises(Forged, match="out of date"):
            Sns(pem).read(body)
    with pytest.raises(Forged, match="signed in a way"):
        Sns(certificate(ec.generate_private_key(ec.SECP256R1()))).read(body)


def test_sns_out_of_reach_is_no_forgery():
    """A certificate that cannot be fetched now is asked for again; one that is not there is refused."""
    body = signed(notification({"eventType": "Open"}))
    sns_hosts = Sns(status=503)
    with pytest.raises(NotTaken):
        sns_hosts.read(body)
    sns_hosts.status = 200
    assert sns_hosts.read(body).events
    for status in (302, 403, 404):
        with pytest.raises(Forged, match="no certificate"):
            Sns(status=status).read(body)


def test_a_subscription_is_confirmed_at_sns_only():
    """The address to fetch is told, and fetched; one elsewhere is refused, signed or not."""
    sns_hosts = Sns()
    reading = sns_hosts.read(signed(confirmation()))
    assert reading == Reading(confirm=CONFIRM)
    sns_hosts.webhook.confirm(reading.confirm)
    assert sns_hosts.asked == [CERTIFICATE, CONFIRM]
    with pytest.raises(Forged, match="not one of SNS"):
        sns_hosts.read(signed(confirmation(SubscribeURL="https://evil.org/?Action=ConfirmSubscription")))
    with pytest.raises(ProviderError, match="no address of SNS"):
        sns_hosts.webhook.confirm("http://sns.eu-west-1.amazonaws.com/")
    assert len(sns_hosts.asked) == 2


def test_a_confirmation_that_fails_says_so():
    """An old token: the sentence says what to ask for."""
    with pytest.raises(ProviderError, match="404"):
        Sns(status=404).webhook.confirm(CONFIRM)


def test_a_topic_is_needed():
    """Any AWS account can have messages signed by SNS: without the topic nothing is believed."""
    for secret in ("", "mail-events"):
        with pytest.raises(SettingsError, match="SES_WEBHOOK_SECRET"):
            ses.webhook(account(ProviderName.ses, "A:B", webhook_secret=secret), QUICK)


def test_the_end_of_a_subscription_is_kept():
    """SNS tells that we were unsubscribed: one event of kind unknown that says so, and nothing is confirmed."""
    reading = Sns().read(signed(confirmation("UnsubscribeConfirmation")))
    assert reading.confirm == ""
    assert [one.kind for one in reading.events] == [EventKind.unknown]
    assert reading.events[0].reason.startswith("UnsubscribeConfirmation")
    assert "Token" not in reading.events[0].raw
