"""Recognises the exports of Plausible, Matomo and GA4 by their columns, and reads the pages in them.

Views are taken where there are any, else visits, else visitors: the report says which. See ``words`` for the sources.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from digest.articles.canonical import canonical_url
from digest.articles.importing import sheets
from digest.articles.importing.data import RowError
from digest.articles.reads import archives, days, most_read, words
from digest.articles.reads.figures import is_count
from digest.articles.reads.rows import Days, ReadRow
from digest.articles.reads.tables import BY_ORDER, Columns, NoPage, Table, address, figures, is_page, read_csv, tables
from digest.errors import BadInput

LARGEST = 200_000_000  # bytes
MOSTLY = 0.6  # of the first rows: then a column is one of paths
SHOWN_COLUMNS = 12


class Kind(StrEnum):
    """What wrote a report."""

    plausible = "plausible"
    matomo = "matomo"
    ga4 = "ga4"
    table = "table"  # any other with columns
    list = "list"  # a "most read" list


@dataclass
class Report:
    """What a report holds. ``days``: that it is of as a whole, where it says so; ``told_by``: where it does."""

    kind: Kind
    column: str  # whose figures were taken; "#" the order of the lines
    rows: list[ReadRow | RowError] = field(default_factory=list)
    days: Days | None = None
    told_by: str = ""
    left_out: int = 0  # rows of no page: totals, "(not set)", "(other)", folders

    @property
    def by_day(self) -> bool:
        """Tell whether each row has days of its own."""
        return any(isinstance(row, ReadRow) and row.days is not None for row in self.rows)

    @property
    def ranks_only(self) -> bool:
        """Tell whether it is a list without views, which is of the moment and needs no period."""
        return not any(isinstance(row, ReadRow) and row.views is not None for row in self.rows)


def read_report(
    content: bytes, name: str = "", *, preset: Kind | None = None, columns: Columns | None = None, site: str = ""
) -> Report:
    """Read a report of page reads, or a "most read" list, whatever it was exported from.

    ``name``: of the file, where two dates state what days it is of. ``preset``: what wrote it, where that is not to
    be guessed. ``columns``: of a table that is read by them alone. ``site``: what paths such as /news are of.
    Raises BadInput with a sentence that says what to do.
    """
    if len(content) > LARGEST:
        raise BadInput(f"The report has over {LARGEST // 1_000_000} MB. Export fewer days at a time.")
    base = _whole(site)
    if columns is not None:
        report = Report(Kind.table, columns.views or columns.rank or "", list(read_csv(content, columns, base)))
    elif archives.is_zip(content):
        report = _of_archive(content, preset, base)
    else:
        report = _of_text(content, preset, base)
    if report.days is None and not report.by_day and (found := days.in_name(name)):
        report.days, report.told_by = found, "its name"
    return report


def _whole(site: str) -> str:
    """Return the address of a site with its scheme. Raises BadInput where it is none."""
    if not site:
        return ""
    whole = site if "://" in site else f"https://{site.lstrip('/')}"
    canonical_url(whole)
    return whole


def _of_archive(content: bytes, preset: Kind | None, site: str) -> Report:
    found = archives.opened(content)
    reports = [_of_text(page, preset, site) for page in found.pages]
    united = reports[0]
    for other in reports[1:]:
        united.rows += other.rows
        united.left_out += other.left_out
    if united.days is None and not united.by_day and found.days:
        united.days, united.told_by = found.days, found.told_by
    return united


def _of_text(content: bytes, preset: Kind | None, site: str) -> Report:
    if preset is None and most_read.is_list(content):
        rows = most_read.entries(content, site)
        ranked = any(isinstance(row, ReadRow) and row.rank is not None for row in rows)
        return Report(Kind.list, BY_ORDER if ranked else "views", rows)
    headers: list[tuple[str, ...]] = []
    for table in tables(sheets.decode(content)):
        layout = recognised(table, preset)
        if layout is not None:
            return _read(table, *layout, site)
        headers.append(table.header)
    raise BadInput(_unknown(headers, preset))


def _unknown(headers: list[tuple[str, ...]], preset: Kind | None) -> str:
    if not headers:
        return "The report is empty: its first line must name the columns."
    shown = ", ".join(headers[0][:SHOWN_COLUMNS])
    what = f"It is no report of pages by {preset}" if preset else "It is no report of pages by Plausible, Matomo or GA4"
    return f"{what} that is known. Name its columns: --map url=PAGE,views=VIEWS. Columns: {shown}."


def recognised(table: Table, preset: Kind | None = None) -> tuple[Kind, Columns] | None:
    """Return what wrote a table of pages, and which of its columns to take; None where it is no such table."""
    names = {words.folded(name): name for name in reversed(table.header)}
    for kind, look in _LOOKS.items():
        if preset in (None, kind) and (columns := look(table, names)):
            return kind, columns
    forced = _forced(table, names) if preset else None
    return (preset, forced) if preset and forced else None


def _plausible(_table: Table, names: dict[str, str]) -> Columns | None:
    site_export = "page" in names and "hostname" in names
    dashboard = "name" in names and "visitors" in names and ("pageviews" in names or "time_on_page" in names)
    figure = _first(names, {"pageviews"}, {"visits"}, {"visitors"})
    if not figure or not (site_export or dashboard):
        return None
    return Columns(names["page" if site_export else "name"], figure, None, names.get("date"), names.get("hostname"))


def _matomo(table: Table, names: dict[str, str]) -> Columns | None:
    label = _first(names, words.MATOMO_LABELS)
    raw = "nb_hits" in names or "nb_visits" in names
    found = next((names[name] for name in names if words.MATOMO_ADDRESS.match(name)), None)
    plain = names.get("url") if raw else None
    figure = _first(names, {"nb_hits"}, words.VIEWS, {"nb_visits"}, words.VISITS, words.PEOPLE)
    page = found or plain or label
    if figure is None or page is None or not (label or raw) or not (found or plain or _mostly(table, page, _labels)):
        return None
    return Columns(page, figure, None, _first(names, words.DATES))


def _ga4(table: Table, names: dict[str, str]) -> Columns | None:
    page = _first(names, words.GA4_PAGES) or (_column_of_pages(table) if table.comments else None)
    figure = _first(names, words.VIEWS, words.VISITS, words.PEOPLE)
    if page is None or figure is None or page == figure:
        return None
    return Columns(page, figure, None, _first(names, words.DATES), _first(names, words.HOSTS))


def _any(_table: Table, names: dict[str, str]) -> Columns | None:
    """Take a table of plain names; not one with dates, for nobody knows what they are of."""
    page, views, rank = _first(names, words.ADDRESSES), _first(names, words.VIEWS), _first(names, words.RANKS)
    if page is None or not (views or rank) or _first(names, words.DATES):
        return None
    return Columns(page, views, rank)


_LOOKS: dict[Kind, Callable[[Table, dict[str, str]], Columns | None]] = {
    Kind.plausible: _plausible,
    Kind.matomo: _matomo,
    Kind.ga4: _ga4,
    Kind.table: _any,
}


def _forced(table: Table, names: dict[str, str]) -> Columns | None:
    """Take the column that holds paths and the first that holds counts, where somebody said what wrote the table."""
    page = _column_of_pages(table)
    dates = _first(names, words.DATES)
    figure = _first(names, words.VIEWS, words.VISITS, words.PEOPLE) or next(
        (one for one in table.header if one not in (page, dates, "") and _mostly(table, one, is_count)), None
    )
    if page is None or figure is None:
        return None
    return Columns(page, figure, None, dates, _first(names, words.HOSTS))


def _first(names: dict[str, str], *groups: set[str] | frozenset[str]) -> str | None:
    """Return the first column whose name is in the first group that has any."""
    order = list(reversed(names))
    return next((names[name] for group in groups for name in order if name in group), None)


def _column_of_pages(table: Table) -> str | None:
    return next((name for name in table.header if name and _mostly(table, name, is_page)), None)


def _mostly(table: Table, column: str, fits: Callable[[str], bool]) -> bool:
    cells = [cell for row in table.sample if (cell := row.cells.get(column, ""))]
    return bool(cells) and sum(map(fits, cells)) >= len(cells) * MOSTLY


def _labels(cell: str) -> bool:
    """Tell whether a label of Matomo is of a page: /story, or news/story where folders are flattened."""
    return is_page(cell) or ("/" in cell and " " not in cell)


def _read(table: Table, kind: Kind, columns: Columns, site: str) -> Report:
    report = Report(kind, columns.views or columns.rank or "", days=days.stated(table.comments))
    report.told_by = "its comment lines" if report.days else ""
    _, rows = sheets.read(table.text, surplus=True)
    for order, row in enumerate(rows, start=1):
        if isinstance(row, RowError):
            report.rows.append(row)
            continue
        try:
            report.rows += _rows(row, kind, columns, site, order)
        except NoPage:
            report.left_out += 1
    return report


def _rows(row: sheets.Row, kind: Kind, columns: Columns, site: str, order: int) -> Iterator[ReadRow | RowError]:
    page = row.cells.get(columns.url, "")
    if (
        not page
        or words.folded(page) in words.TOTALS
        or any(words.folded(cell) in words.TOTALS for cell in row.surplus)
    ):
        raise NoPage
    if kind is Kind.matomo and not is_page(page) and _labels(page):
        page = f"/{page}"
    url = address(page, row.cells.get(columns.host, "") if columns.host else "", site)
    if any(row.surplus):
        yield RowError(row.where, "It has more cells than the header. Quote a text that holds the separator.")
        return
    try:
        yield figures(row, columns, url, order)
    except BadInput as error:
        yield RowError(row.where, str(error))
