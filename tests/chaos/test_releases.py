"""A rolling upgrade: workers of an old and a new release send side by side, and who no longer fits goes."""

from pathlib import Path

import pytest

from digest import migrating
from tests.chaos import trial
from tests.chaos.places import Ground
from tests.chaos.regressions import KEYED, small
from tests.chaos.workers import Nursery

GROUNDS = pytest.mark.parametrize("ground", ["sqlite", "postgresql"], indirect=True)
READERS = 300
BEAT = 0.3  # seconds
KIND, STRICT = "9998", "9999"


def migration(folder: Path, revision: str, before: str, oldest: str) -> None:
    """Write a migration of a release to come, and the oldest that it lets work beside it."""
    lines = [
        "import sqlalchemy as sa",
        "from alembic import op",
        f'revision, down_revision, oldest = "{revision}", "{before}", "{oldest}"',
        "def upgrade() -> None:",
        f'    op.add_column("delivery", sa.Column("mood_{revision}", sa.Integer(), nullable=True))',
        f'    op.create_table("mood_{revision}", sa.Column("id", sa.Integer(), primary_key=True))',
    ]
    (folder / f"{revision}.py").write_text("\n".join(lines))


@GROUNDS
def test_an_old_and_a_new_release_work_side_by_side(ground: Ground, nursery: Nursery, tmp_path: Path):
    """The database is upgraded in mid-send: both send on. One that allows it no more ends their work."""
    here = str(migrating.newest())
    newer, newest = tmp_path / "newer", tmp_path / "newest"
    for folder in (newer, newest):
        folder.mkdir()
        migration(folder, KIND, here, oldest=here)
    migration(newest, STRICT, KIND, oldest=STRICT)
    plan = small(1, KEYED, readers=READERS, per_call=4, latency=0.3, queued=True)
    with trial.under_way(ground, nursery, plan) as voyage:
        old = voyage.start(beat=BEAT)
        voyage.until_called(2)
        voyage.command("database", "upgrade", release=str(newer))
        assert migrating.current(voyage.place.database) == KIND
        new = voyage.start(beat=BEAT, release=str(newer))
        voyage.until(new.is_at_work)
        voyage.until_called(voyage.api.requests + 12)  # some beats of each later
        assert (old.ended(), new.ended()) == (None, None)
        voyage.command("database", "upgrade", release=str(newest))
        for worker, known in ((old, here), (new, KIND)):
            said = voyage.stopped(worker)
            assert f"beside which only a release that knows {STRICT} may work; this one knows {known}" in said
        assert voyage.status() == "sending"
        last = voyage.start(release=str(newest))
        voyage.until(voyage.is_done)
        last.leave()
        assert trial.broken(voyage) == []
        assert voyage.report.states == {"accepted": READERS}
