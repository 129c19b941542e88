"""The door to the MJML library: every loss it keeps silent about, and everything it dies of, is a TemplateError."""

import pytest
from mjml import mjml2html

from digest.rendering.errors import TemplateError
from digest.rendering.lint import DEEPEST, MOST_BYTES
from digest.rendering.mjml import compile_mjml

TEXT = "<mj-section><mj-column><mj-text>Hello</mj-text></mj-column></mj-section>"


def document(body: str = TEXT, head: str = "", root: str = 'lang="en" dir="ltr"') -> str:
    return f"<mjml {root}>\n<mj-head>{head}</mj-head>\n<mj-body>\n{body}\n</mj-body>\n</mjml>"


def column(content: str) -> str:
    return document(f"<mj-section><mj-column>\n{content}\n</mj-column></mj-section>")


def refused(source: str, needed: tuple[str, ...] = ()) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        compile_mjml(source, must_contain=needed)
    assert str(caught.value).endswith(".") or "<" in str(caught.value)
    return caught.value


def test_a_sound_document():
    """What is sound compiles, says its language on the body too, and lets long words break."""
    html = compile_mjml(document(), must_contain=["Hello"])
    assert '<body lang="en" dir="ltr" style="word-break:break-word;' in html
    assert "direction:ltr;" in html
    assert "fonts.googleapis" not in html


@pytest.mark.parametrize(
    ("source", "line", "what"),
    [
        (column("<mj-headline>Lost</mj-headline>"), 5, "not a tag this product knows"),
        (document("<mj-section>\n<mj-text>Lost</mj-text></mj-section>"), 5, "<mj-text> in <mj-section> would be lost"),
        (document("<mj-section>\n<p>Lost</p></mj-section>"), 5, "<p> directly in <mj-section> would be lost"),
        (column('<mj-text aria-label="x">Hello</mj-text>'), 5, "no attribute 'aria-label'"),
        (column('<mj-text data-x="mj">Hello</mj-text>'), 5, "no attribute 'data-x'"),
        (document(head='\n<mj-style inline="inline">p{margin:0}</mj-style>'), 3, "no attribute 'inline'"),
        (document(head='\n<mj-font name="Lato" href="https://fonts.googleapis.com/css?family=Lato" />'), 3, "mj-font"),
        (document(head='\n<mj-include path="x.mjml" />'), 3, "mj-include"),
        (document(head="\n<mj-html-attributes></mj-html-attributes>"), 3, "mj-html-attributes"),
        (column('<mj-image src="https://a.example/x.jpg" width="100px" />'), 5, "needs alt and width"),
        (column("<mj-text>I <3 you</mj-text>"), 5, "bare `<`"),
        (column("<mj-text>a < b</mj-text>"), 5, "bare `<`"),
        (column("<mj-text>Hello</mj-column>"), 5, "closes nothing"),
        (column("<mj-raw>" + "<div>" * 10_000 + "</div>" * 10_000 + "</mj-raw>"), 5, "open inside each other"),
        (column("<mj-raw>" + "<div>" * 10_000 + "</mj-raw>"), 5, "open inside each other"),
        (column("<mj-raw>" + "<div a='>" * 10_000 + "</mj-raw>"), 5, "open inside each other"),
        (column("<mj-raw>" + '<div a="' * 9_999 + "</mj-raw>"), 5, ""),
    ],
)
def test_losses_are_found_before(source, line, what):
    """Each thing that the library drops or dies of is refused with its line."""
    error = refused(source)
    assert what in str(error)
    assert error.line == line
    assert f"line {line}" in str(error)


def test_the_end_is_missing():
    """A document that stops in the middle names the tag that stays open."""
    assert "</mj-body>" in str(refused('<mjml lang="en" dir="ltr"><mj-body>'))


def test_size_is_capped():
    """A document of more than a million characters is not compiled."""
    assert "not compiled" in str(refused(column("<mj-text>" + "x" * MOST_BYTES + "</mj-text>")))


def test_language_and_direction_are_needed():
    """Without lang and dir the library would write und and auto."""
    assert "lang and dir" in str(refused(document(root='lang="en"')))


def test_unclosed_html():
    """What the library refuses itself becomes our error, not its ValueError."""
    assert "cannot be compiled" in str(refused(column("<mj-text><p>one<p>two</mj-text>")))


@pytest.mark.parametrize(
    "source",
    [
        '<mjml lang="en" dir="ltr"><mj-head></m><mj-body><t>ét>',
        '<mjml lang="en" dir="ltr"><mj-head></m><mj-body><!--[if]',
        '<mjml lang="en" dir="ltr"><mj-head><mj-include path="" type="html"/></mj-head></mjml>',
        "<mj-head></m><mj-body><!--[if]",
    ],
)
def test_panics_are_kept_in(source):
    """What makes the library panic never gets out as a BaseException."""
    refused(source)


def test_a_panic_of_the_library_is_caught():
    """The document below panics inside the library, behind our lint: it is still a TemplateError."""
    source = '<mjml lang="en" dir="ltr"><!--[if]</m><![endif]--></mjml>'
    with pytest.raises(BaseException, match="oops") as raw:
        mjml2html(source, fonts={})
    assert not isinstance(raw.value, Exception)
    assert "broke the compiler" in str(refused(source))


def test_split_conditional_comments():
    """A comment for Outlook that opens in one mj-raw and closes in another leaks MJML tags: found in what comes out."""
    opening = "<mj-raw><!--[if mso]><table><tr><td><![endif]--></mj-raw>"
    closing = "<mj-raw><!--[if mso]></td></tr></table><![endif]--></mj-raw>"
    assert "<mj-" in mjml2html(document(opening + TEXT + closing), fonts={})
    assert "conditional comment" in str(refused(document(opening + TEXT + closing)))


def test_balanced_conditional_comments_are_fine():
    """A comment for Outlook that closes what it opens comes through."""
    html = compile_mjml(column("<mj-raw><!--[if mso]><i>&#8194;</i><![endif]--></mj-raw>"), must_contain=[])
    assert "<!--[if mso]><i>&#8194;</i><![endif]-->" in html


def test_what_must_survive():
    """A needed text that is missing is an error, also when it stands only in title and preview line."""
    head = "<mj-title>A headline</mj-title><mj-preview>A headline</mj-preview>"
    assert "lost 'A headline'" in str(refused(document(head=head), ("A headline",)))
    assert compile_mjml(column("<mj-text>A &amp; B</mj-text>"), must_contain=["A & B"])


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("<mj-raw><tr><td><img src='https://a.example/x.jpg' width='9' /></td></tr></mj-raw>", "lacks alt or width"),
        ("<mj-raw><tr><td><img src='https://a.example/x.jpg' alt='' /></td></tr></mj-raw>", "lacks alt or width"),
        ("<mj-raw><tr><td><table><tr><td>x</td></tr></table></td></tr></mj-raw>", "role="),
        ("<mj-raw><tr><td><script>1</script></td></tr></mj-raw>", "<script"),
        ("<mj-raw><tr><td><form></form></td></tr></mj-raw>", "<form"),
        ("<mj-raw><tr><td><a href='javascript:alert(1)'>x</a></td></tr></mj-raw>", "javascript:alert(1)"),
        ("<mj-raw><tr><td><a title='x' href=javascript:alert(1)>x</a></td></tr></mj-raw>", "cannot be compiled"),
        ("<mj-raw><tr><td><a HREF='java&#9;script:alert(1)'>x</a></td></tr></mj-raw>", "only http, https"),
        ("<mj-raw><tr><td><img alt='' width='9' src='data:image/png;base64,AA' /></td></tr></mj-raw>", "data:image"),
        ("<mj-raw><tr><td><a href='#top'>x</a></td></tr></mj-raw>", "#top"),
    ],
)
def test_what_must_not_go_out(content, what):
    """No picture without alt, no table that reads as data, no script, and no link but to the web."""
    assert what in str(refused(column(content)))


@pytest.mark.parametrize("style", ["@import url(https://x.example/a.css);", "@font-face{src:local(x)}"])
def test_styles_load_nothing(style):
    """No style block fetches anything: fonts from elsewhere tell a third party who reads."""
    assert "A style block holds" in str(refused(document(head=f"<mj-style>{style}</mj-style>")))


def test_styles_are_short():
    """Gmail drops style blocks past 16,384 bytes: refused."""
    rules = "".join(f".c{n}{{color:#123456}}" for n in range(1200))
    assert "Gmail drops" in str(refused(document(head=f"<mj-style>{rules}</mj-style>")))


def test_a_text_that_names_an_attribute():
    """A headline about href=x is no link, and @import in a text is no style."""
    headline = "How href=foo and src=bar became @import"
    assert compile_mjml(column(f"<mj-text>{headline}</mj-text>"), must_contain=[headline])


def test_attributes_come_through_as_written():
    """Arabic vowel signs, joiners and backslashes in an alt text are not printed as Rust escapes."""
    alt = "قطار يعبر جسرًا \u200d C:\\temp"
    html = compile_mjml(
        column(f"<mj-raw><tr><td><img src='https://a.example/x.jpg' width='9' alt='{alt}' /></td></tr></mj-raw>"),
        must_contain=[],
    )
    assert "\\" not in html
    assert "&#1611;" in html  # the vowel sign
    assert "&#92;temp" in html


def test_the_depth_limit_leaves_room():
    """Ordinary nesting is far from the limit."""
    deep = "<div>" * (DEEPEST - 10) + "x" + "</div>" * (DEEPEST - 10)
    assert compile_mjml(column(f"<mj-text>{deep}</mj-text>"), must_contain=["x"])
