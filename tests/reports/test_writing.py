"""The report as a page and as CSV files: everything inside, nothing that runs, nothing that is taken for a formula."""

import csv
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from digest.errors import BadInput
from digest.reports.facts import Standing
from digest.reports.writing import page, write_csv, write_page
from digest.web.security import of_our_pages
from tests.reports import made

STANDING = tuple(
    Standing(issue=1, key=str(n), countries=("Georgia" if n else "Armenia",), authors=("Ann",), desk="", exposure=n)
    for n in range(12)
)


def read(folder: Path, key: str) -> list[Mapping[str, str]]:
    """Return the rows of a table's file."""
    with (folder / f"{key}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_page_needs_nothing_and_runs_nothing():
    """One file: no script, no style attribute, nothing loaded; texts of the newsroom are escaped."""
    html = page(made.report(standing=STANDING))
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert not re.search(r"<[^>]+ (style|src|href|on\w+)=", html)
    assert not re.search(r"url\(|@import|https?://(?!evil)", html)


def test_each_picture_has_a_name_a_description_and_a_table():
    """A reader who sees no picture has all it says: title, description, and the table beside it."""
    html = page(made.report(standing=STANDING))
    pictures = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(pictures) > 10
    for picture in pictures:
        names = re.search(r'aria-labelledby="(\S+) (\S+)"', picture)
        assert names is not None
        assert f'<title id="{names[1]}">' in picture
        assert f'<desc id="{names[2]}">' in picture
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert html.count("<table>") >= len(pictures)


def test_not_counted_is_an_empty_dashed_bar():
    """And 0 is a stroke: the two never look alike."""
    report = made.report(bounced=None)
    html = page(report)
    came_back = html.partition('id="outcomes"')[2].partition("</section>")[0]
    assert came_back.count('class="uncounted"') == 5
    assert "not counted" in came_back
    nothing = page(made.report(bounced=0)).partition('id="outcomes"')[2].partition("</section>")[0]
    assert 'class="uncounted"' not in nothing
    assert 'width="2" height="12"' in nothing


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_reads_well_in_a_browser(chromium, tmp_path, scheme):
    """At 360, 640 and 1200 pixels, light and dark: no sideways scroll, its own policy holds, axe finds nothing."""
    html = page(made.report(standing=STANDING, clicks=(40, 10, 0, 3)))
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    policy = f'<meta http-equiv="Content-Security-Policy" content="{of_our_pages(style[1])}">'
    policy = policy.replace("; frame-ancestors 'none'", "")  # only a header may say that
    file = tmp_path / "index.html"
    file.write_text(html.replace("<head>", f"<head>{policy}", 1), encoding="utf-8")
    context = chromium.new_context(color_scheme=scheme)
    sheet = context.new_page()
    complaints: list[str] = []
    sheet.on("console", lambda message: complaints.append(message.text))
    for width in (360, 640, 1200):
        sheet.set_viewport_size({"width": width, "height": 900})
        sheet.goto(file.as_uri())
        assert sheet.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(sheet).response["violations"]
        assert found == [], [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
    assert complaints == []
    texts = "[...document.querySelectorAll('svg.chart text')].map(t => [t.getBBox(), t.textContent])"
    wide = sheet.evaluate(f"{texts}.filter(([box]) => box.x < -1).map(([, text]) => text)")
    assert wide == []
    context.close()


def test_csv_files_hold_plain_numbers(tmp_path):
    """A file a table; shares with their interval; empty where nobody counted, 0 where there was none."""
    report = made.report(clicks=(40, 0))
    files = write_csv(report, tmp_path / "new" / "folder")
    assert [file.stem for file in files] == [table.key for table in report.tables]
    clicks = read(files[0].parent, "clicks")
    assert [(row["who"], row["clicks"]) for row in clicks] == [("human", "40"), ("machine", "")]
    places = read(files[0].parent, "places")
    assert [row["clicks"] for row in places] == ["40", "0"]
    assert float(places[0]["click_rate_low"]) < float(places[0]["click_rate"]) < float(places[0]["click_rate_high"])
    measures = {row["measure"]: row for row in read(files[0].parent, "measures")}
    assert measures["Bounced"]["median"] == "0.02"


def test_a_headline_is_no_formula(tmp_path):
    """A spreadsheet that opens the file computes nothing."""
    write_csv(made.report(), tmp_path)
    assert read(tmp_path, "stories")[0]["headline"] == f"'{made.HEADLINE}"


def test_what_cannot_be_written_is_said(tmp_path):
    """A file in the way is a sentence that names the option."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(BadInput, match="Say where: --html FILE"):
        write_page(made.report(), tmp_path / "file" / "index.html")
    with pytest.raises(BadInput, match="Say where: --csv FOLDER"):
        write_csv(made.report(), tmp_path / "file")
