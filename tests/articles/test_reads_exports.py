"""The exports of Plausible, Matomo and GA4 are known by their columns, in many languages, and read right."""

import io
import zipfile
from datetime import date

import pytest

from digest.articles.importing import sheets
from digest.articles.importing.data import RowError
from digest.articles.reads import Days, Kind, ReadRow, Report, parse_columns, read_report
from digest.errors import BadInput

SITE = "https://www.example.org"
WEEK = Days(date(2026, 11, 16), date(2026, 11, 22))
PLAUSIBLE = "name,visitors,pageviews,bounce_rate,time_on_page,scroll_depth\n/,40,90,50,30,80\n/news/a,4,1204,60,,40\n"
PLAUSIBLE_SITE = (
    '"date","hostname","page","visits","visitors","pageviews"\n'
    '"2026-11-21","www.example.org","/news/a",8,7,11\n'
    '"2026-11-22","blog.example.org","/news/a",5,5,6\n'
)
PLAUSIBLE_VISITORS = "date,visitors,pageviews,visits\n" + "".join(f"2026-11-{day},1,1,1\n" for day in range(16, 23))
MATOMO = (
    "label,nb_visits,nb_hits,sum_time_spent,bounce_rate,metadata_url,metadata_segment\n"
    "news,61,83,900,50%,,\n"
    '/a,52,"1,070",700,48%,https://www.example.org/news/a,pageUrl==x\n'
    "Others,4,5,9,1%,,\n"
)
MATOMO_GERMAN = (
    "Beschriftung,Eindeutige Seitenansichten,Seitenansichten,Absprungrate,Metadaten: url\n"
    "/a,900,1070,48 %,https://www.example.org/news/a\n"
)
RULE = "# ----------------------------------------\n"
GA4 = (
    f"{RULE}# Pages and screens: Page path and screen class\n# Account: Example 90\n{RULE}#\n# All Users\n"
    "# Start date: 20261116\n# End date: 20261122\n\n"
    "Nth day,Views\n0000,12\n0001,15\n\n"
    f"{RULE}# All Users\n# Start date: 20261116\n# End date: 20261122\n"
    "Page path and screen class,Views,Active users,Average engagement time per active user\n"
    "/news/a,1070,900,12.5\n(not set),7,7,0\n(other),9,9,0\nMainActivity,3,3,1\n\n"
    "Country,Active users\nFrance,12\n"
)
GA4_FREE = (
    f"{RULE}# Example\n# Free form-Free form 1\n# 20261121-20261122\n{RULE}\n"
    "Date,Page path and screen class,Active users,Views\n"
    ",,211078,309558,Grand total\n20261121,/news/a,90,130\n20261122,/news/a,80,110\n2026,/news/b,1,1\n"
)
HEADERS = [
    ("Page path and screen class", "Views", "Active users"),
    ("Page path + query string", "Page views", "Users"),
    ("Seitenpfad und Bildschirmklasse", "Aufrufe", "Aktive Nutzer"),
    ("Chemin de la page et classe de l’écran", "Vues", "Utilisateurs actifs"),
    ("Ruta de página y clase de pantalla", "Vistas", "Usuarios activos"),
    ("Percorso pagina e classe schermata", "Visualizzazioni", "Utenti attivi"),
    ("Caminho da página e classe da tela", "Visualizações", "Usuários ativos"),
    ("Paginapad en schermklasse", "Weergaven", "Actieve gebruikers"),
    ("Путь к странице и класс экрана", "Просмотры", "Активные пользователи"),
    ("Шлях до сторінки та клас екрана", "Перегляди", "Активні користувачі"),
    ("Sayfa yolu ve ekran sınıfı", "Görüntüleme", "Etkin kullanıcılar"),
    ("مسار الصفحة وفئة الشاشة", "المشاهدات", "المستخدمون النشطون"),
    ("Trasa stránky a třída obrazovky", "Zobrazení", "Aktivní uživatelé"),
]


def read(text: str, encoding: str = "utf-8", **more: str) -> Report:
    """Read a report."""
    return read_report(text.encode(encoding), site=SITE, **more)  # type: ignore[arg-type]


def pages(report: Report) -> list[tuple[str, int | None]]:
    """Return the pages of a report with their views."""
    return [(row.url, row.views) for row in report.rows if isinstance(row, ReadRow)]


def errors(report: Report) -> list[str]:
    """Return what is wrong with a report."""
    return [str(row) for row in report.rows if isinstance(row, RowError)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_the_dashboard_export_of_plausible(encoding):
    """Its pageviews count, not its visitors; its name states the days, with the blanks that Plausible writes."""
    name = "Plausible export example.org 2026-11-16  to 2026-11-22 .csv"
    report = read(PLAUSIBLE, encoding, name=name)
    assert (report.kind, report.column) == (Kind.plausible, "pageviews")
    assert pages(report) == [(f"{SITE}/", 90), (f"{SITE}/news/a", 1204)]
    assert (report.days, report.told_by) == (WEEK, "its name")


def test_under_a_goal_filter_plausible_has_visitors_only():
    """The report says which column was taken."""
    report = read("name,visitors,bounce_rate,time_on_page\n/news/a,1,100,\n")
    assert (report.column, pages(report)) == ("visitors", [(f"{SITE}/news/a", 1)])
    assert report.days is None


def test_the_site_export_of_plausible_counts_by_day_and_host():
    """Each row has its own day, and is of the host it names."""
    report = read(PLAUSIBLE_SITE, name="imported_pages_20261121_20261122.csv")
    assert (report.kind, report.column, report.by_day) == (Kind.plausible, "pageviews", True)
    assert pages(report) == [("https://www.example.org/news/a", 11), ("https://blog.example.org/news/a", 6)]
    assert [row.days for row in report.rows if isinstance(row, ReadRow)] == [
        Days(date(2026, 11, day), date(2026, 11, day)) for day in (21, 22)
    ]


def zipped(**files: str) -> bytes:
    """Return a ZIP of files; "__" in a name stands for "."."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(f"export/{name.replace('__', '.')}", text)
    return packed.getvalue()


def test_the_zip_of_plausible_is_opened():
    """The pages of the dashboard with the days of its graph, or the pages by day; other files are let be."""
    dashboard = read_report(zipped(pages__csv=PLAUSIBLE, visitors__csv=PLAUSIBLE_VISITORS, x__csv="a,b\n"), site=SITE)
    assert (dashboard.days, dashboard.told_by, len(dashboard.rows)) == (WEEK, "its visitors.csv", 2)
    by_day = {"imported_pages_20261121_20261122__csv": PLAUSIBLE_SITE, "imported_visitors__csv": PLAUSIBLE_VISITORS}
    site = read_report(zipped(**by_day, imported_pages_2__csv=PLAUSIBLE_SITE))
    assert (site.by_day, len(site.rows)) == (True, 4)
    months = "date,visitors\n2026-09-01,1\n2026-10-01,2\n"
    assert read_report(zipped(pages__csv=PLAUSIBLE, visitors__csv=months), site=SITE).days is None
    assert read_report(zipped(ga4__csv=GA4), site=SITE).kind is Kind.ga4


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04 broken", "cannot be opened"),
        (zipped(a__csv="x", b__csv="y"), "It holds: a.csv, b.csv"),
        (zipped(), "cannot be opened|holds no pages.csv"),
    ],
)
def test_a_zip_without_pages_is_a_sentence(content, sentence):
    """Broken, or of something else: what is in it is named."""
    with pytest.raises(BadInput, match=sentence if content.startswith(b"PK\x03") else "no report|empty"):
        read_report(content, site=SITE)


def test_a_zip_bomb_is_not_unpacked(monkeypatch):
    """No more is unpacked than may be, whatever the archive says of its sizes."""
    monkeypatch.setattr("digest.articles.reads.archives.LARGEST", 1_000_000)
    with pytest.raises(BadInput, match="over 1 MB unpacked"):
        read_report(zipped(pages__csv=PLAUSIBLE + "\n" * 2_000_000))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
@pytest.mark.parametrize("mark", [",", "\t"])
def test_the_export_of_matomo(encoding, mark):
    """Hits count; the address stands in the metadata; folders and the rest have none and are left out."""
    text = MATOMO if mark == "," else MATOMO.replace(",", mark).replace('"1\t070"', '"1,070"')
    report = read(text, encoding)
    assert (report.kind, report.column, report.left_out) == (Kind.matomo, "nb_hits", 2)
    assert pages(report) == [("https://www.example.org/news/a", 1070)]
    assert report.days is None


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("Label,Unique Pageviews,Pageviews", "Pageviews"),
        ("Libellé,Vues de page uniques,Vues de page", "Vues de page"),
        ("Etiqueta,Vistas de páginas únicas,Páginas vistas", "Páginas vistas"),
        ("Etichetta,Visualizzazioni uniche,Visualizzazioni pagina", "Visualizzazioni pagina"),
        ("Метка,Уникальные просмотры страниц,Просмотры страниц", "Просмотры страниц"),
        ("Label,Unique visitors,Visits", "Visits"),
        ("label,nb_uniq_visitors,nb_visits", "nb_visits"),
    ],
)
def test_matomo_in_other_languages_without_addresses(header, column):
    """Labels are paths of the site, flattened or not."""
    report = read(f"{header}\n/a,5,7\nnews/b,3,4\nnews,1,2\n")
    assert (report.kind, report.column, report.left_out) == (Kind.matomo, column, 1)
    assert pages(report) == [(f"{SITE}/a", 7), (f"{SITE}/news/b", 4)]


def test_matomo_with_translated_metadata():
    """The German export, of which the percents are let be."""
    report = read(MATOMO_GERMAN, "utf-16")
    assert (report.kind, report.column) == (Kind.matomo, "Seitenansichten")
    assert pages(report) == [("https://www.example.org/news/a", 1070)]


def test_matomo_by_day_and_by_week():
    """An export of several periods names each, and each counts for itself."""
    text = "date,label,nb_hits\n2026-11-21,/a,5\nFrom 2026-11-09 to 2026-11-15,/a,70\n2026-10,/a,300\n"
    found = [row.days for row in read(text).rows if isinstance(row, ReadRow)]
    assert [str(days) for days in found] == ["2026-11-21", "2026-11-09 to 2026-11-15", "2026-10-01 to 2026-10-31"]


def test_the_report_of_ga4():
    """Of the tables in the file that of pages; totals, "(not set)", "(other)" and screens of apps are left out."""
    report = read(GA4)
    assert (report.kind, report.column) == (Kind.ga4, "Views")
    assert pages(report) == [(f"{SITE}/news/a", 1070)]
    assert (report.left_out, errors(report)) == (3, [])
    assert (report.days, report.told_by) == (WEEK, "its comment lines")
    row = report.rows[0]
    assert isinstance(row, ReadRow)
    assert row.where == "line 19"


def test_an_exploration_of_ga4_by_day():
    """The grand total, longer than the header, is left out; a broken date costs its row."""
    report = read(GA4_FREE)
    assert (report.kind, report.by_day, report.left_out) == (Kind.ga4, True, 1)
    assert pages(report) == [(f"{SITE}/news/a", 130), (f"{SITE}/news/a", 110)]
    assert errors(report) == ["line 11: Its date is '2026'; write 2026-11-23."]


@pytest.mark.parametrize("header", HEADERS, ids=[names[1] for names in HEADERS])
@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1)])
@pytest.mark.parametrize("mark", [",", ";"])
def test_ga4_in_many_languages(header, order, mark):
    """Views are taken, wherever they stand; the total is left out; the days are stated in any language."""
    rows = [header, ("/news/a", '"1,204"', "17"), ("Total", "5", "5"), ("", "5", "5")]
    lines = [mark.join(row[place] for place in order) for row in rows]
    text = "# Anfang: 20261116\n# Конец: 20261122\n" + "\n".join(lines)
    report = read(text)
    assert (report.kind, sheets_folded(report.column)) == (Kind.ga4, sheets_folded(header[1]))
    assert (pages(report), report.left_out, report.days) == ([(f"{SITE}/news/a", 1204)], 2, WEEK)


def sheets_folded(text: str) -> str:
    """Return a name in one case."""
    return text.casefold()


def test_ga4_in_a_language_nobody_met_is_known_by_its_paths():
    """Its comment lines and paths tell; which column is of views must be said or known."""
    text = "# x: 20261116\n# y: 20261122\nΔιαδρομή,Views\n/news/a,5\n/news/b,4\n"
    assert pages(read(text)) == [(f"{SITE}/news/a", 5), (f"{SITE}/news/b", 4)]
    unknown = text.replace("Views", "Προβολές")
    with pytest.raises(BadInput, match=r"--map url=PAGE,views=VIEWS\. Columns: Διαδρομή, Προβολές"):
        read(unknown)
    forced = read_report(unknown.encode(), site=SITE, preset=Kind.ga4)
    assert (forced.column, len(pages(forced))) == ("Προβολές", 2)


def test_a_preset_is_held_to():
    """Told to be of Matomo, a file without any path is refused; by its own preset it is read as ever."""
    assert read_report(GA4.encode(), site=SITE, preset=Kind.ga4).kind is Kind.ga4
    with pytest.raises(BadInput, match="no report of pages by matomo"):
        read_report(b"Country,Users\nFrance,12\n", preset=Kind.matomo)


def test_a_landing_page_report_has_sessions():
    """Without views, visits are taken, and the report says so."""
    report = read("# 20261116-20261122\nLanding page,Sessions,Active users\n/news/a,9,5\n")
    assert (report.column, pages(report)) == ("Sessions", [(f"{SITE}/news/a", 9)])


def test_hosts_and_addresses_are_made_whole():
    """The file's own host beats --site; an address may lack its scheme."""
    text = "Hostname,Page path,Views\nnews.example.org,/a,1\n(not set),/b,2\n,www.example.org/c,3\n,//example.org/d,4\n"
    assert [url for url, _ in pages(read(text))] == [
        "https://news.example.org/a",
        f"{SITE}/b",
        "https://www.example.org/c",
        "https://example.org/d",
    ]


def test_paths_need_a_site():
    """Nobody guesses of which site a path is; a site may be named without its scheme."""
    with pytest.raises(BadInput, match=r"paths such as /news/a\. Say of what site: --site"):
        read_report(GA4.encode())
    assert read_report(GA4.encode(), site="www.example.org").rows == read(GA4).rows
    with pytest.raises(BadInput, match="no host name"):
        read_report(GA4.encode(), site="not a site")


@pytest.mark.parametrize(
    "text",
    [
        "name,visitors\nGoogle,12\n",  # sources.csv of Plausible
        "# 20261116-20261122\nPage title and screen class,Views\nSalt and sea,12\n",
        "url,date,views\nhttps://example.org/a,2026-11-20,5\n",  # nobody knows what the date is of
        "Country,Sessions\nFrance,12\n",
    ],
)
def test_reports_of_something_else_are_not_taken_for_pages(text):
    """The sentence names the columns and how to map them."""
    with pytest.raises(BadInput, match="--map url=PAGE,views=VIEWS"):
        read(text)


@pytest.mark.parametrize("text", ["", "\n\n", "# only\n# comments\n", "\ufeff"])
def test_an_empty_report_is_a_sentence(text):
    """So is one of comments only."""
    with pytest.raises(BadInput, match="empty"):
        read(text)


def test_a_plain_table_and_one_made_for_excel_are_known():
    """Columns url and views speak for themselves; "sep=;" is no column."""
    report = read("sep=;\nURL;Views\nhttps://example.org/a;1.204\n\nhttps://example.org/b;7\n")
    assert (report.kind, pages(report)) == (Kind.table, [("https://example.org/a", 1204), ("https://example.org/b", 7)])
    ranks = read("url,rank\nhttps://example.org/a,1\n")
    assert ranks.ranks_only


def test_a_map_takes_dates_and_hosts():
    """Any table by day, of several sites."""
    columns = parse_columns(["url=Seite,views=Zahl,date=Tag", "host=Site"])
    text = "Tag;Site;Seite;Zahl\n2026-11-21;a.example;/x;1 204\nnever;a.example;/x;3\n"
    report = read_report(text.encode(), columns=columns)
    assert pages(report) == [("https://a.example/x", 1204)]
    assert errors(report) == ["line 3: Its date is 'never'; write 2026-11-23."]
    assert report.by_day


def test_cyrillic_of_windows_is_told_from_latin():
    """Words of letters beyond ASCII are Cyrillic; single ones among ASCII are accents."""
    russian, french = "Путь к странице,Просмотры\n/новости,5\n", "Chemin d'accès,Vues répétées\n/été,5\n"
    assert sheets.decode(russian.encode("cp1251")) == russian
    assert sheets.decode(french.encode("cp1252")) == french
    assert pages(read(russian, "cp1251")) == [(f"{SITE}/новости", 5)]


def test_a_file_of_a_hundred_thousand_blocks_is_read_in_time():
    """Tables without end, comments without end: no more than some are looked at."""
    text = "".join(f"# comment {number}\ncolumn {number}\n\n" for number in range(100_000))
    with pytest.raises(BadInput, match="no report of pages"):
        read(text)
