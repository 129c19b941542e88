"""Postmark: what goes out is what its API takes, and each of its answers means what to do next, reader by reader."""

from collections.abc import Callable
from dataclasses import replace
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Any

import httpx
import orjson
import pytest

from digest.accounts import ProviderName
from digest.errors import SettingsError
from digest.providers import postmark
from digest.providers.postmark import FEATURES, Postmark
from digest.sending.provider import (
    BatchRefused,
    Content,
    Mailing,
    NotTaken,
    ProviderError,
    Receipt,
    Recipient,
    StopIssue,
    UnknownOutcome,
)
from tests.providers import postmark_server
from tests.providers.accounts import QUICK, account
from tests.providers.contract import PROMISES, Case
from tests.providers.postmark_server import INACTIVE, KEY, PostmarkApi
from tests.providers.test_sendgrid import BATCH, CONTENT, people
from tests.sending import newsroom

NAME = newsroom.MARKS["name@text"]
OK = {"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc2f4a"}
SLOW = {"Message": "Message accepted, but delivery may be delayed.", "MessageID": "b7bc2f4b"}
DEAD = {"ErrorCode": 406, "Message": INACTIVE.format("a@example.org")}
BAD = {"ErrorCode": 300, "Message": "Error parsing 'To': Illegal email domain 'x' in address 'a@x'."}
FROM = {"ErrorCode": 300, "Message": "Invalid 'From' address: 'x'."}
ODD = {"ErrorCode": 300, "Message": "Something is odd."}
FAST = {"ErrorCode": 429, "Message": "Rate limit exceeded"}
CLOSED = {"ErrorCode": 100, "Message": "The Postmark API is offline for maintenance."}
POOR = {"ErrorCode": 405, "Message": "Not allowed to send: out of credits."}


def provider(transport: Callable[[httpx.Request], httpx.Response], **given: Any) -> Postmark:
    """Return the adapter over a transport."""
    mine = account(ProviderName.postmark, KEY, **given)
    return postmark.build(mine, QUICK, transport=httpx.MockTransport(transport))


def mailing(count: int = 3, content: Content = CONTENT) -> Mailing:
    """Return a mailing."""
    return Mailing(batch_id=BATCH, issue_ref="issue-1", content=content, recipients=people(count))


def told(*results: object) -> list[Receipt]:
    """Return the receipts of a call whose readers are answered so."""
    made = provider(lambda _: httpx.Response(200, json=list(results)))
    return list(made.send(mailing(len(results))))


def answering(status: int, body: object = None, headers: dict[str, str] | None = None, count: int = 3) -> ProviderError:
    """Return what a call raises when it is answered so."""
    raw = body.encode() if isinstance(body, str) else orjson.dumps(body)
    with pytest.raises(ProviderError) as caught:
        provider(lambda _: httpx.Response(status, content=raw, headers=headers)).send(mailing(count))
    return caught.value


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_postmark_keeps_each_promise(promise: Callable[[Case], Any]):
    """See contract.py for each of them."""
    api = PostmarkApi()
    promise(Case(provider(api), lambda: api.reached))


def test_each_reader_gets_a_whole_mail():
    """500 mails a call, each with its own values, links, one-click headers and metadata; tracking is off."""
    api = PostmarkApi()
    receipts = provider(api).send(mailing(500))
    assert len({one.message_id for one in receipts}) == 500
    for reader, mail in zip(people(500), api.mails, strict=True):

        def filled(text: str, reader: Recipient = reader) -> str:
            for mark, value in reader.values.items():
                text = text.replace(mark, value)
            return text

        assert (mail["Subject"], mail["HtmlBody"]) == (filled(CONTENT.subject), filled(CONTENT.html))
        assert mail["TextBody"] == filled(CONTENT.text)
        assert {one["Name"]: one["Value"] for one in mail["Headers"]} == {
            name: filled(value) for name, value in CONTENT.headers.items()
        }
        assert mail["Metadata"] == {"delivery": reader.delivery_ref, "batch": str(BATCH), "issue": "issue-1"}
    mail = api.mails[1]
    assert (mail["TrackOpens"], mail["TrackLinks"], mail["MessageStream"]) == (False, "None", "broadcast")
    assert (mail["ReplyTo"], mail["Tag"]) == ("desk@example.org", "issue-1")
    assert parseaddr(mail["From"]) == ("The Weekly", "weekly@example.org")
    assert parseaddr(mail["To"]) == ("Bj\u00f6rn; of, Town", "reader-1@example.org")


def test_the_size_of_a_call_is_never_more_than_was_reckoned():
    """What batches are cut by is an upper bound of what goes out."""
    api = PostmarkApi()
    mine = provider(api)
    mine.send(mailing(50))
    reckoned = mine.payload_bytes(CONTENT) + sum(mine.recipient_bytes(CONTENT, one) for one in people(50))
    assert api.sizes[0] <= reckoned <= api.sizes[0] * 1.2
    assert FEATURES.max_bytes < postmark_server.MOST_BYTES


def test_a_body_that_postmark_would_refuse_fits_no_call():
    """HTML and text may be 5 MB each once they are in base64."""
    mine = provider(PostmarkApi())
    for large in (replace(CONTENT, html="x" * 3_800_000), replace(CONTENT, text="\u00e9" * 1_900_000)):
        assert mine.recipient_bytes(large, people(1)[0]) > FEATURES.max_bytes
    assert mine.recipient_bytes(replace(CONTENT, html="x" * 3_000_000), people(1)[0]) < FEATURES.max_bytes


def test_what_json_escapes_comes_through():
    """Quotes, backslashes, line ends and other letters around and in a reader's values are kept; a header is a line."""
    api, name = PostmarkApi(), 'E"v\\e \u2060Ж\r\nBcc: x'
    content = replace(
        CONTENT, html=f'<a title="\\">{NAME}\n\t{NAME}</a>', text=f'"{NAME}"\r\n\\', subject=f"a\nb {NAME}"
    )
    content = replace(content, headers={"List-Id": "Кавказ <w.example.org>", "X-L": "a\r\nBcc: b"}, reply_to="")
    reader = people(1)[0]._replace(name=name, values={NAME: name})
    provider(api).send(Mailing(batch_id=BATCH, issue_ref="i", content=content, recipients=[reader]))
    (mail,) = api.mails
    line = name.replace("\r\n", " ")
    assert mail["HtmlBody"] == f'<a title="\\">{line}\n\t{line}</a>'
    assert mail["TextBody"] == f'"{line}"\r\n\\'
    assert mail["Subject"] == f"a b {line}"
    assert parseaddr(mail["To"])[0] == line
    headers = {one["Name"]: one["Value"] for one in mail["Headers"]}
    assert str(make_header(decode_header(headers["List-Id"]))) == "Кавказ <w.example.org>"
    assert headers["X-L"] == "a Bcc: b"
    assert "ReplyTo" not in mail


def test_nothing_is_read_as_postmarks_own_placeholder():
    """Where a story has {{{ pm:unsubscribe }}}, Postmark puts no link of its own."""
    api = PostmarkApi()
    words = "write {{{ pm:unsubscribe }}} or {{{pm:unsubscribe label='x'}}}, {{{ a }}}"
    provider(api).send(mailing(1, replace(CONTENT, html=f"<p>{words}</p>", text=words)))
    for part in (api.mails[0]["HtmlBody"], api.mails[0]["TextBody"]):
        assert "{{{ pm:" not in part
        assert "{{{pm:" not in part
        assert words in part.replace("\u2060", "")
        assert "{{{ a }}}" in part


def test_a_mark_without_a_value_leaves_nothing():
    """A reader without a value for a mark gets nothing in its place."""
    api = PostmarkApi()
    reader = Recipient(delivery_ref="direct.1", address="a@example.org", values={})
    provider(api, stream="news").send(Mailing(batch_id=BATCH, issue_ref="i", content=CONTENT, recipients=[reader]))
    assert "%%" not in orjson.dumps(api.mails[0]).decode()
    assert api.mails[0]["To"] == "a@example.org"
    assert api.mails[0]["MessageStream"] == "news"


def test_the_stand_in_answers_for_each_reader():
    """Inactive and impossible addresses are refused for good, with the reason; the others are taken."""
    api = PostmarkApi()
    api.inactive = {"reader-1@example.org"}
    odd = Recipient(delivery_ref="1.9", address="j\u00f6rg@example.org", values={})
    receipts = provider(api).send(Mailing(batch_id=BATCH, issue_ref="i", content=CONTENT, recipients=[*people(3), odd]))
    assert [one.accepted for one in receipts] == [True, False, True, False]
    assert [one.delivery_ref for one in receipts] == ["1.0", "1.1", "1.2", "1.9"]
    assert (receipts[1].reason or "").startswith("406: You tried to send to a recipient that has been marked")
    assert (receipts[3].reason or "").startswith("300: Invalid 'To' address")
    assert api.reached == ["reader-0@example.org", "reader-2@example.org"]


def test_a_delayed_mail_is_taken():
    """Without an ErrorCode but with an id: taken."""
    assert [(one.accepted, one.message_id) for one in told(OK, SLOW)] == [(True, "b7bc2f4a"), (True, "b7bc2f4b")]


def test_all_may_be_refused():
    """Where each refusal is of that reader, each gets its receipt."""
    assert [one.accepted for one in told(DEAD, BAD)] == [False, False]


@pytest.mark.parametrize("other", [FAST, CLOSED, POOR, FROM, ODD])
def test_what_is_neither_taken_nor_refused_gets_no_receipt(other: object):
    """Once some are taken, a mail that met a limit is held as uncertain: never twice, never lost."""
    assert [(one.delivery_ref, one.accepted) for one in told(OK, other, DEAD)] == [("1.0", True), ("1.2", False)]


@pytest.mark.parametrize(
    ("results", "kind"),
    [
        ([FAST, FAST], NotTaken),
        ([CLOSED, CLOSED], NotTaken),
        ([FAST, DEAD], NotTaken),
        ([POOR, POOR], StopIssue),
        ([FROM, FROM], StopIssue),
        ([POOR, DEAD, FAST], StopIssue),
        ([{"ErrorCode": 1235, "Message": "The stream does not exist."}], StopIssue),
        ([ODD, ODD], BatchRefused),
        ([ODD, FAST], BatchRefused),
    ],
)
def test_where_nobody_was_taken_the_whole_call_is_judged(results: list[object], kind: type[ProviderError]):
    """Limits: again; account and sender: stop; else the batch is halved."""
    assert type(answering(200, results, count=len(results))) is kind


def test_what_holds_all_workers_and_who_is_named():
    """A limit throttles, maintenance does not; refused readers are named when the rest is halved."""
    fast, closed = answering(200, [FAST], count=1), answering(200, [CLOSED], count=1)
    assert isinstance(fast, NotTaken)
    assert isinstance(closed, NotTaken)
    assert (fast.throttled, closed.throttled) == (True, False)
    mixed = answering(200, [ODD, DEAD], count=2)
    assert isinstance(mixed, BatchRefused)
    assert list(mixed.recipients) == ["1.1"]


@pytest.mark.parametrize(
    "body", ["not json", {}, [], [OK], [OK, OK, OK, OK], [OK, OK, {"ErrorCode": 0}], [OK, OK, {}], [OK, OK, "x"]]
)
def test_an_answer_that_is_not_one_for_each_is_unknown(body: object):
    """More, fewer, or a success without an id: whom it took is not known."""
    assert isinstance(answering(200, body), UnknownOutcome)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"ErrorCode": 10, "Message": "Bad or missing Server API token."}, StopIssue),
        (404, None, StopIssue),
        (301, None, StopIssue),
        (422, {"ErrorCode": 403, "Message": "Incompatible JSON"}, StopIssue),
        (422, {"ErrorCode": 412, "Message": "Account is pending approval"}, StopIssue),
        (422, FROM, StopIssue),
        (422, {"ErrorCode": 410, "Message": "Too many batch messages"}, BatchRefused),
        (422, ODD, BatchRefused),
        (413, "too large", BatchRefused),
        (429, None, NotTaken),
        (503, CLOSED, NotTaken),
        (503, "<html>", UnknownOutcome),
        (500, {"ErrorCode": 0, "Message": "Internal"}, UnknownOutcome),
        (408, None, UnknownOutcome),
    ],
)
def test_each_status_means_what_to_do(status: int, body: object, kind: type[ProviderError]):
    """Key and account: stop; size: halve; limits and maintenance: again; the rest nobody knows."""
    error = answering(status, body)
    assert type(error) is kind
    assert str(status) in str(error)


def test_how_long_to_wait():
    """Retry-After, where there is one; then even a bare 503 promises that nothing was taken."""
    for status, throttled in ((429, True), (503, False)):
        error = answering(status, None, {"Retry-After": "9"})
        assert isinstance(error, NotTaken)
        assert (error.retry_after, error.throttled) == (9.0, throttled)


def test_the_stand_in_refuses_key_stream_and_count():
    """A wrong key or stream stops; too many are halved."""
    api = PostmarkApi()
    for given in ({"api_key": "wrong"}, {"stream": "nowhere"}):
        with pytest.raises(StopIssue, match="POSTMARK_"):
            provider(api, **given).send(mailing(2))
    with pytest.raises(BatchRefused, match="500"):
        provider(api).send(mailing(501))
    assert not api.mails


def test_a_name_too_long_for_metadata_is_never_cut():
    """A delivery that could not be found again is refused before anything goes out."""
    api = PostmarkApi()
    long = people(1)[0]._replace(delivery_ref="9" * 81)
    with pytest.raises(BatchRefused) as caught:
        provider(api).send(Mailing(batch_id=BATCH, issue_ref="i", content=CONTENT, recipients=[long]))
    assert list(caught.value.recipients) == ["9" * 81]
    assert not api.mails


def test_it_needs_a_key():
    """Without the server's token nothing is built."""
    with pytest.raises(SettingsError, match="POSTMARK_API_KEY"):
        provider(PostmarkApi(), api_key=None)
