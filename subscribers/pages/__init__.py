"""The pages of readers: sign up, confirm, choose, leave, move, take their data or be forgotten.

GET and HEAD change nothing, whoever follows the links. POST does, at once and without a cookie: what a page may do
stands in the signed token of its address, so another site can press nothing in a reader's name.
"""

from typing import Any

from fastapi import APIRouter

from subscribers.pages.choosing import Choosing
from subscribers.pages.confirming import Confirming
from subscribers.pages.forms import BOTH_WAYS as BOTH_WAYS
from subscribers.pages.forms import Form as Form
from subscribers.pages.frame import Frame
from subscribers.pages.joining import Joining
from subscribers.pages.leaving import Leaving
from subscribers.pages.own_data import OwnData
from subscribers.pages.ports import Clock as Clock
from subscribers.pages.ports import Letter as Letter
from subscribers.pages.ports import Offer as Offer
from subscribers.pages.ports import Ports as Ports
from subscribers.pages.ports import Translation as Translation
from subscribers.pages.still import Still
from subscribers.rhythm import Companion as Companion


def router(ports: Ports) -> APIRouter:
    """Return the routes /join, /link, /confirm, /p, /me, /move, /stay, /still, /u and /undo, each with its token."""
    frame = Frame(ports)
    leaving, choosing, joining = Leaving(frame), Choosing(frame), Joining(frame)
    confirming, own, still = Confirming(frame), OwnData(frame), Still(frame)
    made = APIRouter()
    for path, show, act in (
        ("/u/{token}", leaving.show_unsubscribe, leaving.unsubscribe),
        ("/undo/{token}", leaving.show_undo, leaving.undo),
        ("/p/{token}", choosing.show, choosing.save),
        ("/join", joining.show, joining.join),
        ("/join/{family}", joining.show, joining.join),
        ("/link", joining.show_link, joining.mail_link),
        ("/confirm/{token}", confirming.show, confirming.confirm),
        ("/move/{token}", confirming.show_move, confirming.move),
        ("/stay/{token}", confirming.show_stay, confirming.stay),
        ("/me/{token}", own.show, own.move),
        ("/still/{token}", still.show, still.yes),
    ):
        made.add_api_route(path, show, methods=BOTH_WAYS, response_model=None)
        made.add_api_route(path, act, methods=["POST"], response_model=None)
    presses: tuple[tuple[str, Any], ...] = (
        ("/p/{token}/order", choosing.order),
        ("/p/{token}/pause", choosing.pause),
        ("/p/{token}/fresh", choosing.fresh),
        ("/me/{token}/data", own.data),
        ("/me/{token}/erase", own.erase),
    )
    for path, press in presses:
        made.add_api_route(path, press, methods=["POST"], response_model=None)
    return made
