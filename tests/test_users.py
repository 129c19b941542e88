"""Who works at the desk: passwords, roles, sessions."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlmodel import Session, select

from digest import users
from digest.database import Database
from digest.errors import BadInput, NotFound
from digest.users import Role, SignedIn, User
from tests.conftest import BOTH, NOW

ANNA = "anna@example.org"
WORDS = "salt river night train"


def anna(session: Session, role: str = "approver") -> User:
    """Add Anna."""
    return users.add(session, " Anna@Example.org ", role, WORDS, NOW)


@BOTH
def test_a_person_signs_in_by_address_and_password(database: Database):
    """However the address is written; a wrong password, another address and nobody's open nothing."""
    with database.writing() as session:
        made = anna(session)
        assert made.address == ANNA
        assert made.password.startswith("$argon2id$")
        assert users.prove(session, "ANNA@example.org", WORDS) is not None
        for address, password in ((ANNA, WORDS + "x"), ("bela@example.org", WORDS), (ANNA, ""), ("", "")):
            assert users.prove(session, address, password) is None
        with pytest.raises(BadInput, match="already, as approver"):
            anna(session)


def test_passwords_are_hashed_at_the_full_cost(database: Database, monkeypatch: pytest.MonkeyPatch):
    """Argon2id with 64 MiB, three passes and four lanes, as RFC 9106 recommends second; other tests hash cheaply."""
    monkeypatch.setattr(users, "PasswordHasher", PasswordHasher)
    with database.writing() as session:
        made = anna(session)
        assert made.password.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
        assert users.prove(session, ANNA, WORDS) is not None
        assert users.prove(session, ANNA, WORDS + "x") is None


@BOTH
def test_a_session_ends_by_itself_and_by_hand(database: Database):
    """After 12 hours of nobody using it, after a week at all, and at once when one signs out."""
    with database.writing() as session:
        token = users.sign_in(session, anna(session), NOW)
        found = users.signed_in(session, token, NOW + timedelta(hours=11))
        assert found is not None
        assert found[0].address == ANNA
        assert token not in found[1].token
        assert users.signed_in(session, token, NOW + users.IDLE) is None
        assert users.signed_in(session, token + "x", NOW) is None
        users.note_use(session, found[1], NOW + timedelta(hours=11))
        assert users.signed_in(session, token, NOW + timedelta(hours=22)) is not None
        for hour in range(22, 24 * 8, 11):
            held = users.signed_in(session, token, NOW + timedelta(hours=hour))
            if held:
                users.note_use(session, held[1], NOW + timedelta(hours=hour))
        assert users.signed_in(session, token, NOW + users.WHOLE) is None
        second = users.sign_in(session, users.get(session, ANNA), NOW + timedelta(days=9))
        assert len(session.exec(select(SignedIn)).all()) == 1, "the one that was over is swept"
        users.sign_out(session, second)
        assert users.signed_in(session, second, NOW + timedelta(days=9)) is None


@BOTH
def test_a_new_password_and_a_removal_sign_out_everywhere(database: Database):
    """The old sessions are gone at once; who was removed may be added again, with another role."""
    with database.writing() as session:
        token = users.sign_in(session, anna(session), NOW)
        users.set_password(session, ANNA, "another four good words")
        assert users.signed_in(session, token, NOW) is None
        assert users.prove(session, ANNA, WORDS) is None
        token = users.sign_in(session, users.get(session, ANNA), NOW)
        users.remove(session, ANNA, NOW)
        assert users.signed_in(session, token, NOW) is None
        assert users.prove(session, ANNA, "another four good words") is None
        assert users.all_users(session) == []
        with pytest.raises(NotFound, match="nobody yet"):
            users.get(session, ANNA)
        assert anna(session, "editor").role == "editor"
        assert [one.address for one in users.all_users(session)] == [ANNA]


def test_a_role_may_what_those_below_it_may(database: Database):
    """An editor may not approve; an approver may edit; an operator may both."""
    with database.writing() as session:
        user = anna(session, "editor")
        assert [users.may(user, role) for role in Role] == [True, False, False]
        assert [users.may(users.set_role(session, ANNA, "approver"), role) for role in Role] == [True, True, False]
        assert [users.may(users.set_role(session, ANNA, "operator"), role) for role in Role] == [True, True, True]


@pytest.mark.parametrize(
    ("address", "role", "password", "words"),
    [
        ("anna", "editor", WORDS, "no email address"),
        ("a b@example.org", "editor", WORDS, "no email address"),
        (ANNA, "boss", WORDS, "Roles: editor, approver, operator"),
        (ANNA, "editor", "short", "12 to 200 characters"),
        (ANNA, "editor", "x" * 201, "12 to 200 characters"),
    ],
)
def test_bad_input_is_named(database: Database, address: str, role: str, password: str, words: str):
    """Each with what would be right."""
    with database.writing() as session, pytest.raises(BadInput, match=words):
        users.add(session, address, role, password, NOW)
