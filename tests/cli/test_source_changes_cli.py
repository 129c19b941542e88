"""`digest issues edit ISSUE take|keep`, what `draft` and `show` say of changes, and importing a page's file."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from digest.articles.models import article_id
from digest.cli.articles import commands as article_commands
from digest.cli.console import opened
from tests.articles.importing.page_samples import YOAST
from tests.cli.test_issues_cli import AT, app, home, newsroom_here, read, run
from tests.issues import newsroom

__all__ = ["app", "home", "newsroom_here"]  # fixtures

SLUG = "south-caucasus-1"
ID = str(article_id(f"meridian.example/{SLUG}"))
OLD = "Headline of south-caucasus-1 which is long enough to read"


def change(slug: str = SLUG, **values: str) -> None:
    """Change an article in the newsroom's system."""
    with opened() as product:
        newsroom.change(product.database, slug, **values)


@pytest.mark.usefixtures("newsroom_here")
def test_take_and_keep(app: typer.Typer):
    """What changed is listed, then taken or kept, with what it was; an own text that stays on top is said."""
    assert read(app, "issues", "draft", "weekly", "--at", AT)["source_changed"] == []
    change(headline="New", kicker="Port")
    change("eastern-europe-1", standfirst="New.")
    (first, second) = read(app, "issues", "draft", "weekly", "--at", AT)["source_changed"]
    assert (first["headline"], second["article_id"]) == (OLD.replace("south-caucasus", "eastern-europe"), ID)
    assert second["changed"] == {"headline": {"before": OLD, "after": "New"}, "kicker": {"before": "", "after": "Port"}}
    assert f"Source changed: headline, kicker of “{OLD}”." in run(app, "issues", "show", "1")
    assert "digest issues edit 1 take|keep ARTICLE|all" in run(app, "issues", "draft", "weekly", "--at", AT)
    run(app, "issues", "edit", "1", "set", "headline", "Ours", "--article", ID)
    taken = run(app, "issues", "edit", "1", "take", ID)
    assert f"Took over: headline, kicker of “{OLD}”." in taken
    assert f'Your own headline stays on top; `set headline "" --article {ID}` takes it off.' in taken
    kept = read(app, "issues", "edit", "1", "keep", "all")
    assert [list(one["changed"]) for one in kept["changes"]] == [["standfirst"]]
    assert list(kept["edits"]["kept"]) == [kept["changes"][0]["article_id"]]
    assert read(app, "issues", "show", "1")["source_changed"] == []
    assert "Nothing was changed" in run(app, "issues", "edit", "1", "take", "https://meridian.example/central-asia-1")
    change(image_url="https://meridian.example/new.jpg")
    run(app, "issues", "edit", "1", "set", "alt", "Ours", "--article", ID)
    assert "Your own alt stays on top" in run(app, "issues", "edit", "1", "take", "all")


def test_a_saved_page_is_imported(home: Path):
    """The page says where it belongs; a page without an article is refused with a sentence."""
    (home / "page.html").write_text(str(YOAST.html), encoding="utf-8")
    (home / "bare.html").write_text("<!doctype html><html><body>hi</body></html>", encoding="utf-8")
    result = CliRunner().invoke(article_commands, ["import", "page.html", "bare.html", "--json"])
    good, bad = json.loads(result.stdout)
    assert (result.exit_code, good["new"]) == (0, 1)
    assert bad["errors"][0]["sentence"] == "It is a web page without a headline, so it is no article."
