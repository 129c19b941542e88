"""A newsroom's own templates: bounded in what they may do, tried before they are saved, kept with each issue."""

from dataclasses import replace
from time import process_time
from typing import Any

import pytest

from digest.errors import BadInput, Conflict, NotFound, Refused
from digest.issues import drafting, editing, log
from digest.issues.building import Builder
from digest.issues.models import Issue, IssueStatus
from digest.issues.plan import OwnTemplate
from digest.proofs import approval, mail_templates, making, trying
from digest.rendering import bounds, templates
from digest.rendering.errors import TemplateError
from digest.rendering.mailing import render
from digest.sample import editions
from tests.conftest import BOTH, NOW
from tests.issues import newsroom
from tests.rendering import plans
from tests.rendering.plans import URLS

SHIPPED = templates.shipped("digest")
assert SHIPPED is not None
NAME = "email/own.mjml"
RELAXED = frozenset({"links", "https", "webhooks"})
BY: dict[str, Any] = {"who": "olga@example.org", "at": NOW}


def changed(old: str, new: str, part: str = "mjml") -> OwnTemplate:
    """Return the shipped template with some of its text replaced."""
    assert SHIPPED is not None
    text = getattr(SHIPPED, part)
    assert old in text, old
    return replace(SHIPPED, **{part: text.replace(old, new, 1)})


def signed(words: str = "Made with care") -> OwnTemplate:
    """Return a template of one's own that prints some words."""
    return changed("{{ w.privacy }}", "{{ w.privacy }} " + words)


@pytest.mark.parametrize("make", [plans.english, plans.arabic, plans.plain, plans.many])
def test_the_shipped_template_as_ones_own_gives_the_same_bytes(make):
    """Nothing is lost within the bounds: who copies the shipped template starts from the very same mail."""
    plan = make()
    assert render(replace(plan, own_template=SHIPPED), URLS) == render(plan, URLS)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ x['__class__'] }}", "unsafe"),
        ("{{ cycler.__init__.__globals__ }}", "unsafe"),
        ("{{ x|attr('__class__') }}", "No filter named 'attr'"),
        ("{{ '{:>1000000000}'.format(1) }}", "unsafe"),
        ("{{ '%1000000000d' % 1 }}", "'mod' is not for mails"),
        ("{{ 9 ** 9 ** 9 }}", "'pow' is not for mails"),
        ("{{ 'x' * 1000000000 }}", "more than 50,000"),
        ("{{ x|truncate(100000000) }}", "count to more than 1,000"),
        ("{% for i in range(100001) %}{% endfor %}", "range of 100,001"),
        ("{% set n = namespace(v='x') %}{% for i in range(99) %}{% set n.v = n.v ~ n.v %}{% endfor %}", "50,000"),
        ("{% set n = namespace(v=[1]) %}{% for i in range(99) %}{% set n.v = n.v + n.v %}{% endfor %}", "50,000"),
        ("{% set n = namespace(v=[1]) %}{% for i in range(9) %}{% set n.v = [n.v, n.v] %}{% endfor %}", "list into"),
        ("{% set n = namespace(v=9) %}{% for i in range(99) %}{% set n.v = n.v * n.v %}{% endfor %}", "too large"),
        ("{% for i in range(1000) %}{{ 'x' * 49000 }}{% endfor %}", "prints more than"),
        ("{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}", "recursion"),
        ("{{ x|safe }}", "No filter named 'safe'"),
        ("{% autoescape false %}{{ x }}{% endautoescape %}", "not for mails"),
        ("{{ lipsum() }}", "undefined"),
        ("{{ [1, 2]|random }}", "No filter named 'random'"),
        ("{{ [1, 2] }}", "prints a list"),
        ("{% include 'desk/base.html' %}", "only the parts in email/partials/"),
        ("{% include x %}", "only the parts in email/partials/"),
        ("{% include 'email/partials/../../../secret' %}", "no template"),
        ("{% extends 'email/digest.mjml' %}", "not for mails"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{% for a in x %}" * 25 + "{% endfor %}" * 25, "nested"),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "recursion"),
        ("a" * 10_000_000, "200,000 is the most"),
    ],
)
def test_hostile_sources_end_in_a_sentence_soon(source, said):
    """A way out of the sandbox, a heap of memory, a part from elsewhere: refused, with the name and the line."""
    start = process_time()
    with pytest.raises(TemplateError) as caught:
        templates.run_source(source, NAME, {"x": "abc"})
    assert said in str(caught.value)
    assert str(caught.value).startswith(NAME) or "no template" in str(caught.value)
    assert process_time() - start < 2


def test_endless_loops_end_at_the_same_turn_everywhere(monkeypatch):
    """Turns are counted, not timed: loops in loops that print nothing end as well."""
    monkeypatch.setattr(bounds, "MOST_TURNS", 5_000)
    loops = "{% for i in range(1000) %}{% for j in range(1000) %}{% endfor %}{% endfor %}"
    with pytest.raises(TemplateError, match="loops too often") as caught:
        templates.run_source(f"one\n{loops}", NAME, {})
    assert caught.value.line == 2
    assert templates.run_source("{% for i in range(1000) %}{% endfor %}fine", NAME, {}) == "fine"


def test_a_clock_stands_behind_the_counting(monkeypatch):
    """Where turns are slow, the time ends them."""
    monkeypatch.setattr(bounds, "SECONDS", -1.0)
    with pytest.raises(TemplateError, match="loops too often"):
        templates.run_source("{% for i in range(2) %}{% endfor %}", NAME, {})


def test_values_stay_escaped_and_text_is_text():
    """What stands in the MJML part is escaped, whatever the template does; the text part is not."""
    assert templates.run_source("{{ x ~ x }}", NAME, {"x": "<b>"}) == "&lt;b&gt;&lt;b&gt;"
    assert templates.run_source("{{ x ~ x }}", "email/own.txt", {"x": "<b>"}) == "<b><b>"


FAULTS = {
    "unsubscribe": (("marks['unsubscribe_url@html_attr']", "view_url"), "unsubscribe_url", 0),
    "unsubscribe in text": (("marks['unsubscribe_url@text']", "view_url", "text"), "unsubscribe_url", 0),
    "reason line": (("{{ why }}", "Hello"), "{{ why }}", 0),
    "reason line in text": (("{{ why | wrap }}", "Hello", "text"), "{{ why }}", 0),
    "postal address": (("{{ line.text }}", "us"), "14 Rue du Marché", 0),
    "a story": (("{%- for s in popular %}", "{%- for s in popular[1:] %}"), "The mail lost", 0),
    "too heavy": (("{{ w.privacy }}", "{{ w.privacy }}" + "<b>x</b>" * 14_000), "over 100,000 Gmail", 0),
    "file": (("<mj-body", "<mj-include path='/etc/passwd' />\n<mj-body"), "<mj-include>", 9),
    "unknown tag": (("</mj-body>", "<mj-secton></mj-secton>\n</mj-body>"), "<mj-secton>", 141),
    "script": (("{{ w.privacy }}", "<script>alert(1)</script>"), "<script", 0),
    "handler": (("{{ date }}", '<img src="https://x.example/" width="1" alt="" OnError ="x()" />'), "OnError", 0),
    "refresh": (("</mj-head>", '<mj-raw><meta http-equiv="refresh" content="0"></mj-raw></mj-head>'), "refresh", 0),
    "remote style": (("</mj-head>", "<mj-style>@import url(https://x.example)</mj-style></mj-head>"), "@import", 0),
    "spelt style": (("</mj-head>", "<mj-style>@\\69mport 'x';</mj-style></mj-head>"), "style block holds", 0),
    "remote font": (("</mj-head>", '<mj-font name="R" href="https://x.example" /></mj-head>'), "<mj-font>", 8),
    "script link": (("{{ view_url }}", "javascript:alert(1)"), "javascript:", 0),
    "broken": (("{% if trap_url %}", "{% if %}"), "line 13", 13),
    "unknown name": (("{{ date }}", "{{ datum }}"), "'datum' is undefined", 13),
}


@pytest.mark.parametrize("case", FAULTS)
def test_what_no_mail_may_lack_or_hold_is_found_before_it_is_saved(case):
    """Each with a sentence, and the line of the source where it can be told."""
    given, said, line = FAULTS[case]
    tried = trying.attempt(changed(*given), "digest", editions.hard(), URLS)
    assert not tried.sound
    (fault, *_) = tried.faults
    assert said in fault.said
    assert fault.line == line


def test_the_sample_bears_the_shipped_template():
    """Its three editions, one of them from right to left, are sound; all blocks stand in the usual one."""
    assert SHIPPED is not None
    assert trying.attempt(SHIPPED, "digest", editions.hard(), URLS).faults == ()
    plan = editions.usual()
    for block in (plan.lead, plan.corrections, plan.popular, plan.sections[0].briefs, plan.empty_regions):
        assert block
    assert [one.place for one in plan.stories] == list(range(1, len(plan.stories) + 1))
    assert "data:image/jpeg;base64," in editions.with_pictures(render(plan, URLS).html)


def test_a_word_that_looks_like_a_handler_is_left_alone():
    """A picture's text may say "on sale = cheap"; only an attribute would run."""
    plan = plans.english()
    assert plan.lead is not None
    assert plan.lead.picture is not None
    lead = replace(plan.lead, picture=replace(plan.lead.picture, alt='a sign: "onsale = cheap"'))
    assert "onsale" in render(replace(plan, lead=lead), URLS).html


def made(database: Any) -> Issue:
    """Draft an issue of a small newsroom with readers, and make its editions."""
    newsroom.found(database)
    newsroom.publish(database, newsroom.a_week())
    newsroom.reader(database, "nora@example.org", "sc")
    newsroom.reader(database, "leo@example.org", "sc", "ee")
    issue = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    prove(database, issue)
    return issue


def prove(database: Any, issue: Issue) -> Any:
    return making.make_proof(database, issue.id, urls=URLS, at=NOW, relaxed=RELAXED)


def approve(database: Any, issue: Issue) -> None:
    with database.reading() as session:
        proof = making.stored_proof(session, drafting.find(session, issue.id))
    assert proof is not None
    ambers = {one.code: "seen" for one in proof.checks if one.level == "amber"}
    approval.approve(database, issue.id, who="anna@example.org", at=NOW, accepted=ambers)


def save(database: Any, own: OwnTemplate | None, base: int = 0, **more: Any) -> Any:
    return mail_templates.save(database, "digest", own, base=base, **(BY | more))


@BOTH
def test_an_approval_falls_when_the_template_changes(database):
    """The issue is a draft again, with who did it in its log; its next editions are made with the new version."""
    issue = made(database)
    approve(database, issue)
    version, taken = save(database, signed())
    assert (version.number, [one.id for one in taken]) == (1, [issue.id])
    with database.reading() as session:
        held = drafting.find(session, issue.id)
        assert held.status == IssueStatus.draft
        assert approval.valid(session, held) is None
        assert making.stored_proof(session, held) is None
        last = log.entries(session, held)[-1]
    assert (last.who, last.what) == ("olga@example.org", "template")
    assert (last.before, last.after) == ("digest, as shipped", "digest, version 1")
    assert all("Made with care" in one.html for one in prove(database, issue).editions)


@BOTH
def test_a_replayed_issue_has_the_same_bytes(database):
    """What is stored with it gives its mails, whatever was saved since (ruling 7)."""
    issue = made(database)
    save(database, signed("First words"))
    proof = prove(database, issue)
    approve(database, issue)
    with database.writing() as session:  # as if it were out: nothing may change it any more
        drafting.find(session, issue.id).status = IssueStatus.sent
    _version, taken = save(database, signed("Other words"), base=1)
    assert taken == []
    with database.reading() as session:
        builder = Builder(drafting.recipe(session, drafting.find(session, issue.id)))
        for edition in proof.editions:
            again = render(builder.build(tuple(edition.lists)), URLS)
            assert (again.html, again.text) == (edition.html, edition.text)
            assert "First words" in again.html


@BOTH
def test_a_fresh_draft_takes_the_newest_version_up_with_its_editions(database):
    """No approval is asked twice: the version rises once, when the first editions are made."""
    newsroom.found(database)
    save(database, signed())
    newsroom.publish(database, newsroom.a_week())
    newsroom.reader(database, "nora@example.org", "sc")
    issue = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    assert "Made with care" in prove(database, issue).editions[0].html
    with database.reading() as session:
        version = drafting.find(session, issue.id).version
    prove(database, issue)
    with database.reading() as session:
        assert drafting.find(session, issue.id).version == version
    editing.set_text(database, issue.id, "subject", "Another", who="anna@example.org", at=NOW)
    assert "Made with care" in prove(database, issue).editions[0].html
    drafting.refresh(database, issue.id, NOW, NOW, "anna@example.org")
    assert "Made with care" in prove(database, issue).editions[0].html


@BOTH
def test_back_to_the_shipped_one_is_a_version(database):
    """It holds no text of its own, so that a newer release of the product is followed again."""
    issue = made(database)
    with database.reading() as session:
        before = drafting.recipe(session, drafting.find(session, issue.id))
    save(database, signed())
    save(database, None, base=1)
    with database.reading() as session:
        held = drafting.find(session, issue.id)
        assert "own_template" not in held.frame
        assert drafting.recipe(session, held).frame == before.frame
        assert mail_templates.in_use(session, "digest") == SHIPPED
        assert [one.number for one in mail_templates.history(session, "digest")] == [2, 1]
        assert mail_templates.text_of(session, "digest", 1).mjml == signed().mjml
    assert "Made with care" not in prove(database, issue).editions[0].html


@BOTH
def test_two_who_save_at_once_do_not_overwrite_each_other(database):
    """The second is told; the same text again, nothing to go back to, and a name that is none are refused."""
    save(database, signed("One"))
    with pytest.raises(Conflict, match="meanwhile"):
        save(database, signed("Two"))
    with pytest.raises(Refused, match="says already"):
        save(database, signed("One"), base=1)
    with pytest.raises(Refused, match="nothing to go back to"):
        mail_templates.save(database, "other", None, base=0, **BY)
    with pytest.raises(TemplateError, match="plain word"):
        mail_templates.save(database, "../secret", signed(), base=0, **BY)
    with pytest.raises(BadInput, match="300 is the most"):
        save(database, signed("Three"), base=1, note="x" * 301)
    with database.reading() as session:
        assert [one.number for one in mail_templates.history(session, "digest")] == [1]
        with pytest.raises(NotFound, match="Templates: digest"):
            mail_templates.in_use(session, "other")
        with pytest.raises(NotFound, match="version 7"):
            mail_templates.text_of(session, "digest", 7)


def test_issues_of_other_templates_are_left_alone(database):
    """Only what is made with a template of that name takes its version up."""
    issue = made(database)
    assert SHIPPED is not None
    _version, taken = mail_templates.save(database, "brief", SHIPPED, base=0, **BY)
    assert taken == []
    with database.reading() as session:
        assert mail_templates.names(session) == ["brief", "digest"]
        assert mail_templates.newest_plan(session, "brief") is not None
        assert making.stored_proof(session, drafting.find(session, issue.id)) is not None
        with pytest.raises(BadInput, match="Templates: brief, digest"):
            mail_templates.check_known(session, "digset")
