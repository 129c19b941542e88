"""SMTP: which relay a url names, and what a relay's words tell."""

import pytest

from digest.errors import SettingsError
from digest.providers import smtp
from digest.providers.smtp.answers import queue_id
from digest.providers.smtp.relay import Secrecy, relay_of
from tests.providers.accounts import QUICK
from tests.providers.test_smtp import of


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        ("smtp://u:p%40%2F@mail.example.org", ("mail.example.org", 587, Secrecy.starttls, "u", "p@/")),
        ("smtp://mail.example.org:25", ("mail.example.org", 25, Secrecy.starttls, "", "")),
        ("smtps://u:pass@mail.example.org", ("mail.example.org", 465, Secrecy.tls, "u", "pass")),
        ("smtp://[::1]:2525?starttls=never", ("::1", 2525, Secrecy.none, "", "")),
        ("smtp://localhost?starttls=never", ("localhost", 587, Secrecy.none, "", "")),
    ],
)
def test_a_url_names_a_relay(url: str, relay: tuple[str, int, Secrecy, str, str]):
    """Ports, TLS, and a password with odd letters; nothing shows the password."""
    found = relay_of(of(url))
    assert (found.host, found.port, found.secrecy, found.user, found.password) == relay
    assert not found.password or found.password not in repr(found)


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example.org", "smtp://", "smtp://user@host", "smtp://h/path", "smtp://h:port", "smtp://h:99999",
        "smtp://u:secret@mail.example.org?starttls=never", "smtps://127.0.0.1?starttls=never", "smtp://h?tls=1",
        "smtp://10.0.0.1?starttls=never", "smtp://[broken",
    ],
)  # fmt: skip
def test_a_url_that_cannot_be_used_is_told(url: str):
    """One sentence with an example, and without the url."""
    with pytest.raises(SettingsError, match=r"SMTP_URL .* Write it like") as error:
        smtp.build(of(url), QUICK)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("2.0.0 Ok: queued as 4Q1c2d3E", "4Q1c2d3E"), ("OK id=1rABCD-0001ab-2C", "1rABCD-0001ab-2C"),
        ("Ok 0100018c1234abcd-5f6e-000000", "0100018c1234abcd-5f6e-000000"), ("Ok", None), ("", None),
        ("2.0.0 3AP9Ux1c012 Message accepted for delivery", "3AP9Ux1c012"),
    ],
)  # fmt: skip
def test_what_a_relay_calls_the_mail_is_kept(words: str, found: str | None):
    """Postfix, Exim, Amazon, Sendmail; others say nothing."""
    assert queue_id(words) == found
