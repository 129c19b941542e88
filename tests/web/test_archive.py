"""Issues that were sent, for anybody: their pages, indexes and feeds; and that nobody else's are there."""

import re
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID, uuid5
from xml.etree import ElementTree as ET

import feedparser
import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from sqlmodel import select

from digest.articles import changes
from digest.articles.models import Article, ArticleStatus
from digest.issues.models import Issue, IssueStatus, Publication
from digest.proofs import published
from digest.proofs.models import Edition
from digest.rendering import in_public, slots
from digest.rendering.in_public import Since
from subscribers.models import MailingList
from tests.conftest import BOTH, NOW
from tests.editors import newsroom
from tests.web.reviewing import desk_of

FAMILY = "weekly"
HOME = f"/archive/{FAMILY}"
PAGE = f"{HOME}/sc/2026-11-24"


def publication(app, **values):
    """Change the publication."""
    with app.database.writing() as session:
        found = session.get(Publication, FAMILY)
        for name, value in values.items():
            setattr(found, name, value)


def issue(app, **values):
    """Change the issue."""
    with app.database.writing() as session:
        found = session.exec(select(Issue)).first()
        for name, value in values.items():
            setattr(found, name, value)


@pytest.fixture
def sent(app) -> SimpleNamespace:
    """Have an issue with an edition for each set of lists, that was sent to its end; its archive is public."""
    desk = desk_of(app)
    issue(app, status=IssueStatus.sent, first_accepted_at=NOW, changed_at=NOW)
    publication(app, archive="public")
    return desk


def set_list(session, **values):
    """Change the list of the South Caucasus."""
    for name, value in values.items():
        setattr(session.get(MailingList, "sc"), name, value)


def stories(app, list_id="sc"):
    """Return the stories of a list's page."""
    with app.database.reading() as session:
        found = session.exec(select(Edition).where(Edition.set_key == list_id)).one()
        return published.stories(session, [found.number])[found.number]


def test_a_page_holds_nothing_of_a_reader(app, http, sent):
    """The stories and a way to sign up; no way out of anybody's, no vote, no counted or hidden link, no reason why."""
    page = http.get(PAGE)
    assert page.status_code == 200
    for story in stories(app):
        assert story.headline.replace("'", "&#39;") in page.text
    for private in ("%%", "/u/", "/p/", "/c/", "/feedback/", "/editions/", "You get", "How was this issue"):
        assert private not in page.text, private
    assert f'href="/join/{FAMILY}?list=sc"' in page.text
    assert "utm_medium=archive" in page.text
    assert "utm_medium=email" not in page.text
    assert page.headers["cache-control"] == "public, max-age=300"
    assert "set-cookie" not in page.headers
    assert sent.issue.number


def test_search_engines_are_told_who_it_is(app, http, sent):
    """Its address, title, picture and feeds; and a publication that wants none of that is asked not to be listed."""
    page = http.get(PAGE).text
    lead = next(one for one in stories(app) if one.block == "lead")
    base = app.settings.base_url
    assert f'<link rel="canonical" href="{base}{PAGE}">' in page
    assert f'<meta property="og:image" content="{lead.picture}">' in page
    assert f'<meta property="og:description" content="{lead.standfirst}">' in page
    assert f'<meta property="og:url" content="{base}{PAGE}">' in page
    assert re.findall(r'<meta name="robots" content="([^"]+)">', page) == ["index, follow"]
    assert 'type="application/rss+xml"' in page
    publication(app, archive="noindex")
    for path in (PAGE, HOME, f"{HOME}/sc", "/archive"):
        answer = http.get(path)
        assert answer.headers["x-robots-tag"] == "noindex"
        assert re.findall(r'<meta name="robots" content="([^"]+)">', answer.text) == ["noindex"]
    assert http.get(f"{HOME}/feed.xml").headers["x-robots-tag"] == "noindex"
    assert sent.path


@pytest.mark.parametrize("status", [one for one in IssueStatus if one is not IssueStatus.sent])
def test_only_what_was_sent_to_its_end_is_there(app, http, sent, status):
    """A draft, an approved issue, one under way, paused, cancelled or skipped is nowhere, even if somebody has it."""
    issue(app, status=status)
    assert http.get(PAGE).status_code == 404
    assert http.get(HOME).text.count("/sc/2026") == 0
    assert feedparser.parse(http.get(f"{HOME}/feed.xml").text).entries == []
    assert http.get(f"{HOME}/sc/feed.json").json()["items"] == []
    assert PAGE not in http.get("/sitemap.xml").text
    assert sent.path


def test_what_is_closed_is_not_there(app, http, sent):
    """No archive, a closed list, editions for several lists, unknown names and days: a page says so."""
    wrong = [f"{HOME}/nowhere", f"{HOME}/sc/2026-11-23", f"{HOME}/sc/2026-13-99", f"{HOME}/sc/2026-11-24-99"]
    wrong += [f"{HOME}/ee%20ca/2026-11-24", f"{HOME}/sc/latest", "/archive/nowhere", f"{HOME}?page=2", f"{HOME}?page=x"]
    wrong += [f"{HOME}/feed.atom", f"{HOME}/nowhere/feed.xml"]
    for path in wrong:
        assert http.get(path).status_code == 404, path
    with app.database.writing() as session:
        set_list(session, open=False)
    assert http.get(PAGE).status_code == 404
    assert http.get(f"{HOME}/ca/2026-11-24").status_code == 200
    publication(app, archive="off")
    for path in (HOME, f"{HOME}/ca/2026-11-24", "/archive", f"{HOME}/feed.xml", f"{HOME}/feed.json"):
        assert http.get(path).status_code == 404, path
    assert "archive" not in http.get("/sitemap.xml").text
    assert sent.path


def test_what_became_of_stories_is_said(app, http, sent):  # noqa: PLR0915 - one page, looked at from all sides
    """One taken back is struck out with the word, without link and picture; a corrected one carries the correction."""
    told = stories(app)
    lead, second, third = told[0], told[1], told[2]
    with app.database.writing() as session:
        for story, status in ((lead, ArticleStatus.retracted), (third, ArticleStatus.unpublished)):
            found = session.exec(select(Article).where(Article.headline == story.headline)).one()
            changes.withdraw(
                session, str(found.id), status=status, who="nino", at=NOW + timedelta(hours=1), reason="wrong"
            )
        corrected = session.exec(select(Article).where(Article.headline == second.headline)).one()
        corrected.correction = "The dam is 9 m high, not 90 <m>."
        session.add(corrected)
    page = http.get(PAGE).text
    assert f"<del>{lead.headline}</del> <strong>Retracted</strong>" in page
    assert f"<del>{third.headline}</del> <strong>No longer published</strong>" in page
    assert page.count(f"<del>{lead.standfirst}</del>") == 2  # of the two, though the others have the very same one
    assert page.count(lead.standfirst) > 2
    assert lead.picture not in page
    assert "Read the full story" not in page
    assert "<b>Correction:</b> The dam is 9 m high, not 90 &lt;m&gt;." in page
    assert "3 stories were corrected or taken back since" in page
    assert page.count("</html>") == page.count("</main>") == page.count("<main>") == 1
    token = app.keys.sign("view", subscriber="-", family=FAMILY, reference=str(_edition(app).id))
    own = http.get(f"/editions/{token}").text
    assert f"<del>{lead.headline}</del> <strong>Retracted</strong>" in own
    text = http.get(f"/editions/{token}.txt").text
    assert text.startswith(f"[Retracted] {lead.headline}\n{second.headline}\nCorrection: The dam is 9 m high")
    [first, *_] = http.get(f"{HOME}/sc/feed.json").json()["items"]
    assert first["title"] == f"Retracted: {lead.headline}"
    index = http.get(HOME).text
    assert f"<del><bdi>{lead.headline}</bdi></del></a><strong>Retracted</strong>" in index
    assert f'content="Retracted: {lead.headline}"' in page
    assert f"<li><del>{lead.headline}</del> <strong>Retracted</strong></li>" in first["content_html"]
    assert "image" not in first
    assert sent.path


def _edition(app):
    with app.database.reading() as session:
        return session.exec(select(Edition).where(Edition.set_key == "sc")).one()


def test_a_page_that_is_held_is_not_sent_again(app, http, sent):
    """By its tag, else by its date; after a retraction it is sent."""
    first = http.get(PAGE)
    tag, at = first.headers["etag"], first.headers["last-modified"]
    for held in ({"If-None-Match": tag}, {"If-None-Match": f"W/{tag}"}, {"If-Modified-Since": at}):
        again = http.get(PAGE, headers=held)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    for other in ({"If-None-Match": '"x"'}, {"If-None-Match": '"x"', "If-Modified-Since": at}):
        assert http.get(PAGE, headers=other).status_code == 200
    for odd in ("yesterday", "Tue, 24 Nov 2020 06:00:00 GMT", "Tue, 24 Nov 2026 06:00:00"):
        assert http.get(PAGE, headers={"If-Modified-Since": odd}).status_code == 200, odd
    with app.database.writing() as session:
        found = session.exec(select(Article).where(Article.headline == stories(app)[0].headline)).one()
        changes.withdraw(
            session,
            str(found.id),
            status=ArticleStatus.retracted,
            who="nino",
            at=NOW + timedelta(hours=1),
            reason="wrong",
        )
    assert http.get(PAGE, headers={"If-None-Match": tag}).status_code == 200
    assert http.get(PAGE, headers={"If-Modified-Since": at}).status_code == 200
    for path in (HOME, f"{HOME}/sc", f"{HOME}/feed.xml", f"{HOME}/feed.json", "/sitemap.xml", "/archive"):
        held = http.get(path).headers["etag"]
        assert http.get(path, headers={"If-None-Match": held}).status_code == 304, path
    assert sent.path


def test_feeds_are_valid(app, http, sent):
    """RSS 2.0 and JSON Feed 1.1, of a publication and of a list: what each must have, and the same issues."""
    base = app.settings.base_url
    for path, count in ((HOME, 2), (f"{HOME}/sc", 1)):
        answer = http.get(f"{path}/feed.xml")
        assert answer.headers["content-type"] == "application/rss+xml; charset=utf-8"
        parsed = feedparser.parse(answer.text)
        assert (parsed.bozo, parsed.version, parsed.feed.link) == (False, "rss20", f"{base}{path}")
        assert [one.rel for one in parsed.feed.links] == ["alternate", "self"]
        channel = ET.fromstring(answer.text)[0]  # noqa: S314 - our own
        assert all(channel.findtext(name) for name in ("title", "link", "description", "language", "lastBuildDate"))
        assert [one.id for one in parsed.entries] == [one.link for one in parsed.entries]
        assert len(parsed.entries) == count
        data = http.get(f"{path}/feed.json")
        assert data.headers["content-type"].startswith("application/feed+json")
        feed = data.json()
        assert feed["version"] == "https://jsonfeed.org/version/1.1"
        assert (feed["home_page_url"], feed["feed_url"]) == (f"{base}{path}", f"{base}{path}/feed.json")
        assert [one["url"] for one in feed["items"]] == [one.link for one in parsed.entries]
        for one in feed["items"]:
            assert one["id"] == one["url"]
            assert one["content_html"].startswith("<ul><li><a href=")
            assert one["date_published"] == "2026-11-24T06:00:00Z"
            assert http.get(one["url"].removeprefix(base)).status_code == 200
    assert sent.path


def test_indexes_show_the_newest_first_in_pages(app, http, sent):
    """Twenty issues on a page; special issues and second ones of a day have their number in the address."""
    issue_id = sent.issue.id
    with app.database.writing() as session:
        first, edition = session.get(Issue, issue_id), _edition(app)
        for number in range(2, 25):
            at = NOW - timedelta(days=7 * (number // 2), hours=number % 2)
            new = {name: getattr(first, name) for name in Issue.model_fields} | {
                "id": own_id(number),
                "number": 100 + number,
                "as_of": at,
                "once": number == 24,
            }
            session.add(Issue.model_validate(new))
            session.flush()
            values = edition.model_dump() | {"id": own_id(-number), "number": 1000 + number, "issue_id": own_id(number)}
            session.add(Edition.model_validate(values | {"subject": f"Subject {number}"}))
    page = http.get(f"{HOME}/sc")
    shown = re.findall(rf'href="({HOME}/sc/[^"/.]+)"', page.text)
    assert len(shown) == 20
    assert shown[:3] == [PAGE, f"{HOME}/sc/2026-11-17", f"{HOME}/sc/2026-11-17-103"]
    assert f'<link rel="next" href="{HOME}/sc?page=2">' in page.text
    second = http.get(f"{HOME}/sc?page=2").text
    more = re.findall(rf'href="({HOME}/sc/[^"/.]+)"', second)
    assert len(more) == 4
    assert more[-1] == f"{HOME}/sc/2026-09-01-124"
    assert f'<link rel="prev" href="{HOME}/sc">' in second
    assert f"{HOME}/sc?page=2" in re.findall(r'rel="canonical" href="http://[^/]+([^"]+)"', second)
    for path in (*shown[1:3], more[-1]):
        answer = http.get(path)
        assert answer.status_code == 200, path
        assert f'href="{app.settings.base_url}{path}"' in answer.text
    assert re.findall(r'rel="(prev|next)"', http.get(PAGE).text) == ["prev"]
    assert http.get(f"{HOME}/sc?page=3").status_code == 404


def own_id(number):
    """Return an id of our own."""
    return uuid5(UUID(int=7), str(number))


def test_the_newest_revision_counts(app, http, sent):
    """An issue that was changed half-way shows what it came to; an edition that leaves a story out shows nothing."""
    edition = _edition(app)
    with app.database.writing() as session:
        for number, more in ((901, {"revision": 2, "subject": "Put right"}), (902, {"without": ["x"], "revision": 3})):
            values = edition.model_dump() | {"id": own_id(number), "number": number} | more
            session.add(Edition.model_validate(values))
    page = http.get(PAGE).text
    assert '<meta property="og:title" content="Put right">' in page
    assert http.get(f"{HOME}/sc").text.count(PAGE) == 1
    assert sent.path


def test_maps_name_what_is_public(app, http, sent):
    """Every page of a public archive, and none of another; robots are told where the map is and what is private."""
    base = app.settings.base_url
    tree = ET.fromstring(http.get("/sitemap.xml").text)  # noqa: S314 - our own
    named = [str(one.text).removeprefix(base) for one in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert named == [HOME, *(f"{HOME}/{one}" for one in ("sc", "ee", "ca")), PAGE, f"{HOME}/ca/2026-11-24"]
    robots = http.get("/robots.txt").text
    assert f"Sitemap: {base}/sitemap.xml" in robots
    assert "Disallow: /u/" in robots
    assert "archive" not in robots
    publication(app, archive="noindex")
    assert "<loc>" not in http.get("/sitemap.xml").text
    assert sent.path


def test_who_signs_up_is_shown_the_latest_issue(app, http, sent):
    """By its public address where it has one, else by a signed one."""
    assert f'class="latest" href="{PAGE}"' in http.get("/join").text
    publication(app, archive="off")
    page = http.get("/join").text
    assert PAGE not in page
    assert 'class="latest" href="/editions/' in page
    assert sent.path


def test_a_page_speaks_the_language_of_its_list(app, http, sent):
    """And an index; the list of archives speaks the reader's own."""
    with app.database.writing() as session:
        set_list(session, language="ar")
    page = http.get(f"{HOME}/sc").text
    assert '<html lang="ar" dir="rtl">' in page
    assert "الثلاثاء" in page
    assert '<html lang="ru"' in http.get("/archive", headers={"Accept-Language": "ru"}).text
    assert http.get("/archive").headers["vary"] == "Accept-Language"
    assert "Такого выпуска" in http.get(f"{HOME}/x", headers={"Accept-Language": "ru"}).text
    assert sent.path


@BOTH
def test_pages_are_found_on_both_databases(database):
    """The same, by the same questions."""
    newsroom.found(database)
    found = newsroom.draft(database)
    with database.writing() as session:
        kept = session.get(Issue, found.id)
        kept.status, kept.first_accepted_at = IssueStatus.sent, NOW
        values = {"id": own_id(1), "number": 1, "issue_id": found.id, "lists": ["sc"], "set_key": "sc"}
        more = {"language": "en", "subject": "S", "html": "<p>", "text": "", "content_hash": "h", "created_at": NOW}
        session.add(Edition.model_validate(values | more))
    with database.reading() as session:
        publication = session.get(Publication, FAMILY)
        lists = published.open_lists(session, publication)
        [number] = published.numbers(session, publication, lists)
        assert published.issues(session, publication, lists) == 1
        assert (number.path, number.zone) == (PAGE, publication.zone)
        assert published.find(session, publication, "sc", "2026-11-24") == number
        assert published.latest(session, publication, lists) == {"sc": number}
        assert published.beside(session, publication, number) == (None, None)
        assert published.stories(session, [1]) == {1: []}


def test_a_newsrooms_own_template_is_no_obstacle():
    """Links in lists, bare pictures, quotes and odd markup: found by where they lead and what they say."""
    marks = {"unsubscribe_url@html_attr": "%%" + "a" * 20 + "%%", "name@html_text": "%%" + "b" * 20 + "%%"}
    link = "https://n.example/{}?utm_source=digest&amp;utm_medium=email&amp;utm_content=sc-{}"
    html = (
        "<HTML><HEAD><META NAME='robots' CONTENT='all'></HEAD><BODY class=x>"
        f"<p>Dear %%{'b' * 20}%%</p><ul><li><a href='{link.format('a', 1)}'>One</a></li>"
        f'<li><a href="{link.format("b", 2)}">Two</a></li></ul><img src="https://n.example/b.jpg" alt="">'
        f'<p> It fell. </p><a>x</a><a href="%%{"a" * 20}%%">Out</a></BODY></HTML>'
    )
    since = {1: Since(correction="No", label="Correction"), 2: Since(gone="Retracted", standfirst="It fell.",
                                                                     picture="https://n.example/b.jpg")}  # fmt: skip
    said = in_public.public(in_public.marked(html, since, "en"), marks, "en", elsewhere="/join")
    assert "One</a><span" in said
    assert "<b>Correction:</b> No</span></li>" in said
    assert "<del>Two</del> <strong>Retracted</strong></li></ul><p> <del>It fell.</del> </p><a>x</a></BODY>" in said
    assert "Dear </p>" in said
    framed = in_public.framed(said, head="HEAD", before="TOP", after="END")
    assert framed.startswith("<HTML><HEAD>\nHEAD</HEAD><BODY class=x>\nTOP<main>")
    assert framed.endswith("</main>END\n</BODY></HTML>")
    assert in_public.marked(html, {}, "en") == html
    assert "\0" not in framed
    assert slots.MARK.search(said) is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_archive_reads_well(app, http, site, sent, chromium, tmp_path, scheme):  # noqa: PLR0917
    """At 360 and 640 pixels, light and dark: nothing is cut, nothing for axe to find, also where stories are gone."""
    assert sent.path
    with app.database.writing() as session:
        found = session.exec(select(Article).where(Article.headline == stories(app)[1].headline)).one()
        changes.withdraw(session, str(found.id), status=ArticleStatus.retracted, who="nino", at=NOW, reason="wrong")
        other = session.exec(select(Article).where(Article.headline == stories(app)[2].headline)).one()
        other.correction = "The bridge is 90 m long, not 900."
        session.add(other)
    context = chromium.new_context(color_scheme=scheme, locale="en-GB")
    context.route(re.compile(r"https://"), lambda route: route.abort())
    page = context.new_page()
    for name, path in (("all", "/archive"), ("publication", HOME), ("list", f"{HOME}/sc"), ("issue", PAGE)):
        for width in (360, 640):
            page.set_viewport_size({"width": width, "height": 740})
            page.goto(site + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            found = Axe().run(page).response["violations"]
            assert found == [], (path, [(one["id"], [node["html"] for node in one["nodes"]]) for one in found])
            page.screenshot(path=tmp_path / f"{name}-{scheme}-{width}.png", full_page=True)
    context.close()
    assert isinstance(http, httpx.Client)
