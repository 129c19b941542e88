"""Says in plain words why a candidate has no place; ``formula.explain`` says why a story has one."""

from digest.ranking.candidate import LeftOut, Reason

_SENTENCES = {
    Reason.unpublished: "It is not published any more.",
    Reason.retracted: "It was retracted.",
    Reason.embargoed: "It is not published yet: its date lies after the cut-off, or it is under embargo.",
    Reason.excluded: "An editor excluded it.",
    Reason.language: "It is in a language that this list does not print.",
    Reason.region: "Nothing connects it with the region of this list.",
    Reason.already_sent: "These readers were sent it already, or another article that tells the same story.",
    Reason.stale: "It is too old: it was published before the window of this issue.",
    Reason.duplicate: "It tells the same story as {detail}, which stands for both.",
    Reason.other_section: "It stands in another part of this mail: {detail}.",
    Reason.cap_or_space: "Better stories took the places, or its topic or author had as many as a section may print.",
    Reason.evergreen: "It is evergreen, and comes in only where a section has too few new stories.",
}


def explain_left_out(left: LeftOut) -> str:
    """Return one or two sentences: why this candidate is not in the mail, and its points where it was weighed."""
    sentence = _SENTENCES[left.reason].format(detail=left.detail)
    return f"{sentence} It has {left.points.total:.2f} points." if left.points else sentence
