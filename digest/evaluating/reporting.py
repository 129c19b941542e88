"""What an evaluation found: a table with intervals, differences in sentences, and what it can and cannot tell."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from digest.evaluating.bootstrap import Drawn, Estimate


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better one method is than another by one measure, on the same issues or users."""

    first: str
    second: str
    measure: str
    estimate: Estimate

    def sentence(self, evidence: str) -> str:
        """Say it; ``evidence`` is what showed it, such as "40 issues"."""
        found = self.estimate
        if not found.clear:
            return (
                f"Between {self.first} and {self.second} there is no difference that {evidence} can show: "
                f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})."
            )
        better, worse = (self.first, self.second) if found.value > 0 else (self.second, self.first)
        low, high = sorted((abs(found.low), abs(found.high)))
        return f"{better} is better than {worse} by {abs(found.value):.3f} ({low:.3f} to {high:.3f})."


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An evaluation as people and machines read it."""

    source: str  # newsroom | issues | log
    about: str  # a sentence: on what
    formula: str  # its version
    evidence: str  # what the intervals rest on, such as "40 issues"
    methods: Sequence[str]
    measures: Sequence[str]
    drawn: Drawn
    pairs: Sequence[tuple[str, str]]  # whom to compare
    notes: Sequence[str] = field(default=())  # what it can tell, and what not

    def differences(self, measure: str) -> list[Difference]:
        """Return the differences that were asked for, by one measure."""
        found = ((first, second, self.drawn.difference(first, second, measure)) for first, second in self.pairs)
        return [Difference(first, second, measure, one) for first, second, one in found if one]

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "source": self.source,
            "about": self.about,
            "formula": self.formula,
            "evidence": self.evidence,
            "measures": list(self.measures),
            "methods": [{"method": name, "figures": self._figures(name)} for name in self.methods],
            "differences": [
                {"first": one.first, "second": one.second, "measure": measure, **_plain(one.estimate)}
                | {"clear": one.estimate.clear, "sentence": one.sentence(self.evidence)}
                for measure in self.measures
                for one in self.differences(measure)
            ],
            "notes": list(self.notes),
        }

    def _figures(self, method: str) -> dict[str, Any]:
        found = {measure: self.drawn.estimate(method, measure) for measure in self.measures}
        return {measure: _plain(one) if one else None for measure, one in found.items()}

    def table(self) -> list[str]:
        """Return the lines of a table: a method a line, a measure a column, each mean with its interval."""
        rows = [["", *self.measures]]
        for name in self.methods:
            found = [self.drawn.estimate(name, measure) for measure in self.measures]
            rows.append([name, *(f"{one.value:.3f} ({one.low:.3f}-{one.high:.3f})" if one else "-" for one in found)])
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]

    def told(self) -> list[str]:
        """Return everything as lines for people."""
        first = self.measures[0]
        sentences = [one.sentence(self.evidence) for one in self.differences(first)]
        lines = [self.about, "", *self.table(), "", f"By {first}, with 95 % intervals:", *sentences]
        return [*lines, "", *self.notes] if self.notes else lines


def _plain(one: Estimate) -> dict[str, Any]:
    return {"value": round(one.value, 4), "low": round(one.low, 4), "high": round(one.high, 4), "units": one.units}
