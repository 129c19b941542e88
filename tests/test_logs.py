"""A line of the log says what it is about, in one form, and never who somebody is or what opens something."""

import io
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from timeit import timeit
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from digest import logs, settings
from digest.database import Database
from digest.sending import sender
from digest.sending.provider import NotTaken
from tests.conftest import NOW, STRONG
from tests.sending import newsroom
from tests.sending.fakes import Never, Scripted, means

LOG = logging.getLogger("digest.test")
TOKEN = "AbCd1234_efGH-5678.zZ"


@pytest.fixture
def told() -> Iterator[Callable[..., io.StringIO]]:
    """Return how to set logging up into a text; afterwards all is as before."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, {name: logging.getLogger(name).level for name in ("digest", "subscribers")}

    def made(form: str = "text", level: str = "info", secrets: Any = ()) -> io.StringIO:
        stream = io.StringIO()
        logs.set_up(form, level, secrets, stream)
        return stream

    yield made
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = before[0], before[1]
    for name, level in before[2].items():
        logging.getLogger(name).setLevel(level)


def broken(reason: str) -> None:
    """Raise an error with a reason."""
    raise ValueError(reason)


def test_a_line_says_when_how_bad_where_and_what_it_is_about(told):
    """Text: all of it on one line, and what a piece of work said it is about is gone when it is over."""
    stream = told()
    with logs.about(issue=7, batch=UUID(int=3)), logs.about(account="postmark"):
        LOG.warning("it was %s", "slow", extra={"delivery": "7.41"})
    LOG.info("over")
    first, second = stream.getvalue().splitlines()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING digest\.test: it was slow "
        rf"\[issue=7 batch={UUID(int=3)} delivery=7\.41 account=postmark\]",
        first,
    )
    assert second.endswith("INFO    digest.test: over")


def test_machines_get_one_object_on_each_line_whatever_was_logged(told):
    """JSON: the fields by name, a traceback inside, and nothing can begin a line of its own."""
    stream = told("json")
    with logs.about(issue=7, run=None):
        try:
            broken("bad\nthing of lena@example.org")
        except ValueError:
            LOG.exception('two\nlines "quoted" \x1b[31m')
    (line,) = stream.getvalue().splitlines()
    said = json.loads(line)
    assert (said["level"], said["logger"], said["issue"]) == ("error", "digest.test", "7")
    assert said["message"] == 'two\\nlines "quoted" \\x1b[31m'
    assert "run" not in said
    assert "ValueError" in said["trouble"]
    assert "lena" not in said["trouble"]


def test_the_level_says_what_is_logged_and_libraries_are_quiet(told):
    """At warning an info of ours is not there; at debug one of a library is not either."""
    stream = told(level="warning")
    LOG.info("quiet")
    stream = told(level="debug")
    LOG.debug("ours")
    logging.getLogger("some.library").info("theirs")
    assert [line.rpartition(": ")[2] for line in stream.getvalue().splitlines()] == ["ours"]


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    ("hostile", "never"),
    [
        ("to lena.k+news@mail.example.org now", "lena"),
        ("<lena@example.org>,<ana@example.org>", "ana@"),
        ("mailto:lena@example.org?subject=x", "lena"),
        ("user=lena%40example.org&x=1", "lena"),
        ("“o'connor@example.org”", "connor@"),
        ("björn@exämple.org", "björn"),
        (f"GET /u/{TOKEN} HTTP/1.1", TOKEN),
        (f"https://digest.example.org/p/{TOKEN}/pause?x=1", TOKEN),
        (f"/c/{TOKEN}?u=https%3A%2F%2Fexample.org", TOKEN),
        (f"/review/{TOKEN}/up/5", TOKEN),
        (f"/confirm/{TOKEN}.", TOKEN),
        ("postgresql://digest:hunter2secret@db.example.org:5432/news", "hunter2secret"),
        ("smtp://lena%40example.org:pa55word@mail.example.org:587", "pa55word"),
        ("Authorization: Bearer sk-live-abcdef123456", "abcdef123456"),
        ("{'Authorization': 'Basic dXNlcjpwYXNz'}", "dXNlcjpwYXNz"),
        ('{"api_key": "SG.verysecret.value"}', "verysecret"),
        ("X-Postmark-Server-Token: 1f2e3d4c-5b6a", "1f2e3d4c"),
        ("password=correct-horse next=1", "correct-horse"),
        ("https://api.example.org/x?api_key=abc123def&y=1", "abc123def"),
        ("the key dgst_Zm9vYmFyYmF6cXV4 was shown", "Zm9vYmFyYmF6cXV4"),
        (f"echo of the settings: {STRONG}!", STRONG),
        ("key with a slash%2Finside%3D here", "slash%2Finside%3D"),
    ],
)
def test_nothing_that_names_somebody_or_opens_something_is_in_a_line(told, form: str, hostile: str, never: str):
    """Whatever it comes in: the message, its values, a traceback, the name of a logger."""
    stream = told(form, secrets=[STRONG, "slash/inside="])
    LOG.warning(hostile)
    LOG.warning("it said %r", {"x": hostile})
    logging.getLogger(f"digest.{hostile}").warning("x")
    try:
        broken(hostile)
    except ValueError:
        LOG.exception("trouble")
    assert never not in stream.getvalue()
    assert stream.getvalue().count("•••") >= 4


def test_ids_are_not_masked_and_ordinary_words_are_left_alone(told):
    """What tells pieces of work apart stays; a time, a path, a number or a word is not taken for a secret."""
    stream = told()
    plain = "issue 7 at 06:00: 12 of 500, /desk/issues/7/sending, token of the day, https://example.org/u/7"
    with logs.about(batch="0b6c2a52-ffff-4a4b-8e3f-123456789abc", account="second-account"):
        LOG.info(plain)
    assert plain in stream.getvalue()
    assert "batch=0b6c2a52-ffff-4a4b-8e3f-123456789abc" in stream.getvalue()


@given(st.text(max_size=200))
def test_any_text_makes_one_line_of_text_and_one_object(text: str):
    """No text breaks a line, or the JSON around it."""
    record = logging.LogRecord("digest", logging.INFO, "file", 1, "%s", (text,), None)
    assert len(logs.Masking().format(record).splitlines()) == 1
    assert json.loads(logs.Json().format(record))["level"] == "info"


def test_a_wrong_format_string_is_logged_all_the_same():
    """A mistake of ours does not stop the work, and is visible."""
    record = logging.LogRecord("digest", logging.INFO, "file", 1, "%d readers", ("lena@example.org",), None)
    said = logs.Masking().format(record)
    assert "its values do not fit" in said
    assert "lena" not in said


def test_every_secret_of_the_settings_is_known(tmp_path):
    """Those of further accounts, old keys, and the password in the address of the database."""
    second = {"provider": "postmark", "api_key": "second-secret-key"}
    made = settings.load(
        tmp_path,
        secret_key=STRONG,
        address_key=STRONG[::-1],
        secret_keys_old=["old-secret-old-secret"],
        database_url="postgresql://digest:database-password@db/news",
        provider="smtp",
        smtp_url="smtp://user:smtp-password@mail.example.org",
        accounts={"second": second},
    )
    wanted = {STRONG, STRONG[::-1], "old-secret-old-secret", "database-password", "smtp-password", "second-secret-key"}
    assert wanted <= set(logs.secrets_of(made))
    assert isinstance(made.secret_key, SecretStr)


def test_setting_up_again_does_not_say_everything_twice(told):
    """A process that sets it up twice (a test, a demo) has each line once."""
    told()
    stream = told()
    LOG.info("once")
    assert stream.getvalue().count("once") == 1


def test_where_lines_are_json_a_sentence_is_one_of_them(told, capsys):
    """People read sentences on standard output; machines find them among the lines."""
    stream = io.StringIO()
    told()
    logs.set_up("text", "info", (), stream)("issue 7 is sent")
    assert capsys.readouterr().out == "issue 7 is sent\n"
    logs.set_up("json", "info", (), stream)("issue 8 is sent")
    assert json.loads(stream.getvalue())["message"] == "issue 8 is sent"


def test_each_thread_says_what_its_own_work_is_about(told):
    """Two workers at once do not mix up their issues."""
    stream, gate = told(), threading.Barrier(2)

    def work(number: int) -> None:
        with logs.about(issue=number):
            gate.wait()
            LOG.info("worked on %d", number)

    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in (1, 2):
        assert f"worked on {number} [issue={number}]" in stream.getvalue()


def test_a_sending_says_which_issue_batch_and_account_went_wrong(told, tmp_path, clock):
    """The provider's words stand in the line, without the reader's address in them; at debug each batch has one."""
    stream = told("json", "debug")
    database = Database(f"sqlite:///{tmp_path}/logs.db", clock)
    from digest.tables import METADATA  # noqa: PLC0415 - only here

    METADATA.create_all(database.engine)
    newsroom.queue(database, newsroom.make(database, readers=3))
    provider = Scripted([NotTaken("busy with reader-1@example.org", retry_after=1.0)])
    tools = means(database, clock, provider)
    sender.run(tools, 1, Never())
    clock.at = NOW + timedelta(minutes=10)
    sender.run(tools, 1, Never())
    database.close()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(one["level"], one["issue"], one["account"]) for one in lines] == [
        ("warning", "1", "scripted"),
        ("debug", "1", "scripted"),
    ]
    assert lines[0]["batch"] != lines[1]["batch"]
    assert "NotTaken: busy with r•••@example.org" in lines[0]["message"]
    assert lines[1]["message"] == "3 of 3 readers accepted"


def test_saying_what_work_is_about_costs_next_to_nothing():
    """A batch says it twice and logs nothing at the usual level: some microseconds, where a call takes milliseconds."""

    def batch() -> None:
        with logs.about(issue=1, account="x"), logs.about(batch="y"):
            LOG.isEnabledFor(logging.DEBUG)

    assert timeit(batch, number=2_000) / 2_000 < 100e-6
