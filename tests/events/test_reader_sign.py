"""Who is named in the links of their mail: only who agreed, at the moment the mail leaves."""

from digest.rendering import click_links
from digest.sending.personal import Personal
from subscribers import still_wanted
from tests.conftest import BOTH, NOW
from tests.events import mailed
from tests.sending import newsroom

MARK = "%%" + "9" * 20 + "%%"
REF = "9f0c1a52-1111-4222-8333-444455556666"


def test_the_slot_names_only_who_agreed():
    """A reader who did not agree gets an empty one; the widest mail that is reckoned with has it filled."""
    personal = Personal(newsroom.KEYS, "https://digest.example.org", "weekly", {**newsroom.MARKS, "reader@url": MARK})
    assert personal.values(REF, "Ana")[MARK] == ""
    assert click_links.read_reader(newsroom.KEYS, personal.values(REF, "Ana", agreed=True)[MARK]) == REF
    assert {len(values[MARK]) for values in personal.widest()} == {38}
    without = Personal(newsroom.KEYS, "https://digest.example.org", "weekly", newsroom.MARKS)
    assert set(without.values(REF, "Ana", agreed=True)) == set(newsroom.MARKS.values())


@BOTH
def test_sending_is_told_who_agreed(database):
    """With the last question before the hand-over, so that a tick taken back holds for what has not left."""
    mailed.make(database)
    mailed.agree(database, 1)
    mailed.agree(database, 2)
    mailed.agree(database, 2, None)
    with database.reading() as session:
        rows = session.execute(still_wanted([1, 2, 3], ["caucasus"], NOW)).all()
    assert {row.subscriber_id: bool(row.agreed) for row in rows} == {1: True, 2: False, 3: False}
