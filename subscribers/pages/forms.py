"""What comes with a request: the fields of a form, the languages a browser asks for, and the network it is in."""

from typing import Annotated, Final
from urllib.parse import parse_qs

from fastapi import Depends, Request

from subscribers.networks import network_of

MOST_BODY: Final = 65_536  # bytes of a form that are looked at
BOTH_WAYS: Final = ["GET", "HEAD"]
LONGEST_SOURCE: Final = 200  # characters of a site's address that are kept

Form = dict[str, list[str]]


async def form_of(request: Request) -> Form:
    """Return the fields of a form; none where the body is something else, or too long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY:
            return {}
    return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)


Fields = Annotated[Form, Depends(form_of)]


def first(form: Form, name: str) -> str:
    """Return a field's first value; "" where it is not there."""
    return next(iter(form.get(name, [])), "")


def network(request: Request) -> str:
    """Return the network a request came from, cut short; "" where that is not known."""
    return network_of(request.client.host) if request.client else ""


def source(request: Request) -> str:
    """Return where a form stood: the path of our page, and the site where it is another one's."""
    origin = request.headers.get("origin", "")
    mine = origin in {"", "null"} or origin.partition("://")[2] == request.headers.get("host", "")
    return request.url.path if mine else f"{request.url.path} from {origin}"[:LONGEST_SOURCE]


def language(request: Request, known: frozenset[str]) -> str:
    """Return the language for a page: ``?language=``, else the best known one a browser asks for (RFC 9110, 12.5.4)."""
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(request.headers.get("accept-language", "")[:200].split(",")):
        tag, _, weight = part.strip().partition(";q=")
        ranked.append((-_number(weight), place, tag))
    wanted = [request.query_params.get("language", ""), *(tag for _, _, tag in sorted(ranked))]
    bases = (tag.lower().split("-")[0] for tag in wanted)
    return next((base for base in bases if base in known), "")


def _number(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0
