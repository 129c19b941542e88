"""Messages as bytes: whatever stands in a name, a subject or a link, they are sound, and one-click stays whole."""

import email
import email.policy
import unicodedata
from email.header import decode_header

import pytest
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
    """No name: just the address; a name of plain letters stands as it is, quoted where it must be."""
    assert to_header("", "a@example.org") == "a@example.org"
    assert to_header("Ana Bela", "a@example.org") == "Ana Bela <a@example.org>"
    assert to_header('Bela, "B." Ana', "a@example.org") == '"Bela, \\"B.\\" Ana" <a@example.org>'


def words_of(header: str) -> list[str]:
    """Return the encoded words of a header's value."""
    return [word for word in header.split(" ") if word.startswith("=?")]


def decoded(word: str) -> str:
    """Return what one encoded word says alone; fails where it is cut inside a character."""
    (raw, charset), *more = decode_header(word)
    assert not more
    assert isinstance(raw, bytes)
    return raw.decode(charset or "ascii")


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=300))
def test_long_names_are_several_encoded_words_none_too_long(name: str):
    """At most 75 characters each, whole characters in each, nothing folded, and the name comes back (RFC 2047)."""
    full = f"\u10d0{name}\u10f0"
    header = to_header(full, "a@example.org")
    words = words_of(header)
    assert max(map(len, words)) <= 75
    assert "".join(map(decoded, words)) == full
    assert "\n" not in header
    assert header.endswith(" <a@example.org>")
    assert parsed(f"To: {header}\r\n\r\n".encode())["To"].addresses[0].addr_spec == "a@example.org"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ნინო ასლან-გიორგაძე და მისი ძალიან გრძელი გვარი თბილისიდან", "b"),
        ("Jos\u00e9 Mar\u00eda de la Sant\u00edsima Trinidad Fern\u00e1ndez y Garc\u00eda-Lorca de los Monteros", "q"),
        ("e\u0301" * 40, "b"),
        ("\U0001f469\u200d\U0001f469\u200d\U0001f467" * 6, "b"),
        ("\u05d0" + "\u0591" * 60, "b"),  # more marks on a letter than a word holds
    ],
)
def test_letters_keep_their_marks(name: str, kind: str):
    """The shorter encoding; a letter and its accents, or joined signs, stay in one word where they fit."""
    words = words_of(to_header(name, "a@example.org"))
    assert len(words) > 1
    assert all(word.startswith(f"=?utf-8?{kind}?") and len(word) <= 75 for word in words)
    texts = [decoded(word) for word in words]
    assert "".join(texts) == name
    if len(set(name)) > 2:
        assert not any(unicodedata.category(text[0])[0] == "M" or "\u200d" in (text[0], text[-1]) for text in texts)


def test_a_subject_and_a_sender_are_written_alike():
    """Long subjects of other letters, and those that would read as encoded, are encoded words, too."""
    for subject in ("\u10d0\u10d1\u10d2 " * 60, "What =?utf-8?q?this?= means", "x" * 990):
        raw = written(subject=subject.strip())
        line = next(line for line in raw.split(b"\r\n") if line.startswith(b"Subject: ")).decode()
        assert max(map(len, words_of(line))) <= 75
        assert parsed(raw)["Subject"] == subject.strip()
