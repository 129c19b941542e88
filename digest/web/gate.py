"""Who may come in at the desk: sessions by cookie, roles, and POSTs of our own pages alone."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from digest import users
from digest.bootstrap import App
from digest.editors import listing
from digest.editors.links import Door
from digest.errors import DigestError, Refused
from digest.issues import finding
from digest.users import Role, User
from digest.web import around, openid, returning
from digest.web import review_pages as pages
from digest.web.acting import Act, Acts, of_our_page, status_of
from digest.web.review_pages import Seen, page
from subscribers.errors import SubscribersError

COOKIE: Final = "digest_desk"
SAFE_COOKIE: Final = f"__Host-{COOKIE}"  # over https no other host can set it
ELSEWHERE: Final = "This did not come from our own page. Open the desk again."

Show = Callable[[User], Response]


@dataclass(frozen=True)
class Gate:
    """Lets people through to an issue, or says why not."""

    app: App
    acts: Acts

    def changed(self, number: str, request: Request, act: Act, role: Role = Role.editor) -> Response:
        """Let a POST of our own page act on an issue."""
        if not self.is_ours(request):
            return self._elsewhere()
        return self.answer(number, request, act, role)

    def answer(self, number: str, request: Request, act: Act, role: Role = Role.editor) -> Response:
        """Let who is signed in look at an issue, or act on it; or say what is wrong."""
        user = self.user(request)
        if user is None:
            return self.sign_in_first(request)
        try:
            seen = self._seen(number, user)
        except DigestError as error:
            return self.list(user, notice=str(error), status=status_of(error))
        try:
            self.demand(user, role, "approve or send an issue")
            return act(seen)
        except DigestError as error:
            return pages.refused(seen, str(error), status_of(error))

    def enter(
        self, request: Request, show: Show, role: Role = Role.editor, what: str = "do that", *, changes: bool = False
    ) -> Response:
        """Let who is signed in, and has the role, to a page that is about no issue; or say what is wrong.

        ``changes``: it is a POST, and must come from our own page.
        """
        if changes and not self.is_ours(request):
            return self._elsewhere()
        user = self.user(request)
        if user is None:
            return self.sign_in_first(request)
        try:
            self.demand(user, role, what)
            return show(user)
        except (DigestError, SubscribersError) as error:
            return self.list(user, notice=str(error), status=status_of(error))

    def _seen(self, number: str, user: User) -> Seen:
        with self.app.database.reading() as session:
            issue = finding.issue(session, number)
        door = Door(f"{self.app.settings.base_url}/desk/issues/{issue.number}")
        return Seen(
            self.app,
            door,
            user.address,
            self.acts.read(issue.id),
            at_desk=True,
            may_approve=users.may(user, Role.approver),
        )

    @staticmethod
    def demand(user: User, role: Role, what: str) -> None:
        """Raise Refused where somebody's role does not reach."""
        if not users.may(user, role):
            raise Refused(f"You are {user.role} here; to {what} one has to be {role}. An operator can change that.")

    def user(self, request: Request) -> User | None:
        """Return who is signed in, and note now and then that they are here."""
        token, now = request.cookies.get(self.cookie, ""), self.app.clock.now()
        with self.app.database.reading() as session:
            found = users.signed_in(session, token, now) if token else None
        if found is None:
            return None
        user, held = found
        if users.is_to_note(held, now):
            with self.app.database.writing() as session:
                users.note_use(session, held, now)
        around.looks(self.app, user)
        return user

    def list(self, user: User, *, done: str = "", notice: str = "", status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
        """Return the page of all issues."""
        at = self.app.clock.now()
        with self.app.database.reading() as session:
            values = {"lines": listing.lines(session, at), "planned": listing.runs_ahead(session, at)}
        return page_for(user, "issues", status, done=done, notice=notice, **values)

    def sign_in_first(self, request: Request) -> Response:
        """Lead to the form, and from it back: to the page itself, or to the one whose button was pressed."""
        return RedirectResponse(f"/desk/sign-in?next={quote(returning.after(request))}", HTTPStatus.SEE_OTHER)

    def asked(
        self, *, after: str = "/desk", address: str = "", notice: str = "", nobody: bool = False
    ) -> dict[str, Any]:
        """Return what the form to sign in shows."""
        settings = self.app.settings
        given = {"next": after, "address": address[: users.LONGEST_ADDRESS], "notice": notice, "nobody": nobody}
        ways = {"openid": openid.name(settings), "by_password": not settings.openid_only, "after": quote(after)}
        return {"at_desk": True, "who": ""} | given | ways

    def _elsewhere(self) -> HTMLResponse:
        return page("sign_in", HTTPStatus.FORBIDDEN, **self.asked(notice=ELSEWHERE))

    def is_ours(self, request: Request) -> bool:
        """Tell whether a POST came from our own page."""
        return of_our_page(request.headers, self.app.settings.base_url)

    @property
    def cookie(self) -> str:
        """Return the name of the cookie."""
        return SAFE_COOKIE if self.is_safe else COOKIE

    @property
    def is_safe(self) -> bool:
        """Tell whether we are reached over https."""
        return self.app.settings.base_url.startswith("https://")


def page_for(user: User, template: str, status: HTTPStatus = HTTPStatus.OK, /, **values: Any) -> HTMLResponse:
    """Return a page of the desk that is about no issue, for who is signed in."""
    return page(template, status, **({"at_desk": True, "who": user.address, "done": "", "notice": ""} | values))
