"""Brevo: what goes out is what its API takes, and each of its answers means what to do next."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from digest.accounts import ProviderName
from digest.errors import SettingsError
from digest.providers import brevo
from digest.providers.brevo import FEATURES, Brevo
from digest.sending.provider import (
    BatchRefused,
    Content,
    Mailing,
    NotTaken,
    ProviderError,
    Recipient,
    StopIssue,
    UnknownOutcome,
)
from tests.providers.accounts import QUICK, account
from tests.providers.brevo_api import KEY, BrevoApi, refused
from tests.providers.contract import PROMISES, Case
from tests.providers.test_sendgrid import BATCH, CONTENT, mailing, people


class OneAtATime(Case):
    """A case whose mailings are no larger than one call takes."""

    def mailing(self, count: int) -> Mailing:
        """Return a mailing to as many readers as fit."""
        return Case.mailing(self, min(count, self.provider.features.max_recipients))


def made(api: Callable[[httpx.Request], httpx.Response], key: str = KEY) -> Brevo:
    """Return the adapter, over a transport that the stand-in answers."""
    return brevo.build(account(ProviderName.brevo, key), QUICK, transport=httpx.MockTransport(api))


def one(recipient: Recipient, content: Content = CONTENT) -> Mailing:
    """Return a mailing to one reader."""
    return Mailing(batch_id=BATCH, issue_ref="issue-1", content=content, recipients=[recipient])


def error_of(answer: httpx.Response) -> ProviderError:
    """Return what a call raises that is answered so."""
    with pytest.raises(ProviderError) as caught:
        made(lambda _: answer).send(mailing(1))
    return caught.value


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_it_keeps_each_promise(promise: Callable[[Case], Any]):
    """See contract.py for each of them."""
    api = BrevoApi()
    promise(OneAtATime(made(api), lambda: api.reached))


def test_a_mail_is_whole_and_carries_our_names():
    """One reader, own links, metadata in X-Mailin-custom and in a tag, the batch as the key."""
    api = BrevoApi()
    (receipt,) = made(api).send(one(people(2)[1]))
    (mail,) = api.calls
    assert receipt.message_id == "20261@smtp-relay.mailin.fr"
    assert mail["sender"] == {"email": "weekly@example.org", "name": "The Weekly"}
    assert mail["to"] == [{"email": "reader-1@example.org", "name": "Björn of Town"}]
    assert mail["replyTo"] == {"email": "desk@example.org"}
    assert mail["subject"] == "News for Björn"
    assert "Dear Björn" in mail["htmlContent"]
    assert "Dear Björn" in mail["textContent"]
    assert mail["tags"] == ["delivery:1.1", "issue-1"]
    headers = mail["headers"]
    assert json.loads(headers["X-Mailin-custom"]) == {"delivery": "1.1", "batch": str(BATCH), "issue": "issue-1"}
    assert headers["idempotencyKey"] == str(BATCH)
    assert headers["List-Unsubscribe"].startswith("<https://digest.example.org/u/")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "%%" not in json.dumps(mail)


def test_headers_are_ascii():
    """Brevo sends other letters raw: accents are left off, other signs left out, line breaks too."""
    api = BrevoApi()
    headers = {"List-Id": "Björns კვირა <weekly.example.org>", "Feedback-ID": "a\r\nBcc: x"}
    made(api).send(replace(one(people(1)[0], replace(CONTENT, headers=headers, reply_to="")), issue_ref="Nº 7"))
    sent = api.calls[0]["headers"]
    assert sent["List-Id"] == "Bjorns <weekly.example.org>"
    assert sent["Feedback-ID"] == "a Bcc: x"
    assert json.loads(sent["X-Mailin-custom"])["issue"] == "No 7"
    assert "replyTo" not in api.calls[0]


def test_nothing_is_read_as_a_template():
    """Brevo fills in double braces: a blank goes between, in what we write and in what readers are called."""
    api = BrevoApi()
    content = replace(
        CONTENT, subject="{{ params.x }}", html="<style>a{#b{}}</style>{% if %}{{{x}}}", text="{{a}} {%b%} {c}"
    )
    made(api).send(one(people(1)[0], content))
    (mail,) = api.calls
    assert mail["subject"] == "{ { params.x }}"
    assert mail["htmlContent"] == "<style>a{ #b{}}</style>{ % if %}{ { {x}}}"
    assert mail["textContent"] == "{ {a}} { %b%} {c}"


def test_long_names_are_cut():
    """Seventy letters are the most."""
    api = BrevoApi()
    made(api).send(one(people(1)[0]._replace(name="ნ" * 100)))
    assert api.calls[0]["to"][0]["name"] == "ნ" * 70


def test_the_size_of_a_call_is_never_more_than_was_reckoned():
    """What batches are cut by is an upper bound of what goes out."""
    api = BrevoApi()
    provider = made(api)
    for number, reader in enumerate(people(4)):
        provider.send(replace(one(reader), batch_id=type(BATCH)(int=number)))
        reckoned = provider.payload_bytes(CONTENT) + provider.recipient_bytes(CONTENT, reader)
        assert api.sizes[-1] <= reckoned <= api.sizes[-1] * 1.5
    assert len(api.calls) == 4


def test_the_same_batch_again_is_known_as_taken():
    """duplicate_parameter: it was taken under this key, once; the message id comes with the events."""
    api = BrevoApi()
    made(api).send(mailing(1))
    (receipt,) = made(api).send(mailing(1))
    assert receipt.accepted
    assert receipt.message_id is None
    assert len(api.calls) == 1
    assert FEATURES.idempotency is not None
    assert FEATURES.idempotency.total_seconds() == 30 * 60


def test_more_than_one_reader_is_halved():
    """Nothing is sent, and the batch is halved until each is alone."""
    api = BrevoApi()
    with pytest.raises(BatchRefused) as caught:
        made(api).send(mailing(2))
    assert caught.value.recipients == {}
    assert not api.calls


def test_a_bad_address_is_named():
    """The stand-in refuses the address: nothing taken, the reader named."""
    api = BrevoApi()
    with pytest.raises(BatchRefused) as caught:
        made(api).send(one(Recipient(delivery_ref="1.9", address="nonsense", values={})))
    assert caught.value.recipients == {"1.9": "email is not valid in to"}
    assert not api.calls


@pytest.mark.parametrize("content", [b"", b"not json", b"[]", b'{"code": "invalid_parameter", "message": "odd"}'])
@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refusal_that_names_nobody_names_nobody(status: int, content: bytes):
    """The sender of issues decides what becomes of one that is refused alone."""
    error = error_of(httpx.Response(status, content=content))
    assert isinstance(error, BatchRefused)
    assert error.recipients == {}


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("missing_parameter", "sender is missing"),
        ("invalid_parameter", "Sending has been rejected because the sender you used is not valid."),
        ("missing_parameter", "htmlContent is missing"),
        ("missing_parameter", "subject is missing"),
        ("not_enough_credits", "You have not enough credits"),
        ("permission_denied", "Your SMTP account is not yet activated"),
    ],
)
def test_a_fault_all_share_stops(code: str, message: str):
    """A 400 about the sender, the content or the account is no reader's fault."""
    assert isinstance(error_of(refused(400, code, message)), StopIssue)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "unauthorized"),
        (402, "not_enough_credits"),
        (403, "permission_denied"),
        (404, "document_not_found"),
        (405, "method_not_allowed"),
        (301, ""),
    ],
)
def test_what_no_other_reader_fares_better_with_stops(status: int, code: str):
    """Key, address not allowed, credits, address of the API: stop, and say what to look at."""
    error = error_of(refused(status, code, "Key not found"))
    assert isinstance(error, StopIssue)
    assert "BREVO_API_KEY" in str(error)


def test_a_wrong_key_takes_nothing():
    """The stand-in refuses another key."""
    api = BrevoApi()
    with pytest.raises(StopIssue, match="Key not found"):
        made(api, "wrong").send(mailing(1))
    assert not api.calls


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "3", "x-sib-ratelimit-reset": "9"}, 3.0),
        ({"x-sib-ratelimit-reset": "9"}, 9.0),
        ({"x-sib-ratelimit-reset": "1732521600"}, None),
        ({}, None),
    ],
)
def test_too_fast_says_how_long(headers: dict[str, str], seconds: float | None):
    """429: for all workers, by Retry-After, else until the limit is reset, where that is a number of seconds."""
    answer = refused(429, "too_many_requests", "The rate limit was reached.")
    answer.headers.update(headers)
    error = error_of(answer)
    assert isinstance(error, NotTaken)
    assert (error.throttled, error.retry_after) == (True, seconds)


@pytest.mark.parametrize("status", [408, 409, 425, 500, 502, 503, 504])
def test_what_promises_nothing_is_unknown(status: int):
    """A 5xx is repeated under the same key, with Retry-After or without."""
    answer = refused(status, "internal_error", "Something went wrong.")
    answer.headers["Retry-After"] = "1"
    assert isinstance(error_of(answer), UnknownOutcome)


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b"{}", b'{"messageId": 5}', b'{"messageId": ""}'])
@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_success_that_is_not_its_own_is_unknown(status: int, content: bytes):
    """Without a message id, as from a proxy: nothing is called taken."""
    assert isinstance(error_of(httpx.Response(status, content=content)), UnknownOutcome)


def test_no_answer_is_unknown_and_no_connection_is_not_taken():
    """What the transport says decides."""

    def lost(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(UnknownOutcome):
        made(lost).send(mailing(1))
    with pytest.raises(NotTaken):
        made(nobody).send(mailing(1))


def test_it_needs_a_key():
    """Without one nothing is built."""
    with pytest.raises(SettingsError, match="BREVO_API_KEY"):
        brevo.build(account(ProviderName.brevo, ""), QUICK)
    with pytest.raises(SettingsError, match="BREVO_API_KEY"):
        brevo.puller(account(ProviderName.brevo, ""), QUICK)
