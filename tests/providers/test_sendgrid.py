"""SendGrid: what goes out is what its API takes, and each of its answers means what to do next."""

import gc
import weakref
from collections.abc import Iterator
from uuid import UUID

import httpx
import orjson
import pytest

from digest.accounts import ProviderName
from digest.providers import sendgrid
from digest.providers.http import Caller, TimeOuts
from digest.providers.sendgrid import FEATURES, SendGrid
from digest.sending.personal import Personal
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
from tests.conftest import NOW
from tests.providers import sendgrid_server
from tests.providers.accounts import QUICK, account
from tests.providers.sendgrid_server import KEY, Server
from tests.sending import newsroom

BATCH = UUID("11111111-2222-4333-8444-555555555555")
PERSONAL = Personal(newsroom.KEYS, "https://digest.example.org", "weekly", newsroom.MARKS)
CONTENT = Content(
    subject=f"News for {newsroom.MARKS['name@text']}",
    html=newsroom.HTML,
    text=newsroom.TEXT,
    sender_name="The Weekly",
    sender_address="weekly@example.org",
    reply_to="desk@example.org",
    headers=newsroom.HEADERS,
)


def people(count: int) -> list[Recipient]:
    """Return readers."""
    return [
        Recipient(
            delivery_ref=f"1.{n}",
            address=f"reader-{n}@example.org",
            name="Bj\u00f6rn; of, Town" if n % 2 else "",
            values=PERSONAL.values(f"9f0c1a52-1111-4222-8333-{n:012d}", "Bj\u00f6rn"),
        )
        for n in range(count)
    ]


def mailing(count: int = 3, content: Content = CONTENT) -> Mailing:
    """Return a mailing."""
    return Mailing(batch_id=BATCH, issue_ref="issue-1", content=content, recipients=people(count))


@pytest.fixture
def server() -> Iterator[Server]:
    """Run SendGrid's stand-in."""
    with sendgrid_server.serving() as running:
        yield running


@pytest.fixture
def provider(server: Server) -> Iterator[SendGrid]:
    """Return the adapter, pointed at the stand-in."""
    made = sendgrid.build(account(ProviderName.sendgrid, KEY, server.url), TimeOuts(connect=2, read=2, write=2))
    yield made
    made.close()


def answering(status: int, body: object = None, headers: dict[str, str] | None = None) -> SendGrid:
    """Return the adapter over a transport that always answers so."""
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=raw, headers=headers))
    given = account(ProviderName.sendgrid, KEY, "https://api.example.org")
    return sendgrid.build(given, QUICK, transport=transport, now=lambda: NOW)


def error_of(provider: SendGrid, count: int = 3) -> ProviderError:
    """Return what a call raises."""
    with pytest.raises(ProviderError) as caught:
        provider.send(mailing(count))
    return caught.value


def test_a_thousand_readers_go_in_one_call(server: Server, provider: SendGrid):
    """1,000 personalizations, all taken, with the message id and the batch in each one's arguments."""
    receipts = provider.send(mailing(1000))
    assert len(receipts) == 1000
    assert all(one.accepted and one.message_id for one in receipts)
    assert set(server.taken.values()) == {1}
    (body,) = server.calls
    one = body["personalizations"][7]
    assert one["custom_args"] == {"delivery": "1.7", "batch": str(BATCH), "issue": "issue-1"}
    assert one["to"] == [{"email": "reader-7@example.org", "name": "Bj\u00f6rn of Town"}]
    link = one["headers"]["List-Unsubscribe"]
    assert link.startswith("<https://digest.example.org/u/")
    assert "%%" not in link
    assert newsroom.MARKS["unsubscribe_url@header"] not in one["substitutions"]
    assert one["substitutions"][newsroom.MARKS["name@text"]] == "Bj\u00f6rn"
    assert body["headers"] == {name: text for name, text in newsroom.HEADERS.items() if name != "List-Unsubscribe"}
    assert body["reply_to"] == {"email": "desk@example.org"}
    assert "name" not in body["personalizations"][0]["to"][0]


def test_an_answer_goes_with_its_last_user():
    """No cycle holds it, nor the body of its call: memory does not grow while the collector seldom comes by."""
    transport = httpx.MockTransport(lambda _: httpx.Response(202, content=b"{}"))
    caller = Caller("https://api.example.org", {}, QUICK, transport=transport)
    gc.disable()
    try:
        answer = caller.post("/", b"x" * 1000)
        assert answer.json() == {}
        gone = weakref.ref(answer)
        del answer
        assert gone() is None
    finally:
        gc.enable()
        caller.close()


def test_letters_that_json_writes_otherwise_arrive_as_they_are(server: Server, provider: SendGrid):
    """Quotation marks, backslashes and line breaks in names, addresses and values, of one reader or of all."""
    mark = newsroom.MARKS["name@text"]
    odd = ['Q"uote', "back\\slash", "tab\there", '",', "\u2028", "plain"]
    given = [
        Recipient(delivery_ref=f"1.{n}", address=f"r{n}@example.org", name=name, values={mark: name})
        for n, name in enumerate(odd)
    ]
    provider.send(Mailing(batch_id=BATCH, issue_ref='i"1', content=CONTENT, recipients=given))
    people = server.calls[0]["personalizations"]
    assert [one["substitutions"][mark] for one in people] == odd
    assert [one["to"][0].get("name", "") for one in people] == ['Q"uote', "back\\slash", "tab here", '"', "", "plain"]
    assert {one["custom_args"]["issue"] for one in people} == {'i"1'}


def test_receipts_of_a_call_that_was_taken_are_made_when_looked_at(provider: SendGrid):
    """They are a sequence as any other: each names its delivery, with the one message id."""
    receipts = provider.send(mailing(3))
    assert [one.delivery_ref for one in receipts] == ["1.0", "1.1", "1.2"]
    assert receipts[-1].accepted
    assert len({one.message_id for one in receipts[:2]}) == 1


def test_the_size_of_a_call_is_never_more_than_was_reckoned(server: Server, provider: SendGrid):
    """What batches are cut by is an upper bound of what goes out."""
    provider.send(mailing(50))
    sent = len(orjson.dumps(server.calls[0]))
    reckoned = provider.payload_bytes(CONTENT) + sum(provider.recipient_bytes(CONTENT, one) for one in people(50))
    assert sent <= reckoned <= sent * 1.2
    assert FEATURES.max_bytes < sendgrid_server.MOST_BYTES


def test_values_beyond_what_may_be_substituted_fit_no_call(provider: SendGrid):
    """Over 10,000 bytes of values a reader: no batch is ever formed of it."""
    large = Recipient(delivery_ref="1.1", address="a@example.org", values={newsroom.MARKS["name@text"]: "x" * 10_000})
    assert provider.recipient_bytes(CONTENT, large) > FEATURES.max_bytes


def test_without_reply_to_there_is_none(server: Server, provider: SendGrid):
    """No reply address: the field is left out."""
    provider.send(
        mailing(1, Content(**{name: getattr(CONTENT, name) for name in CONTENT.__slots__} | {"reply_to": ""}))
    )
    assert "reply_to" not in server.calls[0]


def test_a_wrong_key_stops_the_issue(server: Server):
    """401 from the stand-in: stop, nothing taken."""
    wrong = sendgrid.build(account(ProviderName.sendgrid, "SG.wrong", server.url), TimeOuts(connect=2, read=2, write=2))
    error = error_of(wrong)
    wrong.close()
    assert isinstance(error, StopIssue)
    assert "SENDGRID_API_KEY" in str(error)
    assert not server.taken


def test_a_bad_address_is_named(server: Server, provider: SendGrid):
    """The stand-in refuses one address: nothing taken, that reader named."""
    bad = Recipient(delivery_ref="1.9", address="nonsense", values={})
    given = mailing(2)
    with pytest.raises(BatchRefused) as caught:
        provider.send(Mailing(batch_id=BATCH, issue_ref="i", content=CONTENT, recipients=[*given.recipients, bad]))
    assert caught.value.recipients == {"1.9": "Does not contain a valid address."}
    assert not server.taken


@pytest.mark.parametrize("status", [401, 402, 403, 404, 405, 415, 301])
def test_what_no_other_reader_fares_better_with_stops(status: int):
    """Key, account, address of the API: stop."""
    assert isinstance(error_of(answering(status, {"errors": [{"message": "no", "field": None}]})), StopIssue)


@pytest.mark.parametrize("field", ["from.email", "content", "subject", "headers.X"])
def test_a_fault_all_share_stops(field: str):
    """A 400 about the sender or the content is no reader's fault."""
    assert isinstance(error_of(answering(400, {"errors": [{"message": "no", "field": field}]})), StopIssue)


@pytest.mark.parametrize(
    "body", [b"not json", [], {"errors": "x"}, {"errors": ["x"]}, {"errors": [{"message": "m", "field": None}]},
             {"errors": [{"message": "m", "field": "personalizations"}]},
             {"errors": [{"message": "m", "field": "personalizations.99.to"}]}]
)  # fmt: skip
def test_a_refusal_that_names_nobody_is_halved(body: object):
    """A 400 without a reader's number: refused, nobody named."""
    error = error_of(answering(400, body))
    assert isinstance(error, BatchRefused)
    assert error.recipients == {}


def test_too_large_is_halved():
    """413: refused, nobody named."""
    assert isinstance(error_of(answering(413)), BatchRefused)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "7"}, 7.0), ({"X-RateLimit-Reset": str(int(NOW.timestamp()) + 60)}, 60.0), ({}, None)],
)
def test_throttled_says_how_long(headers: dict[str, str], seconds: float | None):
    """429: for all workers, by Retry-After, else until the limit is reset, else we choose."""
    error = error_of(answering(429, {}, headers))
    assert isinstance(error, NotTaken)
    assert error.throttled
    assert error.retry_after == seconds


def test_down_for_a_moment_is_not_taken():
    """503 with Retry-After: again then. Without it: unknown, like every other 5xx."""
    error = error_of(answering(503, {}, {"Retry-After": "3"}))
    assert isinstance(error, NotTaken)
    assert (error.retry_after, error.throttled) == (3.0, False)
    assert isinstance(error_of(answering(503)), UnknownOutcome)
    assert isinstance(error_of(answering(500)), UnknownOutcome)
    assert isinstance(error_of(answering(503, {}, {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"})), UnknownOutcome)


@pytest.mark.parametrize("fault", [sendgrid_server.lost_answer, sendgrid_server.broken])
def test_a_broken_connection_is_unknown(server: Server, provider: SendGrid, fault: sendgrid_server.Fault):
    """A reset after the request left says nothing about what was taken."""
    server.fault = fault
    assert isinstance(error_of(provider), UnknownOutcome)
    server.fault = None
    assert provider.send(mailing(1))


def test_no_answer_in_time_is_unknown(server: Server):
    """The read time-out passes: unknown."""
    server.fault = sendgrid_server.held
    quick = sendgrid.build(account(ProviderName.sendgrid, KEY, server.url), TimeOuts(connect=2, read=0.05, write=2))
    assert isinstance(error_of(quick), UnknownOutcome)
    quick.close()


def test_nobody_there_is_not_taken(free_port: int):
    """No connection was made, so nothing can have been taken."""
    lonely = sendgrid.build(
        account(ProviderName.sendgrid, KEY, f"http://127.0.0.1:{free_port}"), TimeOuts(connect=1, read=1, write=1)
    )
    error = error_of(lonely)
    lonely.close()
    assert isinstance(error, NotTaken)
    assert not error.throttled


def test_a_connection_is_kept(server: Server, provider: SendGrid):
    """Ten calls of one thread use one connection, and closing lets a later call begin anew."""
    for _ in range(10):
        provider.send(mailing(1))
    assert server.connections == 1
    provider.close()
    provider.send(mailing(1))
    assert server.connections == 2
