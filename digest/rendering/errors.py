"""What may go wrong when an edition becomes a mail."""

from digest.errors import DigestError


class TemplateError(DigestError):
    """A template, or what was put into it, cannot become a sound mail. The sentence names the place."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line  # in the MJML source, from 1; None where nobody can tell
