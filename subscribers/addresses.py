"""Email addresses: how they are written, how they are told apart, and how they are shown to others."""

import re
import unicodedata

from subscribers.errors import BadAddress, ForeignLetters

LONGEST = 254  # RFC 5321 4.5.3.1, as corrected by RFC 3696 erratum 1690
_WORD = r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"(?!xn--)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_PLAIN = re.compile(rf"((?=[^@]{{1,64}}@){_WORD}(?:\.{_WORD})*)@((?:{_LABEL}\.)+(?!\d+\Z){_LABEL})")


def normalise(address: str) -> str:
    """Return an address as mail is sent to it: trimmed, NFKC, its domain in lower-case ASCII.

    Raises BadAddress with a sentence; ForeignLetters where the part before the @ needs SMTPUTF8 (RFC 6531), which no
    provider of ours promises. Asks no DNS. Plain ASCII is checked here (a microsecond); the rest by
    email-validator (30 times slower).
    """
    text = address.strip()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).strip()
    plain = _PLAIN.fullmatch(text)
    if plain is not None and len(text) <= LONGEST:
        return f"{plain[1]}@{plain[2].lower()}"
    return _validated(text)


def identity(address: str) -> str:
    """Return what makes two spellings one address: the normalised address, case-folded. Raises BadAddress."""
    return normalise(address).casefold()


def masked(address: str) -> str:
    """Return an address as a page may show it to whoever holds a link: ``l•••@example.org``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1] if len(local) > 1 else ''}•••@{domain}"


def _validated(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - rarely needed, slow to load

    try:
        valid = validate_email(text, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError as error:
        raise BadAddress(f"{text[:80]!r} is not an email address: {str(error).rstrip('.')}.") from error
    if valid.ascii_email is None:
        raise ForeignLetters(f"{text[:80]!r} has letters before the @ that most mail systems cannot deliver.")
    return f"{valid.ascii_local_part}@{valid.ascii_domain}"
