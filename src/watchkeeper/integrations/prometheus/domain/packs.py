"""Many questions in few requests: PromQL built so that one answer can be taken apart again.

Counters that differ in the value of one label become one query grouped by that label, which a
server answers ten times cheaper than the same counters one by one. What cannot be grouped is
joined by ``or`` under a label of our own; the joins form a balanced tree, as a chain of them costs
the square of its length.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from watchkeeper.integrations.prometheus.domain.queries import (
    CounterQuery,
    LabelMatch,
    Query,
    ValueQuery,
    label_text,
    pattern_of,
)

TAG = "wk_pack"
LOOKBACK_SECONDS = 300
"""A value older than this is no value: Prometheus' own default, asked of VictoriaMetrics too."""
_LARGEST_GROUP = 200
_STEPS_PER_REQUEST = 6000  # beyond it, joining by `or` costs more than asking apart
_MOST_PACKS = 100


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where servers of the family differ.

    Attributes:
        name: As the server is called.
        lookback_by_range: Whether an instant value has to be asked as the last value of a range,
            because the server's own lookback is not the five minutes of Prometheus.
    """

    name: str = "Prometheus"
    lookback_by_range: bool = False

    def instant(self, selector: str) -> str:
        """Return PromQL for the last sample at or before the instant, at most 5 minutes old."""
        if self.lookback_by_range:
            return f"last_over_time({selector}[{LOOKBACK_SECONDS}s])"
        return selector


PROMETHEUS = Dialect()
VICTORIA_METRICS = Dialect("VictoriaMetrics", lookback_by_range=True)

Shape = tuple[str, str, tuple[LabelMatch, ...]]
"""Metric, the label left open, the other conditions."""

Form = Callable[[str, str], str]
"""Makes PromQL of a selector and of `` by (label)`` or nothing."""


@dataclass(frozen=True, slots=True)
class Pack:
    """One expression that answers for several queries.

    Attributes:
        text: The PromQL.
        label: Label whose value tells the queries apart; ``None`` where there is one query.
        members: Query by value of that label; by the empty text where there is one.
    """

    text: str
    label: str | None
    members: Mapping[str, Query]

    def halves(self, form: Form) -> "tuple[Pack, ...]":
        """Return the same questions as two smaller packs; one pack where there is one query."""
        if self.label is None or len(self.members) == 1:
            return (self,)
        items = sorted(self.members.items())
        cut = len(items) // 2
        return tuple(
            _group(
                self.label,
                {value: query for value, query in part if isinstance(query, CounterQuery)},
            ).pack(form)
            for part in (items[:cut], items[cut:])
        )

    def query_of(self, labels: Mapping[str, str]) -> Query | None:
        """Return the query that a series of the answer belongs to; ``None`` for a stranger."""
        return self.members.get("" if self.label is None else labels.get(self.label, ""))


@dataclass(frozen=True, slots=True)
class Group:
    """Counters that one expression answers for, whatever is asked of them.

    Attributes:
        selector: Selects the series of all of them.
        by: `` by (label)``, or nothing.
        label: See :class:`Pack`.
        members: See :class:`Pack`.
    """

    selector: str
    by: str
    label: str | None
    members: Mapping[str, CounterQuery]

    def pack(self, form: Form) -> Pack:
        """Return the expression that asks ``form`` of them."""
        return Pack(form(self.selector, self.by), self.label, self.members)


def sums(dialect: Dialect) -> Form:
    """Return the form that asks for the sum of all series at the instant."""
    return lambda selector, by: f"sum{by} ({dialect.instant(selector)})"


def anomalies(dialect: Dialect, *, minutes: int) -> Form:
    """Return the form that counts series whose rise the sums at the edges do not tell.

    These are, of the series with samples in the ``minutes`` before the instant (and what the first
    edge looks back to), all but those that have a value at every edge and were never reset.
    """
    reach = minutes * 60 + LOOKBACK_SECONDS

    def form(selector: str, by: str) -> str:
        resets = f"resets({selector}[{reach}s])"
        # 59 s more than the edges span: the same edges whether or not a range holds its start.
        edges = f"count_over_time({dialect.instant(selector)}[{minutes * 60 + 59}s:60s])"
        return f"count{by} ({resets} unless ({edges} - {resets} == {minutes + 1}))"

    return form


def grouped(queries: Iterable[CounterQuery], form: Form) -> list[Pack]:
    """Return packs that hold every query once; those that differ in one label share a pack."""
    return [group.pack(form) for group in _groups(tuple(dict.fromkeys(queries)))]


@lru_cache(maxsize=64)
def _groups(queries: tuple[CounterQuery, ...]) -> tuple[Group, ...]:
    """Return the groups of different queries; the same ones are asked minute after minute."""
    waiting = dict.fromkeys(queries)
    groups = []
    shapes: dict[Shape, list[CounterQuery]] = defaultdict(list)
    for query in waiting:
        for shape in _shapes(query):
            shapes[shape].append(query)
    for (_, label, _), members in sorted(shapes.items(), key=lambda item: -len(item[1])):
        left = [query for query in members if query in waiting]
        if len(left) < 2:
            continue
        for first in range(0, len(left), _LARGEST_GROUP):
            part = left[first : first + _LARGEST_GROUP]
            groups.append(_group(label, {_value(query, label): query for query in part}))
        for query in left:
            del waiting[query]
    alone = (Group(query.selector(), "", None, {"": query}) for query in waiting)
    return (*groups, *alone)


@lru_cache(maxsize=64)
def covers(queries: tuple[CounterQuery, ...]) -> Mapping[CounterQuery, CounterQuery]:
    """Return, of each query that only narrows others, the widest one whose series hold its own.

    What is true of no series of the widest is true of none of the narrower; so errors need not be
    asked about where nothing happened to the total. A query narrows another if it has the same
    metric and all its conditions, and one or two more.
    """
    known = {(query.metric, query.matches): query for query in queries}
    wider = {}
    for (metric, matches), query in known.items():
        for narrowing in (*combinations(matches, 1), *combinations(matches, 2)):
            rest = tuple(match for match in matches if match not in narrowing)
            if (metric, rest) in known:
                wider[query] = known[metric, rest]
    found = {}
    for query in wider:
        widest = query
        while widest in wider:  # each step drops a condition, so there is an end
            widest = wider[widest]
        found[query] = widest
    return found


def values(queries: Iterable[ValueQuery]) -> list[Pack]:
    """Return one pack per query: values have no shape that we could group by."""
    return [Pack(query.text, None, {"": query}) for query in dict.fromkeys(queries)]


def requests(packs: Sequence[Pack], *, steps: int) -> list[tuple[Pack, ...]]:
    """Return ``packs`` in the portions that go into one request of ``steps`` instants."""
    size = max(1, min(_MOST_PACKS, _STEPS_PER_REQUEST // max(1, steps)))
    return [tuple(packs[first : first + size]) for first in range(0, len(packs), size)]


def joined(packs: Sequence[Pack]) -> str:
    """Return one expression for all ``packs``, each marked with its index by :data:`TAG`."""
    if len(packs) == 1:
        return packs[0].text
    level = [
        f'label_replace({pack.text}, "{TAG}", "{index}", "", "")'
        for index, pack in enumerate(packs)
    ]
    while len(level) > 1:
        level = [_either(level[first : first + 2]) for first in range(0, len(level), 2)]
    return level[0]


def _shapes(query: CounterQuery) -> Iterator[Shape]:
    """Yield what is left of ``query`` when the value of one label is left open."""
    for match in query.matches:
        rest = tuple(other for other in query.matches if other != match)
        alone = all(other.label != match.label for other in rest)
        if match.op == "=" and match.value and alone:
            yield query.metric, match.label, rest


def _either(pair: Sequence[str]) -> str:
    return f"({pair[0]} or {pair[1]})" if len(pair) > 1 else pair[0]


def _value(query: CounterQuery, label: str) -> str:
    return next(match.value for match in query.matches if match.label == label)


def _group(label: str, members: Mapping[str, CounterQuery]) -> Group:
    """Return one group for counters that differ in the value of ``label``."""
    first = next(iter(members.values()))
    rest = tuple(match for match in first.matches if match.label != label)
    either = LabelMatch(label, "=~", "|".join(pattern_of(value) for value in members))
    selector = CounterQuery(first.metric, rest).selector(either)
    return Group(selector, f" by ({label_text(label)})", label, members)
