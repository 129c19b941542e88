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


OUT = (  # in mails for good: purpose, reference, token; the first three of version 1, then those of version 2
    ("unsubscribe", "", "6qkAAAAAAAZ3ZWVrbHkA_wtfCp5tLExknwwvilodfhEujx45lw2VwiRbV7eV99wnAQ"),
    (
        "unsubscribe",
        "south-caucasus",
        "6qkAAAAAAAZ3ZWVrbHkOc291dGgtY2F1Y2FzdXP_C18Knm0sTGSfDC-KWh1-EYXwK771eIn6eYZ9DngbPxEB",
    ),
    ("preferences", "", "6qkAbRR_4AZ3ZWVrbHkA_wtfCp5tLExknwwvilodfhH4WTc04dRzBmgQZbBVGlH6AQ"),
    ("unsubscribe", "", "6qkAAAAAAAZ3ZWVrbHkA_wtfCp5tLExknwwvilodfhHkK4gOCY2jrJWlccCUg9kXAg"),
    (
        "unsubscribe",
        "south-caucasus",
        "6qkAAAAAAAZ3ZWVrbHkOc291dGgtY2F1Y2FzdXP_C18Knm0sTGSfDC-KWh1-ER4x8WXd2qMKxly-gypp1HIC",
    ),
    ("preferences", "", "6qkAbRR_4AZ3ZWVrbHkA_wtfCp5tLExknwwvilodfhEfdntlgEfB-HlSEtG_tvCPAg"),
)


@pytest.mark.parametrize(("purpose", "reference", "token"), OUT)
def test_a_token_that_is_out_is_read_for_good(purpose, reference, token):
    """Links as they were made by earlier releases, letter by letter, say what they always said."""
    expires = None if purpose == "unsubscribe" else NOW + timedelta(days=400)
    assert KEYS.read(token, purpose, NOW) == Claim(purpose, REF, "weekly", reference, expires)


@given(
    purpose=st.text(max_size=20),
    refs=st.lists(st.uuids(), max_size=5),
    family=st.text(max_size=40),
    reference=st.text(max_size=40),
    hours=st.one_of(st.none(), st.integers(1, 100_000)),
)
def test_tokens_signed_together_say_each_what_was_signed(purpose, refs, family, reference, hours):
    """Whoever is in a batch, and however long the token is, each reads back their own, and only for its purpose."""
    expires = None if hours is None or purpose == "unsubscribe" else NOW + timedelta(hours=hours)
    tokens = KEYS.signer(purpose, family=family, reference=reference, expires=expires)([one.bytes for one in refs])
    assert [KEYS.read(token, purpose, NOW) for token in tokens] == [
        Claim(purpose, str(one), family, reference, expires) for one in refs
    ]
    assert all(token[-1].isalnum() for token in tokens)
    for token in tokens:
        with pytest.raises(BadToken):
            KEYS.read(token, f"{purpose}2", NOW)


@given(place=st.integers(0, 10_000), letter=st.sampled_from(ALPHABET))
def test_any_changed_letter_of_a_token_signed_together_is_refused(place, letter):
    """Nor does one version pass for the other: the last letter says which it is."""
    (token,) = KEYS.signer("preferences", family="weekly")([UUID(REF).bytes])
    at = place % len(token)
    for forged in (token[:at] + letter + token[at + 1 :], token[:-2] + KEYS.sign("x", subscriber=REF, family="f")[-2:]):
        if forged != token:
            with pytest.raises(BadToken, match="not complete"):
                KEYS.read(forged, "preferences", NOW)


def test_a_link_signed_together_outlives_a_change_of_keys():
    """The old key still opens it; a key that never signed it does not."""
    (token,) = KEYS.signer("unsubscribe", family="weekly")([UUID(REF).bytes])
    later = Keys(secret=STRONG[::-1], old=(STRONG,), address=STRONG)
    assert later.read(token, "unsubscribe", NOW).subscriber == REF
    with pytest.raises(BadToken):
        Keys(secret=STRONG[::-1], address=STRONG).read(token, "unsubscribe", NOW)
    with pytest.raises(ValueError, match="never expires"):
        KEYS.signer("unsubscribe", family="weekly", expires=NOW)


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
