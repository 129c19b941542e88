"""An edition as a mail: everything in it once, nothing missing leaves a trace, nothing hostile gets out."""

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from time import process_time

import pytest

from digest.issues.plan import EditionPlan, Picture
from digest.rendering import sizes, slots
from digest.rendering.errors import TemplateError
from digest.rendering.headers import one_line
from digest.rendering.mailing import Rendered, render
from tests.rendering import plans

NINETEEN = 60 * 1024  # bytes the HTML of 19 stories may have
A_STORY = 2048


def made(plan: EditionPlan) -> Rendered:
    return render(plan, plans.URLS)


def body(html: str) -> str:
    """Return the words of a mail as they are read, tags and hidden parts left out."""
    shown = re.sub(r"<!--.*?-->|<style.*?</style>", "", html[html.index('role="article"') :], flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", "\n", shown))


def urls(text: str) -> set[str]:
    return set(re.findall(r"https?://[^\s\"<>]+", text))


def everything() -> EditionPlan:
    corrected = plans.story(20, block="correction", headline="A bridge has four piers", correction="Not five.")
    return plans.english(corrections=(corrected,), empty_regions=("Middle East",))


def hard_cases() -> Iterator[tuple[str, EditionPlan]]:
    english = plans.english()
    assert english.lead is not None
    yield "usual", english
    yield "everything", everything()
    yield "arabic", plans.arabic()
    yield "plain", plans.plain()
    yield "sixty stories", plans.many()
    yield "no lead", replace(english, lead=None)
    yield "lead without picture", replace(english, lead=replace(english.lead, picture=None))
    yield "an empty section", replace(english, sections=(*english.sections, plans.section("middle-east", ())))
    yield (
        "only briefs",
        replace(
            english, sections=(plans.section("middle-east", (), [plans.story(9, block="brief", headline="Brief")]),)
        ),
    )
    yield "nothing at all", replace(plans.plain(), lead=None, sections=())
    yield (
        "hostile",
        plans.edition(
            {
                "central-asia": [
                    dict.fromkeys(("headline", "standfirst", "kicker", "byline", "place_name"), plans.HOSTILE)
                ]
            }
        ),
    )
    for language in ("fr", "de", "ru", "ka", "hy", "he"):
        yield language, plans.english(language=language)


CASES = dict(hard_cases())
EVERY = pytest.mark.parametrize("plan", CASES.values(), ids=CASES)


@EVERY
def test_same_stories_in_html_and_text(plan):
    """Both parts hold every story, in the same order, and the same links."""
    mail = made(plan)
    order = [story.headline for story in plan.stories if story.block != "correction"]
    for text in (body(mail.html), " ".join(mail.text.split())):
        joined = " ".join(text.split())
        places = [joined.index(" ".join(headline.split())) for headline in order]
        assert places == sorted(places)
    links = set(re.findall(r'<a href="(http[^"]+)"', mail.html))
    assert {unescape(link) for link in links} == urls(mail.text)


@EVERY
def test_nothing_missing_leaves_a_separator(plan):
    """No line of a mail begins or ends with a dot or a comma that stood between two parts."""
    mail = made(plan)
    lines = [re.sub("[\u200b\u200e\u200f]", "", line).strip() for line in body(mail.html).split("\n")]
    assert not [line for line in lines if re.search(r"\S\s*[·,،]$", line)]
    assert not [line for line in mail.text.split("\n") if re.match(r"\s*[·,،:]", line)]
    assert not re.search(r"[·,،]\s*\n\s*(https?:|\n)", mail.text)
    assert "· ·" not in mail.text
    assert "None" not in mail.text


@EVERY
def test_the_text_keeps_its_width(plan):
    """The plain text has 72 columns; only an address, or a single word, may be longer, and it is not broken."""
    for line in made(plan).text.split("\n"):
        assert len(line) <= 72 or " " not in line.strip()


@EVERY
def test_size(plan):
    """Every edition but one of sixty stories stays far below Gmail's cut, its styles below Gmail's limit."""
    mail = made(plan)
    assert sizes.style_bytes(mail.html) < sizes.STYLE_LIMIT
    assert sizes.html_bytes(mail.html, mail.marks) < (NINETEEN if len(plan.stories) <= 20 else 102_400)


def test_what_a_story_costs():
    """A text story costs under 2 KB of HTML."""
    few, many = made(plans.many(20)), made(plans.many(40))
    assert (len(many.html.encode()) - len(few.html.encode())) / 20 < A_STORY


def test_the_structure():
    """The parts stand in the fixed order, under one h1."""
    text = body(made(everything()).html)
    parts = [
        "Tuesday 24 November 2026",
        "View in browser",
        "The Meridian",
        "Your weekly: South Caucasus, Central Asia and Eastern Europe",
        "Water keeps no calendar",
        "Nino Aslan",
        "Illustration: The Meridian",
        "The dam keepers",
        "Read the full story",
        "5 stories",
        "In brief",
        "Corrections",
        "Popular with readers",
        "How was this issue?",
        "You get one email because",
        "Nothing new from Middle East this week.",
        "Change regions or frequency",
        "Stop South Caucasus",
        "Stop Eastern Europe",
        "Unsubscribe from all",
        "Read as plain text",
        "How we choose stories",
        "14 Rue du Marché",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    html = made(everything()).html
    assert len(re.findall("<h1", html)) == 1
    assert len(re.findall('class="btn"', html)) == 1


def test_the_preview_line():
    """The preheader stands before everything, followed by blanks that keep the body's text out of the inbox."""
    mail = made(plans.english())
    preview = mail.html[mail.html.index("<body") : mail.html.index('role="article"')]
    assert mail.preheader in unescape(preview)
    assert preview.count("&#847;") == 24


def test_first_story_has_the_thumbnail():
    """Only the lead and the first story of a section show a picture, each with its alt text."""
    html = made(plans.english()).html
    assert re.findall(r'alt="([^"]*)"', html) == [
        "Illustration: a train crosses a viaduct at dawn",
        "Illustration: rows of vines below green hills",
        "Illustration: solar panels in rows under a low sun",
        "Illustration: a riverside city at dusk",
    ]


def test_the_lead_is_wide_and_the_thumbnail_small():
    """Where there is a small copy it stands beside the headline; the lead shows the wide one all the same."""
    small, wide = "https://a.example/small.jpg", "https://a.example/wide.jpg"
    picture = Picture(wide, "A bridge", width=1280, height=680, thumb=small)
    first = {"headline": "H", "picture": picture}
    html = made(plans.edition({"south-caucasus": [first], "central-asia": [first]})).html
    assert re.findall(r'<img src="([^"]*)"[^>]* width="(\d+)"', html) == [(wide, "640"), (small, "112")]


def test_a_picture_without_words_is_no_link():
    """Where nobody wrote an alt text the picture is decoration: a link without a name would be worse."""
    picture = Picture("https://a.example/x.jpg", "")
    html = made(plans.edition({"central-asia": [{"headline": "H", "picture": picture}]})).html
    assert 'alt=""' in html
    assert "<a" not in html[html.index('class="ph"') : html.index("<img")]


def test_a_picture_that_is_not_on_the_web_is_left_out():
    """A picture with a data or script address never gets into a mail."""
    for url in ("data:image/png;base64,AA", "javascript:alert(1)", "/local.jpg"):
        assert (
            "<img" not in made(plans.edition({"central-asia": [{"headline": "H", "picture": Picture(url, "x")}]})).html
        )


def test_a_link_that_is_not_on_the_web_stops_the_edition():
    """A javascript: link is refused, and the sentence names the story."""
    with pytest.raises(TemplateError, match="Story 1, 'H': The link 'javascript:alert"):
        made(plans.edition({"central-asia": [{"headline": "H", "url": "javascript:alert(1)"}]}))


def test_a_hostile_headline():
    """Markup, template signs and quotes in a headline are read as written, in HTML and in text."""
    mail = made(CASES["hostile"])
    assert plans.HOSTILE in body(mail.html)
    assert "<b>{{" not in mail.html
    assert plans.HOSTILE in mail.text
    assert mail.subject == plans.HOSTILE


def test_a_headline_that_holds_a_mark():
    """A headline with an edition's own mark in it comes through, and the slot still works."""
    mark = made(plans.plain()).marks["unsubscribe_url@html_attr"]
    mail = made(plans.edition({"central-asia": [{"headline": f"How {mark} got out"}]}))
    values = slots.values(
        mail.marks,
        unsubscribe_url="https://u.example/1",
        preferences_url="https://p.example",
        name="",
        stops={"central-asia": "https://s.example"},
    )
    filled = slots.fill(mail.html, values)
    assert f"How {mark} got out" in filled
    assert 'href="https://u.example/1"' in filled
    assert slots.Segments(mail.html).join(values) == filled


def test_control_characters():
    """A newline, a null or half a surrogate in a headline becomes a blank; nothing breaks."""
    mail = made(plans.edition({"central-asia": [{"headline": "One\r\nBcc: x\x00two\ud800 three"}]}))
    assert mail.subject == "One Bcc: x two three"
    assert "One Bcc: x two three" in mail.html
    mail.text.encode()


def test_a_story_in_another_language():
    """Its headline says language and direction, and the reader is told before the click."""
    html = made(plans.arabic()).html
    assert '<h3 lang="ru" dir="ltr"' in html
    assert "باللغة الروسية" in html


def test_right_to_left():
    """A right-to-left edition says so everywhere a client may look, and keeps Latin lines together."""
    html = made(plans.arabic()).html
    assert '<html lang="ar" dir="rtl"' in html
    assert '<body lang="ar" dir="rtl"' in html
    assert "direction:ltr;font-size:0px" not in html
    assert 'dir="ltr" style="margin:0;' in html  # the Latin postal address
    assert "Tamar Keli \u200f·\u200f 5" in html  # else the 5 would join the Latin name
    assert "letter-spacing:-1px" not in html


def test_bylines():
    """A bare name gets its By, a byline that has one keeps it, and Arabic adds none."""
    text = made(plans.english()).text
    assert "By Levan Orbel" in text
    assert "By Rauf Hagan" in text
    assert "By By" not in text
    assert "· Tamar Keli ·" in re.sub("\u200f", "", made(plans.arabic()).text)


@pytest.mark.parametrize(
    ("lists", "why"),
    [
        (["A"], "You get this email because you asked for A."),
        (["A", "B"], "You get one email because you asked for A and B."),
        (["A", "B", "C"], "You get one email because you asked for A, B and C."),
    ],
)
def test_why_one_gets_it(lists, why):
    """The footer names the lists in the language's grammar, and each can be stopped by itself."""
    mail = made(plans.plain(lists=tuple(lists), list_names={each: each for each in lists}))
    assert why in " ".join(mail.text.split())
    assert [f"stop:{each}@html_attr" in mail.marks for each in lists] == [True] * len(lists)
    assert "Stop A" in body(mail.html)


def test_headers():
    """The headers let a reader leave in one click and filter by list; nothing calls the mail automatic."""
    mail = made(plans.english())
    assert mail.headers == {
        "List-Unsubscribe": f"<{mail.marks['unsubscribe_url@header']}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": "The Meridian <meridian.meridian.example>",
        "Feedback-ID": "20261124:" + mail.headers["Feedback-ID"].split(":")[1] + ":weekly:meridian",
        "Content-Language": "en",
    }
    assert made(plans.arabic()).headers["List-Id"].startswith("=?utf-8?")
    assert made(plans.arabic()).headers["List-Id"].isascii()


@pytest.mark.parametrize("value", ["a\r\nBcc: x@y.example", "a\nb", "a\rb", "a\0b"])
def test_headers_refuse_line_breaks(value):
    """A value with a line break would begin another header."""
    with pytest.raises(TemplateError, match="line break"):
        one_line("List-Id", value)


def test_a_language_with_a_line_break_is_refused():
    """Whatever reaches a header goes through the same check."""
    with pytest.raises(TemplateError):
        made(plans.plain(language="en\r\nBcc: x@y.example"))


def test_the_same_plan_gives_the_same_bytes():
    """Rendering is pure: what was approved can be made again."""
    assert made(everything()) == made(everything())


def test_a_logo():
    """A newsroom's logo stands in the masthead with its name as alt text, and has a twin for dark screens."""
    publication = {
        **plans.PUBLICATION,
        "logo_url": "https://a.example/l.png",
        "logo_dark_url": "https://a.example/d.png",
    }
    html = made(plans.plain(publication=publication)).html
    assert 'src="https://a.example/l.png"' in html
    assert 'alt="The Meridian"' in html
    assert ".lgd{display:block!important}" in html


def test_an_unknown_template_is_named():
    """A publication whose template does not exist gets a sentence, and a name cannot climb out of the folder."""
    with pytest.raises(TemplateError, match=r"no template email/weekly\.mjml"):
        made(plans.plain(publication={**plans.PUBLICATION, "template": "weekly"}))
    with pytest.raises(TemplateError, match="not a plain word"):
        made(plans.plain(publication={**plans.PUBLICATION, "template": "../digest"}))


def test_rendering_is_quick():
    """An edition of 19 stories takes under 10 ms once warm (the best of several, since machines are shared)."""
    plan = plans.english()
    made(plan)
    best = 1.0
    for _ in range(15):
        start = process_time()
        made(plan)
        best = min(best, process_time() - start)
    assert best < (0.010 if sys.gettrace() is None else 0.050)  # measuring coverage takes its time
