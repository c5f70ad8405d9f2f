"""How the engines do: who beats, how long due work waits, what fails. Any node may ask."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError
from django.db.models import Min, QuerySet
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from watchkeeper.plumbing import due_work, metrics
from watchkeeper.plumbing.models import DueWork, EngineNode, Mark

JOB = "job"
PROBE = "probe"
STALL_MS = 15_000
HEARTBEAT = "heartbeat"
_STUCK_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Node:
    """One engine.

    Attributes:
        name: Host, process and a chance number.
        beat_age_ms: How long ago it last told that it lives.
        started_ms: When it started, milliseconds since the epoch.
        version: What it runs.
    """

    name: str
    beat_age_ms: int
    started_ms: int
    version: str

    @property
    def host(self) -> str:
        """The machine that it runs on."""
        return self.name.rsplit("-", 2)[0]

    @property
    def is_alive(self) -> bool:
        """Whether it beat of late."""
        return self.beat_age_ms <= STALL_MS


def nodes() -> list[Node]:
    """Return every engine that ran within a day and did not end in good order, newest first."""
    now_ms = due_work.database_ms()
    rows = EngineNode.objects.order_by("-started_ms")
    return [
        Node(row.name, max(0, now_ms - row.beat_ms), row.started_ms, row.version) for row in rows
    ]


def last_beat_age_ms() -> int | None:
    """Return how long ago the liveliest engine beat; ``None`` if none ever ran."""
    newest = EngineNode.objects.order_by("-beat_ms").values_list("beat_ms", flat=True).first()
    return None if newest is None else max(0, due_work.database_ms() - newest)


def longest_overdue_ms() -> int:
    """Return how long a job that a living engine knows waits for a hand; 0 if none does."""
    now_ms = due_work.database_ms()
    return _waits(JOB, now_ms, keys=_known("jobs", now_ms))


def lags() -> dict[str, int]:
    """Return how long, in milliseconds, the oldest due work of each kind waits for a hand.

    Work that is held, that is due later, or that was given up does not wait. Jobs and probes count
    only where a living engine knows them. A kind of which there is no work at all is left out.
    """
    now_ms = due_work.database_ms()
    found: dict[str, int] = {}
    kind = ""
    while True:  # one step of the index for each kind, however many rows it has
        after = DueWork.objects.filter(kind__gt=kind).aggregate(first=Min("kind"))["first"]
        if after is None:
            return found
        kind = after
        known = {JOB: "jobs", PROBE: "loops"}.get(kind)
        found[kind] = _waits(kind, now_ms, keys=_known(known, now_ms) if known else None)


def waiting(kinds: Collection[str]) -> int:
    """Return how much work of these kinds there is, held or not, due or not yet."""
    return DueWork.objects.filter(kind__in=kinds, quarantined=False).count()


def longest_lag_ms() -> int:
    """Return the longest that due work of any kind waits for a hand."""
    return max(lags().values(), default=0)


def _known(field: str, now_ms: int) -> set[str]:
    """Return the jobs or loops that living engines know."""
    alive = EngineNode.objects.filter(beat_ms__gte=now_ms - STALL_MS)
    return {name for names in alive.values_list(field, flat=True) for name in names}


def _waits(kind: str, now_ms: int, *, keys: Collection[str] | None = None) -> int:
    waiting = _waiting(kind, now_ms)
    if keys is not None:
        waiting = waiting.filter(key__in=keys)
    first = waiting.order_by("due_ms").values_list("due_ms", flat=True).first()
    return 0 if first is None else now_ms - first


def _waiting(kind: str, now_ms: int) -> QuerySet[DueWork]:
    return DueWork.objects.filter(
        kind=kind, quarantined=False, due_ms__lte=now_ms, lease_until_ms__lte=now_ms
    )


def failing_jobs() -> dict[str, str]:
    """Return the jobs whose last run failed, with what went wrong."""
    rows = DueWork.objects.filter(kind=JOB).exclude(last_error="")
    return dict(rows.values_list("key", "last_error"))


def stuck() -> list[tuple[str, str, str]]:
    """Return (kind, key, last error) of work that failed many times in a row, a few of it."""
    rows = DueWork.objects.filter(attempts__gte=_STUCK_ATTEMPTS, quarantined=False)
    rows = rows.exclude(last_error="").order_by("kind", "key")
    return list(rows.values_list("kind", "key", "last_error")[:20])


def went_well(name: str) -> None:
    """Mark that something which comes round went well just now."""
    Mark.objects.update_or_create(name=name, defaults={"at_ms": due_work.database_ms()})


def marked_ms(name: str) -> int | None:
    """Return when that last went well, milliseconds since the epoch; ``None``: never."""
    return Mark.objects.filter(name=name).values_list("at_ms", flat=True).first()


class _Engines(Collector):
    """Reads the heartbeat when asked, so that any web node can tell of the engines."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield how the engines do; without a database only that there is none."""
        try:
            yield from _readings()
        except (DatabaseError, InterfaceError):
            yield _gauge("database_up", "Whether the database answers.", 0)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Name nothing beforehand, so that registering asks no database."""
        return ()


def _readings() -> list[GaugeMetricFamily]:
    found = [
        _gauge("database_up", "Whether the database answers.", 1),
        _gauge("jobs_failing", "Jobs whose last run failed.", len(failing_jobs())),
        _gauge("work_quarantined", "Due work that was given up.", len(due_work.quarantined())),
        _gauge(
            "jobs_longest_overdue_seconds",
            "How long a due job waits for a hand.",
            longest_overdue_ms() / 1000,
        ),
        _lag_gauge(),
    ]
    age = last_beat_age_ms()
    if age is not None:
        help_text = "Time since the liveliest engine beat."
        found.append(_gauge("engine_last_beat_age_seconds", help_text, age / 1000))
    sent = marked_ms(HEARTBEAT)
    if sent is not None:
        help_text = "Time since the last heartbeat was taken outside."
        age_seconds = max(0, due_work.database_ms() - sent) / 1000
        found.append(_gauge("heartbeat_age_seconds", help_text, age_seconds))
    return found


def _lag_gauge() -> GaugeMetricFamily:
    text = "How long the oldest due work of a kind waits for a hand."
    gauge = GaugeMetricFamily("watchkeeper_work_lag_seconds", text, labels=["kind"])
    for kind, waits_ms in lags().items():
        gauge.add_metric([kind], waits_ms / 1000)
    return gauge


def _gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"watchkeeper_{name}", help_text, value=value)


metrics.REGISTRY.register(_Engines())
