"""What mail programs lack is said by program, and only where nothing stands in its place."""

from dataclasses import replace

import pytest

from digest.issues.building import Builder
from digest.proofs import checks_clients
from digest.proofs.check import Check, Level
from digest.proofs.clients import build, css, knowing, using
from digest.rendering.mailing import render
from tests.proofs.test_checks import around, examine, recipe
from tests.rendering import plans

STYLED = '<p style="margin:0">Words of a story</p>' * 3


def said_of(body: str, style: str = "", clients: list[str] | None = None) -> list[Check]:
    """Return what the checks say of a mail with this in its body and its style block."""
    used = recipe()
    if clients is not None:
        frame = used.frame.model_copy(update={"publication": {**used.frame.publication, "clients": clients}})
        used = replace(used, frame=frame)
    whole = examine(Builder(recipe()).build(("sc",)))
    page = f"<html><head><style>{style}</style></head><body>{body}{STYLED}</body></html>"
    edition = replace(whole, rendered=replace(whole.rendered, html=page))
    return list(checks_clients.run([edition], around(used)))


def ambers(body: str, style: str = "", clients: list[str] | None = None) -> dict[str, str]:
    return {one.code: one.sentence for one in said_of(body, style, clients) if one.level is Level.amber}


@pytest.mark.parametrize("name", ["english", "arabic", "plain"])
def test_our_own_template_has_something_in_the_place_of_everything(name):
    """Not one amber; each program that lacks something is named in a green sentence, never in a percentage."""
    page = render(getattr(plans, name)(), plans.URLS).html
    whole = examine(Builder(recipe()).build(("sc",)))
    found = list(checks_clients.run([replace(whole, rendered=replace(whole.rendered, html=page))], around(recipe())))
    assert [one for one in found if one.level is not Level.green] == []
    said = " ".join(one.sentence for one in found)
    for program in ("Gmail (web, Android)", "classic Outlook for Windows", "Thunderbird", "GMX (web) and WEB.DE (web)"):
        assert program in said
    assert "%" not in said


@pytest.mark.parametrize(
    ("body", "code", "who"),
    [
        ('<div style="display:flex">Two columns</div>', "client-css-display-flex", "classic Outlook for Windows"),
        ('<div style="display:grid">Two columns</div>', "client-css-display-grid", "GMX (web)"),
        ('<div style="position:absolute">A badge</div>', "client-css-position", "Gmail (web, iOS, Android)"),
        ('<p style="color:var(--ink)">Words</p>', "client-css-variables", "Yahoo! Mail"),
        ('<p style="color:rgb(0 0 0 / 1)">Words</p>', "client-css-modern-color", "Gmail"),
        ('<p style="width:calc(100% - 2px)">Words</p>', "client-css-unit-calc", "Outlook.com and the new Outlook"),
        ('<p style="font-size:2rem">Words</p>', "client-css-unit-rem", "classic Outlook for Windows"),
        ('<td style="background-image:url(https://m.org/p.jpg)">Words</td>', "client-css-background-image", "classic"),
        ('<img src="https://m.org/p.webp?x=1" alt="">', "client-image-webp", "classic Outlook for Windows"),
        ('<img src="data:image/png;base64,AA" alt="">', "client-image-base64", "Gmail (web, iOS, Android)"),
        ('<img src="https://m.org/p.svg" alt="">', "client-image-svg", "Gmail (web)"),
        ("<video src='https://m.org/v'></video>", "client-html-video", "Gmail"),
        ("<form><input name='q'></form>", "client-html-input-text", "classic"),
        ("<svg></svg>", "client-html-svg", "Gmail"),
        ('<a href="#top" style="x:y">To the top</a>', "client-html-anchor-links", "Gmail (iOS)"),
    ],
)
def test_what_has_no_fallback_is_amber_for_the_programs_that_lack_it(body, code, who):
    """With the words at its place, and what to do instead."""
    (found,) = [one for one in said_of(body) if one.code == code]
    assert found.level is Level.amber
    assert found.sentence.startswith(who) or who in found.sentence
    assert found.remedy
    assert "Words of a story" in found.place or found.place.startswith(("Two", "A badge", "Words", "To the"))


@pytest.mark.parametrize(
    ("body", "style"),
    [
        ('<p style="color:#111;color:rgba(0,0,0,.9)">x</p>', ""),
        ('<td bgcolor="#eeeeee" style="background-image:url(https://m.org/p.jpg)">x</td>', ""),
        ('<td style="background-color:#eee;background-image:linear-gradient(#fff,#eee)">x</td>', ""),
        ('<table align="right" style="float:right"><tr><td>x</td></tr></table>', ""),
        ('<img width="200" src="https://m.org/p.jpg" alt="" style="width:200px;max-width:calc(50vw)">', ""),
        ('<img src="https://m.org/p.jpg" srcset="https://m.org/p2.jpg 2x" alt="">', ""),
        ('<div style="display:none;position:absolute;color:var(--x)">x</div>', ""),
        ("", "@media (min-width:520px){.a{display:flex}}"),
        ("", "[data-ogsc] .a{color:var(--x)} a:hover{color:rgba(0,0,0,.5)}"),
        ("<!--[if mso]><div style='display:flex'><v:rect></v:rect></div><![endif]-->", ""),
        ('<p style="border-radius:3px;text-wrap:balance;box-shadow:0 0 2px #000">x</p>', ""),
    ],
)
def test_what_degrades_well_does_not_cry_wolf(body, style):
    """Something before it, an attribute, an @-rule, a state, a conditional comment, or only a look: no amber."""
    assert ambers(body, style) == {}


@pytest.mark.parametrize(
    ("body", "style", "code"),
    [
        ("<script>x</script>", "", "client-script"),
        ("<iframe src='https://m.org'></iframe>", "", "client-frame"),
        ("<v:rect></v:rect>", "", "client-vml"),
        ('<p style="margin:0 0 -4px">x</p>', "", "client-negative-margin"),
        ("", "@media screen{@media (min-width:1px){p{margin:0}}}", "client-nested-at"),
        ("", "@media screen{@font-face{font-family:x}}", "client-nested-at"),
        ('<p class="a">x</p>' * 9, ".a{margin:0}", "client-not-inline"),
        ("", "@import url(https://m.org/a.css); p{margin:0}", "client-css-at-import"),
        ("", ".a{display:flex}", "client-css-display-flex"),
        ("", ".a{color:#111; .b{color:#222}}", "client-css-nesting"),
        ("", '.a::before{content:"Read"}', "client-css-pseudo-element-before"),
    ],
)
def test_our_own_rules_and_the_style_block(body, style, code):
    """What the data does not know, and what a block alone would have to do."""
    assert code in ambers(body, style)


def test_only_the_newsrooms_programs_are_looked_at():
    """A list of its own replaces the usual one; names nobody knows are passed over."""
    flex = '<div style="display:flex">x</div>'
    assert ambers(flex, clients=["apple-mail.ios"]) == {}
    assert ambers(flex, clients=["apple-mail.ios", "outlook.windows"])["client-css-display-flex"].startswith("classic")
    assert "client-css-display-flex" in ambers(flex, clients=["nobody.knows"])


def test_the_same_in_many_editions_is_said_once():
    """The place is the first one."""
    whole = examine(Builder(recipe()).build(("sc",)))
    pages = [f'<p style="display:flex">Number {n}</p>' for n in range(3)]
    editions = [replace(whole, rendered=replace(whole.rendered, html=page)) for page in pages]
    (found,) = [one for one in checks_clients.run(editions, around(recipe())) if one.level is Level.amber]
    assert found.place == "Number 0"


def test_the_data_is_there_with_its_source_and_date():
    """What we look for is in it, for all usual programs."""
    support = knowing.support()
    assert support.updated >= "2026"
    assert set(knowing.USUAL) <= set(support.clients)
    assert {len(letters) for _title, letters in support.features.values()} == {len(support.clients)}
    assert {"css-display-flex", "html-style", "image-webp"} <= set(support.features)
    assert support.lacks("outlook.windows", "css-border-radius")
    assert not support.lacks("apple-mail.ios", "css-border-radius")


def test_the_data_is_made_from_the_file_that_caniemail_gives():
    """The newest test of each program counts; what was never tested is unknown."""
    stats = {"gmail": {"ios": {"2019-08": "n #1", "2024-01": "a #2"}}, "outlook": {"windows": {"2019": "n"}}}
    feature = {"slug": "css-x", "title": "x", "category": "css", "stats": stats}
    other = {"slug": "amp", "title": "AMP", "category": "others", "stats": stats}
    bare = {"slug": "css-y", "title": "y", "category": "css", "stats": {"gmail": {"ios": {"2020-01": "y"}}}}
    names = {"family": {"gmail": "Gmail"}}
    data = {"last_update_date": "2026-05-13 14:45", "nicenames": names, "data": [feature, other, bare]}
    made = build.compact(data)
    assert made["clients"] == ["gmail.ios", "outlook.windows"]
    assert made["features"] == {"css-x": ["x", "an"], "css-y": ["y", "yu"]}
    assert (made["updated"], "MIT" in made["license"]) == ("2026-05-13", True)


def test_css_is_taken_apart():
    """Comments, at-rules within at-rules, rules within rules, braces that never close, semicolons in an address."""
    sheet = "/* a{} */ p{margin:0} @media print{ .a , .b{color:red!important} } .c{x:y; .d{e:f}} @import 'a'; .open{g:h"
    found = css.rules(sheet)
    assert [(one.selector, one.within, one.nested) for one in found] == [
        ("@import 'a';", (), False),
        ("p", (), False),
        ("@media print", (), False),
        (".a , .b", ("@media print",), False),
        (".c", (), False),
        (".d", ("",), True),
    ]
    assert found[3].declarations == (("color", "red"),)
    assert css.declarations("background:url(data:image/png;base64,AA); color : RED") == (
        ("background", "url(data:image/png;base64,aa)"),
        ("color", "red"),
    )


def test_deep_and_broken_css_ends():
    """A hundred thousand open braces cost no time and no stack."""
    assert css.rules("{" * 100_000) == ()
    assert len(css.rules("@media a{" * 500 + "}" * 500)) < 20
    used = using.Used()
    used.look("<p " * 20_000 + "style='" + "<" * 1_000)
    assert used.matters == {}
