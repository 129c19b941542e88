"""Resend: what goes out is what its batch call takes, and each of its answers means what to do next."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from digest.accounts import ProviderName
from digest.errors import SettingsError
from digest.providers import resend
from digest.providers.resend import FEATURES, Resend
from digest.providers.resend.tags import decoded, encoded
from digest.sending.provider import (
    BatchRefused,
    Mailing,
    NotTaken,
    ProviderError,
    Recipient,
    StopIssue,
    UnknownOutcome,
)
from tests.providers.accounts import QUICK, account
from tests.providers.contract import PROMISES, Case
from tests.providers.resend_api import KEY, ResendApi, refused
from tests.providers.test_sendgrid import BATCH, CONTENT, mailing, people
from tests.sending import newsroom


def made(api: Callable[[httpx.Request], httpx.Response], key: str = KEY) -> Resend:
    """Return the adapter, over a transport that the stand-in answers."""
    return resend.build(account(ProviderName.resend, key), QUICK, transport=httpx.MockTransport(api))


def error_of(answer: httpx.Response) -> ProviderError:
    """Return what a call raises that is answered so."""
    with pytest.raises(ProviderError) as caught:
        made(lambda _: answer).send(mailing())
    return caught.value


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_it_keeps_each_promise(promise: Callable[[Case], Any]):
    """See contract.py for each of them."""
    api = ResendApi()
    promise(Case(made(api), lambda: api.reached))


def test_a_hundred_whole_mails_go_in_one_call_under_the_batch_as_key():
    """Each has its own links, metadata in tags, and nothing of another's; the key is the batch."""
    api = ResendApi()
    receipts = made(api).send(mailing(100))
    assert len({one.message_id for one in receipts}) == 100
    assert list(api.kept) == [str(BATCH)]
    ((_, mail, *_),) = api.calls
    assert mail["from"] == "The Weekly <weekly@example.org>"
    assert mail["to"] == ["=?utf-8?q?Bj=C3=B6rn_of_Town?= <reader-1@example.org>"]
    assert mail["subject"] == "News for Björn"
    assert mail["reply_to"] == ["desk@example.org"]
    assert mail["tags"] == [
        {"name": "delivery", "value": "1_2E1"},
        {"name": "batch", "value": str(BATCH)},
        {"name": "issue", "value": "issue-1"},
    ]
    assert mail["headers"]["List-Unsubscribe"].startswith("<https://digest.example.org/u/")
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Dear Björn" in mail["html"]
    assert "%%" not in str(mail)
    links = {one["headers"]["List-Unsubscribe"] for one in api.calls[0]}
    assert len(links) == 100


def test_names_that_would_need_quotes_go_bare():
    """The sender's name is in Unicode and without signs; without a name, or a reply address, there is none."""
    api = ResendApi()
    content = replace(CONTENT, sender_name='Björn, "The" Weekly.', reply_to="")
    made(api).send(mailing(1, content))
    made(api).send(replace(mailing(1, replace(content, sender_name="", subject="a\nb")), batch_id=newsroom.SPACE))
    assert api.calls[0][0]["from"] == "Björn The Weekly <weekly@example.org>"
    assert "reply_to" not in api.calls[0][0]
    assert api.calls[1][0]["from"] == "weekly@example.org"
    assert api.calls[1][0]["subject"] == "a b"


def test_long_names_in_other_letters_stay_one_line():
    """A hundred letters become several encoded words, without a line break."""
    api = ResendApi()
    reader = people(1)[0]._replace(name="ნინო" * 25)
    made(api).send(Mailing(batch_id=BATCH, issue_ref="i", content=CONTENT, recipients=[reader]))
    (to,) = api.calls[0][0]["to"]
    assert to.count("=?utf-8?") > 1
    assert "\n" not in to


def test_the_size_of_a_call_is_never_more_than_was_reckoned():
    """What batches are cut by is an upper bound of what goes out."""
    api = ResendApi()
    provider = made(api)
    provider.send(mailing(50))
    reckoned = provider.payload_bytes(CONTENT) + sum(provider.recipient_bytes(CONTENT, one) for one in people(50))
    assert api.sizes[0] <= reckoned <= api.sizes[0] * 1.5


def test_the_same_batch_again_is_the_same_call():
    """A repetition under the same key gets the first answer, and nobody a second mail."""
    api = ResendApi()
    first, second = made(api).send(mailing()), made(api).send(mailing())
    assert list(first) == list(second)
    assert len(api.calls) == 1
    assert FEATURES.idempotency == timedelta(hours=24)


def test_another_body_under_the_same_key_is_unknown():
    """409 invalid_idempotent_request: something was sent under this key, and nobody can say what of this."""
    api = ResendApi()
    made(api).send(mailing(3))
    with pytest.raises(UnknownOutcome, match="invalid_idempotent_request"):
        made(api).send(mailing(2))


def test_a_call_that_is_still_at_work_is_unknown():
    """409 concurrent_idempotent_requests: the first may be taken yet; the same key again tells."""
    answer = refused(409, "concurrent_idempotent_requests", "Same idempotency key used while in progress.")
    assert isinstance(error_of(answer), UnknownOutcome)


def test_a_bad_address_is_named():
    """The strict batch refuses all for one mail: nothing taken, that reader named."""
    api = ResendApi()
    bad = Recipient(delivery_ref="1.9", address="nonsense", values={})
    with pytest.raises(BatchRefused) as caught:
        made(api).send(replace(mailing(), recipients=[*people(2), bad]))
    assert list(caught.value.recipients) == ["1.9"]
    assert "`to`" in caught.value.recipients["1.9"]
    assert not api.calls


@pytest.mark.parametrize(
    "more",
    [{}, {"errors": "x"}, {"errors": ["x"]}, {"errors": [{"index": 99}]}, {"errors": [{"index": "0"}]}],
)
@pytest.mark.parametrize("status", [400, 413, 422, 451])
def test_a_refusal_that_names_nobody_is_halved(status: int, more: dict[str, Any]):
    """No index of a mail of ours: refused, nobody named."""
    error = error_of(refused(status, "validation_error", "Invalid `to` field.", **more))
    assert isinstance(error, BatchRefused)
    assert error.recipients == {}


@pytest.mark.parametrize("content", [b"", b"not json", b"[]", b"<html>413</html>"])
def test_a_refusal_without_words_is_halved(content: bytes):
    """A 413 of the gateway before the API: refused, nobody named."""
    assert isinstance(error_of(httpx.Response(413, content=content)), BatchRefused)


@pytest.mark.parametrize("field", ["from", "reply_to", "subject"])
def test_a_fault_all_share_stops(field: str):
    """The sender or the subject is no reader's fault."""
    error = error_of(refused(422, "validation_error", f"Invalid `{field}` field."))
    assert isinstance(error, StopIssue)
    assert "refresh" in str(error)


def test_a_key_that_it_does_not_take_stops():
    """400 invalid_idempotency_key: no reader fares better."""
    assert isinstance(error_of(refused(400, "invalid_idempotency_key", "The key must be between 1-256.")), StopIssue)


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (401, "missing_api_key"),
        (401, "restricted_api_key"),
        (403, "invalid_api_key"),
        (403, "validation_error"),
        (404, "not_found"),
        (405, "method_not_allowed"),
        (301, ""),
    ],
)
def test_what_no_other_reader_fares_better_with_stops(status: int, name: str):
    """Key, account, domain not verified, address of the API: stop, and say what to look at."""
    error = error_of(refused(status, name, "The example.org domain is not verified."))
    assert isinstance(error, StopIssue)
    assert "RESEND_API_KEY" in str(error)


def test_a_wrong_key_takes_nothing():
    """The stand-in refuses another key."""
    api = ResendApi()
    with pytest.raises(StopIssue):
        made(api, "re_wrong").send(mailing())
    assert not api.calls


@pytest.mark.parametrize("name", ["daily_quota_exceeded", "monthly_quota_exceeded"])
def test_a_quota_is_no_rate_limit(name: str):
    """429 for a day or a month: the issue stops, so that readers are not given up after some hours."""
    error = error_of(refused(429, name, "You have reached your email sending quota."))
    assert isinstance(error, StopIssue)
    assert "plan" in str(error)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry-after": "2", "ratelimit-reset": "9"}, 2.0), ({"ratelimit-reset": "1"}, 1.0), ({}, None)],
)
def test_too_fast_says_how_long(headers: dict[str, str], seconds: float | None):
    """429 rate_limit_exceeded: for all workers, by retry-after, else until the limit is reset."""
    answer = refused(429, "rate_limit_exceeded", "Too many requests.")
    answer.headers.update(headers)
    error = error_of(answer)
    assert isinstance(error, NotTaken)
    assert (error.throttled, error.retry_after) == (True, seconds)


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504])
def test_what_promises_nothing_is_unknown(status: int):
    """A 5xx is repeated under the same key, with Retry-After or without."""
    answer = refused(status, "application_error", "Something went wrong.")
    answer.headers["Retry-After"] = "1"
    assert isinstance(error_of(answer), UnknownOutcome)


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"[]", b"{}", b'{"data": 1}', b'{"data": [{"id": "1"}]}', b'{"data": [{}, {}, {}]}']
)
def test_a_success_that_is_not_its_own_is_unknown(content: bytes):
    """200 without an id for each mail, as from a proxy: nothing is called taken."""
    assert isinstance(error_of(httpx.Response(200, content=content)), UnknownOutcome)


def test_no_answer_is_unknown_and_no_connection_is_not_taken():
    """What the transport says decides."""

    def lost(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(UnknownOutcome):
        made(lost).send(mailing())
    with pytest.raises(NotTaken):
        made(nobody).send(mailing())


def test_it_needs_a_key():
    """Without one nothing is built."""
    with pytest.raises(SettingsError, match="RESEND_API_KEY"):
        resend.build(account(ProviderName.resend, ""), QUICK)


@pytest.mark.parametrize("text", ["1.7", "direct.0a1b", "a_2E.b", "Zürich/№ 7", ""])
def test_tags_lose_nothing(text: str):
    """What comes back is what went out, in the letters that tags know."""
    assert decoded(encoded(text)) == text
    assert encoded(text).replace("_", "").replace("-", "").isalnum() or not text
    assert len(encoded("№" * 256)) == 256
