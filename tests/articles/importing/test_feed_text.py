"""The bytes of a feed become text: in the encoding they are in, without what stands before the feed."""

import pytest

from digest.errors import BadInput
from tests.articles.importing.feed_samples import ITEM, articles, read


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "iso-8859-1"),  # labelled wrongly, as many are
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("cp1251", "windows-1251"),
        ("iso-2022-jp", "iso-2022-jp"),
        ("utf-8", "utf-7"),
        ("utf-8", "nonsense"),
        ("utf-8", "hex"),
    ],
)
def test_encodings_are_read_as_they_are_and_not_as_they_are_labelled(encoding, declared):
    """A wrong label does no harm; UTF-7, which can hide tags from others, is never honoured."""
    word = "こんにちは" if encoding == "iso-2022-jp" else "Привет"
    head = f"<?xml version='1.0' encoding='{declared}'?>"
    feed = f"{head}<rss version='2.0'><channel>{ITEM.replace('First', word)}</channel></rss>"
    assert articles(feed.encode(encoding))[0].headline == word


def test_letters_of_no_known_encoding_still_come_through():
    """What is neither UTF-8 nor labelled is taken for cp1252, or for Latin-1 where even that fails."""
    for byte in (b"\xe9", b"\x81\xe9"):
        feed = f"<rss version='2.0'><channel>{ITEM}</channel></rss>".encode().replace(b"First", b"Caf" + byte)
        assert articles(feed)[0].headline == "Café"


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        '<!-- x --><?p x?>\n<!doctype rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        "<!DOCTYPE rss><!DOCTYPE rss [<!ENTITY a 'x'>]>",
    ],
)
def test_a_feed_with_definitions_of_its_own_is_refused(head):
    """Entity bombs and external entities are not even parsed."""
    feed = f"{head}<rss version='2.0'><channel>{ITEM.replace('First', '&b;&x;')}</channel></rss>"
    with pytest.raises(BadInput, match="DTD"):
        read(feed)
    with pytest.raises(BadInput, match="DTD"):
        read(feed.encode("utf-16"))


def test_a_plain_doctype_is_cut_out():
    """RSS 0.91 has one; nothing is fetched for it, nor for anything else that stands before the feed."""
    doctype = '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://127.0.0.1:1/rss.dtd">'
    assert articles(f"<!-- a -->{doctype}<rss version='0.91'><channel>{ITEM}</channel></rss>")[0].headline == "First"


@pytest.mark.parametrize(
    "head",
    [
        "\n\n<?xml version='1.0'?>",
        "Warning: odd in line 3<?xml version='1.0'?>",
        "<!-- <rss> --><?p x?>",
        "\ufeff\ufeff",
    ],
)
def test_what_stands_before_a_feed_does_no_harm(head):
    """Blank lines, messages of a server, comments that hold a feed: the feed behind them is read."""
    assert articles(f"{head}<rss version='2.0'><channel>{ITEM}</channel></rss>")[0].headline == "First"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Правительство объявило новый план"),
        ("koi8-r", "Правительство объявило новый план"),
        ("gb18030", "政府今天宣布了新的铁路计划，这是一个大新闻"),
        ("big5", "政府今天宣布了新的鐵路計畫，這是一個大新聞"),
        ("shift_jis", "政府は新しい鉄道計画を発表した。これはニュースです"),
        ("euc-jp", "政府は新しい鉄道計画を発表した。これはニュースです"),
        ("euc-kr", "정부는 새로운 철도 계획을 발표했다"),
        ("cp1252", "Le gouvernement a annoncé déjà l’été"),
        ("cp1253", "Η κυβέρνηση ανακοίνωσε σήμερα"),
        ("utf-16-le", "Привет"),
        ("utf-16-be", "Привет"),
        ("utf-32", "Привет"),
        ("utf-32-le", "Привет"),
    ],
)
@pytest.mark.parametrize("said", ["", "<?xml version='1.0' encoding='utf-8'?>"])
def test_an_encoding_that_is_not_said_is_told_by_its_letters(encoding, text, said):
    """Without a declaration, and with a wrong one."""
    feed = f"{said}<rss version='2.0'><channel>{ITEM.replace('First', text)}</channel></rss>"
    assert articles(feed.encode(encoding))[0].headline == text


def test_one_stray_byte_does_not_spoil_a_text():
    """Feeds are glued together from texts in several encodings."""
    feed = f"<rss version='2.0'><channel>{ITEM.replace('First', 'Привет, мир, caf#')}</channel></rss>".encode()
    assert articles(feed.replace(b"#", b"\xe9"))[0].headline == "Привет, мир, café"
