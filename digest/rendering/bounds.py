"""Bounds on what a newsroom's own template may do: a small language, counted turns, short texts, no randomness.

Jinja's sandbox keeps a template from Python's insides, not from running for ever or filling the memory. Here each turn
of a loop and each call of a macro is counted, by how much stands in it, so that the same template ends at the same
place on every machine; a clock is only behind that. What could make much out of little (repeating, padding, nesting
lists in lists) is bounded or not there.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from types import MappingProxyType
from typing import Any, Final, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment

from digest.rendering.wording import wrap

MOST_TURNS: Final = 2_000_000  # nodes of loops and macros, counted for each turn; a long mail takes 40,000
MOST_PRINTED: Final = 1_000_000  # characters of values, wherever they are printed to
LONGEST: Final = 50_000  # characters or items of one value
MOST_COUNT: Final = 1_000  # numbers of a range, and whatever else a filter is told to count to
SECONDS: Final = 3.0
PARTIALS: Final = "email/partials/"
DATA_A_NODE: Final = 20  # characters of plain text that count as one node

_FILTERS: Final = (
    "abs batch capitalize count d default e escape first float int join last length list lower map max min reject "
    "rejectattr reverse round select selectattr slice sort striptags sum title trim truncate unique upper"
)
_LANGUAGE: Final = (
    "Add And Assign AssignBlock Call Compare Concat CondExpr Const Dict Div Filter FloorDiv For FromImport Getattr "
    "Getitem If Import Include Keyword List Macro Mul NSRef Name Neg Not Operand Or Output Pair Pos Slice Sub "
    "TemplateData Test Tuple With"
)
ALLOWED: Final = frozenset(_LANGUAGE.split())
OF_TEXTS: Final = frozenset(["endswith", "lower", "split", "startswith", "strip", "upper"])
OF_CONTAINERS: Final = frozenset(["count", "get", "index", "items", "keys", "values"])
PLAIN: Final = (str, int, float, type(None), jinja2.Undefined)


class _Budget:
    """What one run may still use."""

    __slots__ = ("ends", "printed", "turns")

    def __init__(self) -> None:
        self.turns, self.printed, self.ends = 0, 0, time.monotonic() + SECONDS


_BUDGET: ContextVar[_Budget] = ContextVar("budget")


@contextmanager
def bounded() -> Iterator[None]:
    """Give what runs inside a fresh budget."""
    token = _BUDGET.set(_Budget())
    try:
        yield
    finally:
        _BUDGET.reset(token)


def turn(weight: int) -> None:
    """Count one turn of a loop, or one call of a macro, by what stands in it. Raises SecurityError."""
    budget = _BUDGET.get()
    budget.turns += weight
    if budget.turns > MOST_TURNS or time.monotonic() > budget.ends:
        raise SecurityError("it loops too often: a mail needs no more than some thousand turns")


def short(value: Any) -> Any:
    """Return a value that was put together, unless it is too long. Raises SecurityError."""
    if isinstance(value, str | list | tuple | dict) and len(value) > LONGEST:
        raise SecurityError(f"it makes a value of more than {LONGEST:,} characters or items")
    return value


def flat(value: Any) -> Any:
    """Return a list or a dictionary that was written out, unless it holds others. Raises SecurityError."""
    inside = value.values() if isinstance(value, dict) else value
    if any(isinstance(one, list | tuple | dict) for one in inside):
        raise SecurityError("it puts a list into a list")
    return value


def _printed(value: Any) -> Any:
    """Return what is to be printed: a plain value, and not too much of them."""
    if not isinstance(value, PLAIN):
        raise SecurityError(f"it prints a {type(value).__name__}; print its parts, or join them")
    budget = _BUDGET.get()
    budget.printed += len(value) if isinstance(value, str) else 1
    if budget.printed > MOST_PRINTED:
        raise SecurityError(f"it prints more than {MOST_PRINTED:,} characters")
    return value


def _range(*given: int) -> range:
    """Return a range that is not too long."""
    found = range(*given)
    if len(found) > MOST_COUNT:
        raise SecurityError(f"a range of {len(found):,} is too long; {MOST_COUNT:,} is the most")
    return found


def _modest(kept: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that counts no further than ``MOST_COUNT``, and gives nothing too long."""

    @wraps(kept)  # with the marks by which Jinja knows what to hand in
    def filtered(*given: Any, **named: Any) -> Any:
        if any(isinstance(one, int) and abs(one) > MOST_COUNT for one in (*given[1:], *named.values())):
            raise SecurityError(f"a filter is told to count to more than {MOST_COUNT:,}")
        return short(kept(*given, **named))

    return filtered


# How every template of ours is read, whoever wrote it: the same text gives the same mail.
OPTIONS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "autoescape": jinja2.select_autoescape(enabled_extensions=("mjml", "html"), default=False),
        "undefined": jinja2.StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "keep_trailing_newline": True,
    }
)


class Bounded(SandboxedEnvironment):
    """An environment for templates of a newsroom's own; what it includes are the product's own partials."""

    intercepted_binops = frozenset(["+", "*"])

    def __init__(self, loader: jinja2.BaseLoader) -> None:
        super().__init__(
            loader=loader,
            **OPTIONS,
            finalize=_printed,
            optimized=False,  # so that nothing runs while it is compiled
        )
        self.filters = {name: _modest(self.filters[name]) for name in _FILTERS.split()} | {"wrap": _modest(wrap)}
        self.globals = {name: self.globals[name] for name in ("namespace", "joiner", "cycler")} | {"range": _range}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        if not (name or "").startswith(PARTIALS):
            for node in tree.iter_child_nodes():
                _check(node)
        return _counted(tree)

    def wrap_str_format(self, value: Any) -> None:
        """Let no text format others: a width makes much out of little."""

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Add or multiply, where the result stays short."""
        if operator == "*":
            lengths = [len(one) for one in (left, right) if isinstance(one, str | list | tuple)]
            times = [one for one in (left, right) if isinstance(one, int)]
            if lengths and times and lengths[0] * times[0] > LONGEST:
                raise SecurityError(f"it makes a value of more than {LONGEST:,} characters or items")
            if any(abs(one) > 10**9 for one in times):  # numbers grow by multiplying, too
                raise SecurityError("it multiplies too large a number")
        return short(super().call_binop(context, operator, left, right))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Tell whether a template may look at an attribute: of texts and lists, only at a few."""
        if isinstance(obj, str):
            return attr in OF_TEXTS
        if isinstance(obj, list | tuple | Mapping):
            return attr in OF_CONTAINERS
        return super().is_safe_attribute(obj, attr, value)


def _check(node: nodes.Node) -> None:
    """Refuse what is not in the small language. Raises TemplateSyntaxError with the line."""
    kind = type(node).__name__
    if kind not in ALLOWED:
        _refuse(node, f"{kind.lower()!r} is not for mails: values are printed as they are, and always escaped")
    if isinstance(node, nodes.Include | nodes.Import | nodes.FromImport):
        named = node.template
        if not (isinstance(named, nodes.Const) and str(named.value).startswith(PARTIALS)):
            _refuse(node, f"only the parts in {PARTIALS} can be included, by their name")
    for child in node.iter_child_nodes():
        _check(child)


def _refuse(node: nodes.Node, why: str) -> NoReturn:
    raise jinja2.TemplateSyntaxError(why, node.lineno or 1)


def _counted(tree: nodes.Template) -> nodes.Template:
    """Let a template count its turns, and measure what it puts together."""
    loops: list[nodes.For | nodes.Macro] = [*tree.find_all(nodes.For), *tree.find_all(nodes.Macro)]
    for loop in loops:
        weight = nodes.Const(_weight(loop.body), lineno=loop.lineno)
        loop.body.insert(0, nodes.ExprStmt(_called("turn", weight), lineno=loop.lineno))
    _measured(tree)
    if tree.environment is not None:
        tree.set_environment(tree.environment)  # also of what was put in
    return tree


def _weight(body: list[nodes.Node]) -> int:
    inside = [one for node in body for one in (node, *node.find_all(nodes.Node))]
    data = sum(len(one.data) for one in inside if isinstance(one, nodes.TemplateData))
    return 1 + len(inside) + data // DATA_A_NODE


def _measured(node: nodes.Node) -> None:
    """Put ``short`` around each joining of texts, and ``flat`` around each list that is written out."""
    for field, value in node.iter_fields():
        if isinstance(value, list):
            setattr(node, field, [_around(one) for one in value])
        elif isinstance(value, nodes.Node):
            setattr(node, field, _around(value))


def _around(value: Any) -> Any:
    if not isinstance(value, nodes.Node):
        return value
    _measured(value)
    if isinstance(value, nodes.Concat):
        return _called("short", value)
    if isinstance(value, nodes.List | nodes.Dict) or (isinstance(value, nodes.Tuple) and value.ctx == "load"):
        return _called("flat", value)
    return value


def _called(name: str, value: nodes.Expr) -> nodes.Call:
    function = nodes.ImportedName(f"{__name__}.{name}", lineno=value.lineno)
    return nodes.Call(function, [value], [], None, None, lineno=value.lineno)
