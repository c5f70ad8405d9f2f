"""What a PromQL text asks for: a counter that we count exactly, or a value that we take as it is.

A **counter query** is a selector, or a sum of one; ``rate(x[{{.window}}])`` and
``increase(x[$__interval])`` say the same in the words of other tools. The minute is taken inside
the sum, for each series, so ``by (…)`` and ``without (…)`` change nothing: the groups of a sum add
up to the whole. A fixed range is smoothed by the source itself and taken as a value.

Source: the grammar of Prometheus 2.45 as the package ``promql-parser`` knows it.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import promql_parser as promql

from watchkeeper.kernel.errors import InvalidError

_MARK_SECONDS = 7919  # a prime nobody writes: marks where the window was to be filled in
_WINDOW = re.compile(
    r"\{\{\s*\.?\s*\w*[wW]indow\s*\}\}|\$\{?__(?:rate_)?interval\}?|\$\{?__range\}?|\$\{?window\}?"
)
_SMOOTHED = "5m"
_OPERATORS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
_ALLOWED = (
    'a counter query is a selector, as http_requests_total{code=~"5.."}, or a sum of one, as '
    "sum by (job) (http_requests_total); rate(x[{{.window}}]) and increase(x[$__interval]) may "
    "stand inside the sum; where the query gives the minute's value itself, say counter: false"
)
_PLAIN_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NUMBER = re.compile(r"[0-9.]+(?:e[+-]?[0-9]+)?\Z")


@dataclass(frozen=True, slots=True, order=True)
class LabelMatch:
    """One condition of a selector, as ``code=~"5.."``; ``op`` is ``=  != =~ !~``."""

    label: str
    op: str
    value: str

    def __str__(self) -> str:
        return f"{label_text(self.label)}{self.op}{quoted(self.value)}"


@dataclass(frozen=True, slots=True)
class CounterQuery:
    """The series of one counter, all of which are added up.

    Attributes:
        metric: Name of the metric.
        matches: Conditions on its labels, sorted, without the name; a bucket's ``le`` is spelled
            so that ``1`` and ``1.0`` are the same bound.
        groups: Labels by which the text groups; kept to be told, the sum is over all groups.
    """

    metric: str
    matches: tuple[LabelMatch, ...] = ()
    groups: tuple[str, ...] = ()
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.metric, self.matches, self.groups)))

    def __hash__(self) -> int:
        return self._hash  # it is a key many times a minute

    def selector(self, *more: LabelMatch) -> str:
        """Return the PromQL selector, narrowed by ``more``."""
        named = LabelMatch("__name__", "=", self.metric)
        return "{" + ",".join(str(match) for match in (named, *self.matches, *more)) + "}"


@dataclass(frozen=True, slots=True)
class ValueQuery:
    """An expression whose value at the minute's end is taken as it is.

    Attributes:
        text: PromQL that yields an instant vector.
        known: Whether our parser could read it; if not, the server has to accept it.
    """

    text: str
    known: bool = True


Query = CounterQuery | ValueQuery


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text was understood to ask, and what the user should know about it."""

    query: Query
    findings: tuple[str, ...] = ()


def quoted(value: str) -> str:
    """Return ``value`` as a PromQL string."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def label_text(label: str) -> str:
    """Return the name of a label as PromQL takes it: in quotes where it has odd characters."""
    return label if _PLAIN_LABEL.match(label) else quoted(label)


def pattern_of(value: str) -> str:
    """Return a regular expression (RE2) that matches exactly ``value``."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", value)


def read_counter(text: str) -> Reading:
    """Return how to count what ``text`` names.

    Raises:
        InvalidError: it is neither a selector nor a sum of one; the sentence says what is allowed.
    """
    try:
        tree: Any = promql.parse(_WINDOW.sub(f"{_MARK_SECONDS}s", text))
    except ValueError as error:
        raise InvalidError(f"the query cannot be read ({error}): {text.strip()}") from error
    inner, groups = _inside_sums(tree, text)
    if isinstance(inner, promql.VectorSelector):
        return Reading(_counter(inner, groups, text), _grouped(groups))
    if not isinstance(inner, promql.Call) or inner.func.name not in {"rate", "increase"}:
        raise InvalidError(f"{_said(inner)} cannot be counted by minutes: {_ALLOWED}")
    ranged = inner.args[0]
    if not isinstance(ranged, promql.MatrixSelector):
        raise InvalidError(f"a subquery cannot be counted by minutes: {_ALLOWED}")
    seconds = int(ranged.range.total_seconds())
    if seconds == _MARK_SECONDS:
        return Reading(_counter(ranged.vector_selector, groups, text), _grouped(groups))
    scale = "60" if inner.func.name == "rate" else f"(60 / {seconds})"
    return Reading(
        ValueQuery(f"sum({text.strip()}) * {scale}"),
        (f"smoothed over {_words(seconds)}: the query fixes its own range, so minutes do not add "
         "up to the counter exactly; use {{.window}} in place of the range",),
    )  # fmt: skip


def read_value(text: str, *, many: bool) -> Reading:
    """Return how to take the value of ``text``.

    A window left to fill in is filled with 5 minutes, which is told.

    Args:
        text: PromQL; a dialect's own is left for the server to judge.
        many: Whether several series may be added up (counts) or not (ratios, thresholds).
    """
    filled = _WINDOW.sub(_SMOOTHED, text).strip()
    findings = () if filled == text.strip() else (f"smoothed over {_words(300)}",)
    try:
        tree: Any = promql.parse(filled)
    except ValueError:
        return Reading(ValueQuery(_summed(filled, many), known=False), findings)
    vector = f"vector({filled})" if _is_scalar(tree) else filled
    return Reading(ValueQuery(_summed(vector, many)), findings)


def _summed(text: str, many: bool) -> str:  # noqa: FBT001  private, two call sites
    return f"sum({text})" if many else f"({text})"


def _inside_sums(tree: Any, text: str) -> tuple[Any, tuple[str, ...]]:
    """Return what the parentheses and sums hold, and the labels grouped by."""
    groups: tuple[str, ...] = ()
    while isinstance(tree, promql.ParenExpr | promql.AggregateExpr):
        if isinstance(tree, promql.AggregateExpr):
            if str(tree.op) != "sum":
                raise InvalidError(
                    f"{tree.op}(…) of a counter cannot be counted by minutes: {_ALLOWED}"
                )
            grouping = tree.modifier
            if grouping is not None and grouping.type == promql.AggModifierType.By:
                groups = groups or tuple(grouping.labels)
        tree = tree.expr
    if tree is None:
        raise InvalidError(f"the query is empty: {text.strip()!r}")
    return tree, groups


def _counter(selector: Any, groups: tuple[str, ...], text: str) -> CounterQuery:
    if selector.offset is not None or selector.at is not None:
        raise InvalidError(f"leave out offset and @, minutes are asked one by one: {text.strip()}")
    if selector.matchers.or_matchers:
        raise InvalidError(f"'or' inside braces cannot be counted by minutes: {_ALLOWED}")
    name, matches = selector.name, []
    for match in selector.matchers.matchers:
        op = _OPERATORS[str(match.op).rpartition(".")[2]]
        if match.name == "__name__" and op == "=":
            name = match.value
        elif match.name == "__name__":
            raise InvalidError("name one metric: a pattern for the name may mix several counters")
        else:
            matches.append(_same_bound(LabelMatch(match.name, op, match.value)))
    if not name:
        raise InvalidError(f"the selector names no metric: {text.strip()}")
    return CounterQuery(name, tuple(sorted(set(matches))), groups)


def _same_bound(match: LabelMatch) -> LabelMatch:
    """Return ``match`` with a bucket's bound in every spelling that clients and servers use."""
    if match.label != "le" or match.op not in {"=", "!="} or not _NUMBER.match(match.value):
        return match
    number = float(match.value)
    spellings = dict.fromkeys((f"{number:g}", repr(number), match.value))
    op = "=~" if match.op == "=" else "!~"
    return LabelMatch("le", op, "|".join(pattern_of(value) for value in spellings))


def names_window(text: str) -> bool:
    """Return whether ``text`` leaves its window to be filled in, so that it names a counter."""
    return bool(_WINDOW.search(text))


def bound_of(value: str) -> str:
    """Return one spelling for a bucket's bound: ``1`` for ``1.0``, others as they are."""
    return f"{float(value):g}" if _NUMBER.match(value) else value


def _grouped(groups: tuple[str, ...]) -> tuple[str, ...]:
    if not groups:
        return ()
    return (f"grouped by {', '.join(groups)}: one SLI is one number, so the groups are added up",)


def _said(tree: Any) -> str:
    if isinstance(tree, promql.Call):
        return f"{tree.func.name}(…)"
    kinds = {"BinaryExpr": "arithmetic", "NumberLiteral": "a number", "SubqueryExpr": "a subquery",
             "MatrixSelector": "a range", "UnaryExpr": "a sign"}  # fmt: skip
    return kinds.get(type(tree).__name__, "this")


def _is_scalar(tree: Any) -> bool:
    if isinstance(tree, promql.ParenExpr | promql.UnaryExpr):
        return _is_scalar(tree.expr)
    if isinstance(tree, promql.BinaryExpr):
        return _is_scalar(tree.lhs) and _is_scalar(tree.rhs)
    if isinstance(tree, promql.Call):
        return bool(tree.func.return_type == promql.ValueType.Scalar)
    return isinstance(tree, promql.NumberLiteral)


def _words(seconds: int) -> str:
    for length, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds % length == 0:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
