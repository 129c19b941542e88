"""The preview: one page that shows every edition as it will look, with no server and nobody's address."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from digest.proofs import preview
from digest.rendering.mailing import render
from digest.rendering.slots import MARK
from tests.rendering import plans

BASE = plans.URLS.base_url
PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="12" height="8"/>'


@dataclass
class Edition:
    """What the preview reads of a stored edition."""

    html: str
    text: str
    subject: str
    preheader: str
    marks: dict[str, str]
    lists: list[str]
    readers: int
    language: str = "en"


@dataclass
class Finding:
    """What the preview reads of a check."""

    level: str
    sentence: str = "The lead’s link answers <404>."


@dataclass
class Case:
    """A folder with a preview in it."""

    folder: Path
    editions: list[Edition] = field(default_factory=list)

    def write(self, findings: Sequence[Sequence[Finding]] = (), pictures: Path | None = None) -> Path:
        """Write the preview of its editions."""
        return preview.write(
            editions=self.editions,
            folder=self.folder / "out",
            pictures=pictures,
            base_url=BASE,
            title="The Meridian <24 November>",
            findings=findings,
        )

    def read(self, name: str) -> str:
        """Return what a file of the preview holds."""
        return (self.folder / "out" / name).read_text(encoding="utf-8")


def edition(readers: int = 10, language: str = "en") -> Edition:
    plan = plans.arabic() if language == "ar" else plans.english()
    mail = render(plan, plans.URLS)
    html = mail.html.replace(f"{plans.SITE}/pictures/", f"{BASE}/pictures/")
    marks = dict(mail.marks)
    return Edition(html, mail.text, mail.subject, mail.preheader, marks, list(plan.lists), readers, language)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path, [edition()])


def test_every_face_is_written(case):
    """Light, dark, images off and plain text stand beside the page, with every slot filled."""
    page = case.write()
    assert page == case.folder / "out" / "index.html"
    faces = {face: case.read(f"edition-001-{face}.html") for face in ("light", "dark", "bare", "text")}
    assert not any(MARK.search(content) for content in faces.values())
    assert "prefers-color-scheme" not in faces["light"] + faces["dark"] + faces["bare"]
    assert "color-scheme:dark" in faces["dark"]
    assert "color-scheme:light;" in faces["light"]
    assert " src=" in faces["light"]
    assert " src=" not in faces["bare"]
    assert "The dam keepers of Enguri" in faces["text"]


def test_nothing_is_marked_up_by_a_title(case):
    """Titles, subjects and findings are escaped."""
    case.editions[0].subject = plans.HOSTILE
    case.write([[Finding("red")]])
    page = case.read("index.html")
    assert "&lt;24 November&gt;" in page
    assert "&lt;404&gt;" in page
    assert "<b>{{" not in page


def test_pictures_are_local(case):
    """Pictures behind BASE_URL/pictures/ are copied beside the page; those that are not there keep their address."""
    pictures = case.folder / "pictures"
    pictures.mkdir()
    (pictures / "lead.jpg").write_bytes(PICTURE)
    (case.folder / "secret.jpg").write_bytes(b"secret")
    case.editions[0].html += f'<img src="{BASE}/pictures/../secret.jpg" />'
    case.write(pictures=pictures)
    html = case.read("edition-001-light.html")
    assert ' src="pictures/lead.jpg"' in html
    assert f'{BASE}/pictures/thumb-sc.jpg"' in html
    assert (case.folder / "out" / "pictures" / "lead.jpg").read_bytes() == PICTURE
    assert not list((case.folder / "out").rglob("secret.jpg"))


def test_ten_are_listed_and_the_alarming(case):
    """The ten editions with most readers and all with red or amber are listed; a picker has the rest (ruling 6)."""
    case.editions = [edition(readers) for readers in range(20)]
    findings = [[Finding("red")] if n == 0 else [Finding("amber")] if n == 1 else [Finding("green")] for n in range(20)]
    case.write(findings)
    page = case.read("index.html")
    assert page.count("data-key=") == 12
    assert page.count("<option") == 1 + 8
    assert "20 editions, 190 readers" in page
    assert page.index("19 readers") < page.index("18 readers")


def test_no_edition_yet(case):
    """An issue without editions has a page that says so."""
    case.editions = []
    case.write()
    assert "There is no edition yet." in case.read("index.html")


def test_writing_again_gives_the_same(case):
    """A preview written twice is the same, byte for byte."""
    case.write()
    first = {path.name: path.read_bytes() for path in (case.folder / "out").iterdir()}
    case.write()
    assert {path.name: path.read_bytes() for path in (case.folder / "out").iterdir()} == first


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_a_browser(chromium, case, scheme):
    """The page opens from disk, shows both widths, changes face and edition, and axe finds nothing in it."""
    pictures = case.folder / "pictures"
    pictures.mkdir()
    (pictures / "lead.jpg").write_bytes(
        bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
    )
    case.editions = [edition(), edition(5, "ar"), *(edition(1) for _ in range(10))]
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.route("https://**/*", lambda route: route.abort())
    page.goto(case.write(pictures=pictures).as_uri())
    assert [frame.bounding_box()["width"] for frame in page.query_selector_all("iframe")] == [642, 362]
    desk = page.frame_locator(".wide iframe")
    assert desk.locator("h2 a").first.inner_text() == "The dam keepers of Enguri want their snow back"
    assert desk.locator("td.ph img").evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 1
    page.get_by_role("button", name="Dark").click()
    assert desk.locator("div.page").evaluate("(e) => getComputedStyle(e).backgroundColor") == "rgb(14, 16, 19)"
    page.locator("[data-key=edition-002]").click()
    desk.get_by_text("حرّاس").first.wait_for()
    page.get_by_role("button", name="Plain text").click()
    desk.locator("pre").wait_for()
    assert not page.locator(".phone").is_visible()
    page.locator("#others").select_option("edition-011")
    desk.get_by_text("The dam keepers").first.wait_for()
    assert page.locator("section:visible").get_attribute("data-card") == "edition-011"
    violations = Axe().run(page, options={"iframes": False}).response["violations"]
    assert [each["id"] for each in violations] == []
    context.close()
