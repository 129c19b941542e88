"""The desk's pages of files of readers: bringing them in, how each is read, how far it is; and taking readers out.

For operators alone. A file is streamed to the disk; workers import it, and a page only says how far they are.
"""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from digest.desk_log import note
from digest.errors import BadInput, DigestError, NotFound
from digest.users import Role, User
from digest.web import import_forms as forms
from digest.web.acting import fields_of, status_of
from digest.web.gate import Gate, page_for
from digest.web.review_pages import policy
from digest.web.uploading import LARGEST, Upload, receive
from subscribers import (
    BANS,
    BUSY,
    FORMATS,
    SYSTEMS,
    Brought,
    ReaderFiles,
    export_pages,
    headings,
    lists,
    preview,
    recognised,
    survey,
)
from subscribers.errors import SubscribersError
from subscribers.pages import BOTH_WAYS

Fields = dict[str, list[str]]
_WHAT: Final = "bring readers in or take them out"
_ZIP: Final = b"PK\x03\x04"
_UNPACK: Final = "This is a ZIP archive. Unpack it, and bring the CSV files in it one by one."
_LET_IN: Final = HTTPStatus.NO_CONTENT


def router(gate_: Gate) -> APIRouter:
    """Return the routes under /desk/imports."""
    doors = _Imports(gate_)
    made = APIRouter(prefix="/desk/imports")
    made.add_api_route("", doors.files, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("", doors.bring, methods=["POST"], response_model=None)
    made.add_api_route("/export", doors.export, methods=["POST"], response_model=None)
    made.add_api_route("/{number}", doors.file, methods=BOTH_WAYS, response_model=None)
    made.add_api_route("/{number}", doors.act, methods=["POST"], response_model=None)
    made.add_api_route("/{number}/errors.csv", doors.broken, methods=BOTH_WAYS, response_model=None)
    return made


@dataclass(frozen=True)
class _Imports:
    gate: Gate

    @property
    def store(self) -> ReaderFiles:
        """Return the files."""
        return ReaderFiles(self.gate.app.settings.imports_dir)

    def files(self, request: Request) -> Response:
        """Show the files, and the forms that bring one and that take readers out."""
        return self.gate.enter(request, self._files, Role.operator, _WHAT)

    async def bring(self, request: Request) -> Response:
        """Take a file in: nothing of it is read before it is known who brings it."""
        enter = partial(self.gate.enter, request, role=Role.operator, what=_WHAT, changes=True)
        refused = await run_in_threadpool(enter, lambda _: Response(status_code=_LET_IN))
        if refused.status_code != _LET_IN:
            return refused
        number, path = await run_in_threadpool(self.store.begin)
        try:
            upload = await receive(request, path)
        except DigestError as error:
            path.unlink(missing_ok=True)
            return await run_in_threadpool(enter, partial(self._files, notice=str(error), status=status_of(error)))
        except BaseException:  # the connection broke off
            path.unlink(missing_ok=True)
            raise
        return await run_in_threadpool(enter, partial(self._brought, number=number, path=path, upload=upload))

    def file(self, number: str, request: Request) -> Response:
        """Show how a file is read, and how far it is."""
        return self.gate.enter(request, partial(self._file, number=number), Role.operator, _WHAT)

    def act(self, number: str, request: Request, form: Annotated[Fields, Depends(fields_of)]) -> Response:
        """Say how a file is to be read; try, start or stop it; forget it."""
        act = partial(self._act, number=number, form=form)
        return self.gate.enter(request, act, Role.operator, _WHAT, changes=True)

    def broken(self, number: str, request: Request) -> Response:
        """Give the rows that could not be imported, each with its reason."""
        return self.gate.enter(request, partial(self._broken, number=number), Role.operator, _WHAT)

    def export(self, request: Request, form: Annotated[Fields, Depends(fields_of)]) -> Response:
        """Give readers as a system's CSV."""
        return self.gate.enter(request, partial(self._export, form=form), Role.operator, _WHAT, changes=True)

    def _files(self, user: User, notice: str = "", status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
        with self.gate.app.database.reading() as session:
            values: dict[str, Any] = {"files": [forms.line(one) for one in self.store.all(session)]}
            values["lists"] = lists(session)
        values |= {"systems": [SYSTEMS[name] for name in FORMATS], "most": LARGEST // 1_000_000}
        return page_for(user, "imports", status, notice=notice, **values)

    def _brought(self, user: User, number: UUID, path: Path, upload: Upload) -> Response:
        kind = upload.fields.get("kind", "readers")
        with path.open("rb") as raw:
            zipped = raw.read(len(_ZIP)) == _ZIP
            raw.seek(0)
            seen = survey(raw)
        if zipped:
            path.unlink(missing_ok=True)
            return self._files(user, notice=_UNPACK, status=HTTPStatus.BAD_REQUEST)
        app, at = self.gate.app, self.gate.app.clock.now()
        known: dict[str, Any] = {"name": upload.name, "size": upload.size, "who": user.address}
        known |= {"kind": kind if kind == "bans" else "readers", "encoding": seen.encoding, "rows": seen.rows}
        with app.database.writing() as session:
            self.store.add(session, number, at=at, **known)
            note(session, user.address, "brought", f"file {number}", at=at, after=upload.name)
        return _to(number)

    def _file(self, user: User, number: str, notice: str = "", status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
        app, now = self.gate.app, self.gate.app.clock.now()
        one = self._known(number)
        with app.database.reading() as session:
            known = lists(session)
        values: dict[str, Any] = {"file": one, "line": forms.line(one), "how": forms.progress(one, app.database.now())}
        values |= {"live": one.state in BUSY, "systems": list(SYSTEMS.values()), "reasons": sorted(BANS)}
        values |= {"chosen": one.choice, "shown": None, "today": f"{now:%Y-%m-%d}", "settings_folder": "imports_dir"}
        if one.state not in (*BUSY, "done"):
            shown, problem = self._preview(one)
            values |= {"shown": shown}
            notice = notice or problem
        values |= {"known_lists": known}
        answer = page_for(user, "import", status, notice=notice, **values)
        if values["live"]:
            answer.headers["Content-Security-Policy"] = f"{policy()}; script-src 'self'; connect-src 'self'"
        return answer

    def _preview(self, one: Brought) -> tuple[dict[str, Any] | None, str]:
        """Return what the first rows come to, or a sentence that says why they cannot be read."""
        app = self.gate.app
        try:
            report = preview(app.database, app.keys, self.store, one, app.clock.now())
            problem = ""
        except SubscribersError as error:
            report, problem = recognised(self.store, one), str(error)
        except OSError as error:
            return None, f"The file cannot be read: {error.strerror}. Bring it again."
        with app.database.reading() as session:
            return forms.preview(one, report, lists(session)), problem

    def _act(self, user: User, number: str, form: Fields) -> Response:
        one, order = self._known(number), form.get("order", [""])[-1]
        app, at = self.gate.app, self.gate.app.clock.now()
        try:
            if order not in ("choose", "count", "start", "stop", "remove"):
                raise BadInput("The form does not say what to do. Open the page again.")
            chosen = forms.choice(form, one, headings(self.store, one), at) if "form" in form else None
            with app.database.writing() as session:
                if chosen is not None:
                    self.store.choose(session, one.id, chosen, at)
                if order == "remove":
                    self.store.remove(session, one.id)
                elif order != "choose":
                    {"count": self.store.count, "start": self.store.start, "stop": self.store.stop}[order](
                        session, one.id, at
                    )
                said = {"name": one.name} | ({"chosen": chosen.stored()} if chosen else {})
                note(session, user.address, order, f"file {one.id}", at=at, after=said)
        except (DigestError, SubscribersError) as error:
            return self._file(user, number, notice=str(error), status=status_of(error))
        return RedirectResponse("/desk/imports", HTTPStatus.SEE_OTHER) if order == "remove" else _to(one.id)

    def _broken(self, user: User, number: str) -> Response:
        one = self._known(number)
        path = self.store.broken_path(one.id)
        if not path.is_file() or not one.broken:
            return self._file(user, number, notice="No row of it was broken.", status=HTTPStatus.NOT_FOUND)
        headers = {"Cache-Control": "no-store"}
        return FileResponse(path, media_type="text/csv", filename=f"{one.name}.errors.csv", headers=headers)

    def _export(self, user: User, form: Fields) -> Response:
        app, said = self.gate.app, {name: values[-1] for name, values in form.items()}
        system, who = said.get("system", ""), said.get("who", "")
        try:
            pages = export_pages(app.database, lists=form.get("lists", []), system=system, who=who)
        except SubscribersError as error:
            return self._files(user, notice=str(error), status=status_of(error))
        at = app.clock.now()
        with app.database.writing() as session:
            order = {"system": system, "who": who, "lists": form.get("lists", [])}
            note(session, user.address, "exported", "readers", at=at, after=order)
        name = f"readers-{system}-{who}-{at:%Y-%m-%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return StreamingResponse(pages, media_type="text/csv; charset=utf-8", headers=headers)

    def _known(self, number: str) -> Brought:
        """Return a file. Raises NotFound."""
        try:
            with self.gate.app.database.reading() as session:
                return self.store.get(session, UUID(number))
        except (ValueError, SubscribersError) as error:
            raise NotFound("There is no such file here any more. Bring it again.") from error


def _to(number: UUID) -> Response:
    return RedirectResponse(f"/desk/imports/{number}", HTTPStatus.SEE_OTHER)
