"""The tokens of links, and the hash an address is known by."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers import Claim, Keys
from subscribers.errors import BadToken
from tests.conftest import NOW, STRONG

KEYS = Keys(secret=STRONG, address=STRONG[::-1])
REF = "0b5f0a9e-6d2c-4c64-9f0c-2f8a5a1d7e11"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=. é"


@given(
    purpose=st.text(max_size=20),
    subscriber=st.one_of(st.uuids().map(str), st.text(max_size=40)),
    family=st.text(max_size=40),
    reference=st.one_of(st.uuids().map(str), st.text(max_size=40)),
    hours=st.one_of(st.none(), st.integers(1, 100_000)),
)
def test_a_token_says_what_was_signed(purpose, subscriber, family, reference, hours):
    """Whatever is signed is read back to the letter."""
    expires = None if hours is None or purpose == "unsubscribe" else NOW + timedelta(hours=hours)
    token = KEYS.sign(purpose, subscriber=subscriber, family=family, reference=reference, expires=expires)
    assert KEYS.read(token, purpose, NOW) == Claim(purpose, subscriber, family, reference, expires)


def test_tokens_are_short_and_end_in_a_letter():
    """A mail carries several per reader, and mail programs cut a final hyphen off a link in plain text."""
    for number in range(300):
        ref = str(UUID(int=number, version=4))
        token = KEYS.sign("unsubscribe", subscriber=ref, family="weekly-digest", reference="south-caucasus")
        assert len(token) < 100
        assert token[-1].isalnum()


@given(place=st.integers(0, 10_000), letter=st.sampled_from(ALPHABET))
def test_any_changed_letter_is_refused(place, letter):
    """A token with one letter changed, lost or added opens nothing."""
    token = KEYS.sign("view", subscriber="-", family="weekly", reference=REF, expires=NOW + timedelta(days=400))
    at = place % len(token)
    for forged in (
        token[:at] + letter + token[at + 1 :],
        token[:at] + token[at + 1 :],
        token[:at] + letter + token[at:],
    ):
        if forged != token:
            with pytest.raises(BadToken, match="not complete"):
                KEYS.read(forged, "view", NOW)


@given(st.binary(max_size=90))
def test_noise_is_refused(noise):
    """Random bytes in the right alphabet are a refusal, never a crash."""
    with pytest.raises(BadToken):
        KEYS.read(urlsafe_b64encode(noise + b"\x01").rstrip(b"=").decode(), "view", NOW)


@pytest.mark.parametrize("text", ["", "a", "A" * 2000, "ünicode", "AAAA\nAAAA"])
def test_what_is_no_token_is_refused(text):
    """Too short, too long, other letters: refused with the same sentence."""
    with pytest.raises(BadToken, match="not complete"):
        KEYS.read(text, "view", NOW)


def test_a_token_serves_one_purpose():
    """A preferences link cannot be used to unsubscribe."""
    token = KEYS.sign("preferences", subscriber=REF, family="weekly")
    with pytest.raises(BadToken):
        KEYS.read(token, "unsubscribe", NOW)


def test_a_token_expires_at_its_instant():
    """It holds until just before the instant, and not at it."""
    token = KEYS.sign("undo", subscriber=REF, family="weekly", expires=NOW + timedelta(hours=24))
    assert KEYS.read(token, "undo", NOW + timedelta(hours=23, minutes=59)).subscriber == REF
    with pytest.raises(BadToken, match="out of date"):
        KEYS.read(token, "undo", NOW + timedelta(hours=24))


def test_unsubscribe_links_never_expire():
    """They cannot even be made to."""
    with pytest.raises(ValueError, match="never expires"):
        KEYS.sign("unsubscribe", subscriber=REF, family="weekly", expires=NOW)


def test_old_keys_keep_links_alive():
    """After a change of keys, links in sent mail work; with the old key gone, they do not."""
    token = KEYS.sign("unsubscribe", subscriber=REF, family="weekly")
    changed = Keys(secret="another secret of more than 32 characters", old=(STRONG,), address=KEYS.address)
    assert changed.read(token, "unsubscribe", NOW).family == "weekly"
    with pytest.raises(BadToken):
        Keys(secret=changed.secret, address=KEYS.address).read(token, "unsubscribe", NOW)


def test_what_does_not_fit_a_link_is_refused():
    """A part of more than 254 bytes is a mistake of the caller."""
    with pytest.raises(ValueError, match="too long"):
        KEYS.sign("view", subscriber="-", family="x" * 255)


def test_an_address_is_known_however_it_is_written():
    """Case, width and the form of the domain do not make another address; another key makes another hash."""
    key = KEYS.address_key("Lena@bücher.example")
    assert key == KEYS.address_key(" lena@XN--BCHER-KVA.example ") == KEYS.address_key("ｌena@Bücher.example")
    assert len(key) == 32
    assert key != Keys(secret=STRONG, address=STRONG).address_key("lena@bücher.example")


def test_keys_do_not_show_themselves():
    """A key in a log would be a key lost."""
    assert STRONG not in repr(KEYS)
