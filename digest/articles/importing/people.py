"""Takes the names of people out of what feeds write where an author should stand: names, addresses, both, or lists."""

import re

from digest.articles.importing import plain

LONGEST = 500  # characters of what is looked at
ADDRESS = re.compile(r"(?:mailto:)?[^\s<>()\[\],;:@]*[^\s<>()\[\],;:@]@[^\s<>()\[\],;]+", re.IGNORECASE)
WEB = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
EMPTY = re.compile(r"[(<\[]\s*[)>\]]")
WRAPPED = re.compile(r"\((.*)\)\Z")
BETWEEN = re.compile(r"\s*(?:;|\|)\s*")
COMMA = re.compile(r"\s*,\s*")
LAST = re.compile(r",?\s+(?:and|und|et|y|e|en|och|og|i|и|й|та|і|ve|&)\s+")
PERSON = re.compile(r"[^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){1,3}\Z")
ROLES = frozenset(
    (  # noqa: SIM905
        "editor writer reporter correspondent staff agency news press times post bureau team desk columnist contributor"
        " phd md jr sr inc ltd llc university institute photographer redaktion"
    ).split()
)


def names(given: str) -> list[str]:
    """Return the names in one author's field, without any address.

    ``jane@example.org (Jane Doe)`` is Jane Doe. Several names are told apart at semicolons, and at commas only where
    every part is a name of two to four words: ``Doe, Jane`` stays one.
    """
    text = plain.line(given[:LONGEST], LONGEST)
    text = EMPTY.sub(" ", WEB.sub(" ", ADDRESS.sub(" ", text))).replace("\\", " ")
    text = " ".join(text.split()).strip(" ,;|<>-")
    wrapped = WRAPPED.match(text)
    return [one for part in BETWEEN.split(wrapped[1] if wrapped else text) for one in _listed(part) if _fits(one)]


def _listed(text: str) -> list[str]:
    parts = [one for part in COMMA.split(text) for one in LAST.split(part)]
    return parts if len(parts) > 1 and all(_is_person(one) for one in parts) else [text]


def _is_person(text: str) -> bool:
    words = text.lower().replace(".", "").split()
    return bool(PERSON.match(text)) and text[:1].isupper() and not ROLES.intersection(words)


def _fits(name: str) -> bool:
    """Tell whether something is left that can stand under a headline."""
    return "@" not in name and any(char.isalnum() for char in name)
