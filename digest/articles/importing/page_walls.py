"""Tells pages that a site shows in an article's place: a login, a question for consent, an error. Pure."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

ERROR = re.compile(
    r"(?:error\s*)?[45]\d\d(?:\s*[-:|–—!]|\s+(?:error|page|not|forbidden|bad|service|internal)|\Z)"
    r"|(?:the |this )?page (?:was |could )?not"
    r"|(?:\w+ )?(?:page|article|story|content|document|file|url)? ?not found\W*\Z|access denied|forbidden"
    r"|just a moment|attention required|one moment, please|are you (?:a human|a robot|human)"
    r"|(?:verify|verifying) (?:that )?you are|before you continue|service unavailable"
    r"|(?:die |diese )?seite (?:wurde )?nicht gefunden|(?:cette )?page (?:introuvable|non trouv)"
    r"|p[áa]gina no encontrada|pagina (?:non trovata|niet gevonden)|страница не найдена|сторінку не знайдено"
    r"|لم يتم العثور|الصفحة غير",
    re.IGNORECASE,
)
LOGIN = re.compile(
    r"(?:please )?(?:sign|log)[ -]?in\b|anmelden\b|einloggen\b|login\b|(?:se )?connexion\b|se connecter|iniciar sesi"
    r"|вход\b|войти\b|вхід\b|تسجيل الدخول|cookie (?:consent|preferences|settings)|your privacy choices|consent\b",
    re.IGNORECASE,
)
PATH = re.compile(r"/(?:log-?in|sign-?in|auth|sso|consent|account|register|subscribe)(?:[/.?]|\Z)", re.IGNORECASE)


def is_wall(url: str, titles: Iterable[str], *, asks_password: bool) -> bool:
    """Tell by its address and titles whether a page is a wall, where nothing says that it is an article."""
    parts = urlsplit(url)
    if (parts.hostname or "").startswith("consent.") or (asks_password and PATH.search(parts.path)):
        return True
    return any(ERROR.match(one) or LOGIN.match(one) for one in titles)
