"""Runs that found something once, or aim at one thing: plans written by hand, for both databases."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from tests.chaos.plan import POINTS, Action, Death, Deed, Fault, Plan

_SMALL: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "readers": 40, "sets": ("caucasus", "caucasus sahel"), "per_call": 8, "chunk": 11, "share": 50, "workers": 2,
        "threads": 2, "latency": 0.01, "patience": 20.0,
    }
)  # fmt: skip


def small(seed: int, provider: str, **more: Any) -> Plan:
    """Return a plan for a few readers."""
    return Plan(**{**_SMALL, "seed": seed, "provider": provider, **more})


# A pause that was lifted while an issue was being frozen left readers out for good: the step that saw the pause was
# passed over, and the next one opened the sending (found by seed 507).
_AND_ON: Final = (
    Action(0, 0.03, Deed.pause, 0), Action(0, 0.05, Deed.resume, 0),
    Action(0, 0.01, Deed.pause, 0), Action(0, 0.03, Deed.resume, 0),
)  # fmt: skip
KEYED: Final = "resend"
FIXED: Final[Mapping[str, Plan]] = MappingProxyType(
    {
        "paused and resumed while it freezes": small(1, "sendgrid", chunk=3, actions=_AND_ON),
        "new readers while it freezes": small(
            2,
            "sendgrid",
            chunk=3,
            workers=3,
            actions=tuple(Action(0, 0.01, Deed.come, 3, hasty=True) for _ in range(6)),
        ),
        # What waited to be repeated waited for the window of its key, a day, after the issue was cancelled.
        "cancelled while it repeats": small(
            3, KEYED, latency=0.0, faults={Fault.cut_after: 1.0}, actions=(Action(3, 0.05, Deed.cancel, 0),)
        ),
        "paused while it repeats": small(
            4, KEYED, faults={Fault.cut_after: 1.0}, actions=(Action(3, 0.05, Deed.pause, 0),)
        ),
        "everything dies while calls are held": small(
            5, KEYED, faults={Fault.held: 1.0}, actions=(Action(2, 0.05, Deed.kill_all, 0),), killed_at_end=True
        ),
        "keys are forgotten": small(6, KEYED, faults={Fault.held: 0.7}, window=2.5),
        "every address is refused": small(7, "sendgrid", bad=1.0),
        "nobody listens again and again": small(8, "sendgrid", faults={Fault.refusing: 0.5}),
        "a second wave, and kills": small(
            9, "sendgrid", wave=2.0, actions=(Action(2, 0.0, Deed.kill_all, 0), Action(4, 0.1, Deed.kill, 1))
        ),
        "half of the readers leave": small(
            10,
            "sendgrid",
            per_call=4,
            workers=1,
            threads=1,
            latency=0.3,  # slowly, or all is handed over before anybody leaves
            actions=tuple(Action(one, 0.0, Deed.leave, 5) for one in range(4)),
        ),
        # Paused, and then its last readers left: a resume was refused since nobody would get it, and it never ended
        # (found by seed 21536).
        "the last readers leave while it stands": small(
            13, "sendgrid", readers=24, per_call=1, workers=1, threads=1, latency=0.8,
            actions=(Action(1, 0.0, Deed.pause, 0), Action(1, 0.0, Deed.leave, 24)),
        ),
        "told to leave again and again": small(
            11, "sendgrid", latency=0.2, actions=tuple(Action(one, 0.05, Deed.term, one % 2) for one in range(1, 6))
        ),
        "some addresses are refused, one by one": small(12, "postmark", bad=0.3, faults={Fault.cut_before: 0.2}),
    }
)  # fmt: skip
_REACHED_BY: Final[Mapping[str, Mapping[Fault, float]]] = MappingProxyType(
    {
        "error's settlement, not committed": {Fault.error: 0.5},
        "repetition, not committed": {Fault.cut_after: 0.5},
    }
)


def dying_at(point: str) -> Plan:
    """Return a plan whose first worker kills itself at a point."""
    provider = KEYED if point.startswith("repetition") else "sendgrid"
    return small(
        100 + sorted(POINTS).index(point), provider, workers=1, deaths=(Death(point, 1),),
        faults=_REACHED_BY.get(point, {}),
    )  # fmt: skip
