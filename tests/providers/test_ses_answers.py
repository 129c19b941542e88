"""Amazon SES, its answers: each means what to do next for the readers of a call."""

import httpx
import orjson
import pytest

from digest.sending.provider import Again, BatchRefused, NotTaken, ProviderError, StopIssue, UnknownOutcome
from tests.providers import ses_api
from tests.providers.ses_api import Service
from tests.providers.ses_sender import mailing, provider, raised

UNVERIFIED = "Email address is not verified. The following identities failed the check in region EU-WEST-1: "


def error_of(answer: httpx.Response, count: int = 3) -> ProviderError:
    """Return what a call with such an answer raises."""
    with pytest.raises(ProviderError) as caught:
        provider(lambda _: answer).send(mailing(count))
    return caught.value


def test_each_reader_has_its_own_answer():
    """Taken, refused for good, and throttled in one call: the last come again; what we do not know is uncertain."""
    service = Service()
    service.statuses = ("SUCCESS", "MESSAGE_REJECTED", "ACCOUNT_THROTTLED", "SENT_BY_OWL")
    receipts = provider(service).send(mailing(4))
    assert [(one.delivery_ref, one.accepted, one.reason) for one in receipts] == [
        ("1.0", True, None),
        ("1.1", False, "MESSAGE_REJECTED: about 1"),
        ("1.2", False, "ACCOUNT_THROTTLED: about 2"),
    ]
    assert [one.again for one in receipts] == [None, None, Again(throttled=True)]


@pytest.mark.parametrize(
    ("status", "again"),
    [("TRANSIENT_FAILURE", Again()), ("ACCOUNT_DAILY_QUOTA_EXCEEDED", Again(retry_after=3600.0, throttled=True)),
     ("ACCOUNT_SENDING_PAUSED", Again())],
)  # fmt: skip
def test_who_was_not_taken_now_comes_again(status: str, again: Again):
    """An entry that SES surely did not take, in a call of which it took others: never uncertain."""
    service = Service()
    service.statuses = ("SUCCESS", status)
    first, second = provider(service).send(mailing(2))
    assert (first.accepted, first.again, second.accepted, second.again) == (True, None, False, again)


@pytest.mark.parametrize(
    ("statuses", "wait", "throttled"),
    [(("ACCOUNT_THROTTLED",), None, True), (("ACCOUNT_THROTTLED", "TRANSIENT_FAILURE"), None, True),
     (("ACCOUNT_DAILY_QUOTA_EXCEEDED", "ACCOUNT_THROTTLED"), 3600.0, True), (("TRANSIENT_FAILURE",), None, False)],
)  # fmt: skip
def test_when_nobody_was_taken_all_come_again(statuses: tuple[str, ...], wait: float | None, throttled: bool):  # noqa: FBT001
    """Throttled as a whole: again later; the daily quota takes an hour at least."""
    service = Service()
    service.statuses = statuses
    error = raised(service, mailing(4))
    assert isinstance(error, NotTaken)
    assert (error.retry_after, error.throttled) == (wait, throttled)


@pytest.mark.parametrize("status", ["ACCOUNT_SUSPENDED", "ACCOUNT_SENDING_PAUSED", "CONFIGURATION_SET_NOT_FOUND",
                                    "MAIL_FROM_DOMAIN_NOT_VERIFIED", "CONFIGURATION_SET_SENDING_PAUSED"])  # fmt: skip
def test_what_is_wrong_with_the_account_stops(status: str):
    """Nobody taken, and no reader's fault: stop, naming it."""
    service = Service()
    service.statuses = ("ACCOUNT_THROTTLED", status)
    error = raised(service, mailing(4))
    assert isinstance(error, StopIssue)
    assert status in str(error)


def test_readers_who_alone_are_refused_are_named():
    """Nobody taken, some refused, some throttled: the refused are named, the others come again."""
    service = Service()
    service.statuses = ("INVALID_PARAMETER", "ACCOUNT_THROTTLED")
    error = raised(service, mailing(4))
    assert isinstance(error, BatchRefused)
    assert error.recipients == {"1.0": "INVALID_PARAMETER: about 0", "1.2": "INVALID_PARAMETER: about 2"}


def test_the_same_refusal_for_all_names_nobody():
    """All refused with the same words: perhaps the edition's fault, so the batch is halved instead."""
    body = {"BulkEmailEntryResults": [{"Status": "MESSAGE_REJECTED", "Error": "virus"}] * 3}
    error = error_of(httpx.Response(200, json=body))
    assert isinstance(error, BatchRefused)
    assert error.recipients == {}


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"[]", b"{}", b'{"BulkEmailEntryResults": 3}',
     orjson.dumps({"BulkEmailEntryResults": [{"Status": "SUCCESS", "MessageId": "m"}] * 2}),
     orjson.dumps({"BulkEmailEntryResults": [{"Status": "SENT_BY_OWL"}] * 3}),
     orjson.dumps({"BulkEmailEntryResults": [{}] * 3})],
)  # fmt: skip
def test_an_answer_that_does_not_say_whom_it_took_is_unknown(body: bytes):
    """200 with too few results, or statuses nobody knows: never sent again by guess."""
    assert isinstance(error_of(httpx.Response(200, content=body)), UnknownOutcome)


@pytest.mark.parametrize(
    ("status", "kind", "said", "wait"),
    [(429, "TooManyRequestsException", "Maximum sending rate exceeded.", None),
     (429, "TooManyRequestsException", "Daily message quota exceeded.", 3600.0),
     (400, "LimitExceededException", "", 3600.0), (400, "ThrottlingException", "Rate exceeded", None),
     (429, "", "", None)],
)  # fmt: skip
def test_a_throttled_call_comes_again(status: int, kind: str, said: str, wait: float | None):
    """By status or by class: nothing taken, every worker holds back."""
    error = error_of(ses_api.error(status, kind, said))
    assert isinstance(error, NotTaken)
    assert (error.retry_after, error.throttled) == (wait, True)


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [(400, "AccountSuspendedException", ""), (400, "SendingPausedException", "Email sending is disabled."),
     (400, "MailFromDomainNotVerifiedException", ""),
     (404, "NotFoundException", "Configuration set <x> does not exist."),
     (403, "AccessDeniedException", "User is not authorized to perform: ses:SendEmail"), (301, "", ""),
     (403, "InvalidSignatureException", "Signature expired"), (400, "ExpiredTokenException", ""),
     (400, "BadRequestException", "Template contains unsupported operations."),
     (400, "MessageRejected", f"{UNVERIFIED}The Weekly <weekly@example.org>")],
)  # fmt: skip
def test_what_no_other_reader_fares_better_with_stops(status: int, kind: str, said: str):
    """Key, account, sender, template: stop."""
    assert isinstance(error_of(ses_api.error(status, kind, said)), StopIssue)


def test_a_sandbox_names_the_readers_it_refuses():
    """Identities that failed the check are readers: those are named, by whatever case SES writes them in."""
    error = error_of(ses_api.error(400, "MessageRejected", f"{UNVERIFIED}Reader-1@example.org, reader-2@example.org."))
    assert isinstance(error, BatchRefused)
    assert error.recipients.keys() == {"1.1", "1.2"}
    assert error_of(ses_api.error(400, "BadRequestException", "Illegal address")).recipients == {}  # type: ignore[attr-defined]


def test_errors_are_read_from_the_body_too():
    """Where no header names the class, ``__type`` does; what is no JSON is halved or unknown, by its status."""
    body = {"__type": "com.amazonaws.ses#SendingPausedException", "Message": "paused"}
    assert isinstance(error_of(httpx.Response(400, json=body)), StopIssue)
    assert isinstance(error_of(httpx.Response(413, content=b"<html>")), BatchRefused)
    assert isinstance(error_of(httpx.Response(500, content=b"<html>")), UnknownOutcome)
    assert isinstance(error_of(httpx.Response(503)), UnknownOutcome)
    later = error_of(httpx.Response(503, headers={"Retry-After": "3"}))
    assert isinstance(later, NotTaken)
    assert later.retry_after == 3.0


@pytest.mark.parametrize(("failure", "kind"), [(httpx.ReadTimeout, UnknownOutcome), (httpx.ConnectError, NotTaken)])
def test_no_answer_is_unknown_unless_nobody_was_there(failure: type[httpx.TransportError], kind: type[ProviderError]):
    """A time-out after the request left says nothing; without a connection nothing was taken."""

    def fail(_request: httpx.Request) -> httpx.Response:
        raise failure("")

    with pytest.raises(kind):
        provider(fail).send(mailing(1))
