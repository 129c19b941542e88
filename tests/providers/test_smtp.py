"""SMTP, sending: what reaches a relay is what was meant, and each way to lose a mail means what to do next."""

import email
import email.policy
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest

from digest.accounts import Account, ProviderName
from digest.providers import smtp
from digest.providers.http import TimeOuts
from digest.sending.message import Letter
from digest.sending.provider import NotTaken, ProviderError, Receipt, StopIssue, UnknownOutcome
from tests.conftest import NOW
from tests.providers import smtp_server
from tests.providers.accounts import QUICK, account
from tests.providers.contract import PROMISES, Case
from tests.providers.smtp_server import HANG_UP, PASSWORD, USER, Relay, Script, serving
from tests.providers.test_sendgrid import BATCH, CONTENT, mailing, people

DOMAIN = "bounces.example.org"
LOGIN = f"{USER}:{quote(PASSWORD, safe='')}@"
SHORT = TimeOuts(connect=2, read=0.3, write=2)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Return what closes everything at the end."""
    with ExitStack() as found:
        yield found


def of(url: str, **given: str) -> Account:
    """Return an account with a relay."""
    return account(ProviderName.smtp, url=url, **{"domain": DOMAIN, **given})


def running(stack: ExitStack, script: Script | None = None, *, times: TimeOuts = QUICK, now: Any = None,
            login: str = "", **given: Any) -> tuple[Relay, smtp.Smtp]:  # fmt: skip
    """Run a relay, and return it with the adapter that sends by it."""
    relay = stack.enter_context(serving(**({"script": script} if script else {}), **given))
    made = smtp.build(of(relay.url(login)), times, now=now, tls=smtp_server.client_tls())
    stack.callback(made.close)
    return relay, made


def saying(answers: dict[tuple[str, str], str]) -> Script:
    """Return a script: (verb, a word of its line) -> an answer."""

    def script(verb: str, line: str) -> str | None:
        return next((text for (when, word), text in answers.items() if when == verb and word in line), None)

    return script


def told(receipts: Any) -> dict[str, str]:
    """Return delivery -> what its receipt says."""
    return {one.delivery_ref: "taken" if one.accepted else "later" if one.again else "refused" for one in receipts}


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_smtp_keeps_each_promise(promise: Callable[[Case], Any], stack: ExitStack):
    """See contract.py for each of them."""
    relay, made = running(stack)
    promise(Case(made, lambda: relay.reached))


def test_a_mail_arrives_as_it_was_meant(stack: ExitStack):
    """The canonical message of Letter, byte by byte, under our own headers; envelope, options and queue id."""
    relay, made = running(stack, now=lambda: NOW)
    receipts = made.send(mailing(3))
    assert receipts[2] == Receipt(delivery_ref="1.2", accepted=True, message_id="4Q3")
    mail = relay.mails[1]
    assert (mail.sender, mail.to) == (f"bounces+1.1@{DOMAIN}", "reader-1@example.org")
    ours = f"X-Digest-Delivery: 1.1\r\nX-Digest-Batch: {BATCH}\r\nX-Digest-Issue: issue-1\r\n".encode()
    assert mail.data == ours + Letter(CONTENT).write(people(3)[1], NOW)
    assert mail.options == ("BODY=8BITMIME", f"SIZE={len(mail.data)}", "RET=HDRS", "ENVID=1.1")
    assert "RCPT TO:<reader-1@example.org> NOTIFY=FAILURE,DELAY" in relay.heard
    read = email.message_from_bytes(mail.data, policy=email.policy.default)
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert read["List-Unsubscribe"].startswith("<https://digest.example.org/u/")
    assert relay.connections == 1


def test_lines_that_begin_with_a_dot_arrive(stack: ExitStack):
    """RFC 5321 section 4.5.2: a dot at the start of a line is doubled, and a lone one ends nothing."""
    relay, made = running(stack)
    made.send(mailing(1, replace(CONTENT, text=".\n..\n.a\nend")))
    assert b"\r\n.\r\n..\r\n.a\r\nend\r\n" in relay.mails[0].data


def test_a_relay_that_takes_ascii_only_gets_ascii(stack: ExitStack):
    """No 8BITMIME, SIZE or DSN: the bodies in base64, the headers as they were, and no option is given."""
    relay, made = running(stack, keywords=())
    text = "Gr\u00fc\u00dfe aus Tiflis"
    made.send(mailing(1, replace(CONTENT, text=text)))
    (mail,) = relay.mails
    assert (mail.options, mail.data.isascii()) == ((), True)
    read = email.message_from_bytes(mail.data, policy=email.policy.default)
    body = read.get_body(("plain",))
    assert body
    assert body.get_content().strip() == text
    assert re.search(rb"^List-Unsubscribe: <https://[^\r]+>\r$", mail.data, re.MULTILINE)


def test_without_a_domain_bounces_go_to_the_sender(stack: ExitStack):
    """No SMTP_BOUNCE_DOMAIN: the envelope sender is the sender; the delivery still stands in the header."""
    relay = stack.enter_context(serving())
    made = smtp.build(of(relay.url(), domain=""), QUICK)
    stack.callback(made.close)
    made.send(mailing(1))
    assert relay.mails[0].sender == "weekly@example.org"
    assert b"X-Digest-Delivery: 1.0\r\n" in relay.mails[0].data
    with pytest.raises(StopIssue, match="SENDER_ADDRESS"):
        made.send(mailing(1, replace(CONTENT, sender_address="news@b\u00fccher.example")))


def test_it_logs_in_over_starttls(stack: ExitStack):
    """STARTTLS first, then the login with its odd password; the names in bounce addresses carry a tag."""
    relay, made = running(stack, login=LOGIN, tls=True, wants_login=True)
    made.send(mailing(1))
    assert relay.reached == ["reader-0@example.org"]
    assert re.fullmatch(rf"bounces\+1\.0-[0-9a-f]{{12}}@{re.escape(DOMAIN)}", relay.mails[0].sender)
    verbs = [line.partition(" ")[0] for line in relay.heard]
    assert verbs[:5] == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL"]


def test_it_logs_in_over_tls_from_the_start(stack: ExitStack):
    """smtps:// with the same login."""
    relay, made = running(stack, login=LOGIN, implicit=True, wants_login=True)
    assert told(made.send(mailing(2))) == {"1.0": "taken", "1.1": "taken"}
    assert "STARTTLS" not in relay.heard


def stopped(stack: ExitStack, script: Script | None = None, **given: Any) -> str:
    """Return why a relay stops the issue."""
    relay, made = running(stack, script, **given)
    with pytest.raises(StopIssue) as stop:
        made.send(mailing(3))
    assert relay.mails == []
    return str(stop.value)


def test_a_wrong_password_stops_the_issue(stack: ExitStack):
    """535 at the login, and 530 where the url holds none: stop, and the sentence holds no password."""
    why = stopped(stack, login=f"{USER}:not-the-password@", tls=True, wants_login=True)
    assert ("535 5.7.8" in why, "SMTP_URL" in why, "not-the-password" in why) == (True, True, False)
    assert "530 5.7.0 Authentication required" in stopped(stack, wants_login=True).replace(" to MAIL:", "")


def test_a_relay_that_cannot_be_trusted_stops_the_issue(stack: ExitStack):
    """No STARTTLS offered though wanted, no login offered, and a certificate that nobody signed."""
    plain = stack.enter_context(serving())
    relay = stack.enter_context(serving(tls=True))
    for url in (f"smtp://127.0.0.1:{plain.port}", f"smtp://127.0.0.1:{relay.port}", f"smtps://127.0.0.1:{plain.port}"):
        made = smtp.build(of(url), QUICK, tls=ssl.create_default_context())
        with pytest.raises(StopIssue, match="SMTP_URL"):
            made.send(mailing(1))
    assert "AUTH" in stopped(stack, login=LOGIN).upper()
    assert (plain.mails, relay.mails) == ([], [])


def test_a_refused_sender_stops_the_issue(stack: ExitStack):
    """5xx at MAIL: no reader would fare better. "Relay access denied" at RCPT: the same."""
    assert "553 to MAIL" in stopped(stack, saying({("MAIL", ""): "553 5.7.1 Sender address rejected: not owned"}))
    denied = saying({("RCPT", ""): "554 5.7.1 <reader-0@example.org>: Relay access denied"})
    assert "does not send for us" in stopped(stack, denied)


def test_each_reader_has_an_own_answer(stack: ExitStack):
    """Refused at RCPT and at DATA, put off at RCPT, DATA and after the mail: each alone, the others are taken."""
    script = saying({
        ("RCPT", "reader-1@"): "550 5.1.1 No such user",
        ("RCPT", "reader-2@"): "450 4.7.1 Greylisted",
        ("DATA", "reader-3@"): "451 4.3.0 Try later",
        ("DOT", "reader-4@"): "452 4.3.1 Insufficient system storage",
        ("DOT", "reader-5@"): "554 5.7.1 Message rejected",
    })  # fmt: skip
    relay, made = running(stack, script)
    receipts = made.send(mailing(8))
    assert told(receipts) == {
        "1.0": "taken", "1.1": "refused", "1.2": "later", "1.3": "later", "1.4": "later", "1.5": "refused",
        "1.6": "taken", "1.7": "taken",
    }  # fmt: skip
    assert receipts[1].reason == "The relay answered 550 to RCPT: 5.1.1 No such user"
    assert [one.again.offered for one in receipts if one.again] == [True] * 3
    assert relay.reached == ["reader-0@example.org", "reader-6@example.org", "reader-7@example.org"]
    assert relay.connections == 1


def test_a_mail_refused_for_itself_stops_the_issue(stack: ExitStack):
    """Five readers in a row get 554 after the mail and nobody was taken: it is the edition, and nobody is refused."""
    relay, made = running(stack, saying({("DOT", ""): "554 5.7.1 Looks like spam"}))
    with pytest.raises(StopIssue, match="refuses the mail itself"):
        made.send(mailing(20))
    assert sum(line.startswith("MAIL") for line in relay.heard) == 5


@pytest.mark.parametrize(("step", "code"), [("RCPT", "450 4.2.0 busy"), ("DOT", "421 4.3.2 shutting down")])
def test_a_call_put_off_as_a_whole_is_not_taken(stack: ExitStack, step: str, code: str):
    """4xx for the only reader: one NotTaken, so that it reads the same for a single mail."""
    _, made = running(stack, saying({(step, ""): code}))
    with pytest.raises(NotTaken, match=code[:3]):
        made.send(mailing(1))


def raised(made: smtp.Smtp, count: int = 1) -> ProviderError:
    """Return the error of a call."""
    with pytest.raises(ProviderError) as error:
        made.send(mailing(count))
    return error.value


def test_a_relay_that_is_not_there_takes_nothing(stack: ExitStack):
    """A refused connection, and a greeting of 421 (throttled) or 554 (nobody is let in)."""
    with serving() as gone:
        url = gone.url()
    made = smtp.build(of(url), QUICK)
    assert isinstance(raised(made), NotTaken)
    _, busy = running(stack, saying({("CONNECT", ""): "421 4.7.0 Too many connections"}))
    error = raised(busy, 3)
    assert isinstance(error, NotTaken)
    assert error.throttled
    _, closed = running(stack, saying({("CONNECT", ""): "554 5.3.2 No SMTP service here"}))
    assert isinstance(raised(closed), StopIssue)
    _, dead = running(stack, saying({("CONNECT", ""): HANG_UP}))
    assert isinstance(raised(dead), NotTaken)


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_lost_before_the_dot_is_not_taken(stack: ExitStack, verb: str):
    """The connection ends at a command: that reader comes again, the next ones are taken."""
    relay, made = running(stack, saying({(verb, "+1.1@" if verb == "MAIL" else "reader-1@"): HANG_UP}))
    assert told(made.send(mailing(4))) == {"1.0": "taken", "1.1": "later", "1.2": "taken", "1.3": "taken"}
    assert len(set(relay.reached)) == len(relay.reached) == 3


def test_lost_within_a_mail_is_not_taken(stack: ExitStack):
    """The relay hangs up at the first line of a mail too large to be on its way whole: no dot was ever sent."""
    relay, made = running(stack, saying({("LINE", "X-Digest-Delivery: 1.1"): HANG_UP}))
    large = replace(CONTENT, text="A line of seventy-two letters, more or less, which says nothing at all.\n" * 150_000)
    assert told(made.send(mailing(3, large))) == {"1.0": "taken", "1.1": "later", "1.2": "taken"}
    assert len(relay.mails) == 2


def test_lost_after_the_dot_is_unknown_for_that_reader_only(stack: ExitStack):
    """The relay took the mail and hung up before it said so: no receipt for that reader, and no second mail."""
    relay, made = running(stack, saying({("DOT", "reader-1@"): HANG_UP}))
    assert told(made.send(mailing(4))) == {"1.0": "taken", "1.2": "taken", "1.3": "taken"}
    assert sorted(relay.reached) == [f"reader-{n}@example.org" for n in range(4)]
    relay.script = saying({("DOT", ""): HANG_UP})
    assert isinstance(raised(made), UnknownOutcome)


def test_an_answer_that_never_comes_is_unknown(stack: ExitStack):
    """Silence after the dot for longer than the read time-out; silence at RCPT is "not taken"."""
    relay, made = running(stack, times=SHORT)
    relay.script = lambda verb, line: (
        smtp_server.after(0.8, "250 late") if (verb, line[:8]) == ("DOT", "reader-1") else None
    )
    assert told(made.send(mailing(3))) == {"1.0": "taken", "1.2": "taken"}
    relay.script = lambda verb, _line: smtp_server.after(0.8, "250 late") if verb == "RCPT" else None
    assert isinstance(raised(made), NotTaken)


def test_nonsense_after_the_dot_is_unknown(stack: ExitStack):
    """An answer that is no SMTP proves nothing; before the dot it is as good as a lost connection."""
    _, made = running(stack, saying({
        ("DOT", "reader-0@"): "hello", ("RCPT", "reader-2@"): "354 go on", ("DOT", "reader-4@"): "354 more, please",
    }))  # fmt: skip
    assert told(made.send(mailing(6))) == {"1.1": "taken", "1.2": "later", "1.3": "taken", "1.5": "taken"}


def test_a_relay_that_closes_after_some_mails_is_called_again(stack: ExitStack):
    """421 after every second mail: a new connection, everybody once, nobody has a try less."""
    relay, made = running(stack)
    relay.script = lambda verb, _line: (
        "421 4.7.0 Too many messages in this session" if verb == "MAIL" and _mails_of_now(relay) == 2 else None
    )
    assert told(made.send(mailing(7))) == {f"1.{n}": "taken" for n in range(7)}
    assert sorted(relay.reached) == [f"reader-{n}@example.org" for n in range(7)]
    assert relay.connections == 4


def _mails_of_now(relay: Relay) -> int:
    """Return how many mails the present connection has carried."""
    last = max((place for place, line in enumerate(relay.heard) if line.startswith("EHLO")), default=0)
    return relay.heard[last:].count("DATA")


def test_a_stale_connection_is_replaced(stack: ExitStack):
    """The relay hung up between two calls: the next call finds out by NOOP, and loses nothing."""
    relay, made = running(stack)
    made.send(mailing(1))
    made.send(mailing(1))
    assert relay.connections == 1
    relay.script = saying({("NOOP", ""): HANG_UP})
    assert told(made.send(mailing(2))) == {"1.0": "taken", "1.1": "taken"}
    assert relay.connections == 2


def test_a_relay_that_dies_within_a_call_ends_it(stack: ExitStack):
    """Three lost connections in a row: the rest comes again without being tried one by one."""
    relay, made = running(stack)
    relay.script = lambda verb, _line: HANG_UP if verb == "MAIL" and relay.mails else None
    receipts = made.send(mailing(30))
    assert [told(receipts)[f"1.{n}"] for n in (0, 1, 29)] == ["taken", "later", "later"]
    assert relay.connections == 4
    relay.script = lambda _verb, _line: None
    assert len(made.send(mailing(5))) == 5


def test_what_stops_within_a_call_leaves_the_rest_as_it_was(stack: ExitStack):
    """Locked out after two mails: those are taken, and nobody else has a try less; the next call stops."""
    relay, made = running(stack)
    relay.script = lambda verb, _line: (
        "550 5.7.1 Sender is blocked" if verb == "MAIL" and len(relay.mails) == 2 else None
    )
    receipts = made.send(mailing(5))
    assert list(told(receipts).values()) == ["taken", "taken", "later", "later", "later"]
    assert [one.again.offered for one in receipts if one.again] == [False] * 3
    assert isinstance(raised(made, 3), StopIssue)


def test_too_fast_holds_every_worker_back(stack: ExitStack):
    """450 to MAIL with words of a rate: throttled; greylisting of a reader is not."""
    relay, made = running(stack, saying({("MAIL", ""): "450 4.7.1 Error: too much mail from 192.0.2.1"}))
    error = raised(made, 10)
    assert isinstance(error, NotTaken)
    assert error.throttled
    assert sum(line.startswith("MAIL") for line in relay.heard) == 3
    relay.script = saying({("RCPT", ""): "450 4.2.0 Greylisted, rate of retries too fast"})
    grey = raised(made, 2)
    assert isinstance(grey, NotTaken)
    assert not grey.throttled


def test_a_call_ends_in_its_time(stack: ExitStack):
    """Past connect + write seconds nobody new is begun with: they are queued again, with no try counted."""
    at: list[datetime] = [NOW]

    def script(verb: str, _line: str) -> None:
        if verb == "DOT":
            at[0] += timedelta(seconds=5)

    relay, made = running(stack, script, now=lambda: at[0])
    receipts = made.send(mailing(6))  # 2 + 10 seconds, then 10 more for the answer
    assert list(told(receipts).values()) == ["taken"] * 3 + ["later"] * 3
    assert [one.again.offered for one in receipts if one.again] == [False] * 3
    assert len(relay.mails) == 3


@pytest.mark.parametrize(
    "address", ["\u0431@example.org", "a b@example.org", "a>b@example.org", "a@b\r\nRSET@c", "none", ""]
)
def test_an_address_that_smtp_cannot_name_is_refused(stack: ExitStack, address: str):
    """It is refused with a reason; the others of the call are taken, and nothing of it reaches the relay."""
    relay, made = running(stack)
    odd = people(1)[0]._replace(address=address)
    receipts = made.send(replace(mailing(2), recipients=[odd, people(2)[1]]))
    assert told(receipts) == {"1.0": "refused", "1.1": "taken"}
    assert "RSET" not in relay.heard


def test_each_thread_has_its_own_connection(stack: ExitStack):
    """Three workers, two calls each: three connections, and every mail once."""
    relay, made = running(stack)
    threads = [Thread(target=lambda: [made.send(mailing(5)) for _ in range(2)]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (relay.connections, len(relay.mails)) == (3, 30)
    made.close()
    assert len(made.send(mailing(1))) == 1
