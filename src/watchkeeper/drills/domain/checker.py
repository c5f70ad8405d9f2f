"""The checker: joins the ledgers of a drill with its database and tells what was broken.

The invariants are numbered as the promises of the pager: I1 accepted is decided, I2 an open alert
is escalated, I3 a due page is attempted, I4 repeats are bounded, I5 no page after an
acknowledgement, I6 none before its time, I7 none in flight twice, I8 one alert for parallel
triggers, I13 calls of a person are bounded in a storm, R3 repeats are marked and carry one key.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from watchkeeper.drills.domain.ledgers import Call, History, StoredPage

RECHECK_MS = 1_000
LEASE_MS = 3_000
EARLY_MS = 50
"""How much earlier than its time a call may seem, by rounding of two readings of one clock."""

MOST_IN_WINDOW = 6
"""Calls of one person while others are gathered: news goes at once five times, then with gaps."""

_NOT_DUE = {"cancelled", "skipped"}
_RETRIED = {"temporary", "unknown"}


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken promise.

    Attributes:
        invariant: Its number, as ``I3``.
        subject: The alert's key or the page's id.
        detail: What was seen, in a sentence.
    """

    invariant: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a drill found.

    Attributes:
        accepted: Alerts that the product promised to keep.
        lost: Those of them that the database does not hold with a verdict.
        pages_due: Pages whose time came, without those that an answer made needless before the
            provider accepted them.
        pages_delivered: Pages (not calls) that the provider accepted at least once.
        duplicates: Accepted calls (not pages) that told of a page accepted before.
        first_call_ms: From due to the first call of each page, ascending.
        violations: Broken promises, by invariant.
    """

    accepted: int
    lost: int
    pages_due: int
    pages_delivered: int
    duplicates: int
    first_call_ms: tuple[int, ...]
    violations: tuple[Violation, ...]

    def latency_ms(self, share: float) -> int | None:
        """Return the quantile ``share`` (0..1) of the first calls; ``None`` without any."""
        if not self.first_call_ms:
            return None
        place = min(len(self.first_call_ms) - 1, int(share * len(self.first_call_ms)))
        return self.first_call_ms[place]


@dataclass(frozen=True, slots=True)
class _Joined:
    """A history with what belongs together laid together."""

    history: History
    accepted: Mapping[str, int]
    tries: Mapping[str, int]
    calls: Mapping[str, Sequence[Call]]


def check(history: History) -> Report:
    """Return what ``history`` shows, every violation named."""
    joined = _join(history)
    accepted = {page.id for page in history.pages if _accepted(joined.calls.get(page.id, ()))}
    due = [page for page in history.pages if page.id in accepted or _is_due(page, history.ended)]
    delivered = len(accepted)
    duplicates = _repeated(history.calls)
    firsts = [
        joined.calls[page.id][0].began - page.due
        for page in history.pages
        if joined.calls.get(page.id)
    ]
    return Report(
        accepted=len(joined.accepted),
        lost=len(list(_lost(joined))),
        pages_due=len(due),
        pages_delivered=delivered,
        duplicates=duplicates,
        first_call_ms=tuple(sorted(firsts)),
        violations=tuple(found for rule in _RULES for found in rule(joined)),
    )


def _join(history: History) -> _Joined:
    accepted: dict[str, int] = defaultdict(int)
    tries: dict[str, int] = defaultdict(int)
    for sent in history.sent:
        tries[sent.key] += 1
        if sent.is_accepted:
            accepted[sent.key] += 1
    return _Joined(history, accepted, tries, _calls_of_pages(history))


def _calls_of_pages(history: History) -> Mapping[str, Sequence[Call]]:
    """Return the calls of each page in order; a call is one of every page that it names."""
    found: dict[str, list[Call]] = defaultdict(list)
    for call in sorted(history.calls, key=lambda call: call.began):
        for page_id in call.pages or (call.page_id,):
            found[page_id].append(call)
    return found


def _accepted(calls: Sequence[Call]) -> int:
    return sum(call.outcome == "accepted" for call in calls)


def _repeated(calls: Sequence[Call]) -> int:
    """Return how many accepted calls told of a page that another had told of."""
    told: set[str] = set()
    found = 0
    for call in sorted(calls, key=lambda call: call.began):
        if call.outcome == "accepted":
            pages = set(call.pages or (call.page_id,))
            found += not pages.isdisjoint(told)
            told |= pages
    return found


def _is_due(page: StoredPage, ended: int) -> bool:
    return page.state not in _NOT_DUE and page.due <= ended


def _lost(joined: _Joined) -> Iterator[str]:
    for key in joined.accepted:
        alert = joined.history.alerts.get(key)
        if alert is None or not alert.verdicts or not all(alert.verdicts):
            yield key


def _accepted_is_decided(joined: _Joined) -> Iterator[Violation]:
    for key in _lost(joined):
        yield Violation("I1", key, "it was answered 2xx, and no event with a verdict is stored")


def _open_is_escalated(joined: _Joined) -> Iterator[Violation]:
    paged = {page.key for page in joined.history.pages}
    for key, alert in joined.history.alerts.items():
        if alert.state == "firing" and key not in paged and not alert.ended_loudly:
            yield Violation("I2", key, "it is open, nobody took it, and nobody was paged")


def _due_is_attempted(joined: _Joined) -> Iterator[Violation]:
    for page in joined.history.pages:
        if joined.calls.get(page.id) or not _is_due(page, joined.history.ended):
            continue
        if page.state == "failed" and page.reason:
            continue
        detail = f"{page.person} was to be paged for {page.key}; no call came ({page.state})"
        yield Violation("I3", page.id, detail)


def _repeats_are_bounded(joined: _Joined) -> Iterator[Violation]:
    for page in joined.history.pages:
        calls = joined.calls.get(page.id, ())
        retries = sum(outcome in _RETRIED for outcome in page.outcomes)
        most = 1 + len(joined.history.kills) + retries
        if len(calls) > most:
            yield Violation("I4", page.id, f"{len(calls)} calls, at most {most} are explained")


def _none_after_acknowledgement(joined: _Joined) -> Iterator[Violation]:
    for call in joined.history.calls:
        for key in call.keys:
            taken = joined.history.acknowledged.get(key)
            if taken is not None and call.began > taken + RECHECK_MS:
                late = call.began - taken
                detail = f"{call.person} was called {late} ms after {key} was acknowledged"
                yield Violation("I5", call.page_id, detail)


def _none_before_its_time(joined: _Joined) -> Iterator[Violation]:
    for page in joined.history.pages:
        calls = joined.calls.get(page.id, ())
        if calls and calls[0].began < page.due - EARLY_MS:
            early = page.due - calls[0].began
            yield Violation("I6", page.id, f"it was called {early} ms before its time")


def _none_in_flight_twice(joined: _Joined) -> Iterator[Violation]:
    for page_id, calls in joined.calls.items():
        for first, second in itertools.pairwise(calls):
            if first is second:
                continue
            apart = second.began - first.began
            if second.began < first.ended and apart < LEASE_MS - RECHECK_MS:
                detail = f"a second call began {apart} ms after the first, which still ran"
                yield Violation("I7", page_id, detail)


def _parallel_triggers_are_one_alert(joined: _Joined) -> Iterator[Violation]:
    for key, count in joined.accepted.items():
        alert = joined.history.alerts.get(key)
        if alert is None:
            continue
        if not count <= alert.count <= joined.tries[key]:
            detail = (
                f"{count} accepted of {joined.tries[key]} tries, and its count is {alert.count}"
            )
            yield Violation("I8", key, detail)


def _calls_of_a_person_are_bounded(joined: _Joined) -> Iterator[Violation]:
    window = joined.history.bundle_ms
    if not window:
        return
    by_person: dict[str, list[int]] = defaultdict(list)
    for call in sorted(joined.history.calls, key=lambda call: call.began):
        if call.outcome == "accepted" and not call.may_repeat:
            by_person[call.person].append(call.began)
    for person, began in by_person.items():
        for first, last in zip(began, began[MOST_IN_WINDOW:], strict=False):
            if last - first < window - EARLY_MS:
                detail = f"more than {MOST_IN_WINDOW} calls within {last - first} ms"
                yield Violation("I13", person, detail)


def _repeats_are_marked(joined: _Joined) -> Iterator[Violation]:
    for call in joined.history.calls:
        if call.page_id != call.body_page_id:
            detail = f"its key is {call.page_id!r}, its body says {call.body_page_id!r}"
            yield Violation("R3", call.body_page_id, detail)
    own: dict[str, list[Call]] = defaultdict(list)
    for call in sorted(joined.history.calls, key=lambda call: call.began):
        own[call.page_id].append(call)
    for page_id, calls in own.items():
        told = False
        for call in calls:
            if told and not call.may_repeat:
                yield Violation("R3", page_id, "a repeat is not marked as one")
            told = told or call.outcome in {"accepted", "hung", "reset"}


_RULES: tuple[Callable[[_Joined], Iterator[Violation]], ...] = (
    _accepted_is_decided,
    _open_is_escalated,
    _due_is_attempted,
    _repeats_are_bounded,
    _none_after_acknowledgement,
    _none_before_its_time,
    _none_in_flight_twice,
    _parallel_triggers_are_one_alert,
    _calls_of_a_person_are_bounded,
    _repeats_are_marked,
)
