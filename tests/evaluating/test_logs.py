"""Public click logs: their layouts as they are written, sorting, counting, and that nothing knows the future."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import BadInput, Refused
from digest.evaluating.asking import Question
from digest.evaluating.logs import ebnerd, layouts, mind
from digest.evaluating.logs.impressions import Impression, in_time
from digest.evaluating.logs.replaying import Counts, tried
from digest.evaluating.methods import Method, by_date, by_points, by_popularity
from digest.evaluating.sources import from_log
from digest.ranking.formula import DAILY

START = datetime(2023, 5, 21, 7, tzinfo=UTC)
QUICK = Question(draws=100)


def seen(minute: float, shown: str, clicked: str = "", user: str = "u") -> Impression:
    """Return an impression of articles with names of one letter."""
    return Impression(START + timedelta(minutes=minute), user, tuple(shown), frozenset(clicked))


def silent(_done: int) -> None:
    """Tell nobody."""


def write(folder: Path, name: str, rows: Iterable[object]) -> Path:
    """Write rows as JSON lines, or as they are where they are text."""
    file = folder / name
    file.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return file


def behavior(user: int, time: object, shown: object, clicked: object) -> dict[str, object]:
    """Return a row of EB-NeRD's behaviors, with a column that nobody needs."""
    return {
        "impression_id": 1,
        "user_id": user,
        "impression_time": time,
        "article_ids_inview": shown,
        "article_ids_clicked": clicked,
        "device_type": 2,
    }


def article(one: int, time: object) -> dict[str, object]:
    """Return a row of EB-NeRD's articles, with a total that knows the future."""
    return {"article_id": one, "title": "Titel", "published_time": time, "total_pageviews": 99_999}


# Layouts


def test_eb_nerd_is_read_from_json_lines(tmp_path):
    """Times with a blank, with a zone, or counted since 1970; empty lines are passed over."""
    file = write(
        tmp_path,
        "behaviors.jsonl",
        [
            behavior(7, "2023-05-21 09:06:50", [11, 12], [12]),
            behavior(8, "2023-05-21T11:06:50+02:00", [11], None),
            "",
            behavior(9, 1684660010000, [11], []),
            behavior(9, 1684660010000000, [11], []),
            behavior(9, 1684660010.0, [11], []),
        ],
    )
    found = list(ebnerd.impressions(file))
    assert {one.at for one in found} == {datetime(2023, 5, 21, 9, 6, 50, tzinfo=UTC)}
    assert found[0] == Impression(found[0].at, "7", ("11", "12"), frozenset({"12"}))
    assert found[1].clicked == frozenset()


@pytest.mark.parametrize("shown", ["[11, 12]", "[11 12]", "11;12", "[11.0, 12.0]"])
def test_eb_nerd_is_read_from_tables(tmp_path, shown):
    """Lists are written in more than one way."""
    file = write(
        tmp_path,
        "behaviors.csv",
        [
            "user_id,impression_time,article_ids_inview,article_ids_clicked",
            f'7,2023-05-21T09:06:50,"{shown}",[12]',
        ],
    )
    assert next(iter(ebnerd.impressions(file))).shown == ("11", "12")


def test_mind_is_read_as_it_is_published(tmp_path):
    """Five columns without a header, times of America, and a mark at each article for whether it was clicked."""
    file = write(
        tmp_path,
        "behaviors.tsv",
        ["1\tU13740\t11/11/2019 9:05:58 PM\tN55189 N42782\tN55689-1 N35729-0", "2\tU2\t11/12/2019 9:05:58 AM\t\tN1 N2"],
    )
    first, second = mind.impressions(file)
    assert first.at == datetime(2019, 11, 11, 21, 5, 58, tzinfo=UTC)
    assert (first.user, first.shown, first.clicked) == ("U13740", ("N55689", "N35729"), frozenset({"N55689"}))
    assert (second.shown, second.clicked) == (("N1", "N2"), frozenset())


def test_a_log_is_found_by_its_files(tmp_path):
    """Articles may stand one folder above, where EB-NeRD has them."""
    below = tmp_path / "train"
    below.mkdir()
    write(below, "behaviors.jsonl", [behavior(7, "2023-05-21T09:06:50", [11], [11])])
    write(tmp_path, "articles.csv", ["article_id,published_time", "11,2023-05-20 08:00:00"])
    log = layouts.find(below)
    assert log.layout == "EB-NeRD"
    assert log.published == {"11": datetime(2023, 5, 20, 8, tzinfo=UTC)}
    assert len(list(log.impressions())) == 1
    write(below, "behaviors.tsv", ["1\tU1\t11/11/2019 9:05:58 PM\t\tN1-1"])
    assert layouts.find(below).layout == "MIND"
    assert len(list(layouts.find(below).impressions())) == 1


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "holds no click log. It wants behaviors.tsv"),
        ({"behaviors.parquet": ""}, "Parquet files are not read. Convert them, for example with DuckDB"),
        ({"behaviors.csv": "user_id\n"}, "holds no articles.csv"),
        ({"behaviors.tsv": "one\ttwo\n"}, "line 1 has 2 columns, not 5"),
        ({"behaviors.tsv": "1\tU1\tyesterday\t\tN1-1\n"}, "'yesterday' is not a time such as 11/13/2019"),
        ({"behaviors.csv": "user_id\n1\n", "articles.csv": ""}, "has no impression_time and no article_ids_inview"),
        ({"behaviors.jsonl": "{\n", "articles.csv": ""}, "line 1 is no JSON"),
        ({"behaviors.jsonl": "[1]\n", "articles.csv": ""}, "line 1 is no JSON object"),
        ({"behaviors.csv": f'user_id\n"{"x" * 1_400_000}"\n', "articles.csv": ""}, "is no CSV: field larger"),
        (
            {
                "behaviors.csv": "user_id,impression_time,article_ids_inview,article_ids_clicked\n"
                "1,2023-05-21,[1 2 ... 9],[1]\n",
                "articles.csv": "",
            },
            "was cut short when it was exported",
        ),
        (
            {
                "behaviors.csv": "user_id,impression_time,article_ids_inview,article_ids_clicked\n1,soon,[1],[1]\n",
                "articles.csv": "",
            },
            "'soon' is not a time",
        ),
    ],
)
def test_what_is_no_log_is_refused_with_a_sentence(tmp_path, files, said):
    """The file, the line, and what is wanted."""
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        from_log(tmp_path, DAILY, QUICK)


# Time


@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from(["ab", "bc", "abc"])), max_size=30))
def test_impressions_come_by_time(rows):
    """However the file is sorted; those of one instant stay as they were, and nothing is lost."""
    found = [seen(minute, shown, shown[0], user=str(number)) for number, (minute, shown) in enumerate(rows)]
    assert list(in_time(found, silent)) == sorted(found, key=lambda one: one.at)


def test_one_hears_how_far_it_is():
    """Every thousand that were read, and every thousand that were ranked."""
    read: list[int] = []
    ranked: list[int] = []
    many = [seen(number, "ab", "a") for number in range(2_500)]
    tally, count = tried(in_time(many, read.append), {}, methods(), tell=ranked.append)
    assert (read, ranked, count) == ([1_000, 1_000], [1_000, 1_000], 2_500)
    assert tally.units("AUC") == 1


def methods() -> list[Method]:
    """Return ours, most read and newest."""
    return [Method("ours", by_points, DAILY), Method("read", by_popularity, DAILY), Method("newest", by_date, DAILY)]


OUT = {one: START - timedelta(hours=number) for number, one in enumerate("abcdef", start=1)}


def test_an_impression_is_ranked_by_what_was_clicked_before_it():
    """What was clicked before stands on top, by both methods that look at clicks."""
    before = [seen(minute, "abc", "c", user="other") for minute in range(9)]
    tally, _count = tried([*before, seen(10, "abc", "c", user="me")], OUT, [Method("read", by_popularity, DAILY)])
    values = tally.drawn(seed=1, draws=100)
    assert values.means["read", "AUC"] == pytest.approx((0 + 9) / 10)  # only the first knew nothing


def order_of(log: Sequence[Impression], at: int) -> dict[str, list[str]]:
    """Return how each method ranks the impression of a minute."""
    seen_orders: dict[str, list[str]] = {}

    def noted(method: Method) -> Method:
        def order(candidates, region, as_of, formula):
            found = method.order(candidates, region, as_of, formula)
            if as_of == START + timedelta(minutes=at):
                seen_orders[method.name] = found
            return found

        return Method(method.name, order, method.formula)

    tried(in_time(log, silent), OUT, [noted(one) for one in methods()])
    return seen_orders


ROWS = st.tuples(st.integers(0, 40), st.sampled_from(["abc", "cde", "abf", "def"]), st.integers(0, 2))


@given(st.lists(ROWS, max_size=20), st.lists(ROWS, max_size=20))
def test_no_later_click_changes_an_earlier_order(before, after):
    """Whatever happens in the same instant or afterwards: the order of an impression stays the same."""
    past = [seen(minute, shown, shown[number]) for minute, shown, number in before]
    now = seen(41, "abcdef", "d")
    future = [seen(41 + minute, shown, shown[number], user="x") for minute, shown, number in after]
    assert order_of([*past, now], 41) == order_of([*future, now, *past], 41)


def test_totals_and_late_dates_of_articles_are_not_believed(tmp_path):
    """A total over the whole log changes nothing, and an article that was shown is not newer than that."""
    late = {"a": START + timedelta(days=3)}
    counts = Counts(late)
    counts.count(seen(0, "ab", "b"))
    candidates = counts.candidates(seen(90, "ab"))
    assert [one.published_at for one in candidates] == [START, START]
    write(tmp_path, "articles.jsonl", [article(11, "2023-05-20T08:00:00")])
    assert ebnerd.published(tmp_path / "articles.jsonl") == {"11": datetime(2023, 5, 20, 8, tzinfo=UTC)}


def test_clicks_are_expected_evenly_and_forgotten_after_four_weeks():
    """Worked by hand: one click on three articles, then one on two; a month later the first is gone."""
    counts = Counts({})
    counts.count(seen(0, "abc", "a"))
    counts.count(seen(24 * 60, "ab", "b"))
    assert counts.expected == pytest.approx({"a": 1 / 3 + 1 / 2, "b": 1 / 3 + 1 / 2, "c": 1 / 3})
    assert counts.clicks == {"a": 1, "b": 1}
    counts.count(seen(28 * 24 * 60, "xy", "x"))
    assert counts.expected == pytest.approx({"a": 1 / 2, "b": 1 / 2, "x": 1 / 2, "y": 1 / 2})
    assert counts.clicks == {"b": 1, "x": 1}


def test_only_what_can_be_ranked_well_or_badly_is_ranked():
    """Not an impression without a click, nor one where all was clicked; of the others each so many-th."""
    log = [seen(0, "ab"), seen(1, "ab", "ab"), *(seen(number, "ab", "a") for number in range(2, 10))]
    assert tried(log, {}, methods())[1] == 8
    assert tried(log, {}, methods(), every=2)[1] == 4


def test_a_log_is_reported_with_what_it_cannot_tell(tmp_path):
    """Three measures, no badge among the orders, and the notes of its layout."""
    rows = [f"{n}\tU{n % 5}\t11/11/2019 9:{n:02}:58 PM\t\tN1-{n % 2} N2-{1 - n % 2} N3-0" for n in range(50)]
    write(tmp_path, "behaviors.tsv", rows)
    report = from_log(tmp_path, DAILY, QUICK)
    data = report.as_json()
    assert data["about"] == "50 impressions of a log in the layout of MIND, ranked by formula v1."
    assert data["measures"] == ["nDCG@10", "MRR", "AUC"]
    assert [one["method"] for one in data["methods"]] == ["ours (v1)", "Hacker News", "newest first", "popularity only"]
    assert any("when the log first showed it" in note for note in data["notes"])
    write(tmp_path, "behaviors.tsv", ["1\tU1\t11/11/2019 9:00:58 PM\t\tN1-0 N2-0"])
    with pytest.raises(Refused, match="has both a click and a story that was not clicked"):
        from_log(tmp_path, DAILY, QUICK)
