"""Our own rules of accessibility: each finds its fault, and our mails have none."""

import pytest

from digest.proofs import checks_accessibility
from digest.proofs.check import Check, Level
from digest.proofs.colors import Look, inherited
from digest.rendering.mailing import render
from tests.rendering import plans

HEAD = '<html lang="en" dir="ltr"><head><title>The week</title></head><body>'
SOUND = '<h1>The week</h1><h2><a href="https://m.org/a">The dam keepers</a></h2><p>What happened there.</p>'


def found_in(body: str, head: str = HEAD, language: str = "en") -> list[Check]:
    return list(checks_accessibility.of_page(f"{head}{body}</body></html>", language))


def test_a_sound_page_is_green():
    """And so are our own mails, in both directions of writing."""
    assert found_in(SOUND) == []
    for plan in (plans.english(), plans.arabic(), plans.plain()):
        assert list(checks_accessibility.of_page(render(plan, plans.URLS).html, plan.language)) == []


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        ('<img src="https://m.org/p.jpg">', "image-alt", "https://m.org/p.jpg"),
        ('<a href="https://m.org/x"></a>', "link-empty", "https://m.org/x"),
        ('<a href="https://m.org/x"><img src="p" alt=""></a>', "link-empty", "https://m.org/x"),
        ('<a href="https://m.org/x">Read more…</a>', "link-words", "Read more…"),
        ('<a href="https://m.org/x">Hier</a>', "link-words", "Hier"),
        ("<h4>Too deep</h4>", "heading-order", "Too deep"),
        ("<table><tr><td>Laid out</td></tr></table>", "table-role", "Laid out"),
        ('<p style="color:#999999">Pale words</p>', "contrast", "Pale words"),
        ('<div style="background-color:#333"><p style="color:#555">Dark on dark</p></div>', "contrast", "Dark on dark"),
        ('<td bgcolor="#ffee00"><b style="color:white">White on yellow</b></td>', "contrast", "White on yellow"),
        ('<p style="font-size:10px">Small print</p>', "text-small", "Small print"),
    ],
)
def test_each_fault_is_found_at_its_place(body, code, place):
    """One amber line, with where it is and what to do."""
    table = f"<table role='presentation'><tr>{body}</tr></table>" if body.startswith("<td") else body
    (found,) = found_in(SOUND + table)
    assert (found.code, found.place, found.level) == (code, place, Level.amber)
    assert found.remedy


@pytest.mark.parametrize(
    ("head", "language", "codes"),
    [
        ("<html><head><title>x</title></head><body>", "en", {"no-lang"}),
        ('<html lang="de-AT"><head><title>x</title></head><body>', "en", {"wrong-lang"}),
        ('<html lang="en-GB"><head></head><body>', "en", {"no-title"}),
        ('<html lang="ar"><head><title>x</title></head><body>', "ar", {"no-dir"}),
        ('<html lang="ar" dir="rtl"><head><title>x</title></head><body>', "ar", set()),
    ],
)
def test_the_document_says_what_it_is(head, language, codes):
    """Language, direction and title."""
    assert {one.code for one in found_in(SOUND, head, language)} == codes


@pytest.mark.parametrize(
    "body",
    [
        '<div style="display:none;color:#fff;font-size:1px">The preheader</div>',
        '<a href="https://m.org" aria-hidden="true" style="display:none"></a>',
        '<a href="https://m.org"><img src="p" alt="A dam in the snow"></a>',
        '<p style="font-size:0;color:#fff">&#8203;</p>',
        '<h2 style="color:#8a8a8a;font-size:24px">Large words need less</h2>',
        '<p style="color:#999;background-image:url(p)">Nobody can tell</p>',
        '<p style="color:hsl(0,0%,60%)">Nobody can tell either</p>',
        "<table><tr><th>Data</th></tr><tr><td>1</td></tr></table>",
        "<!--[if mso]><table><tr><td>Outlook's own</td></tr></table><![endif]-->",
        '<h2>Two</h2><h3>Three</h3><h2>Two again</h2><a name="x"></a>',
    ],
)
def test_what_is_no_fault_is_not_said(body):
    """Hidden, decorative, large enough, or not to be told without a browser."""
    assert found_in(SOUND + body) == []


def test_without_a_first_heading():
    """Nobody can jump to the top of the mail."""
    assert {one.code for one in found_in("<h2>Two</h2>")} == {"no-heading"}


def test_the_same_faint_look_is_said_once():
    """By its colours, with the first words in it."""
    (found,) = found_in(SOUND + '<p style="color:#999">First</p><p style="color:#999999">Second</p>')
    assert found.place == "First"


def test_looks_are_inherited():
    """Colours by name, in three figures and as rgb(); bold by tag and by weight; what cannot be read says nothing."""
    look = inherited(Look(), "td", "color:rgb(255, 0,0);font-size:20px;font-weight:700", "#FFF")
    assert (look.color, look.ground, look.size, look.bold) == ("#ff0000", "#ffffff", 20.0, True)
    assert look.least == 3.0
    plain = inherited(look, "p", "font-weight:normal;background:transparent;color:inherit", "")
    assert (plain.color, plain.ground, plain.bold, plain.least) == ("#ff0000", "#ffffff", False, 4.5)
    assert inherited(look, "p", "color:oklch(50% 0 0)", "").contrast is None
