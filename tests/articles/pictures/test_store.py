"""The folder of pictures: by the hash of their content, whole or not at all."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from digest.articles.pictures.store import NAME, CannotKeep, PictureStore, cut_pictures
from digest.errors import BadInput, SettingsError
from digest.settings import Settings, load
from tests.articles.pictures.making import BLUE, jpeg, seen
from tests.conftest import STRONG

BASE = "https://digest.example"


@pytest.fixture
def store(tmp_path: Path) -> PictureStore:
    """Return a store whose folder is not made yet."""
    return PictureStore(tmp_path / "pictures", f"{BASE}/")


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file grow over a thousand bytes, as on a disk that is nearly full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_both_cuts_are_kept_by_their_content(store):
    """Named by its hash, whatever it was called; again, it is the same two files, untouched."""
    kept = store.keep_cut(jpeg())
    assert (kept.lead_width, kept.lead_height) == (1280, 720)
    files = {path.name: path.stat().st_mtime_ns for path in store.folder.iterdir()}
    assert set(files) == {kept.lead, kept.thumb}
    assert all(NAME.fullmatch(name) for name in files)
    assert seen((store.folder / kept.thumb).read_bytes()).size == (504, 336)
    assert (store.folder / kept.lead).stat().st_mode & 0o444 == 0o444, "the web door may be another user"
    assert store.keep_cut(jpeg()) == kept
    assert {path.name: path.stat().st_mtime_ns for path in store.folder.iterdir()} == files
    assert store.keep_cut(jpeg(color=BLUE)).lead not in files
    assert store.url(kept.lead) == f"{BASE}/pictures/{kept.lead}"


def test_an_address_of_ours_is_read_from_the_folder(store, tmp_path):
    """Under the base URL of today or of before; what is gone is a sentence; what is somebody else's is left to them."""
    (tmp_path / "p.jpg").write_bytes(jpeg())
    url = store.keep(tmp_path / "p.jpg")
    name = url.rpartition("/")[2]
    assert store.own(url) == jpeg()
    assert store.own(f"https://old.example/pictures/{name}") == jpeg()
    assert store.own("https://news.example/pictures/p.jpg") is None
    assert store.own("https://news.example/p.jpg") is None
    missing = name[:-5] + ("0" if name[-5] != "0" else "1") + ".jpg"
    for wrong in (missing, "../test.db", "notes.txt", ""):
        with pytest.raises(BadInput, match="The folder of pictures has no"):
            store.own(f"{BASE}/pictures/{wrong}")
    assert store.own(f"https://news.example/pictures/{missing}") is None


@pytest.mark.parametrize("cut", [True, False])
def test_a_full_disk_leaves_no_half_picture(store, tmp_path, cut):
    """A sentence that says where to make room; nothing of the file remains, and later it is kept."""
    file = tmp_path / "p.jpg"
    file.write_bytes(jpeg())

    def keep() -> None:
        store.keep_cut(jpeg()) if cut else store.keep(file)

    with full_disk(), pytest.raises(CannotKeep, match=r"could not be kept in .*pictures: File too large\. Make room"):
        keep()
    assert list(store.folder.iterdir()) == []
    keep()
    assert len(list(store.folder.iterdir())) == (2 if cut else 1)


def test_a_folder_that_takes_nothing_is_a_sentence(tmp_path):
    """Where a file stands in its place."""
    (tmp_path / "pictures").write_text("a file", encoding="ascii")
    with pytest.raises(CannotKeep, match="could not be kept"):
        PictureStore(tmp_path / "pictures", BASE).keep_cut(jpeg())
    assert (tmp_path / "pictures").read_text(encoding="ascii") == "a file"


def test_many_may_keep_the_same_picture_at_once(store):
    """None stumbles over the half file of another."""
    problems: list[BaseException] = []

    def keep() -> None:
        try:
            for _ in range(5):
                store.keep_cut(jpeg())
        except BaseException as error:  # noqa: BLE001 - reported by the test
            problems.append(error)

    threads = [Thread(target=keep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(list(store.folder.iterdir())) == 2


def test_a_setting_says_whose_pictures_the_mails_show(tmp_path):
    """Our own cut copies, or the newsroom's; another word is refused with a sentence."""

    def settings(**given: str) -> Settings:
        return load(tmp_path, secret_key=STRONG, address_key=STRONG[::-1], base_url=BASE, **given)

    assert cut_pictures(settings()) == PictureStore(tmp_path / "pictures", BASE)
    assert cut_pictures(settings(pictures="newsroom")) is None
    with pytest.raises(SettingsError, match="DIGEST_PICTURES is wrong: Input should be 'own' or 'newsroom'"):
        settings(pictures="none")
