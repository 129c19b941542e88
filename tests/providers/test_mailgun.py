"""Mailgun: what goes out is what its API takes and merges rightly, and each of its answers means what to do next."""

from collections.abc import Callable
from dataclasses import replace
from email.utils import parseaddr
from typing import Any

import httpx
import orjson
import pytest

from digest.accounts import ProviderName
from digest.errors import SettingsError
from digest.providers import mailgun
from digest.providers.mailgun import FEATURES, Mailgun
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
from tests.providers import mailgun_server
from tests.providers.accounts import QUICK, account
from tests.providers.contract import PROMISES, Case
from tests.providers.mailgun_server import DOMAIN, KEY, MailgunApi
from tests.providers.test_sendgrid import BATCH, CONTENT, people
from tests.sending import newsroom

NAME, LINK = newsroom.MARKS["name@text"], newsroom.MARKS["unsubscribe_url@header"]


def provider(transport: Callable[[httpx.Request], httpx.Response], **given: Any) -> Mailgun:
    """Return the adapter over a transport."""
    mine = account(ProviderName.mailgun, KEY, **{"domain": DOMAIN, **given})
    return mailgun.build(mine, QUICK, transport=httpx.MockTransport(transport))


def mailing(count: int = 3, content: Content = CONTENT) -> Mailing:
    """Return a mailing."""
    return Mailing(batch_id=BATCH, issue_ref="issue-1", content=content, recipients=people(count))


def answering(status: int, body: object = None, headers: dict[str, str] | None = None) -> ProviderError:
    """Return what a call raises when it is answered so."""
    raw = body.encode() if isinstance(body, str) else orjson.dumps(body)
    with pytest.raises(ProviderError) as caught:
        provider(lambda _: httpx.Response(status, content=raw, headers=headers)).send(mailing())
    return caught.value


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_mailgun_keeps_each_promise(promise: Callable[[Case], Any]):
    """See contract.py for each of them."""
    api = MailgunApi()
    promise(Case(provider(api), lambda: list(api.letters)))


def test_each_reader_gets_an_own_letter():
    """Names, links and one-click headers are merged per reader; metadata and switches are in every call."""
    api = MailgunApi()
    receipts = provider(api).send(mailing(1000))
    assert {one.message_id for one in receipts} == {"20261102.1.ABC@mg.example.org"}
    letters = [api.letters[one.address] for one in people(1000)]
    assert len({letter.fields["h:List-Unsubscribe"] for letter in letters}) == 1000
    for reader, letter in zip(people(1000), letters, strict=True):
        fields = letter.fields
        assert fields["h:List-Unsubscribe"] == f"<{reader.values[LINK]}>"
        assert fields["h:List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert (fields["v:delivery"], fields["v:batch"], fields["v:issue"]) == (
            reader.delivery_ref, str(BATCH), "issue-1",
        )  # fmt: skip
        assert fields["subject"] == "News for Bj\u00f6rn"
        for name, source in (("html", CONTENT.html), ("text", CONTENT.text)):
            expected = source
            for mark, value in reader.values.items():
                expected = expected.replace(mark, value)
            assert fields[name] == expected
    form = api.forms[0]
    assert ("o:tracking", "no") in form
    assert ("h:Reply-To", "desk@example.org") in form
    assert parseaddr(dict(form)["from"]) == ("The Weekly", "weekly@example.org")
    assert [parseaddr(value) for name, value in form if name == "to"][1] == (
        "Bj\u00f6rn; of, Town", "reader-1@example.org",
    )  # fmt: skip


def test_the_size_of_a_call_is_never_more_than_was_reckoned():
    """What batches are cut by is an upper bound of what goes out."""
    api = MailgunApi()
    mine = provider(api)
    mine.send(mailing(50))
    reckoned = mine.payload_bytes(CONTENT) + sum(mine.recipient_bytes(CONTENT, one) for one in people(50))
    assert api.sizes[0] <= reckoned <= api.sizes[0] * 1.2
    assert FEATURES.max_bytes < mailgun_server.MOST_BYTES


def test_nothing_of_an_edition_is_read_as_a_variable():
    """A story about Mailgun is mailed as it was written: to people it reads the same."""
    api, words = MailgunApi(), "50% of %recipient.email% and %Unsubscribe_URL%, %recipient% 100%25"
    content = replace(CONTENT, subject=f"{words}{NAME}", text=f"{words} {NAME}\r\nb\nc", html=f"<p>{words}%{NAME}</p>")
    provider(api).send(mailing(2, replace(content, sender_name="The %recipient_name% Weekly")))
    fields = api.letters["reader-1@example.org"].fields
    assert fields["html"] == f"<p>{words.replace('%re', '&#37;re').replace('%Un', '&#37;Un')}%Bj\u00f6rn</p>"
    assert fields["text"].replace("\u2060", "") == f"{words} Bj\u00f6rn\r\nb\nc"
    assert fields["subject"].replace("\u2060", "") == f"{words}Bj\u00f6rn"
    assert fields["from"].replace("\u2060", "") == '"The %recipient_name% Weekly" <weekly@example.org>'


def test_nothing_of_a_reader_is_read_as_a_variable_or_a_header():
    """A name may hold anything: it stays a name, on one line."""
    api, name = MailgunApi(), 'Eve "E" \\ %recipient.delivery%\r\nBcc: x@example.org'
    reader = people(1)[0]._replace(name=name, values={**people(1)[0].values, NAME: name})
    provider(api).send(Mailing(batch_id=BATCH, issue_ref="i", content=CONTENT, recipients=[reader]))
    fields = api.letters["reader-0@example.org"].fields
    plain = name.replace("\r\n", " ")
    assert fields["subject"].replace("\u2060", "") == f"News for {plain}"
    assert parseaddr(fields["to"].replace("\u2060", "")) == (plain, "reader-0@example.org")


@pytest.mark.parametrize("header", [{"X-Story": "about %recipient.x%"}, {"X: y": "a"}, {'X"': "a"}])
def test_a_header_that_cannot_be_told_stops_the_issue(header: dict[str, str]):
    """In a header nothing can be made harmless: it raises, and nothing goes out."""
    api = MailgunApi()
    with pytest.raises(StopIssue, match="header"):
        provider(api).send(mailing(1, replace(CONTENT, headers=header)))
    assert not api.letters


def test_a_header_in_other_letters_is_encoded():
    """The name in List-Id becomes encoded words; its address stays."""
    api = MailgunApi()
    headers = {**CONTENT.headers, "List-Id": "Кавказ за неделю <weekly.example.org>", "X-Lines": "a\r\nBcc: b"}
    provider(api).send(mailing(1, replace(CONTENT, headers=headers)))
    letter = api.letters["reader-0@example.org"]
    assert letter.fields["h:List-Id"].isascii()
    assert letter.header("List-Id") == "Кавказ за неделю <weekly.example.org>"
    assert letter.fields["h:X-Lines"] == "a Bcc: b"


def test_one_address_twice_is_halved():
    """Variables are kept by address: two readers with one address go in two calls."""
    api = MailgunApi()
    twice = [one._replace(address=address) for one, address in zip(people(2), ("a@b.org", "A@b.org"), strict=True)]
    with pytest.raises(BatchRefused) as caught:
        provider(api).send(Mailing(batch_id=BATCH, issue_ref="i", content=CONTENT, recipients=twice))
    assert caught.value.recipients == {}
    assert not api.letters


def test_the_stand_in_refuses_an_address_and_the_batch_is_halved():
    """A bad address: nothing taken, nobody named."""
    api = MailgunApi()
    bad = Recipient(delivery_ref="1.9", address="nonsense", values={})
    with pytest.raises(BatchRefused, match="'to' parameter is not a valid address") as caught:
        provider(api).send(Mailing(batch_id=BATCH, issue_ref="i", content=CONTENT, recipients=[*people(2), bad]))
    assert caught.value.recipients == {}
    assert not api.letters


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Too many recipients, max is 1000", BatchRefused),
        ("Rejected: Only 10 recipients per request is allowed on probation.", BatchRefused),
        ("'recipient-variables' parameter is not a valid JSON", BatchRefused),
        ("something nobody has seen yet", BatchRefused),
        ("'from' parameter is not a valid address. please check documentation", StopIssue),
        ("Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified", StopIssue),
        ("Domain mg.example.org is not allowed to send: Free accounts are for test purposes only.", StopIssue),
        ("Please activate your Mailgun account.", StopIssue),
    ],
)
def test_a_400_means_what_its_sentence_says(sentence: str, kind: type[ProviderError]):
    """What all share stops; else the batch is halved."""
    error = answering(400, {"message": sentence})
    assert type(error) is kind
    assert sentence.rstrip(".") in str(error)


def test_a_reader_that_is_named_is_refused_alone():
    """A sentence with an address: that reader, and no other whose address is alike."""
    error = answering(400, {"message": "something is wrong with reader-1@example.org."})
    assert isinstance(error, BatchRefused)
    assert list(error.recipients) == ["1.1"]


@pytest.mark.parametrize("status", [301, 401, 402, 403, 404, 405])
def test_what_no_other_reader_fares_better_with_stops(status: int):
    """Key, domain, address of the API: stop, and say what to check."""
    error = answering(status, "Forbidden")
    assert isinstance(error, StopIssue)
    assert "MAILGUN_DOMAIN" in str(error)


def test_a_wrong_key_or_domain_stops():
    """401 and 404 from the stand-in."""
    api = MailgunApi()
    for given in ({"api_key": "key-wrong"}, {"domain": "other.example.org"}):
        with pytest.raises(StopIssue):
            provider(api, **given).send(mailing(1))


def test_throttled_and_down():
    """429 holds all workers; 503 with Retry-After comes again; other 5xx, and 4xx that promise nothing, are unknown."""
    throttled = answering(429, {"message": "Too many requests"}, {"Retry-After": "7"})
    assert isinstance(throttled, NotTaken)
    assert (throttled.throttled, throttled.retry_after) == (True, 7.0)
    down = answering(503, "", {"Retry-After": "3"})
    assert isinstance(down, NotTaken)
    assert (down.throttled, down.retry_after) == (False, 3.0)
    for status in (500, 502, 503, 408):
        assert isinstance(answering(status, "<html>"), UnknownOutcome)
    assert isinstance(answering(413, "too large"), BatchRefused)


def test_a_success_without_an_id_is_no_success():
    """The greeting at a wrong address took nothing; anything else, nobody knows."""
    assert isinstance(answering(200, "Mailgun Magnificent API"), StopIssue)
    assert isinstance(answering(200, {"message": "Queued."}), UnknownOutcome)
    assert isinstance(answering(200, []), UnknownOutcome)


def test_a_broken_connection_is_unknown():
    """A read that fails says nothing about what was taken; no connection at all: nothing was."""

    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset", request=request)

    def lonely(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(UnknownOutcome):
        provider(broken).send(mailing())
    with pytest.raises(NotTaken):
        provider(lonely).send(mailing())


def test_an_account_says_where_it_is():
    """The region is in the base URL, with or without /v3; key and domain are asked for."""
    seen: list[str] = []

    def noted(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(200, json={"id": "<1@x>", "message": "Queued. Thank you."})

    provider(noted).send(mailing(1))
    provider(noted, base_url="https://api.eu.mailgun.net/v3/").send(mailing(1))
    assert seen == [
        "https://api.mailgun.net/v3/mg.example.org/messages", "https://api.eu.mailgun.net/v3/mg.example.org/messages",
    ]  # fmt: skip
    for given in ({"api_key": None}, {"domain": ""}, {"domain": "a/b"}):
        with pytest.raises(SettingsError, match="MAILGUN_"):
            provider(noted, **given)
