"""Messages as bytes: whatever stands in a name, a subject or a link, they are sound, and one-click stays whole."""

import email
import email.policy

from hypothesis import given
from hypothesis import strategies as st

from digest.sending.message import LONGEST_LINE, Letter, to_header
from digest.sending.personal import Personal
from digest.sending.provider import Content, Recipient
from tests.conftest import NOW
from tests.sending import newsroom

PERSONAL = Personal(newsroom.KEYS, "https://digest.example.org", "weekly", newsroom.MARKS)
REF = "9f0c1a52-1111-4222-8333-444455556666"


def content(**given_: str) -> Content:
    """Return a content with marks."""
    texts = {"subject": "News", "html": newsroom.HTML, "text": newsroom.TEXT, "reply_to": "desk@example.org"} | given_
    return Content(sender_name="The Weekly \u00e9", sender_address="w@example.org", headers=newsroom.HEADERS, **texts)


def parsed(raw: bytes) -> email.message.EmailMessage:
    """Read a message back as mail programs do."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, email.message.EmailMessage)
    return message


def written(name: str = "", **texts: str) -> bytes:
    """Write a content for one reader."""
    values = PERSONAL.values(REF, name)
    recipient = Recipient(delivery_ref="1.2", address="a@example.org", name=name, values=values)
    return Letter(content(**texts)).write(recipient, NOW)


def test_a_message_holds_both_parts_and_every_header():
    """Text before HTML, own links, a stable Message-ID, List-Unsubscribe unfolded on one line."""
    raw = written("Ana")
    message = parsed(raw)
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert "Dear Ana" in text.get_content()
    assert "%%" not in text.get_content() + html.get_content()
    (line,) = [line for line in raw.split(b"\r\n") if line.startswith(b"List-Unsubscribe:")]
    token = line.decode().partition("/u/")[2].rstrip(">")
    claim = newsroom.KEYS.read(token, "unsubscribe", NOW)
    assert (claim.subscriber, claim.family, claim.reference) == (REF, "weekly", "")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Message-ID"] == "<1.2@example.org>"
    assert message["Reply-To"] == "desk@example.org"
    assert message["From"].addresses[0].display_name == "The Weekly \u00e9"
    stop = text.get_content().partition("Stop the Caucasus: ")[2].partition("/u/")[2].split()[0]
    assert newsroom.KEYS.read(stop, "unsubscribe", NOW).reference == "caucasus"
    preferences = text.get_content().partition("/p/")[2].split()[0]
    assert newsroom.KEYS.read(preferences, "preferences", NOW).subscriber == REF


def test_lines_too_long_for_mail_are_quoted():
    """A part with a line over 998 octets goes as quoted-printable, and reads the same."""
    long = "<html><body>" + "\u00e9" * 3000 + "</body></html>"
    raw = written(html=long, reply_to="")
    assert max(map(len, raw.split(b"\r\n"))) <= LONGEST_LINE
    message = parsed(raw)
    assert list(message.iter_parts())[1].get_content().strip() == long
    assert message["Reply-To"] is None


@given(st.text(max_size=60), st.text(min_size=1, max_size=120))
def test_no_name_or_subject_breaks_a_message(name: str, subject: str):
    """Line breaks, quotes, other alphabets: one To, one Subject, no header of their own."""
    clean = subject.translate({10: " ", 13: " "})
    try:
        clean.encode()
        name.encode()
    except UnicodeEncodeError:
        return
    message = parsed(written(name, subject=clean))
    assert len(message.get_all("To", [])) == 1
    assert message["To"].addresses[0].addr_spec == "a@example.org"
    assert set(message.keys()) == {
        "From", "Subject", "Reply-To", "To", "Date", "Message-ID", "MIME-Version", "Content-Type", *newsroom.HEADERS
    }  # fmt: skip


def test_the_address_alone_is_a_to_header():
    """No name: just the address."""
    assert to_header("", "a@example.org") == "a@example.org"
