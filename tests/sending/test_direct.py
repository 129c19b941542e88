"""Test mails and confirmations: to one address, marked, and without a row in the ledger."""

import pytest

from digest.database import Database
from digest.errors import NotFound
from digest.sending import direct
from digest.sending.provider import Content
from tests.conftest import BOTH
from tests.sending import newsroom
from tests.sending.fakes import Scripted

BASE = "https://digest.example.org"


@BOTH
def test_a_test_mail_says_so_and_leaves_no_trace(database: Database):
    """[Test] in the subject, a banner in both parts, links that unsubscribe nobody, no row anywhere."""
    room = newsroom.make(database, readers=1)
    provider = Scripted()
    receipt = direct.send_test(database, lambda _: provider, room.editions[0], address="me@example.org", base_url=BASE)
    assert receipt.accepted
    (mailing,) = provider.got
    assert mailing.content.subject == "[Test] News of caucasus"
    assert mailing.content.text.startswith(direct.BANNER)
    assert mailing.content.html.index("<body>") < mailing.content.html.index("This is a test")
    assert set(mailing.recipients[0].values.values()) == {f"{BASE}/u/test", ""}
    assert (newsroom.states(database), newsroom.rows_of(database, newsroom.BATCH)) == ({}, [])
    with pytest.raises(NotFound, match="no edition 7"):
        direct.send_test(database, lambda _: provider, 7, address="me@example.org", base_url=BASE)


def test_a_confirmation_is_one_mail_to_one_address():
    """A content without marks, even without a body tag, goes out as it is; as a test it gets its banner on top."""
    content = Content(
        subject="Confirm", html="<p>x</p>", text="x", sender_name="n", sender_address="n@example.org", headers={}
    )
    provider = Scripted()
    direct.send_one(provider, content, address="me@example.org", name="Me")
    assert provider.got[0].content is content
    assert provider.got[0].issue_ref == "direct"
    assert direct.as_test(content).html.endswith("</p><p>x</p>")
